#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py SOURCE LAUNCH LIBRARY PROGRAM [NUMBER...]

Runs a program that commits an error under the library, and judges how it ends. What must come is
said in the program's source, in one or more comments of the form "judge: ...", any of which will do:

    judge: chunkmalloc: TEXT   SIGABRT, and exactly that line; POINTER is what the program announced
    judge: C library: PATTERN  SIGABRT, with such a text from the allocator behind the library; from
                               the library itself where LIBRARY is "-": linked in, with none behind
    judge: crash               SIGSEGV, SIGBUS or SIGABRT
    judge: no error            status 0, and nothing said
"""

import pathlib
import re
import signal
import subprocess
import sys


def matches(verdict, status, pointer, errors, alone):
    if alone and verdict.startswith(("C library: ", "crash")):
        said = rf"chunkmalloc: (free|realloc) of invalid pointer {pointer}\n"
        return status == -signal.SIGABRT and re.fullmatch(said, errors)
    if verdict == "no error":
        return status == 0 and errors == ""
    if verdict == "crash":
        return status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT)
    if verdict.startswith("C library: "):
        return status == -signal.SIGABRT and re.search(verdict.removeprefix("C library: "), errors)
    return status == -signal.SIGABRT and errors == verdict.replace("POINTER", pointer) + "\n"


def main():
    source, *command = sys.argv[1:]
    alone = command[1] == "-"
    verdicts = re.findall(r"/\* judge: (.*) \*/", pathlib.Path(source).read_text())
    if not verdicts:
        sys.exit(f"{source} does not say how it must end")
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    pointer = done.stdout.decode().strip()
    # What is known of the block beside its address is not the same in each run.
    errors = re.sub(r" \(.*\)\n$", "\n", done.stderr.decode(errors="replace"))
    if re.fullmatch(r"0x[0-9a-f]+", pointer) is None:
        print("it announced no pointer")
    elif any(matches(verdict, done.returncode, pointer, errors, alone) for verdict in verdicts):
        return
    print("expected:", " or ".join(verdicts))
    sys.exit(f"status {done.returncode}, pointer {pointer}, it said: {errors}")


main()
