# SPDX-License-Identifier: MIT
"""Runs programs' own test suites without and with the library preloaded; see scripts/programs."""

import argparse
import json
import os
import signal
import sys
import time

from runs import HARDENED, LIBRARY, Missing, Place, TOP, kept, report
from suites import LOGS, SUITES

HERE = TOP / "build-programs"
AGAIN = 2


def places(name, hardened):
    """Without the library, and with it."""
    kind = "hardened" if hardened else "with"
    library = kept(HARDENED if hardened else LIBRARY, HERE / "work" / f"{name}-library")
    return (Place(HERE / "work" / f"{name}-without", LOGS / f"{name}-without.log"),
            Place(HERE / "work" / f"{name}-{kind}", LOGS / f"{name}-{kind}.log", library))


class Comparison:
    """Of a suite's runs: what failed without the library, with it, and with it only."""

    def __init__(self, name, hardened, failed_only):
        self.name, self.suite = name, SUITES[name]
        self.without, self.preloaded = places(name, hardened)
        self.failed_only = failed_only and self.suite.selects
        self.runs = {}
        self.unsteady = set()
        self.only = set()

    def run(self, place, names=None):
        place.clear()
        return self.suite.run(place, names)

    def compare(self):
        self.suite.build()
        preloaded = self.run(self.preloaded)
        if not self.failed_only:
            plain = self.run(self.without)
        elif preloaded.failed:
            plain = self.run(self.without, preloaded.failed)
        else:
            plain = None
        self.runs = {"with": preloaded, "without": plain}
        self.only = preloaded.failed - (plain.failed if plain else set())
        if self.suite.selects:
            self.repeat()
        if not self.failed_only and preloaded.said != plain.said:
            self.only.add("[output differs]")
        if preloaded.ran == 0:
            self.only.add("[nothing was run]")
        if not self.preloaded.programs():
            self.only.add("[the library was not seen in use]")

    def repeat(self):
        """What failed with the library only may be unsteady: it fails without it too, or not each time with it."""
        for _ in range(AGAIN):
            if not self.only:
                return
            plain, preloaded = self.run(self.without, self.only), self.run(self.preloaded, self.only)
            steady = (self.only & preloaded.failed) - plain.failed
            self.unsteady |= self.only - steady
            self.only = steady

    def row(self):
        preloaded, plain = self.runs["with"], self.runs["without"]
        return {
            "what": self.suite.what,
            "every": self.suite.every,
            "ran": preloaded.ran,
            "with": sorted(preloaded.failed),
            "without_ran": plain.ran if plain else 0,
            "without": sorted(plain.failed) if plain else [],
            "failed_only": self.failed_only,
            "only": sorted(self.only),
            "unsteady": sorted(self.unsteady),
            "seen": self.preloaded.programs(),
        }


def described(row):
    parts = [f"{row['ran']} tests, {len(row['with'])} failed with"]
    if row["failed_only"]:
        parts.append(f"of these {len(row['without'])} without")
    else:
        parts.append(f"{row['without_ran']} tests, {len(row['without'])} failed without")
    if row["unsteady"]:
        parts.append(f"unsteady: {', '.join(row['unsteady'][:8])}")
    if row["only"]:
        parts.append(f"only with: {', '.join(row['only'][:8])}")
    return "; ".join(parts)


def keep(key, row):
    """What is known of each program, from this run or an earlier one."""
    path = HERE / "results.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known[key] = row
    path.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="scripts/programs")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--hardened", action="store_true")
    parser.add_argument("--failed-only", action="store_true")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    for suite in SUITES.values():
        suite.every = options.every
    for name in options.names:
        if name not in SUITES:
            parser.error(f"there is no '{name}', only {', '.join(SUITES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    bad = 0
    for name in options.names or SUITES:
        start = time.monotonic()
        key = f"{name}-hardened" if options.hardened else name
        comparison = Comparison(name, options.hardened, options.failed_only)
        try:
            comparison.compare()
            row = comparison.row()
            state, text = ("FAILED" if row["only"] else "ok"), described(row)
        except Missing as missing:
            row = {"what": SUITES[name].what, "missing": str(missing)}
            state, text = "none", str(missing)
        except KeyboardInterrupt:
            sys.exit(130)
        keep(key, row)
        bad += state == "FAILED"
        report(state, key, time.monotonic() - start, text)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
