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

CLASSES = 40
FEW, MANY = 100, 1100

# The functions whose instructions count, with all that they call inside the library, for one round.
MOST = {
    "malloc": (("malloc", "free"), 40),
    "realloc": (("realloc",), 24),
}


def instructions(library, program, what, times, functions):
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "out"
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}", program, what, str(times)],
            env=os.environ | {"LD_PRELOAD": library},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        text = subprocess.run(
            ["callgrind_annotate", "--threshold=100", "--inclusive=yes", "--show-percs=no", out],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    total = 0
    name = pathlib.Path(library).resolve().name
    for function in functions:
        found = re.findall(rf"^\s*([\d,]+)\s.*[:\s]{function} \[.*{re.escape(name)}\]", text, re.MULTILINE)
        if not found:
            sys.exit(f"callgrind did not see {function} of {name}")
        total += max(int(number.replace(",", "")) for number in found)
    return total


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
        failed |= each > most
    sys.exit(1 if failed else 0)


main()
