#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Usage: alone.py COMPILER REPLACING EMBEDDED RESPONSE NAMES HANDED

Each name that NAMES lists, and each that HANDED does, as all that a static program needs of the
allocator: it must get that from the archive, and nothing of the C library's allocator with it, which
would define the others a second time. The compiler is told what the pkg-config files say.
"""

import pathlib
import subprocess
import sys
import tempfile

# A symbol of the C library's allocator that others do not define.
FOREIGN = {"__libc_malloc", "_int_malloc"}


def names_in(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "chunkmalloc_"))]


def fault(compiler, name, archive, options, folder):
    """What is wrong with a program that takes the function's address, or None."""
    program = folder / "program"
    needs = f"extern char {name}[];\nchar *volatile needed = {name};\n" if name else ""
    source = f"{needs}int main(void) {{ return 0; }}\n"
    argv = [*compiler, "-w", "-fno-builtin", "-static", "-x", "c", "-", "-x", "none"]
    argv += [*options, archive, "-pthread", "-o", program]
    linked = subprocess.run(argv, input=source, capture_output=True, text=True, check=False)
    if linked.returncode != 0:
        return linked.stderr
    listed = subprocess.run(["nm", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in listed.splitlines()}
    if symbols & FOREIGN:
        return f"has {', '.join(symbols & FOREIGN)}"
    if "cm_own_malloc" not in symbols:
        return "is without the allocator"
    done = subprocess.run([program], check=False)
    return f"status {done.returncode}" if done.returncode != 0 else None


def main():
    *compiler, replacing, embedded, response, names, handed = sys.argv[1:]
    wrapping = [f"-Wl,@{response}"]
    cases = [(name, replacing, []) for name in names_in(names)]
    cases += [(name, embedded, wrapping) for name in names_in(names) + names_in(handed)]
    cases += [("", replacing, ["-Wl,--undefined=malloc"]), ("", embedded, wrapping)]
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, archive, options in cases:
            found = fault(compiler, name, archive, options, pathlib.Path(folder))
            if found is not None:
                faults += 1
                print(f"{name or 'nothing'} with {pathlib.Path(archive).name}: {found}")
    sys.exit(1 if faults else 0)


main()
