# SPDX-License-Identifier: MIT
"""mawk or gawk: words of a file counted, split, joined and replaced."""

import pathlib
import sys

from corpus import write_lines
from trial import main

AWK = sys.argv[3]


def test(trial):
    source = trial.work / "source"
    write_lines(source, 12_000_000, seed=5)
    trial.same([AWK, "-f", pathlib.Path(__file__).with_suffix(".awk"), source])


main(test, needs=[AWK])
