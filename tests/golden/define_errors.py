# SPDX-License-Identifier: MIT
"""Usage: define_errors.py INCLUDE_DIRECTORY

CHUNK_HEAP_DEFINE with a wrong argument stops every compiler with the message that names the rule,
and with right ones at the edge of the rules it does not.
"""

import re
import sys

from compilers import complaint, installed

NO_CHUNK = "chunk_heap_needs_at_least_one_chunk"
TOO_MANY = "chunk_heap_has_too_many_chunks"
TOO_SMALL = "chunk_size_must_be_at_least_16_bytes"
NO_POWER = "chunk_size_must_be_a_power_of_two"

WRONG = {
    "0": [NO_CHUNK],
    "0, 64": [NO_CHUNK],
    "-1": [NO_CHUNK, TOO_MANY],
    "0x80000000": [TOO_MANY],
    "0x80000000u, 16": [TOO_MANY],
    "0x100000000": [TOO_MANY],
    "10, 8": [TOO_SMALL],
    "10, 0": [TOO_SMALL],
    "10, 1": [TOO_SMALL],
    "10, 15": [TOO_SMALL, NO_POWER],
    "10, 17": [NO_POWER],
    "10, 24": [NO_POWER],
    "10, 48, 0": [NO_POWER],
    "10, 255, 0, 0": [NO_POWER],
    "10, 4095": [NO_POWER],
    "0, 24": [NO_CHUNK, NO_POWER],
}
RIGHT = ["1", "1, 16", "31", "32", "33, 16", "4096, 65536", "64, 1024, 0",
         "1 << 20, 1 << 4, 0, CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS", "10u, 64ul"]

HEAD = "#include <chunkmalloc/heap.h>\n"
USE = "CHUNK_HEAP_DEFINE(heap_%d, %s); extern char use_%d; char use_%d = sizeof(&heap_%d);\n"


def uses(all_arguments):
    """A heap a line, from the second on."""
    lines = [USE % (i, arguments, i, i, i) for i, arguments in enumerate(all_arguments)]
    return HEAD + "".join(lines)


def errors_by_line(said):
    """The errors of each line of the file itself, at which macros are used."""
    found = {}
    for line in said.splitlines():
        error = re.match(r".*/use\.\w+:(\d+):\d+: error: (.*)", line)
        if error:
            found.setdefault(int(error.group(1)), []).append(error.group(2))
    return found


def main():
    flags = [f"-I{sys.argv[1]}", "-Wall", "-Wextra"]
    faults = []
    for compiler, standard in installed():
        at_use = ["-ferror-limit=0"] if "clang" in compiler else ["-ftrack-macro-expansion=0"]
        said = complaint(compiler, standard, flags + at_use, uses(WRONG)) or ""
        errors = errors_by_line(said)
        for number, (arguments, rules) in enumerate(WRONG.items(), 2):
            here = errors.pop(number, [])
            told = [rule for rule in rules if any(rule in line for line in here)]
            if told != rules or len(here) != len(rules):
                faults.append(f"{compiler} -std={standard} ({arguments}): only {rules} expected, "
                              f"said: {here}")
        said = complaint(compiler, standard, flags, uses(RIGHT))
        if errors or said is not None:
            faults.append(f"{compiler} -std={standard}: {errors} {said}")
    sys.exit("\n".join(faults) or 0)


main()
