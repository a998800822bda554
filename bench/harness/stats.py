# SPDX-License-Identifier: MIT
"""From runs to ratios: each round's value over the baseline's of the same round."""

import dataclasses
import math
import statistics

from . import measure, peers


@dataclasses.dataclass(frozen=True)
class Ratio:
    median: float
    low: float
    high: float

    @property
    def sign(self):
        """+ better than the baseline in each round, - worse in each, else a blank."""
        return "+" if self.high < 1 else "-" if self.low > 1 else " "


def good(results):
    """The counted runs, or [] if one of them (or the warm-up) failed."""
    if any("failure" in result for result in results):
        return []
    return [result for result in results if result["round"] != measure.WARM_UP]


def failure(results):
    return next((result["failure"] for result in results if "failure" in result), None)


def median(results, key):
    """The median of a figure, or None if there is none."""
    values = [result[key] for result in good(results) if key in result]
    return statistics.median(values) if values else None


def ratio(record, peer, key):
    """The ratio of a peer to the baseline in one workload; None if it cannot be told."""
    base = {result["round"]: result.get(key, 0) for result in good(record["results"].get(peers.BASELINE, []))}
    values = [result[key] / base[result["round"]] for result in good(record["results"].get(peer, []))
              if result.get(key) and base.get(result["round"])]
    if not values:
        return None
    return Ratio(statistics.median(values), min(values), max(values))


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values)) if values else None


def mean(records, peer, key):
    """(geometric mean of the median ratios, how many workloads of how many)."""
    counted = [record for record in records if record["counts"]]
    ratios = [ratio(record, peer, key) for record in counted]
    medians = [r.median for r in ratios if r]
    return geometric_mean(medians), len(medians), len(counted)
