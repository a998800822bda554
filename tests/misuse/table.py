#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""table.py [README]

Prints the table of what is caught in which mode, made from what the programs' sources say (judge.py).
With a README, compares it to the one there instead, between the two comments "misuse table".
"""

import pathlib
import re
import sys

from judge import MODES, Source

HERE = pathlib.Path(__file__).resolve().parent
HEADER = ["| misuse | default | hardened | program |", "|---|---|---|---|"]
SAID = {
    "survives": "**not caught**",
    "crash": "the C library crashes or aborts",
}


def cell(verdict):
    if verdict in SAID:
        return SAID[verdict]
    if verdict.startswith("C library: "):
        return "the C library aborts"
    line = re.sub(r"^chunkmalloc: | \(.*\)$|:? POINTER\b", "", verdict)
    return re.sub(r" (of|to)$", "", line)


def rows():
    for path in sorted(HERE.glob("*.c")):
        source = Source(path)
        for error, arguments in source.errors():
            cells = [error]
            for mode in MODES:
                found = dict.fromkeys(map(cell, source.verdicts(mode, arguments)))
                cells.append(" or ".join(found))
            cells.append("`" + " ".join(filter(None, (source.name, arguments))) + "`")
            yield f"| {' | '.join(cells)} |"


def main():
    table = "\n".join([*HEADER, *rows()])
    if len(sys.argv) == 1:
        print(table)
        return
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    begin, end = "<!-- misuse table -->\n", "\n<!-- end of misuse table -->"
    written = text.partition(begin)[2].partition(end)[0]
    if written != table:
        sys.exit(f"{sys.argv[1]} has another table than {sys.argv[0]} prints")


if __name__ == "__main__":
    main()
