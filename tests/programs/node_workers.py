# SPDX-License-Identifier: MIT
"""node: objects, buffers and strings in the main thread and in four workers."""

import pathlib

from trial import check, main


def test(trial):
    script = pathlib.Path(__file__).with_suffix(".js")
    said = trial.same(["node", script])
    check(said.count(b" true'") == 5, f"a buffer was not what it should be:\n{said.decode()}")


main(test, needs=["node"])
