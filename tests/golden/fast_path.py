#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fast_path.py LIBRARY PROGRAM

Counts, with callgrind, the instructions of the fast paths, over all size classes, and compares them
with the most that they may take. Calls are counted twice, with a different number of rounds: what
start-up and the first round of each class take cancels out.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CLASSES = 44
FEW, MANY = 100, 1100

# What the program is told to do, the functions whose instructions count, with all that they call,
# and the most that a round may take. A function that is called by one of these is named to leave it out.
MOST = {
    "malloc": (("malloc", "free"), 47),
    "calloc": (("calloc", "free", "__memset*", "memset"), 62),
    "realloc": (("realloc",), 20),
}


def instructions(library, program, what, times, functions):
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "out"
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}"]
            + [f"--toggle-collect={function}" for function in functions]
            + [program, what, str(times)],
            env=os.environ | {"LD_PRELOAD": library},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return int(re.search(r"^totals: (\d+)$", out.read_text(), re.MULTILINE).group(1))


def main():
    library, program = sys.argv[1:]
    if shutil.which("valgrind") is None:
        sys.exit(77)
    failed = False
    for what, (functions, most) in MOST.items():
        few = instructions(library, program, what, FEW, functions)
        many = instructions(library, program, what, MANY, functions)
        each = (many - few) / (MANY - FEW) / CLASSES
        print(f"{what}: {each:.2f} instructions a round, at most {most}")
        # Fewer than these would mean that not all were counted.
        failed |= each > most or each < 15
    sys.exit(1 if failed else 0)


main()
