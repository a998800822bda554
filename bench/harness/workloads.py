# SPDX-License-Identifier: MIT
"""What is measured: name, group, command in full and in quick mode."""

import dataclasses
import fnmatch
import os

from . import programs, traces


# Of those that count for the means, such as keep several processors at work.
PARALLEL = frozenset(("churn-4t", "larson", "pipeline", "threads", "sharing-active", "sharing-passive", "teardown",
                      "redis", "node", "xz", "bash-forks"))


@dataclasses.dataclass(frozen=True)
class Workload:
    """One thing to measure. Groups micro, trace and program count for the means, the others do not."""
    name: str
    group: str  # micro, trace, program, idle, scale, load, latency
    what: str
    program: str = ""
    full: tuple = ()
    quick: tuple = ()
    real: programs.Program = None
    threads: int = 0
    series: str = ""  # of which curve it is a point

    @property
    def counts(self):
        return self.group in ("micro", "trace", "program")

    @property
    def alone(self):
        """Is it to stay on one processor? Another may be half as fast, and the kernel changes often."""
        return self.counts and self.name not in PARALLEL

    def argv(self, build, work, quick):
        """The command. `build` holds the programs of the bench, `work` what is made at run time."""
        if self.real:
            return self.real.argv(os.path.join(work, "inputs"), quick)
        trace = [os.path.join(work, "traces", self.series + ".trace")] if self.group == "trace" else []
        return [os.path.join(build, self.program), *trace, *(self.quick if quick else self.full)]

    def missing(self):
        return self.real.missing() if self.real else []

    def prepare(self, traces_dir, work, quick):
        """Makes the input, if there is one to make."""
        if self.real:
            programs.prepare(self.real, os.path.join(work, "inputs"), quick)
        elif self.group == "trace":
            packed = os.path.join(traces_dir, self.series + ".xz")
            path = os.path.join(work, "traces", self.series + ".trace")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(packed):
                traces.unpack(packed, path)


def micro(name, program, what, full=(), quick=()):
    return Workload(name, "micro", what, program, tuple(full), tuple(quick))


MICRO = (
    micro("churn", "churn", "20 000 objects of the traces' sizes, replaced at random", (), ["ops=800000"]),
    micro("churn-4t", "churn", "the same in 4 threads", ["threads=4"], ["threads=4", "ops=800000"]),
    micro("churn-wide", "churn", "1 000 000 objects, replaced at random", ["live=1000000", "ops=4000000"],
          ["live=200000", "ops=400000"]),
    micro("mixed", "mixed", "8 B to 32 KiB in bursts", (), ["ops=500000"]),
    micro("lifo", "batches", "batches freed in reverse order", (), ["ops=1000000"]),
    micro("fifo", "batches", "batches freed in order of birth", ["fifo=1"], ["fifo=1", "ops=1000000"]),
    micro("larson", "larson", "servers that hand their objects on, 4 threads", (), ["ops=800000"]),
    micro("pipeline", "pipeline", "2 producers, 2 consumers, every object freed elsewhere", (), ["ops=600000"]),
    micro("threads", "threads", "20 000 threads, 8 at a time, 20 objects each", (), ["count=2000"]),
    micro("sharing-active", "sharing", "false sharing between allocating threads", (), ["rounds=10000"]),
    micro("sharing-passive", "sharing", "false sharing through objects handed out", ["passive=1"],
          ["passive=1", "rounds=10000"]),
    micro("teardown", "teardown", "16.8 million small objects freed in random order", (), ["objects=1048576"]),
    micro("vectors", "vectors", "vectors growing by realloc, 8 at a time", (), ["vectors=1000"]),
    micro("large", "large", "32 KiB to 8 MiB, 128 MiB live", (), ["ops=300", "live_mib=32"]),
    micro("aligned", "aligned", "alignments 32 to 4096", (), ["ops=300000"]),
    micro("calloc-fresh", "zeroed", "calloc in a growing heap", ["fresh=1", "ops=300000"], ["fresh=1", "ops=40000"]),
    micro("calloc-reused", "zeroed", "calloc of memory used before", (), ["ops=300000"]),
    micro("grow", "grow", "a heap of 3 GiB", (), ["mib=256"]),
    micro("phases", "phases", "fill, free 99 % at random, refill with other sizes", (), ["mib=24"]),
    micro("startup", "spawn", "600 starts of /bin/true", (), ["count=60"]),
)


PASSES = {"gcc": 20, "sqlite3": 30}  # the short ones; others 10


def all_workloads(threads):
    """All of them, in the order of the tables."""
    found = list(MICRO)
    for name in traces.NAMES:
        passes = PASSES.get(name, 10)
        found.append(Workload(f"trace-{name}", "trace", f"what {name} asked of malloc, replayed", "replay",
                              (f"passes={passes}",), (f"passes={passes // 10}",), series=name))
    for program in programs.PROGRAMS:
        found.append(Workload(program.name, "program", program.what, real=program))
    found.append(Workload("idle", "idle", "private dirty memory of sleep", "idle"))
    for series, program, ops in (("larson", "larson", 8000000), ("pipeline", "pipeline", 6000000),
                                 ("churn", "churn", 8000000)):
        for count in threads:
            if program == "pipeline" and count % 2:
                continue
            found.append(Workload(f"scale-{series}-{count}", "scale", f"{series} with {count} threads", program,
                                  (f"threads={count}", f"ops={ops}"), (f"threads={count}", f"ops={ops // 10}"),
                                  threads=count, series=series))
    found.append(Workload("load", "load", "a load that comes and goes, by the clock", "load", (), ("peak_mib=32",)))
    found.append(Workload("latency", "latency", "single calls, one thread", "latency", (), ("ops=600000",),
                          series="1 thread"))
    found.append(Workload("latency-4t", "latency", "single calls, 4 threads", "latency", ("threads=4",),
                          ("ops=600000", "threads=4"), series="4 threads"))
    return found


def select(found, patterns):
    """Those that match a pattern, and the patterns that match none."""
    unused = [pattern for pattern in patterns if not any(fnmatch.fnmatchcase(w.name, pattern) for w in found)]
    chosen = [w for w in found if not patterns or any(fnmatch.fnmatchcase(w.name, p) for p in patterns)]
    return chosen, unused
