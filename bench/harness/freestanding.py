# SPDX-License-Identifier: MIT
"""The chunk heap where there is no system, beside its yardsticks: what is run, and what the runs say."""

import dataclasses
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading

from . import machine

CHUNK_SIZES = (16, 64, 128, 256, 512)
OCCUPANCIES = (25, 50, 90)
LARGEST = (1000, 30000)
HEAPS_MIB = (32, 160)
SEED_FAILURES = 100  # of the seed's failed allocations, which take milliseconds each, so many a round


@dataclasses.dataclass(frozen=True)
class Column:
    """An allocator with a chunk size; the TLSF has none, its unit is its smallest block."""

    label: str
    allocator: str
    chunk: int

    @property
    def subject(self):
        return self.allocator == "chunk"


COLUMNS = (*(Column(f"chunk {size}", "chunk", size) for size in CHUNK_SIZES), Column("TLSF", "tlsf", 32),
           Column("seed 256", "seed", 256))
SUBJECTS = tuple(column for column in COLUMNS if column.subject)
YARDSTICKS = tuple(column for column in COLUMNS if not column.subject)


@dataclasses.dataclass(frozen=True)
class Run:
    """One start of a program; key is what its result is looked up by."""

    key: str
    column: Column
    workload: str
    params: tuple
    timed: bool = True

    def argv(self, programs):
        words = [f"{name}={value}" for name, value in (("chunk", self.column.chunk), *self.params)]
        return [os.path.join(programs, f"{self.workload}-{self.column.allocator}"), *words]


def filling(column, quick, huge):
    params = [("huge", huge), ("rounds", 2 if quick else 9)]
    if quick:
        params.append(("mib", 16))
    if column.allocator == "seed":
        params[1:2] = [("rounds", 2 if quick else 3), ("failures", SEED_FAILURES)]
    return tuple(params)


def small(column, quick, occupancy):
    pairs, rounds = (20000, 2) if quick else (20000, 3) if column.allocator == "seed" else (300000, 5)
    return (("occupancy", occupancy), ("pairs", pairs), ("rounds", rounds), *([("mib", 4)] if quick else []))


def layouts(column, quick):
    cold = column.chunk <= 32
    return (("repeats", 20 if quick else 200), ("cold", int(cold and not quick)),
            *([("far_mib", 4)] if quick else []))


def share(column, quick, largest, mib, realloc):
    """None where the allocator is too slow for it."""
    if column.allocator == "seed" and mib > HEAPS_MIB[0]:
        return None
    seeds = 4 if quick or column.allocator == "seed" else 32
    return (("largest", largest), ("mib", 8 if quick else mib), ("realloc", realloc), ("seeds", seeds))


def share_key(largest, mib, realloc):
    return f"share {largest} {mib} {realloc}"


def all_runs(quick):
    """The timed ones come first: they run alone."""
    runs = []
    for column in COLUMNS:
        runs.append(Run("filling", column, "filling", filling(column, quick, 1)))
        runs.append(Run("filling small pages", column, "filling", filling(column, quick, 0)))
        for occupancy in OCCUPANCIES:
            runs.append(Run(f"small {occupancy}", column, "small", small(column, quick, occupancy)))
        runs.append(Run("layouts", column, "layouts", layouts(column, quick)))
    for column in COLUMNS:
        for largest in LARGEST:
            for mib in HEAPS_MIB[:1] if quick else HEAPS_MIB:
                for realloc in (0, 1):
                    params = share(column, quick, largest, mib, realloc)
                    if params:
                        runs.append(Run(share_key(largest, mib, realloc), column, "share", params, timed=False))
    return runs


class Failed(Exception):
    """A program has failed: its command and the last that it said."""


def start(run, programs, processor):
    """Runs it to its end on one processor; returns its line of results."""
    argv = run.argv(programs)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=machine.stay_on(processor)) as process:
        output, errors = process.communicate()
    if process.returncode != 0:
        raise Failed(f"status {process.returncode} of {' '.join(argv)}: {errors.strip()[-300:]}")
    return json.loads(output)


def measure(programs, quick, say):
    """{key: {column label: result}}. Timed runs one at a time; the others one on each processor."""
    processors = sorted(os.sched_getaffinity(0))
    results, todo, failures = {}, queue.Queue(), []
    runs = all_runs(quick)
    timed = [run for run in runs if run.timed]
    quietest = machine.quietest()
    for number, run in enumerate(timed, 1):
        say(f"[{number}/{len(runs)}] {run.column.label}: {run.key}")
        results.setdefault(run.key, {})[run.column.label] = start(run, programs, quietest)
    for number, run in enumerate((run for run in runs if not run.timed), len(timed) + 1):
        todo.put((number, run))

    def work(processor):
        while not failures:
            try:
                number, run = todo.get_nowait()
            except queue.Empty:
                return
            say(f"[{number}/{len(runs)}] {run.column.label}: {run.key}")
            try:
                results.setdefault(run.key, {})[run.column.label] = start(run, programs, processor)
            except (Failed, OSError, ValueError) as failure:
                failures.append(failure)

    threads = [threading.Thread(target=work, args=(processor,)) for processor in processors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def core_code(core):
    """{target: bytes of code at -Os for alloc, free and realloc, in separate files and in one}."""
    script = os.path.join(core, "tests", "golden", "code_size.py")
    done = subprocess.run([sys.executable, "-B", script], capture_output=True, text=True, check=False)
    found = {}
    for line in done.stdout.splitlines():
        match = re.match(r"(\S.*?)\s+(\d+) of\s+\S+\s+(\d+) of\s+\S+$", line)
        if match:
            found[match[1]] = [int(match[2]), int(match[3])]
    return found


def yardstick_code(source):
    """Bytes of all that is in the file, at -Os for this machine."""
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "object")
        flags = ["-Os", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-fno-asynchronous-unwind-tables"]
        subprocess.run(["cc", *flags, "-c", source, "-o", made], check=True)
        lines = subprocess.run(["size", made], capture_output=True, text=True, check=True).stdout.splitlines()
    return int(lines[1].split()[0])


def run_all(root, core, build, quick, say):
    """Everything that the table and the pictures are made of."""
    results = {"machine": machine.describe(core), "quick": quick, "columns": [vars(column) for column in COLUMNS]}
    busy = machine.busy(results["machine"])
    if busy:
        say(f"bench: {busy}")
    results["code"] = core_code(core)
    folder = os.path.join(root, "bench", "freestanding")
    results["yardsticks_code"] = {column.label: yardstick_code(os.path.join(folder, f"{column.allocator}.c"))
                                  for column in YARDSTICKS}
    programs = os.path.join(build, "bench", "freestanding")
    results["results"] = measure(programs, quick, say)
    return results


def write(results, directory):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
