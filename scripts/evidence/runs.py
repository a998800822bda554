# SPDX-License-Identifier: MIT
"""Long runs of other people's programs: what they run in, where they write, how they end."""

import contextlib
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "programs"))

# pylint: disable=wrong-import-position
from trial import PATH, Evidence, children  # noqa: E402

LIBRARY = TOP / "build-run" / "src" / "libchunkmalloc.so.0"
HARDENED = TOP / "build-run" / "src" / "libchunkmalloc-hardened.so.0"
TIMED_OUT = "timed out"

# Programs crash in these suites, also on purpose: thousands of dumps would fill the disk.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
LOOK_SECONDS = 2


class Missing(Exception):
    """What is to be run cannot be had; the text says why."""


def kept(library, folder):
    """A copy, so that the library can be built anew while programs run with it."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / library.name
    shutil.copyfile(library, copy.with_suffix(".new"))
    copy.with_suffix(".new").replace(copy)
    return copy


def environment(home, library=None):
    """What a program finds that is started from here: nothing of who has started it."""
    env = {"PATH": PATH, "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb", "USER": "root"}
    if library:
        env["LD_PRELOAD"] = os.path.realpath(library)
    return env


def family(pid):
    """A process and its descendants, as far as they have not left it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for child in children(pid):
            found += family(child)
    return found


def end(process):
    """Ends a process that was started here with all that it has started, first kindly."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        members = family(process.pid)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        for pid in members:
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            if number == signal.SIGKILL:
                return
    process.wait()


class Place:
    """A directory to run in, a log, and the library, if any, that is preloaded to what runs there."""

    def __init__(self, work, log, library=None):
        self.work, self.log, self.preload = work, log, library
        self.evidence = Evidence(os.path.realpath(library)) if library else None
        self.clear()
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")

    def clear(self):
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def start(self, argv, *, cwd=None, output=None, **env):
        """A process with its descendants in a session of its own."""
        words = [str(word) for word in argv]
        with open(self.log, "ab") as log:
            log.write(f"$ {' '.join(words)[:500]}\n".encode())
            log.flush()
            with open(output, "wb") if output else contextlib.nullcontext(log) as out:
                return subprocess.Popen(
                    # Suites want to see signals that a shell or nohup may have had ignored.
                    ["env", "--default-signal", *words],
                    cwd=cwd or self.work,
                    env=environment(self.work, self.preload) | env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                )

    def look(self, process):
        if self.evidence:
            self.evidence.look(process.pid)

    def wait(self, process, limit):
        """Returns the status, or TIMED_OUT."""
        ends = time.monotonic() + limit
        delay = 0.02
        while time.monotonic() < ends:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(delay)
            self.look(process)
            delay = min(delay * 2, LOOK_SECONDS)
        end(process)
        with open(self.log, "ab") as log:
            log.write(f"[ended after {limit} s]\n".encode())
        return TIMED_OUT

    def call(self, argv, *, limit=600, **how):
        process = self.start(argv, **how)
        try:
            return self.wait(process, limit)
        except BaseException:
            end(process)
            raise

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def programs(self):
        """Those in which the library was seen."""
        return sorted(self.evidence.seen) if self.evidence else []


def report(state, name, seconds, text):
    print(f"{state:6} {name:22}{seconds:6.0f} s   {text}".rstrip(), flush=True)
