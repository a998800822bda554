# SPDX-License-Identifier: MIT
"""The pictures of a run, drawn from its results.json alone."""

import bisect
import math
import os
import statistics

from . import machine, peers, report, stats
from .svg import Look, Picture, Scale, nice_ticks

WIDTH = 860
ROW = 19
TICK = 0.02  # seconds between the marks of the load, as planned


def draw(results, directory):
    """Draws what there is data for; returns the paths."""
    os.makedirs(directory, exist_ok=True)
    names = [peer["name"] for peer in results["peers"]]
    look = Look(names)
    notes = machine.lines(results["machine"])
    if results["options"]["quick"]:
        notes = ("QUICK MODE, not for conclusions. " + notes[0], notes[1])
    made = []
    for file, drawer in (("time.svg", time_ratios), ("memory.svg", memory_ratios), ("threads.svg", threads),
                         ("load.svg", load), ("latency.svg", latency)):
        picture = drawer(results, names, look, notes)
        if picture:
            path = os.path.join(directory, file)
            picture.save(path)
            made.append(path)
    return made


def labels(results):
    """Name and version of each allocator."""
    found = {}
    for peer in results["peers"]:
        version = peer["version"].split("-")[0].removeprefix("glibc ")
        plain = version if version[:1].isdigit() else ""
        found[peer["name"]] = "speed of light" if peer["name"] == peers.LIMIT else f"{peer['name']} {plain}".strip()
    return found


def time_ratios(results, names, look, notes):
    return ratios(results, names, look, notes, "seconds", "Time by workload")


def memory_ratios(results, names, look, notes):
    return ratios(results, names, look, notes, "peak_kib", "Peak resident memory by workload")


def ratios(results, names, look, notes, key, title):
    """A row for each workload, a mark for each allocator with a line from its lowest to its highest round."""
    records = [record for record in results["workloads"] if record["counts"]]
    if not records:
        return None
    rows = [(record["name"], [(name, stats.ratio(record, name, key), stats.failure(record["results"].get(name, [])))
                              for name in names]) for record in records]
    top = 108
    bottom = top + ROW * (len(rows) + 2)
    picture = Picture(WIDTH, bottom + 40, f"{title}, ratio to glibc: less is better", notes)
    picture.legend(16, 80, names, look, labels(results))
    spread = [r.median for _, cells in rows for _, r, _ in cells if r]
    low = next((edge for edge in (0.5, 0.25) if min(spread, default=1) >= edge), 0.125)
    high = next((edge for edge in (2, 4, 8) if max(spread, default=1) <= edge), 16)
    x = Scale(low, high, 150, WIDTH - 40, log=True)
    for tick in (0.125, 0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4, 8, 16):
        if low <= tick <= high:
            picture.line(x(tick), top - 4, x(tick), bottom, "axis" if tick == 1 else "grid")
            picture.text(x(tick), bottom + 16, f"{tick:g}", "note", "middle")
    picture.rect(8, top, WIDTH - 16, ROW)
    means = [(name, stats.mean(results["workloads"], name, key)[0]) for name in names]
    picture.text(16, top + 14, "geometric mean", "strong")
    for name, mean in means:
        if mean:
            picture.mark(x(mean), top + ROW / 2, look.shape[name], look.colour[name], look.size[name] + 1)
    for index, (label, cells) in enumerate(rows):
        y = top + ROW * (index + 1.5) + 6
        picture.text(16, y + 4, label)
        if index % 2:
            picture.rect(8, y - ROW / 2, WIDTH - 16, ROW)
        if index and records[index]["group"] != records[index - 1]["group"]:
            picture.line(8, y - ROW / 2, WIDTH - 8, y - ROW / 2, "axis")
        for place, (name, ratio, failed) in enumerate(cells):
            shift = (place - (len(cells) - 1) / 2) * min(1.6, 9 / len(cells))
            if failed:
                picture.text(WIDTH - 36 + 9 * (place % 3), y + 4, "✗", "fail", colour=look.colour[name])
            elif ratio and name != peers.BASELINE:
                picture.stroke(x(ratio.low), y + shift, x(ratio.high), y + shift, look.colour[name])
                picture.mark(x(ratio.median), y + shift, look.shape[name], look.colour[name], look.size[name])
    rounds = results["options"]["rounds"]
    picture.text(WIDTH - 16, bottom + 32, f"median of {rounds} interleaved rounds; lines: lowest to highest; values "
                 "beyond the scale stand at its edge; ✗ failed", "note", "end")
    return picture


def panels(picture, count, top, height):
    """The left, right, top and bottom of each of a row of panels."""
    width = (picture.width - 16) / count
    return [(16 + width * i + 40, 16 + width * (i + 1) - 14, top, top + height) for i in range(count)]


def duration(nanoseconds):
    """10 ns, 10 µs, 10 ms"""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:g} {unit}"
    return f"{nanoseconds:g} ns"


def value_axis(picture, box, ticks, scale, form="{:g}".format):
    left, right, _, _ = box
    for tick in ticks:
        picture.line(left, scale(tick), right, scale(tick), "axis" if tick == ticks[0] else "grid")
        picture.text(left - 5, scale(tick) + 4, form(tick), "note", "end")


def threads(results, names, look, notes):
    """Throughput against the number of threads."""
    series = {}
    for record in results["workloads"]:
        if record["group"] == "scale":
            series.setdefault(record["series"], []).append(record)
    if not series:
        return None
    processors = results["machine"]["processors"]
    picture = Picture(WIDTH, 416, f"Throughput against threads, on {processors} processors: more is better", notes)
    picture.legend(16, 80, names, look, labels(results))
    for box, (name, records) in zip(panels(picture, len(series), 132, 220), series.items()):
        thread_panel(picture, box, name, records, names, look)
    picture.text(WIDTH - 16, 404, f"beyond {processors} threads they take turns: the curve shows what contention and "
                 "preemption cost, not scaling", "note", "end")
    return picture


def thread_panel(picture, box, title, records, names, look):
    left, right, top, bottom = box
    curves = {}
    for record in records:
        for name in names:
            rates = [run["ops"] / run["seconds"] / 1e6 for run in stats.good(record["results"].get(name, []))]
            if rates:
                curves.setdefault(name, []).append((record["threads"], statistics.median(rates)))
    counts = sorted({record["threads"] for record in records})
    ticks = nice_ticks(max((rate for curve in curves.values() for _, rate in curve), default=1))
    y = Scale(0, ticks[-1], bottom, top)
    picture.text(left - 30, top - 14, f"{title}, million operations a second", "panel")
    value_axis(picture, box, ticks, y)
    step = (right - left - 20) / max(len(counts) - 1, 1)
    x = {count: left + 10 + step * i for i, count in enumerate(counts)}
    for count in counts:
        picture.text(x[count], bottom + 16, str(count), "note", "middle")
    picture.text((left + right) / 2, bottom + 32, "threads", "note", "middle")
    for name, curve in curves.items():
        points = [(x[count], y(rate)) for count, rate in curve]
        picture.path(points, look.colour[name], look.width[name], look.dash[name])
        for point in points:
            picture.mark(*point, look.shape[name], look.colour[name], 3.4)


def planned(marks, moment):
    """When the run would have been where it was at that moment, had it never been late."""
    after = bisect.bisect_right(marks, [moment, math.inf])
    if after in (0, len(marks)):
        return (len(marks) - 1) * TICK if after else 0
    begun, done = marks[after - 1][0], marks[after][0]
    return (after - 1 + (moment - begun) / max(done - begun, 1e-9)) * TICK


def load(results, names, look, notes):
    """Resident memory through a load and after it: the last round of each allocator."""
    record = next((record for record in results["workloads"] if record["group"] == "load"), None)
    if not record:
        return None
    runs = {name: stats.good(record["results"].get(name, []))[-1:] for name in names}
    runs = {name: found[0] for name, found in runs.items() if found}
    if not runs:
        return None
    title = "Resident memory through a load and after it: closer to the live bytes is better"
    picture = Picture(WIDTH, 436, title, notes)
    picture.legend(16, 80, list(runs), look, labels(results))
    box = (70, WIDTH - 20, 116, 386)
    marks = next(iter(runs.values()))["marks"]
    end = len(marks) * TICK
    ticks = nice_ticks(max(kib for run in runs.values() for _, kib in run["samples"]) / 1024)
    x, y = Scale(0, end, box[0], box[1]), Scale(0, ticks[-1], box[3], box[2])
    value_axis(picture, box, ticks, y, "{:g} MiB".format)
    for tick in nice_ticks(end, 8):
        if tick <= end:
            picture.text(x(tick), box[3] + 16, f"{tick:g} s", "note", "middle")
    live = [(x(index * TICK), y(kib / 1024)) for index, (_, kib) in enumerate(marks)]
    area = [(x(0), y(0)), *live, (live[-1][0], y(0))]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in area)
    picture.add(f'<polygon class="band" style="fill-opacity:.25" points="{points}"/>')
    for name, run in runs.items():
        line = [(x(planned(run["marks"], t)), y(kib / 1024)) for t, kib in run["samples"] if t <= run["marks"][-1][0]]
        picture.path(line, look.colour[name], look.width[name], look.dash[name])
    picture.text(WIDTH - 16, 424, "the last round, by planned time; grey: bytes that the program asked for and still "
                 "holds; a little use goes on while it rests", "note", "end")
    return picture


LATENCY_TICKS = ((0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"))


def latency(results, names, look, notes):
    """Quantiles of single calls."""
    records = [record for record in results["workloads"] if record["group"] == "latency"]
    if not records:
        return None
    picture = Picture(WIDTH, 112 + 290 * len(records), "Latency of single calls by quantile: less is better", notes)
    picture.legend(16, 80, names, look, labels(results))
    for index, record in enumerate(records):
        top = 132 + 290 * index
        for box, (kind, what) in zip(panels(picture, 3, top, 200), (
                ("malloc", "malloc"), ("touch", "first write to the block"), ("free", "free"))):
            latency_panel(picture, box, f"{what}, {record['series']}", record, kind, names, look)
    timer = [run["timer_ns"] for record in records for runs in record["results"].values() for run in stats.good(runs)]
    picture.text(WIDTH - 16, picture.height - 10, f"reading the clock is included: {min(timer, default=0):.0f} ns",
                 "note", "end")
    return picture


def latency_panel(picture, box, title, record, kind, names, look):
    left, right, top, bottom = box
    curves = {name: report.quantiles(stats.good(record["results"].get(name, [])), kind) for name in names}
    highest = max((value for curve in curves.values() for value in curve.values()), default=100)
    decades = [10.0]
    while decades[-1] < highest:
        decades.append(decades[-1] * 10)
    y = Scale(10, decades[-1] if len(decades) > 1 else 100, bottom, top, log=True)
    # Each factor of ten in what is beyond the quantile is equally wide.
    across = Scale(0, math.log10(0.5 / 1e-4), left + 8, right - 16)
    picture.text(left - 30, top - 14, title, "panel")
    value_axis(picture, box, decades, y, duration)
    for quantile, label in LATENCY_TICKS:
        at = across(math.log10(0.5 / (1 - quantile)))
        picture.line(at, top, at, bottom)
        picture.text(at, bottom + 16, label, "note", "middle")
    for name, curve in curves.items():
        points = [(across(math.log10(0.5 / (1 - quantile))), y(value))
                  for quantile, value in sorted(curve.items()) if quantile >= 0.5]
        picture.path(points, look.colour[name], look.width[name], look.dash[name])
