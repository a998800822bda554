#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""matrix.py [--pairs | --full] [--list] [--jobs N] [--] [VALUE...]

Builds the core in the ways that AXES describes and plays the model's tests on each: random
operations, and all short sequences of operations on small heaps, judged against the reference.

With --full, every combination is tried. With --pairs, so many that every two values of different
axes meet in one. Without, the first of these, in which every value occurs and most pairs do. With
VALUEs, only ways that have all of these. A line for each way, and a line that counts them. A way
whose compiler or emulator is not installed is skipped.
"""

import argparse
import concurrent.futures
import itertools
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "support"))

# pylint: disable=wrong-import-position
from targets import (
    SKIP, TARGETS, CommandFailed, compile_files, core_sources, is_installed, run, run_program,
)

# Of each axis its values, and of each value what the core is compiled with.
AXES = {
    "target": {name: [] for name in ("x86-64", "x86-64 with clang", "i386", "s390x")},
    "optimisation": {
        "-O0": ["-O0"],
        "-O1": ["-O1"],
        "-O2": ["-O2"],
        "-O3": ["-O3"],
        "-Os": ["-Os"],
        "-flto": ["-O2", "-flto"],
    },
    "checks": {f"checks={level}": [f"-DCHUNK_CHECKS={level}"] for level in (0, 1, 2)},
    "bits": {"builtin": [], "plain": ["-DCHUNK_NO_BUILTIN_BITS"]},
    "index": {"32-bit index": [], "16-bit index": ["-DCHUNK_HEAP_INDEX_BITS=16"]},
}
# Those of which the tests know as well.
SHARED_FLAGS = {"-flto", "-DCHUNK_HEAP_INDEX_BITS=16"}

PROGRAMS = {"random": ["random.c"], "exhaustive": ["exhaustive.c", "states.c"]}
OTHERS = {"counted.c", "steps.c", "waste.c"}
SEED = "20240229"
SECONDS = 300
FEW = 10


def all_ways():
    return list(itertools.product(*AXES.values()))


def pairs(way):
    return set(itertools.combinations(enumerate(way), 2))


def ways_with_all_pairs():
    """By turns the one with most values that are new, then most that have not met yet."""
    ways = all_ways()
    new = set().union(*ways)
    missing = set().union(*(pairs(way) for way in ways))
    chosen = []
    while missing:
        best = max(ways, key=lambda way: (len(new & set(way)), len(pairs(way) & missing)))
        new -= set(best)
        missing -= pairs(best)
        chosen.append(best)
    return chosen


def flags_of(way):
    return [flag for values, value in zip(AXES.values(), way) for flag in values[value]]


class Workshop:
    """What is compiled only once for several ways: the tests themselves."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def tests(self, way):
        """The objects of each program."""
        shared = tuple(flag for flag in flags_of(way) if flag in SHARED_FLAGS)
        key = (way[0], shared)
        if key not in self.made:
            folder = self.folder / f"tests {len(self.made)}"
            folder.mkdir()
            self.made[key] = self.compile(TARGETS[way[0]], shared, folder)
        return self.made[key]

    @staticmethod
    def compile(target, shared, folder):
        sources = [path for path in sorted(HERE.glob("*.c")) if path.name not in OTHERS]
        objects = compile_files(target, folder, ["-D_GNU_SOURCE", "-O1", *shared], sources)
        mains = {name for names in PROGRAMS.values() for name in names}
        common = [path for path in objects if f"{path.stem}.c" not in mains]
        return {
            program: [path for path in objects if f"{path.stem}.c" in names] + common
            for program, names in PROGRAMS.items()
        }


def is_emulated(target):
    return target.emulator is not None and not target.maybe_native


def arguments(way):
    """Less where every operation is checked, or where the processor is emulated."""
    slow = is_emulated(TARGETS[way[0]]) + ("checks=2" in way)
    return {
        "random": [SEED, ["50000", "20000", "10000"][slow]],
        "exhaustive": [["7", "4"], ["7", "3"], ["6", "3"]][slow],
    }


def play(way, tests, folder):
    """Returns how long it took."""
    start = time.monotonic()
    folder.mkdir()
    target = TARGETS[way[0]]
    flags = flags_of(way)
    core = compile_files(target, folder, ["-ffreestanding", *flags], core_sources())
    for program, objects in tests.items():
        path = folder / program
        kept = [flag for flag in flags if flag.startswith(("-O", "-flto"))]
        run([target.compiler, *target.flags, "-static", *kept, *objects, *core, "-o", path])
        run_program(target, path, *arguments(way)[program], timeout=SECONDS)
    return time.monotonic() - start


def is_possible(way):
    target = TARGETS[way[0]]
    return is_installed(target.compiler, *([target.emulator] if is_emulated(target) else []))


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def report(self, way, outcome, note):
        setattr(self, outcome, getattr(self, outcome) + 1)
        print(f"{outcome:7} {', '.join(way)}: {note}", flush=True)


def play_all(ways, folder, jobs):
    count = Count()
    workshop = Workshop(folder)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting = {}
        for number, way in enumerate(ways):
            if is_possible(way):
                tests = workshop.tests(way)
                waiting[pool.submit(play, way, tests, folder / f"way {number}")] = way
            else:
                count.report(way, "skipped", "not installed")
        for done in concurrent.futures.as_completed(waiting):
            try:
                count.report(waiting[done], "passed", f"{done.result():.1f} s")
            except CommandFailed as failure:
                count.report(waiting[done], "failed", failure)
    return count


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("values", nargs="*")
    options = parser.parse_args()
    if options.full:
        ways = all_ways()
    else:
        ways = ways_with_all_pairs()[: None if options.pairs else FEW]
    ways = [way for way in ways if set(options.values) <= set(way)]
    if options.list:
        print("\n".join(", ".join(way) for way in ways))
        return
    if not ways:
        sys.exit("there is no such way")
    with tempfile.TemporaryDirectory() as folder:
        count = play_all(ways, pathlib.Path(folder), options.jobs)
    print(f"{count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    sys.exit(1 if count.failed else 0 if count.passed else SKIP)


main()
