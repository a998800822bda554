#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""code_size.py [--functions] [TARGET]

Measures the code that a freestanding program pays for chunk_alloc, chunk_free and chunk_realloc:
every section of instructions and of constants that the linker keeps for these three at -Os, the
path of misuse and the compiler's own helpers included; memcpy, memmove and memset, which are the
program's, left out. Compiled as separate files, and as one file that includes all.

With a TARGET, compares with the most that it may be. Without, prints a table for every target whose
compiler is there. With --functions, prints each function that was kept, the smallest first.
"""

import argparse
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "support"))

# pylint: disable=wrong-import-position
from targets import (
    FREESTANDING, TARGETS, compile_files, core_sources, is_installed, need, run, sections,
)

# The most bytes: in separate files, in one.
MOST = {
    "x86-64": (2869, 2899),
    "cortex-m3": (2118, 2162),
}
NO_LIMIT = (None, None)

CALLS = ["chunk_alloc", "chunk_free", "chunk_realloc"]
OF_THE_PROGRAM = ["memcpy", "memmove", "memset"]
FLAGS = [*FREESTANDING, "-Os", "-ffunction-sections", "-fdata-sections"]
FLAGS += ["-fno-asynchronous-unwind-tables"]


def measured_sources():
    """All but the byte functions."""
    return [source for source in core_sources() if source.name != "bytes.c"]


def as_one_file(folder):
    path = folder / "core.c"
    path.write_text("".join(f'#include "{source}"\n' for source in measured_sources()))
    return [path]


def link(target, folder, objects):
    program = folder / "program"
    kept = [f"-Wl,--require-defined={name}" for name in CALLS]
    # Somewhere that a call from anywhere reaches without a detour.
    kept += [f"-Wl,--defsym={name}={CALLS[0]}" for name in OF_THE_PROGRAM]
    flags = ["-nostdlib", "-static", "-Wl,--gc-sections", f"-Wl,--entry={CALLS[0]}", *kept]
    run([target.compiler, *target.flags, *flags, *objects, *target.libraries, "-o", program])
    return program


def size_of(program):
    found = 0
    for name, size, flags in sections(program):
        if name.startswith((".data", ".bss")) and size > 0:
            sys.exit(f"{name} is writable")
        if "A" in flags and name.startswith((".text", ".rodata")):
            found += size
    return found


def measure(target, show_functions):
    """The bytes in separate files, and in one."""
    sizes = []
    for form in (lambda folder: measured_sources(), as_one_file):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            program = link(target, folder, compile_files(target, folder, FLAGS, form(folder)))
            sizes.append(size_of(program))
            if show_functions:
                print(run(["nm", "--print-size", "--size-sort", "--radix=d", program]))
    return sizes


def report(name, sizes):
    """Prints a row; returns whether the sizes are as small as they must be."""
    most = MOST.get(name, NO_LIMIT)
    cells = [f"{size:5} of {limit or '-':>4}" for size, limit in zip(sizes, most)]
    print(f"{name:18} {cells[0]:>13} {cells[1]:>13}")
    return all(limit is None or size <= limit for size, limit in zip(sizes, most))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2].partition("\n\n")[0])
    parser.add_argument("--functions", action="store_true")
    parser.add_argument("target", nargs="?", choices=list(TARGETS), metavar="TARGET")
    options = parser.parse_args()
    chosen = [options.target] if options.target else list(TARGETS)
    if options.target:
        need(TARGETS[options.target].compiler)
    print(f"{'bytes at -Os':18} {'several files':>13} {'one file':>13}")
    sound = True
    for name in chosen:
        if is_installed(TARGETS[name].compiler):
            sound &= report(name, measure(TARGETS[name], options.functions))
    sys.exit(0 if sound else 1)


main()
