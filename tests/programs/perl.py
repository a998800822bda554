# SPDX-License-Identifier: MIT
"""perl: hashes, sorting, regular expressions, references, closures, formats and threads."""

import pathlib

from trial import main


def test(trial):
    script = pathlib.Path(__file__).with_suffix(".pl")
    env = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
    trial.same(["perl", script, "60000"], env=env)


main(test, needs=["perl"])
