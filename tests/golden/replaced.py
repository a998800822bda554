#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Usage: replaced.py EXPORTED HANDED REPLACING EMBEDDED RESPONSE PACKAGE [LIBC]

Everything that lists the replaced functions lists the same ones:

  EXPORTED   names that libchunkmalloc.so exports (which library.py proves)
  HANDED     names that are wrapped besides
  REPLACING  libchunkmalloc.a: defines what the shared library exports
  EMBEDDED   libchunkmalloc-embed.a: defines __wrap_NAME for each, and chunkmalloc_*
  RESPONSE   the linker's response file: wraps each
  PACKAGE    chunkmalloc-embed.pc: its variable "wrap", and thus its libraries, say the same
  LIBC       the C library's archive: what its malloc.o offers to programs is among the names
"""

import pathlib
import subprocess
import sys

WRAP = "--wrap="
UNDEFINED = "--undefined="
PASSED_ON = "-Wl,"


def output_of(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


def names_in(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def defined_in(archive, member=None):
    """The global symbols that the archive, or one member of it, defines."""
    argv = ["nm", "--quiet", "--print-file-name", "--extern-only", "--defined-only", archive]
    for line in output_of(*argv).splitlines():
        place, _, symbol = line.rpartition(":")
        if member is None or place.endswith(f":{member}"):
            yield symbol.split()[-1]


def differences(where, found, wanted):
    for name in sorted(found - wanted):
        yield f"{where}: {name} is not one of the names"
    for name in sorted(wanted - found):
        yield f"{where}: {name} is missing"


def faults(exported, handed, replacing, embedded, response, package, libc=None):
    all_names = names_in(exported)
    own = {name for name in all_names if name.startswith("chunkmalloc_")}
    replaced = all_names - own
    wrapped = replaced | names_in(handed)
    yield from differences(replacing, set(defined_in(replacing)), all_names)
    in_archive = set(defined_in(embedded))
    yield from differences(embedded, in_archive, own | {f"__wrap_{name}" for name in wrapped})

    options = pathlib.Path(response).read_text(encoding="utf-8").split()
    if len(set(options)) != len(options):
        yield f"{response}: an option is there twice"
    rest = {word for word in options if not word.startswith(WRAP)}
    yield from differences(response, {word.removeprefix(WRAP) for word in set(options) - rest}, wrapped)
    for word in sorted(rest):
        if word.removeprefix(UNDEFINED) not in in_archive:
            yield f"{response}: {word} is not in the archive"
    if not rest:
        yield f"{response}: nothing asks for the archive's members"

    variable = output_of("pkg-config", "--variable=wrap", package).split()
    if variable != [PASSED_ON + word for word in options]:
        yield f"{package}: the variable is not the response file"
    libraries = output_of("pkg-config", "--libs", package).split()
    if [word for word in libraries if word.startswith(PASSED_ON)] != variable:
        yield f"{package}: the libraries are not the variable"

    if libc is not None:
        offered = {name for name in defined_in(libc, "malloc.o") if not name.startswith("_")}
        for name in sorted(offered - replaced):
            yield f"{libc}: {name} is not replaced"
        if "malloc" not in offered:
            yield f"{libc}: has no malloc"


sys.exit("\n".join(faults(*sys.argv[1:])) or 0)
