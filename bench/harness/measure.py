# SPDX-License-Identifier: MIT
"""Runs of workloads under allocators, interleaved, and what each run showed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile

from . import machine, peers

WARM_UP = 0  # the number of the round that is recorded but not counted
SAMPLE_MS = 5
# What a workload may say about itself, beside its seconds.
OWN_KEYS = ("ops", "live_kib", "after_kib", "after_use_kib", "malloc", "touch", "free", "timer_ns", "marks",
            "locks", "dirty_kib")


def clean_env(tmp):
    """Only what programs need: nothing of the caller's may change how they allocate."""
    env = {name: os.environ[name] for name in ("PATH", "HOME", "TERM") if name in os.environ}
    env.update(LANG="C.UTF-8", TMPDIR=tmp)
    return env


def tail_of(path):
    with open(path, "rb") as file:
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_line(path):
    """The line of JSON that the workloads of the bench print; None for other programs."""
    if os.path.getsize(path) > 1 << 20:
        return None
    with open(path, "rb") as file:
        text = file.read()
    if not text.startswith(b'{"workload"'):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


class Runner:
    """Measures one workload under one allocator, once."""

    def __init__(self, build, work, quick, timeout):
        self.programs = os.path.join(build, "bench")
        self.work = work
        self.quick = quick
        self.timeout = timeout
        self.expected = {}  # workload -> digest of its output under the baseline
        self.libc = peers.libc_path()

    def run(self, workload, peer, number, processor):
        with tempfile.TemporaryDirectory(prefix="bench-") as tmp:
            return self.run_in(tmp, workload, peer, number, processor)

    def run_in(self, tmp, workload, peer, number, processor):
        report, output, errors = (os.path.join(tmp, name) for name in ("report", "output", "errors"))
        env = clean_env(tmp)
        preload = peer.path
        if workload.real:
            env.update(dict(workload.real.env))
            if workload.real.own_preload:
                env["BENCH_PRELOAD"] = preload or self.libc
                preload = ""
        sample = SAMPLE_MS if workload.group == "load" else 0
        command = [os.path.join(self.programs, "launch"), report, output, str(self.timeout), str(sample), preload,
                   *workload.argv(self.programs, self.work, self.quick)]
        with open(errors, "wb") as stderr:
            subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stderr=stderr, check=True,
                           preexec_fn=machine.stay_on(processor) if workload.alone else None)
        with open(report, encoding="ascii") as file:
            seen = json.load(file)
        own = own_line(output)
        result = {"round": number, "seconds": own["seconds"] if own and "seconds" in own else seen["wall"]}
        for key in ("wall", "user", "system", "peak_kib", "minor_faults", "major_faults", "switches"):
            result[key] = seen[key]
        result["cpu"] = seen["user"] + seen["system"]
        for key in OWN_KEYS:
            if own and key in own:
                result[key] = own[key]
        if sample:
            result["samples"] = seen["samples"]
        failure = self.failure(workload, peer, seen, own, output, errors)
        if failure:
            result["failure"] = failure
        return result

    def failure(self, workload, peer, seen, own, output, errors):
        """What is wrong with the run; None for a good one."""
        if seen["timeout"]:
            return f"timeout after {self.timeout} s"
        if seen["signal"]:
            return f"{signal.Signals(seen['signal']).name}: {tail_of(errors)}"
        if seen["exit"]:
            return f"exit {seen['exit']}: {tail_of(errors)}"
        with open(errors, "rb") as file:
            if b"cannot be preloaded" in file.read():
                return f"not preloaded: {tail_of(errors)}"
        if not workload.real:
            return None if own else "no result line"
        if own:
            return None
        found = digest(output)
        if peer.name == peers.BASELINE:
            found = self.expected.setdefault(workload.name, found)
        if self.expected.get(workload.name, found) != found:
            return "other output than under glibc"
        return None


def measure(runner, workload, chosen, rounds):
    """A B C B C A: {peer name: [results]}, a warm-up first. A pair that fails twice running is left alone."""
    results = {peer.name: [] for peer in chosen}
    processor = machine.quietest()
    for number in range(WARM_UP, rounds + 1):
        first = number % len(chosen)
        for peer in (*chosen[first:], *chosen[:first]):
            mine = results[peer.name]
            if len(mine) >= 2 and "failure" in mine[-1] and "failure" in mine[-2]:
                continue
            mine.append(runner.run(workload, peer, number, processor))
            if "failure" in mine[-1]:
                print(f"  {workload.name} under {peer.name}: {mine[-1]['failure']}", file=sys.stderr, flush=True)
    return results
