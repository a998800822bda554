# SPDX-License-Identifier: MIT
"""meson test of this project: a suite passes with meson and all tests under the library."""

import json
import os

from trial import check, main

SUITE = "unit"


def outcomes(log):
    check(os.path.exists(log), "meson has found no tests of the suite")
    with open(log, encoding="utf-8") as lines:
        return {test["name"]: test["result"] for test in map(json.loads, lines)}


def test(trial):
    (build,) = trial.arguments
    results = []
    for preload in (False, True):
        base = f"programs-{'preloaded' if preload else 'plain'}"
        argv = ["meson", "test", "-C", build, "--logbase", base, "--suite", SUITE]
        argv += ["--no-rebuild"] if preload else []
        trial.run(argv, preload=preload, statistics=False)
        results.append(outcomes(f"{build}/meson-logs/{base}.json"))
    plain, preloaded = results
    check(len(plain) >= 10, f"only {len(plain)} tests were found")
    check(set(plain.values()) == {"OK"}, f"not all is well without the library: {plain}")
    check(plain == preloaded, f"other results under the library: {preloaded}")


main(test, needs=["meson", "ninja"])
