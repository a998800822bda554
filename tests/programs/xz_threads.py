# SPDX-License-Identifier: MIT
"""xz -T2: 40 MB there and back, compressed to the same bytes."""

import filecmp

from corpus import write_lines
from trial import check, main

SIZE = 42_000_000


def xz(trial, preload, option, source, target):
    argv = ["sh", "-c", 'exec xz -T2 "$1" --stdout "$2" >"$3"', "sh", option, source, target]
    trial.run(argv, preload=preload, programs=["xz"])


def test(trial):
    source, copy = trial.work / "source", trial.work / "copy"
    write_lines(source, SIZE, seed=2)
    packed = {preload: trial.work / f"{preload}.xz" for preload in (False, True)}
    for preload, target in packed.items():
        xz(trial, preload, "-0", source, target)
        xz(trial, preload, "--decompress", target, copy)
        check(filecmp.cmp(source, copy, shallow=False), "the copy is not the original")
    check(filecmp.cmp(*packed.values(), shallow=False), "compressed otherwise under the library")


main(test, needs=["xz"])
