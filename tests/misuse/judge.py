#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py SOURCE LAUNCH LIBRARY PROGRAM [ARGUMENT...]

Runs a program that commits an error under the library, in the default mode and in the hardened one,
and judges how it ends. The program's source says what the error is and what must come, in comments:

    misuse: TEXT                      what the error is
    judge: VERDICT                    what must come in either mode,
    judge default: VERDICT            or in this one; of several, any of which will do
    judge hardened [ARGUMENTS]: ...   the same, and "misuse" too, for a run with these arguments

    chunkmalloc: TEXT   SIGABRT, and exactly that line; POINTER is what the program announced. If the
                        text has parentheses, so has the line: SIZE is a number, SITE a place in the
                        program, NUMBER a hexadecimal one. Otherwise they are not looked at.
    C library: PATTERN  SIGABRT, with such a text from the allocator behind the library; from the
                        library itself where LIBRARY is "-": linked in, with none behind
    crash               SIGSEGV, SIGBUS or SIGABRT
    SIGSEGV             that, and nothing said
    survives            the error is not caught: status 0, and nothing said
    harmless            it is not caught, but has no effect: the program says so by its status
    refused             the call failed as it should: status 0, and nothing said
    no error            there is none: status 0, and nothing said
"""

import os
import pathlib
import re
import signal
import subprocess
import sys

MODES = ("default", "hardened")
OPTIONS = {"default": "harden=off", "hardened": "harden"}
HARMLESS = 3


class Source:
    """What a program's source says in comments."""

    def __init__(self, path):
        self.name = pathlib.Path(path).stem
        comment = r"/\* (misuse|judge)(?: (\w+))?(?: \[(.*?)\])?: (.*?)\s+\*/"
        text = pathlib.Path(path).read_text().replace("\n * ", " ")
        self.said = re.findall(comment, text)

    def _find(self, kind, mode, arguments):
        general = [said for said in self.said if said[0] == kind and said[1] in ("", mode)]
        special = [said for said in general if said[2] and said[2] == arguments]
        return [text for _, _, of, text in special or general if special or not of]

    def verdicts(self, mode, arguments):
        return self._find("judge", mode, arguments)

    def errors(self):
        """The errors, each with the arguments of the run that commits it, or ""."""
        return [(text, of) for kind, _, of, text in self.said if kind == "misuse"]


def pattern_of(verdict, pointer, program):
    """What the line must be, as a regular expression."""
    site = re.escape(os.path.basename(program)) + r"\+0x[0-9a-f]+"
    pattern = re.escape(verdict)
    for name, is_like in (("POINTER", re.escape(pointer)), ("SIZE", r"\d+"), ("SITE", site),
                          ("NUMBER", "0x[0-9a-f]+")):
        pattern = re.sub(rf"\b{name}\b", lambda _: is_like, pattern)
    return pattern + ("" if "(" in verdict else r"( \(.*\))?") + r"\n"


def matches(verdict, status, pointer, errors, command):
    aborted = status == -signal.SIGABRT
    if command[1] == "-" and verdict.startswith(("C library: ", "crash")):
        said = rf"chunkmalloc: (free|realloc) of invalid pointer {pointer}\n"
        return aborted and re.fullmatch(said, errors)
    if verdict in ("no error", "survives", "refused", "harmless"):
        return status == (HARMLESS if verdict == "harmless" else 0) and errors == ""
    if verdict == "SIGSEGV":
        return status == -signal.SIGSEGV and errors == ""
    if verdict == "crash":
        return status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT)
    if verdict.startswith("C library: "):
        return aborted and re.search(verdict.removeprefix("C library: "), errors)
    return aborted and re.fullmatch(pattern_of(verdict, pointer, command[2]), errors)


def judge(source, mode, command):
    """What is wrong with a run in the mode, or None."""
    verdicts = source.verdicts(mode, " ".join(command[3:]))
    if not verdicts:
        return "the source does not say how it must end"
    done = subprocess.run(
        command, env=os.environ | {"CHUNKMALLOC_CONF": OPTIONS[mode]}, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=30, check=False)
    pointer = done.stdout.decode().strip()
    errors = done.stderr.decode(errors="replace")
    if re.fullmatch(r"0x[0-9a-f]+", pointer) is None:
        return f"it announced no pointer; it said: {errors}"
    if any(matches(verdict, done.returncode, pointer, errors, command) for verdict in verdicts):
        return None
    return (f"expected: {' or '.join(verdicts)}\n"
            f"status {done.returncode}, pointer {pointer}, it said: {errors}")


def main():
    path, *command = sys.argv[1:]
    source = Source(path)
    wrong = {mode: judge(source, mode, command) for mode in MODES}
    for mode, complaint in wrong.items():
        if complaint:
            print(f"{mode}: {complaint}")
    sys.exit(1 if any(wrong.values()) else 0)


if __name__ == "__main__":
    main()
