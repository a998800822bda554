# SPDX-License-Identifier: MIT
"""Usage: library.py FACT LIBRARY [FILE...]

One fact about libchunkmalloc.so, as readelf tells it:

  exports   the symbols that it defines are exactly those named in the files
  imports   it needs libc alone, and of that nothing but what the file names
  tls       its static thread-local storage is at most 512 bytes
  section   the heap is a read-only segment of its own that takes no space in the file
  size      the file is smaller than 1 MiB
  hardened  relocations are read-only after start, the stack is not executable, no text relocations
"""

import pathlib
import re
import subprocess
import sys

TLS_MOST = 512
FILE_MOST = 1 << 20
HEAP = ".chunkheap"


def readelf(*arguments):
    argv = ["readelf", "--wide", *arguments]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, env={"LC_ALL": "C"})
    return done.stdout


def symbols(library):
    """Pairs of name and whether the library defines it."""
    for line in readelf("--dyn-syms", library).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit() and fields[4] != "LOCAL":
            yield fields[7].partition("@")[0], fields[6] != "UND"


def names_in(*paths):
    lines = [line for path in paths for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    return {line for line in lines if line and not line.startswith("#")}


def segments(library):
    """Of each program header: type, file size, memory size, flags, and its sections."""
    text = readelf("--segments", library)
    headers = []
    for line in text.partition("Section to Segment")[0].splitlines():
        match = re.match(r"\s+(\w+)\s+0x\w+ 0x\w+ 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3})", line)
        if match:
            kind, in_file, in_memory, flags = match.groups()
            headers.append((kind, int(in_file, 16), int(in_memory, 16), flags.replace(" ", "")))
    sections = {}
    for line in text.partition("Section to Segment")[2].splitlines():
        match = re.match(r"\s+(\d+)\s*(.*)$", line)
        if match:
            sections[int(match.group(1))] = match.group(2).split()
    return [(*header, sections.get(number, [])) for number, header in enumerate(headers)]


def differences(found, wanted):
    for name in sorted(found - wanted):
        yield f"{name} is new"
    for name in sorted(wanted - found):
        yield f"{name} is missing"


def exports(library, *paths):
    yield from differences({name for name, defined in symbols(library) if defined}, names_in(*paths))
    if "Version definition" in readelf("--version-info", library):
        yield "symbols have versions"


def imports(library, path):
    found = {name for name, defined in symbols(library) if not defined}
    for name in sorted(found - names_in(path)):
        yield f"{name} is needed from outside"
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", library))
    for name in needed:
        if name != "libc.so.6" and not name.startswith("ld-linux"):
            yield f"{name} is needed"


def tls(library):
    sizes = [in_memory for kind, _, in_memory, _, _ in segments(library) if kind == "TLS"]
    if len(sizes) != 1:
        yield f"{len(sizes)} segments of thread-local storage"
    if sum(sizes) > TLS_MOST:
        yield f"{sum(sizes)} bytes of thread-local storage"
    if "STATIC_TLS" not in readelf("--dynamic", library):
        yield "thread-local storage is not accessed as static"


def section(library):
    found = [segment for segment in segments(library)
             if segment[0] == "LOAD" and HEAP in segment[4]]
    if len(found) != 1:
        yield f"{len(found)} segments with {HEAP}"
        return
    _, in_file, in_memory, flags, sections = found[0]
    if flags != "R":
        yield f"flags are {flags}"
    if in_file != 0:
        yield f"{in_file} bytes in the file"
    if in_memory < 16 << 20:
        yield f"only {in_memory} bytes in memory"
    if sections != [HEAP]:
        yield f"shares its segment: {sections}"


def size(library):
    found = pathlib.Path(library).stat().st_size
    if found >= FILE_MOST:
        yield f"{found} bytes"


def hardened(library):
    kinds = {segment[0]: segment for segment in segments(library)}
    dynamic = readelf("--dynamic", library)
    if "GNU_RELRO" not in kinds or "NOW" not in dynamic:
        yield "relocations stay writable"
    if "E" in kinds["GNU_STACK"][3]:
        yield "the stack is executable"
    if "TEXTREL" in dynamic:
        yield "code is relocated"
    for kind, _, _, flags, _ in segments(library):
        if kind == "LOAD" and "W" in flags and "E" in flags:
            yield "a segment is writable and executable"


FACTS = {check.__name__: check for check in (exports, imports, tls, section, size, hardened)}


def main():
    fact, *arguments = sys.argv[1:]
    sys.exit("\n".join(f"{fact}: {fault}" for fault in FACTS[fact](*arguments)) or 0)


main()
