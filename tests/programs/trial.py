# SPDX-License-Identifier: MIT
"""Runs programs without and with the library preloaded, and fails where that can be seen.

A driver is `DRIVER LIBRARY WORK [ARG...]`: it defines test(trial) and ends in main(test, needs).
All that it makes lies in the directory WORK, made anew at the start and removed at the end.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

SKIPPED = 77
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
STATISTICS = re.compile(rb"^chunkmalloc: (\w+) (\d+)\n", re.MULTILINE)
# What the main program of a test has at least taken from the heap when it was used at all.
SERVED_KIB = 64
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)")


class Failure(Exception):
    """What the test is there to find."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def excerpt(data):
    text = data.decode(errors="replace")
    return text if len(text) < 3000 else f"{text[:1000]}\n[...]\n{text[-2000:]}"


def difference(name, plain, preloaded):
    """The first line that differs, with the ones around it."""
    left, right = plain.splitlines(), preloaded.splitlines()
    at = 0
    while at < min(len(left), len(right)) and left[at] == right[at]:
        at += 1
    start = max(at - 2, 0)
    shown = [f"{name} differs from line {at + 1} on"]
    for title, lines in (("without", left), ("with", right)):
        shown.append(f"--- {title} the library")
        shown += [line.decode(errors="replace")[:200] for line in lines[start : at + 5]]
    return "\n".join(shown)


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def resident(pid, library):
    """KiB resident of the library's image and of the zero-filled memory right after it, where its
    heap is; None if the process has not mapped the library."""
    total, end = None, None
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as smaps:
        for line in smaps:
            mapping = MAPPING.match(line)
            if mapping:
                start, stop, path = mapping.groups()
                ours = path == library or (start == end and (not path or path[0] == "["))
                if path == library and total is None:
                    total = 0
                end = stop if ours else None
            elif end and line.startswith("Rss:"):
                total += int(line.split()[1])
    return total


class Evidence:
    """Which executables were seen with the library mapped, and how many KiB of it in memory."""

    def __init__(self, library):
        self.preloaded = library
        self.processes = set()
        self.seen = {}

    def look(self, pid):
        """At a process and its descendants, any of which may be gone or turn into another."""
        with contextlib.suppress(OSError):
            program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            size = resident(pid, self.preloaded)
            if size is not None:
                self.processes.add(pid)
                self.seen[program] = max(size, self.seen.get(program, 0))
        with contextlib.suppress(OSError):
            for child in children(pid):
                self.look(child)


class Run:
    """A process that is running or has ended, its output in two files."""

    def __init__(self, trial, argv, preload, statistics, stdin, env, cwd):
        self.argv = [str(arg) for arg in argv]
        self.preload = preload
        self.expects_statistics = preload and statistics
        self.evidence = Evidence(trial.preloaded)
        self._out, self._err = (trial.scratch(name) for name in ("stdout", "stderr"))
        with open(stdin or os.devnull, "rb") as source, open(self._out, "wb") as out, open(
            self._err, "wb"
        ) as err:
            self.process = subprocess.Popen(
                self.argv,
                stdin=source,
                stdout=out,
                stderr=err,
                cwd=cwd or trial.work,
                env=trial.environment(preload, statistics) | (env or {}),
            )

    def look(self):
        if self.preload:
            self.evidence.look(self.process.pid)

    def wait(self):
        delay = 0.01
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.status = self.process.wait(delay)
                break
            self.look()
            delay = min(delay * 1.5, 0.3)
        self.stdout = self._out.read_bytes()
        told = self._err.read_bytes()
        self.statistics = [] if not self.expects_statistics else STATISTICS.findall(told)
        self.stderr = told if not self.expects_statistics else STATISTICS.sub(b"", told)
        self._out.unlink()
        self._err.unlink()
        return self

    def expect(self, status):
        how = "with" if self.preload else "without"
        check(
            self.status == status,
            f"status {self.status} instead of {status}, {how} the library: {' '.join(self.argv)}\n"
            f"--- stdout\n{excerpt(self.stdout)}\n--- stderr\n{excerpt(self.stderr)}",
        )


class Trial:
    def __init__(self, library, work, arguments):
        self.work = work
        self.arguments = arguments
        self.preloaded = os.path.realpath(library)
        self._runs = 0

    def scratch(self, name):
        self._runs += 1
        return self.work / f"{self._runs}.{name}"

    def environment(self, preload, statistics):
        env = {"PATH": PATH, "HOME": str(self.work), "TMPDIR": str(self.work), "LC_ALL": "C.UTF-8"}
        env["CCACHE_DISABLE"] = "yes"  # a compiler that is to be seen must run
        if preload:
            options = [os.environ.get("CHUNKMALLOC_CONF"), statistics and "stats=exit"]
            env["LD_PRELOAD"] = self.preloaded
            env["CHUNKMALLOC_CONF"] = ",".join(filter(None, options))
        return env

    def start(self, argv, *, preload, statistics=True, stdin=None, env=None, cwd=None):
        """statistics=False keeps the library's lines out of a standard error that is read by
        another program, or closed by the one that runs."""
        return Run(self, argv, preload, statistics, stdin, env, cwd)

    def run(self, argv, *, preload, status=0, programs=(), **how):
        """A finished run; programs are further ones that it must have started."""
        run = self.start(argv, preload=preload, **how).wait()
        run.expect(status)
        if preload:
            self.served(run, *programs)
        return run

    def served(self, run, *programs):
        """The library was there and its heap in use, in the program and in the others named."""
        seen = run.evidence.seen
        check(run.process.pid in run.evidence.processes, f"the library was not seen in {run.argv[0]}")
        for program in programs:
            real = os.path.basename(os.path.realpath(shutil.which(program, path=PATH) or program))
            check(real in seen, f"the library was not seen in {program}, only in {seen}")
        if not pathlib.Path(self.preloaded).name.startswith("libchunkmalloc"):
            return  # another allocator, to compare with
        check(max(seen.values()) >= SERVED_KIB, f"the library's heap was hardly used: {seen}")
        if run.expects_statistics:
            peaks = [int(value) for name, value in run.statistics if name == b"peak"]
            check(peaks, "the library has not told its statistics")
            check(max(peaks) >= SERVED_KIB * 1024, f"the library's heap was hardly used: {peaks}")

    def same(self, argv, *, status=0, before=None, clean=bytes, **how):
        """Runs the command without and with the library; returns what both have written.

        before() is called ahead of each run; clean(bytes) takes out what differs from run to run.
        """
        outputs = []
        for preload in (False, True):
            if before:
                before()
            run = self.run(argv, preload=preload, status=status, **how)
            outputs.append((clean(run.stdout), clean(run.stderr)))
        (plain, plain_err), (preloaded, preloaded_err) = outputs
        check(plain == preloaded, difference("stdout", plain, preloaded))
        check(plain_err == preloaded_err, difference("stderr", plain_err, preloaded_err))
        return plain


def main(test, needs):
    library, work, *arguments = sys.argv[1:]
    missing = [name for name in needs if not shutil.which(name, path=PATH)]
    if missing:
        print("not installed:", " ".join(missing))
        sys.exit(SKIPPED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    here = pathlib.Path(work).resolve()
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    try:
        test(Trial(library, here, arguments))
    except Failure as failure:
        sys.exit(str(failure))
    finally:
        shutil.rmtree(here, ignore_errors=True)
