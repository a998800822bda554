# SPDX-License-Identifier: MIT
"""bash: a script that uses most of the shell, and programs of the base system with it."""

import pathlib

from trial import main


def test(trial):
    script = pathlib.Path(__file__).with_suffix(".sh")
    trial.same(["bash", script], status=3)


main(test, needs=["bash", "find", "sed", "cksum"])
