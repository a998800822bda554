# SPDX-License-Identifier: MIT
"""sort --parallel: in memory, through temporary files, by number and by key, without repeats."""

import filecmp

from corpus import write_lines
from trial import check, main

SIZE = 16_000_000
WAYS = (
    ["--parallel=2", "--buffer-size=200M"],
    ["--parallel=2", "--buffer-size=6M", "--batch-size=4", "--compress-program=gzip"],
    ["--parallel=4", "--buffer-size=100M", "--key=4,4n", "--key=2,2r"],
    ["--parallel=2", "--unique", "--key=2,3"],
)


def test(trial):
    source = trial.work / "source"
    write_lines(source, SIZE, seed=7)
    for way in WAYS:
        results = []
        for preload in (False, True):
            results.append(trial.work / f"{preload}.sorted")
            # As sort closes its standard error before the library could write there.
            argv = ["sort", *way, "--output", results[-1], source]
            trial.run(argv, preload=preload, env={"LC_ALL": "C"}, statistics=False)
        check(filecmp.cmp(*results, shallow=False), f"sort {way}: sorted otherwise")
    trial.run(["sort", "--check", "--unique", "--key=2,3", results[-1]], preload=False, env={"LC_ALL": "C"})


main(test, needs=["sort", "gzip"])
