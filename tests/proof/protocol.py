#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""protocol.py [--jobs N]

Lets spin try all orders of what the threads of protocol.pml do: no claim of the model may be broken,
and no part of it be without use; and with each of its faults WRONG_*, which it names, one must be. A
line for each, and a line that counts them.
"""

import argparse
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).resolve().parent / "protocol.pml"
SECONDS = 600
COMPILE = ["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-DMEMLIM=4000"]


def output_of(argv, folder):
    done = subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=SECONDS, check=True)
    return done.stdout


def play(fault):
    """What spin says of the model with that fault, or of the model."""
    with tempfile.TemporaryDirectory() as folder:
        output_of(["spin", *([f"-D{fault}"] if fault else []), "-a", MODEL], folder)
        output_of([*COMPILE, "-o", "pan", "pan.c"], folder)
        return output_of(["./pan", "-m100000"], folder)


def judge(fault):
    try:
        said = play(fault)
    except (OSError, subprocess.SubprocessError) as problem:
        return False, f"failed  {fault or 'the protocol'}: {problem}"
    broken = re.search(r"^pan:1: (assertion violated|invalid end state).*", said, re.MULTILINE)
    states = re.search(r"(\d+) states, stored", said)
    if fault:
        passed = broken is not None
        note = broken.group(0) if broken else "no claim is broken"
    else:
        complete = "errors: 0" in said and "max search depth too small" not in said
        used = len(re.findall(r"\(0 of \d+ states\)", said)) == said.count("unreached in")
        passed = complete and used and "unreached in" in said
        note = f"{states.group(1)} states" if passed else said
    return passed, f"{'passed' if passed else 'failed'}  {fault or 'the protocol'}: {note}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    faults = sorted(set(re.findall(r"\bWRONG_[A-Z_]+\b", MODEL.read_text(encoding="ascii"))))
    counts = [0, 0]
    with multiprocessing.Pool(options.jobs) as pool:
        for passed, line in pool.imap_unordered(judge, [None, *faults], chunksize=1):
            counts[not passed] += 1
            print(line, flush=True)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


sys.exit(main())
