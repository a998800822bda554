# SPDX-License-Identifier: MIT
"""A C++ program whose four threads fill, hand on and tear down containers."""

import os

from trial import main


def test(trial):
    (program,) = trial.arguments
    trial.same([os.path.abspath(program)])


main(test, needs=[])
