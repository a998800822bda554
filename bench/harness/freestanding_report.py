# SPDX-License-Identifier: MIT
"""The table of the freestanding bench, its targets, and its pictures, from its results alone."""

import dataclasses
import math
import os

from . import machine
from .freestanding import COLUMNS, HEAPS_MIB, LARGEST, OCCUPANCIES, SUBJECTS, share_key
from .pictures import WIDTH, panels, value_axis
from .svg import Look, Picture, Scale

LABEL_WIDTH = 44
CELL_WIDTH = 11
LEVELS = ("0-50", "50-90", "90-99", "99-100")
QUANTILES = ("p50", "p99", "p99.9", "max")
CODE_MOST = {"x86-64": 2048, "cortex-m3": 1638}
SHARE_LEAST = {1000: 97, 30000: 98}


def dig(tree, *path):
    """What is there, or None."""
    for key in path:
        tree = tree.get(key) if tree is not None else None
    return tree


@dataclasses.dataclass(frozen=True)
class Row:
    """A metric: a value or None for each column; compared only if one is better than another."""

    label: str
    values: tuple
    form: str = "{:.0f}"
    higher: bool = False
    compared: bool = True

    def better(self, one, other):
        return one > other if self.higher else one < other

    def sign(self, index):
        """Of the chunk heap against the yardsticks: - if one is better, + if all are worse."""
        mine = self.values[index]
        others = [value for value, column in zip(self.values, COLUMNS) if not column.subject and value is not None]
        if not self.compared or not COLUMNS[index].subject or mine is None or not others:
            return " "
        if any(self.better(other, mine) for other in others):
            return "-"
        return "+" if all(self.better(mine, other) for other in others) else " "

    def text(self):
        cells = ["-" if value is None else self.form.format(value) for value in self.values]
        return f"{self.label:{LABEL_WIDTH}}" + "".join(
            f"{cell:>{CELL_WIDTH - 1}}{self.sign(index)}" for index, cell in enumerate(cells))


class Figures:
    """The results by key, column and path."""

    def __init__(self, results):
        self.results = results["results"]
        self.quick = results["quick"]

    def get(self, key, column, *path):
        return dig(self.results, key, column.label, *path)

    def row(self, label, key, *path, **options):
        return Row(label, tuple(self.get(key, column, *path) for column in COLUMNS), **options)

    def least(self, key, column, kind, quantile="p50"):
        return self.get(key, column, kind, "least", quantile)


def call_rows(figures, key, kinds, which):
    rows = []
    for kind, name in kinds:
        for quantile in (*QUANTILES[:1], "mean", *QUANTILES[1:]):
            rows.append(figures.row(f"{name}, {quantile}", key, kind, which, quantile, compared=kind != "empty"))
    return rows


def filling_groups(figures):
    kinds = (("alloc", "allocation"), ("failed", "failed allocation"), ("free", "free"))
    empty = figures.row("empty call, p50", "filling", "empty", "least", "p50", compared=False)
    levels = [figures.row(f"allocation at {level} % full, {quantile}", "filling", "levels", level, "alloc", "least",
                          quantile) for level in LEVELS for quantile in ("p50", "p99.9")]
    calls = [figures.row(f"{name}s measured, a round", "filling", kind, "calls", compared=False)
             for kind, name in kinds]
    everything = [figures.row(f"{name}, {quantile}", "filling", kind, "all", quantile)
                  for kind, name in kinds for quantile in ("p50", "p99.9")]
    pages = [figures.row(f"{name}, {quantile}", "filling small pages", kind, "least", quantile)
             for kind, name in kinds for quantile in ("p50", "p99.9")]
    return [("Seed workload: cycles of each call at its least over the rounds",
             [empty, *call_rows(figures, "filling", kinds, "least"), *levels, *calls]),
            ("The same, every single time", everything),
            ("The same, least, in pages of 4 KiB", pages)]


def small_group(figures):
    rows = []
    for occupancy in OCCUPANCIES:
        key = f"small {occupancy}"
        rows.append(figures.row(f"{occupancy} % occupied: empty call, p50", key, "empty", "least", "p50",
                                compared=False))
        rows += [figures.row(f"{occupancy} % occupied: {name}, {quantile}", key, kind, "least", quantile)
                 for kind, name in (("alloc", "allocation"), ("free", "free")) for quantile in ("p50", "p99.9")]
    return ("Small objects, 8 to 512 bytes: cycles of each call at its least over the rounds", rows)


def layouts_group(figures):
    names = next((list(layout["name"] for layout in result["layouts"])
                  for result in figures.results["layouts"].values()), [])
    by_name = {column.label: {layout["name"]: layout for layout in figures.get("layouts", column, "layouts")}
               for column in COLUMNS}
    rows = [figures.row("empty call", "layouts", "empty", compared=False)]
    rows += [Row(name, tuple(dig(by_name, column.label, name, "warm") for column in COLUMNS)) for name in names]
    rows += [figures.row("worst of all", "layouts", "warm"),
             figures.row("worst where a block moved, copy included", "layouts", "moved"),
             figures.row("worst with empty caches", "layouts", "cold"),
             figures.row("calls measured", "layouts", "calls", compared=False)]
    return ("Adversarial layouts: cycles of the slowest call, each at its least", rows)


def share_group(figures):
    rows = []
    for mib in HEAPS_MIB:
        for largest in LARGEST:
            for realloc in (0, 1):
                key = share_key(largest, mib, realloc)
                if key not in figures.results:
                    continue
                name = f"{8 if figures.quick else mib} MiB, 1..{largest}{', realloc' if realloc else ''}"
                rows += [figures.row(f"{name}: {what}", key, what, form="{:.2f}", higher=True,
                                     compared=what == "median") for what in ("min", "median", "max")]
                seeds = [(figures.get(key, column, "whole"), figures.get(key, column, "seeds"))
                         for column in COLUMNS]
                rows.append(Row(f"{name}: whole heap again, %",
                                tuple(None if whole is None else 100 * whole / of for whole, of in seeds),
                                higher=True))
                rows.append(figures.row(f"{name}: seeds", key, "seeds", compared=False))
    return ("Share of the heap in use at the first failure, %", rows)


def size_group(results, figures):
    bookkeeping = [figures.get("filling", column, "bookkeeping") for column in COLUMNS]
    heaps = [figures.get("filling", column, "heap") for column in COLUMNS]
    rows = [Row("bookkeeping beside the heap, % of it",
                tuple(100 * part / whole for part, whole in zip(bookkeeping, heaps)), "{:.3f}", compared=False)]
    core = dig(results["code"], "x86-64")
    rows.append(Row("code at -Os, x86-64, bytes",
                    tuple(core[0] if column.subject and core else results["yardsticks_code"].get(column.label)
                          for column in COLUMNS)))
    return ("Size (of a yardstick's code: its whole file; TLSF's headers are in the heap)", rows)


def groups(results):
    figures = Figures(results)
    return [*filling_groups(figures), small_group(figures), layouts_group(figures), share_group(figures),
            size_group(results, figures)]


def losses(found):
    """How many rows the chunk heap loses and wins at each chunk size."""
    lines = ["Rows in which a yardstick is better (-), and in which all are worse (+)"]
    for index, column in enumerate(COLUMNS):
        if column.subject:
            signs = [row.sign(index) for _, rows in found for row in rows]
            lines.append(f"  {column.label:10} - {signs.count('-'):3}   + {signs.count('+'):3}")
    return lines


# ---- targets ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Verdict:
    text: str
    figures: tuple  # (where, figure as text, True or False or how it is met)

    def lines(self):
        words = {True: "met", False: "MISSED"}
        return [f"  {self.text}", *(f"      {where:24} {figure:>32}  {words.get(met, met)}"
                                    for where, figure, met in self.figures)]


def times_empty(figures, key, kind, factor):
    found = []
    for column in SUBJECTS:
        empty, time = figures.least(key, column, "empty"), figures.least(key, column, kind)
        if time is not None:
            found.append((column.label, f"{time} = {time / empty:.2f} x {empty}", time <= factor * empty))
    return tuple(found)


def targets(results):
    """The issue's, each beside its figure at every chunk size that it speaks of."""
    figures = Figures(results)
    fills = []
    for column in SUBJECTS:
        times = [(figures.get("filling", column, "levels", level, "alloc", "least", "p99.9"), level)
                 for level in LEVELS]
        time, level = max(pair for pair in times if pair[0] is not None)
        fills.append((column.label, f"{time} at {level} %", time <= 700))
    worst = [(column.label, str(figures.get("layouts", column, "warm")),
              figures.get("layouts", column, "warm") <= 300) for column in SUBJECTS]
    shares, wholes = [], []
    for mib in HEAPS_MIB:
        for largest in LARGEST:
            for realloc in (0, 1):
                key = share_key(largest, mib, realloc)
                seen = figures.get(key, SUBJECTS[0])
                if seen is None:
                    continue
                where = f"{seen['heap'] >> 20} MiB, 1..{largest}{', realloc' if realloc else ''}"
                least = SHARE_LEAST[largest]
                met = seen["min"] >= least or seen["median"] >= least and "met by the median"
                shares.append((where, f"{seen['min']:.2f}, median {seen['median']:.2f}", met))
                every = [figures.get(key, column) for column in SUBJECTS]
                whole, seeds = (sum(result[name] for result in every) for name in ("whole", "seeds"))
                wholes.append((where, f"{whole} of {seeds}", whole == seeds))
    code = [(target, f"{results['code'][target][0]} (as one file {results['code'][target][1]}) of {most}",
             results["code"][target][0] <= most) if target in results["code"] else
            (target, "no compiler for it", "NOT MEASURED") for target, most in CODE_MOST.items()]
    return [Verdict("seed workload, allocation p50 <= 1.6 x empty call",
                    times_empty(figures, "filling", "alloc", 1.6)),
            Verdict("seed workload, allocation p99.9 <= 700 cycles at any fill", tuple(fills)),
            Verdict("seed workload, failed allocation p50 <= 1.5 x empty call",
                    times_empty(figures, "filling", "failed", 1.5)),
            Verdict("adversarial layouts, worst case <= 300 cycles", tuple(worst)),
            Verdict("small objects at 50 %, free p50 <= 2 x empty call", times_empty(figures, "small 50", "free", 2)),
            Verdict("usable share >= 97 % (1..1000), >= 98 % (1..30000), chunks of 16", tuple(shares)),
            Verdict("whole heap again after all is freed, all chunk sizes and seeds", tuple(wholes)),
            Verdict("code at -Os, bytes: alloc, free, realloc and all that they need", tuple(code))]


def table(results):
    """The whole report as text."""
    found = groups(results)
    busy = machine.busy(results["machine"])
    huge = [result for runs in results["results"].values() for result in runs.values()]
    small_pages = sum(result["huge"] < result["heap"] for key, runs in results["results"].items()
                      for result in runs.values() if key != "filling small pages")
    head = [*machine.lines(results["machine"]), *([busy] if busy else []),
            *(["QUICK MODE, small heaps and few rounds: not for conclusions"] if results["quick"] else []),
            *([f"WARNING: the system gave no huge pages to {small_pages} of {len(huge)} runs"] if small_pages else []),
            "Cycles of the time-stamp counter, the two readings included: compare with the empty call. Columns: the "
            "chunk heap by chunk size; yardsticks.", "+ better than every yardstick, - worse than one of them"]
    heading = " " * LABEL_WIDTH + "".join(f"{column.label:>{CELL_WIDTH - 1}} " for column in COLUMNS)
    blocks = [head]
    blocks += [[title, heading, *(row.text() for row in rows)] for title, rows in found]
    blocks.append(losses(found))
    blocks.append(["Targets", *(line for verdict in targets(results) for line in verdict.lines())])
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)


# ---- pictures -----------------------------------------------------------------------------------

DRAWN = ("chunk 16", "chunk 64", "chunk 256", "TLSF", "seed 256")
GREENS = {"chunk 16": "#7bc96f", "chunk 64": "#1f9d55", "chunk 256": "#0f7a5c"}
GREYS = {"TLSF": "#d9822b", "seed 256": "#8b949e"}
PLACES = (("p50", "50 %"), ("p90", "90 %"), ("p99", "99 %"), ("p99.9", "99.9 %"), ("p99.99", "99.99 %"),
          ("max", "max"))


def look_of(names):
    look = Look(names)
    look.colour.update(GREENS | GREYS)
    look.width.update({name: 2.2 for name in GREENS})
    return look


def notes_of(results):
    lines = machine.lines(results["machine"])
    return ("QUICK MODE, not for conclusions. " + lines[0], lines[1]) if results["quick"] else lines


def short(power_of_ten):
    """100, 10k, 1M"""
    for unit, size in (("M", 10 ** 6), ("k", 1000)):
        if power_of_ten >= size:
            return f"{power_of_ten // size}{unit}"
    return str(power_of_ten)


def quantiles_picture(results):
    figures = Figures(results)
    columns = [column for column in COLUMNS if column.label in DRAWN]
    names = [column.label for column in columns]
    look = look_of(names)
    picture = Picture(WIDTH, 420, "Seed workload, no system: cycles of a call by quantile, less is better",
                      notes_of(results))
    picture.legend(16, 80, names, look)
    empty = figures.least("filling", SUBJECTS[0], "empty")
    for box, (kind, title) in zip(panels(picture, 3, 132, 220), (
            ("alloc", "allocation"), ("failed", "failed allocation"), ("free", "free"))):
        left, right, top, bottom = box
        curves = {column.label: figures.get("filling", column, kind, "least") for column in columns}
        highest = max((curve["max"] for curve in curves.values() if curve), default=1000)
        decades = [10 ** power for power in range(1, math.ceil(math.log10(highest)) + 1)]
        y = Scale(10, decades[-1], bottom, top, log=True)
        step = (right - left - 24) / (len(PLACES) - 1)
        picture.text(left - 30, top - 14, title, "panel")
        value_axis(picture, box, decades, y, short)
        for index, (_, label) in enumerate(PLACES):
            at = left + 8 + step * index
            picture.line(at, top, at, bottom)
            picture.text(at, bottom + 16, label.removesuffix(" %"), "note", "middle")
        picture.path([(left, y(empty)), (right, y(empty))], "#6e7781", 1.2, "3 3")
        for name, curve in curves.items():
            points = [(left + 8 + step * index, y(curve[place])) for index, (place, _) in enumerate(PLACES)
                      ] if curve else []
            picture.path(points, look.colour[name], look.width[name])
            for point in points:
                picture.mark(*point, look.shape[name], look.colour[name], 3.4)
    picture.text(WIDTH - 16, 392, "quantiles in per cent; each call at its least over the rounds; dotted: an empty "
                 "call, which is part of all", "note", "end")
    return picture


def share_picture(results):
    figures = Figures(results)
    columns = [column for column in COLUMNS if column.label in DRAWN]
    names = [column.label for column in columns]
    look = look_of(names)
    rows = [(key, f"{8 if figures.quick else mib} MiB, 1..{largest} bytes{', realloc' if realloc else ''}",
             SHARE_LEAST[largest]) for mib in HEAPS_MIB for largest in LARGEST for realloc in (0, 1)
            if (key := share_key(largest, mib, realloc)) in figures.results]
    top, height = 112, 34
    bottom = top + height * len(rows)
    picture = Picture(WIDTH, bottom + 48, "Share of the heap in use at the first failure: more is better",
                      notes_of(results))
    picture.legend(16, 80, names, look)
    x = Scale(50, 100, 220, WIDTH - 30)
    for tick in range(50, 101, 5):
        picture.line(x(tick), top - 4, x(tick), bottom, "axis" if tick == 100 else "grid")
        picture.text(x(tick), bottom + 16, f"{tick} %", "note", "middle")
    for index, (key, label, target) in enumerate(rows):
        y = top + height * (index + 0.5)
        if index % 2 == 0:
            picture.rect(8, y - height / 2, WIDTH - 16, height)
        picture.text(16, y + 4, label)
        picture.path([(x(target), y - height / 2 + 2), (x(target), y + height / 2 - 2)], "#cf222e", 1.4, "3 2")
        for place, column in enumerate(columns):
            seen = figures.get(key, column)
            if seen is None:
                continue
            at = y + (place - (len(columns) - 1) / 2) * 5.5
            picture.stroke(x(seen["min"]), at, x(seen["max"]), at, look.colour[column.label], 2)
            picture.mark(x(seen["median"]), at, look.shape[column.label], look.colour[column.label], 3)
    seeds, few = (figures.get(rows[0][0], column, "seeds") for column in (COLUMNS[0], COLUMNS[-1]))
    picture.text(WIDTH - 16, bottom + 36, f"median of {seeds} random seeds (of the ancestor's algorithm: {few}), lines "
                 "from the lowest to the highest; red: the target at chunks of 16 bytes", "note", "end")
    return picture


def draw(results, directory):
    """Returns the paths."""
    made = []
    for name, drawer in (("quantiles", quantiles_picture), ("share", share_picture)):
        made.append(os.path.join(directory, f"freestanding-{name}.svg"))
        drawer(results).save(made[-1])
    return made
