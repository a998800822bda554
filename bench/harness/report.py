# SPDX-License-Identifier: MIT
"""Tables for people, CSV and JSON for programs."""

import csv
import json
import os
import statistics

from . import machine, peers, stats

CSV_KEYS = ("seconds", "wall", "user", "system", "cpu", "peak_kib", "live_kib", "after_kib", "after_use_kib",
            "minor_faults", "major_faults", "switches", "ops", "locks", "dirty_kib", "failure")
WIDTH = 20


def write(results, directory):
    """results.json, and raw.csv with every run, warm-ups (round 0) and failures included."""
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    with open(os.path.join(directory, "raw.csv"), "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("workload", "group", "allocator", "round", *CSV_KEYS))
        for record in results["workloads"]:
            for peer, runs in record["results"].items():
                for run in runs:
                    rows.writerow((record["name"], record["group"], peer, run["round"],
                                   *(run.get(key, "") for key in CSV_KEYS)))


def cell(record, peer, key):
    runs = record["results"].get(peer, [])
    if stats.failure(runs):
        return "FAILED"
    ratio = stats.ratio(record, peer, key)
    if not ratio:
        return "?"
    return f"{ratio.median:.2f} ({ratio.low:.2f}..{ratio.high:.2f}) {ratio.sign}"


def base_cell(record, key):
    runs = record["results"].get(peers.BASELINE, [])
    value = stats.median(runs, key)
    if value is None:
        return "FAILED" if stats.failure(runs) else "?"
    return f"{value:.3f} s" if key in ("seconds", "cpu") else f"{value / 1024:.1f} MiB"


def mean_cell(records, peer, key):
    mean, have, all_of_them = stats.mean(records, peer, key)
    if mean is None:
        return "?"
    return f"{mean:.3f}" if have == all_of_them else f"{mean:.3f} ({have} of {all_of_them})"


def heading(first, names):
    return f"{first:17}" + "".join(f"{name:>{WIDTH}}" for name in names)


def ratio_table(results, key, title):
    """A row for each workload: the baseline's figure, then ratios."""
    others = [peer["name"] for peer in results["peers"] if peer["name"] != peers.BASELINE]
    lines = [title, heading("", [peers.BASELINE, *others])]
    records = results["workloads"]
    shown = [record for record in records if record["group"] not in ("idle", "load", "latency")]
    for record in shown:
        cells = [base_cell(record, key), *(cell(record, peer, key) for peer in others)]
        lines.append(heading(record["name"], cells))
    lines.append(heading("geometric mean", ["1.000", *(mean_cell(records, peer, key) for peer in others)]))
    if any(not record["counts"] for record in shown):
        lines[-1] += "   (without scale-*)"
    return lines


def after_table(results):
    """Resident memory after the load is freed, in MiB."""
    records = [record for record in results["workloads"]
               if any("after_kib" in run for runs in record["results"].values() for run in runs)]
    if not records:
        return []
    names = [peer["name"] for peer in results["peers"]]
    lines = ["RSS after the load is freed, MiB: after 1 s of silence (and after 0.2 s of light use); no trim",
             heading("", ["live", *names])]
    for record in records:
        cells = []
        live = stats.median(record["results"].get(peers.BASELINE, []), "live_kib")
        cells.append("?" if live is None else f"{live / 1024:.1f}")
        for name in names:
            runs = record["results"].get(name, [])
            idle, used = stats.median(runs, "after_kib"), stats.median(runs, "after_use_kib")
            text = "FAILED" if stats.failure(runs) else "?" if idle is None else f"{idle / 1024:.1f}"
            cells.append(text + (f" ({used / 1024:.1f})" if used is not None else ""))
        lines.append(heading(record["name"], cells))
    return lines


def latency_table(results):
    records = [record for record in results["workloads"] if record["group"] == "latency"]
    lines = []
    for record in records:
        lines.append(f"{record['name']}: nanoseconds at the median, 99 %, 99.9 %, 99.99 % (timer included)")
        lines.append(heading("", ["malloc", "first write", "free"]))
        for peer in (peer["name"] for peer in results["peers"]):
            runs = stats.good(record["results"].get(peer, []))
            cells = []
            for kind in ("malloc", "touch", "free"):
                points = quantiles(runs, kind)
                cells.append("".join(f" {points[q]:.0f}" for q in (0.5, 0.99, 0.999, 0.9999)) if points else "FAILED")
            lines.append(heading(peer, cells))
    return lines


def quantiles(runs, kind):
    """{quantile: median over the runs}."""
    points = {}
    for run in runs:
        for quantile, value in run.get(kind, {}).get("quantiles", []):
            points.setdefault(quantile, []).append(value)
    return {quantile: sorted(values)[len(values) // 2] for quantile, values in points.items()}


def start_table(results):
    """What each allocator adds to the start of a program, and to one that does nothing."""
    names = [peer["name"] for peer in results["peers"] if peer["name"] != peers.BASELINE]
    lines = []
    for workload, what, figure in (("startup", "start, µs", lambda run: run["seconds"] / run["ops"] * 1e6),
                                   ("idle", "sleep, dirty KiB", lambda run: run["dirty_kib"])):
        record = next((record for record in results["workloads"] if record["name"] == workload), None)
        base = record and stats.good(record["results"].get(peers.BASELINE, []))
        if not base:
            continue
        plain = statistics.median(figure(run) for run in base)
        cells = [f"{plain:.0f}"]
        for name in names:
            runs = stats.good(record["results"].get(name, []))
            cells.append(f"{statistics.median(figure(run) for run in runs) - plain:+.0f}" if runs else "FAILED")
        lines.append(heading(what, cells))
    return ["What a program pays at the least: one start, private dirty memory of sleep; difference to glibc",
            heading("", [peers.BASELINE, *names]), *lines] if lines else []


def threads_table(results):
    """What is left of the throughput of the first curve point beyond one thread, at the last."""
    series = {}
    for record in results["workloads"]:
        if record["group"] == "scale" and record["threads"] > 1:
            series.setdefault(record["series"], []).append(record)
    names = [peer["name"] for peer in results["peers"]]
    lines = []
    for name, records in series.items():
        few, many = records[0], records[-1]
        if few is many:
            continue
        cells = []
        for peer in names:
            times = [stats.median(record["results"].get(peer, []), "seconds") for record in (few, many)]
            cells.append(f"{times[0] / times[1]:.2f}" if all(times) else "FAILED")
        lines.append(heading(f"{name} {many['threads']}/{few['threads']}", cells))
    if lines:
        processors = results["machine"]["processors"]
        lines = [f"Throughput with the most threads over that with few, on {processors} processors",
                 heading("", names), *lines]
    return lines


def locks_table(results):
    """Lock acquisitions per million operations, of allocators that tell."""
    lines = []
    for record in results["workloads"]:
        if record["name"] == "startup":
            continue  # what the started programs do is not counted
        for peer, runs in record["results"].items():
            rates = [run["locks"] / run["ops"] * 1e6 for run in stats.good(runs) if "locks" in run]
            if rates:
                lines.append(f"  {record['name']:17} {sum(rates) / len(rates):12.1f}  {peer}")
    return ["Lock acquisitions per million operations", *lines] if lines else []


def failures(results):
    lines = []
    for record in results["workloads"]:
        for peer, runs in record["results"].items():
            text = stats.failure(runs)
            if text:
                count = sum("failure" in run for run in runs)
                lines.append(f"  {record['name']} under {peer}: {text} ({count} of {len(runs)} runs)")
    return ["Failures", *lines] if lines else []


def losses(results, subject):
    """Every workload in which the subject is worse than the baseline, worst first; and the best ones."""
    lines = []
    for key, what in (("seconds", "time"), ("peak_kib", "peak RSS")):
        ratios = [(stats.ratio(record, subject, key), record["name"]) for record in results["workloads"]
                  if record["counts"]]
        ratios = sorted(((r, name) for r, name in ratios if r), key=lambda pair: -pair[0].median)
        worse = [f"{name} {r.median:.2f}" for r, name in ratios if r.median > 1]
        better = [f"{name} {r.median:.2f}" for r, name in reversed(ratios) if r.median < 1]
        lines.append(f"  {what}, worse than glibc in {len(worse)} of {len(ratios)}: {', '.join(worse) or 'none'}")
        lines.append(f"  {what}, better in {len(better)} of {len(ratios)}: {', '.join(better) or 'none'}")
    return [f"Losses and wins of {subject} (medians)", *lines]


def table(results):
    """The whole report as text."""
    options = results["options"]
    mode = "quick mode: too short to conclude from; " if options["quick"] else ""
    busy = machine.busy(results["machine"])
    blocks = [[*machine.lines(results["machine"]), *([busy] if busy else []),
               f"{mode}{options['rounds']} rounds, interleaved; ratios to glibc of the same round: median "
               "(lowest..highest), + better in each round, - worse in each"]]
    blocks.append(ratio_table(results, "seconds", "Time, ratio to glibc"))
    blocks.append(ratio_table(results, "cpu", "CPU time of the whole process tree, start-up included, ratio to glibc"))
    blocks.append(ratio_table(results, "peak_kib", "Peak RSS, ratio to glibc"))
    blocks.append(after_table(results))
    others = [peer["name"] for peer in results["peers"] if peer["name"] != peers.BASELINE]
    blocks.append(["Minor faults, ratio to glibc", heading("", others), heading(
        "geometric mean", [mean_cell(results["workloads"], peer, "minor_faults") for peer in others])])
    blocks.append(latency_table(results))
    blocks.append(start_table(results))
    blocks.append(threads_table(results))
    blocks.append(locks_table(results))
    for subject in others:
        if subject not in peers.DEBIAN and subject not in peers.OWN:
            blocks.append(losses(results, subject))
            blocks.append(verdict(results, subject))
    blocks.append(failures(results))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def verdict(results, subject):
    """Against the best peer: how far ahead or behind, and where the most."""
    rivals = [peer["name"] for peer in results["peers"] if peer["name"] not in (subject, *peers.OWN)]
    counted = [record for record in results["workloads"] if record["counts"]]
    lines = [f"{subject} against its peers"]
    for key, what in (("seconds", "time"), ("peak_kib", "peak RSS")):
        for rival in rivals:
            pairs = [(stats.median(record["results"].get(subject, []), key),
                      stats.median(record["results"].get(rival, []), key)) for record in counted]
            ratios = [mine / other for mine, other in pairs if mine and other]
            mean = stats.geometric_mean(ratios)
            if mean:
                lines.append(f"  {what}, geometric mean over {len(ratios)} workloads: {mean:.3f} x {rival}")
    behind = []
    for record in counted:
        times = {name: stats.median(record["results"].get(name, []), "seconds") for name in (subject, *rivals)}
        best = min((name for name in rivals if times[name]), key=lambda name: times[name], default=None)
        if best and times[subject] and times[subject] > 1.1 * times[best]:
            factor = times[subject] / times[best]
            behind.append((factor, f"{record['name']} {factor:.2f} x {best}"))
    texts = [text for _, text in sorted(behind, reverse=True)]
    lines.append(f"  more than 1.10 x the fastest peer's time in {len(texts)}: {', '.join(texts) or 'none'}")
    for record in results["workloads"]:
        live = stats.median(record["results"].get(subject, []), "live_kib")
        after = stats.median(record["results"].get(subject, []), "after_kib")
        if live is not None and after is not None:
            allowed = live * 1.25 + 2048
            word = "within" if after <= allowed else "ABOVE"
            lines.append(f"  RSS after {record['name']}: {after / 1024:.1f} MiB, {word} live x 1.25 + 2 MiB = "
                         f"{allowed / 1024:.1f} MiB")
    return lines


def progress_line(record, chosen):
    """One line while the bench runs."""
    parts = []
    for peer in chosen:
        runs = record["results"][peer.name]
        ratio = stats.ratio(record, peer.name, "seconds")
        if peer.name == peers.BASELINE:
            parts.append(base_cell(record, "seconds"))
        else:
            text = "FAILED" if stats.failure(runs) else f"{ratio.median:.2f}" if ratio else "?"
            parts.append(f"{peer.name} {text}")
    return "  ".join(parts)
