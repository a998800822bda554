# SPDX-License-Identifier: MIT
"""A load that lasts, under the library: a program of many threads, SQLite in Python, and redis, all three with sizes
and lifetimes that drift and come back. See scripts/soak."""

import argparse
import contextlib
import json
import pathlib
import random
import signal
import socket
import statistics
import sys
import time

from runs import LIBRARY, Place, TOP, end, kept, report

sys.path.insert(0, str(TOP / "bench"))

# pylint: disable=wrong-import-position
from harness import machine  # noqa: E402
from harness.pictures import value_axis  # noqa: E402
from harness.svg import Picture, Scale, nice_ticks  # noqa: E402

DEFAULT = TOP / "build-soak"
PERIODS = 24  # at least, in a run: the first are not judged
WARM_UP = 2
LONGEST_PERIOD = 300
# What may be between the means of the first and the last third of what is judged.
GROWTH = 1.05
COLOUR = "#1f9d55"


class Child:
    """A program that samples itself and writes a line of JSON each second."""

    def __init__(self, here, name, argv):
        self.name = name
        self.place = Place(here / name, here / f"{name}.log", kept(LIBRARY, here / "lib"))
        self.out = here / f"{name}.json"
        self.process = self.place.start(argv, output=self.out)

    def tick(self):
        return self.process.poll() is None

    def finish(self):
        """The samples, and what the program's end was."""
        status = self.place.wait(self.process, 120)
        samples = []
        for line in self.out.read_text(encoding="utf-8").splitlines():
            # A line can be cut: by a full disk, or at the end of a program that failed.
            with contextlib.suppress(ValueError):
                samples.append(json.loads(line))
        samples = [sample for sample in samples if isinstance(sample, list)]
        complaint = "" if status == 0 else f"status {status}: {self.place.text().splitlines()[-1]}"
        return samples, complaint


class Redis:
    """The server, fed from here: values of drifting sizes, some that expire, others that are deleted."""

    def __init__(self, here, name, seconds, period):
        self.name, self.seconds, self.period = name, seconds, period
        self.place = Place(here / name, here / f"{name}.log", kept(LIBRARY, here / "lib"))
        server = self.place.work / "redis-server"
        server.symlink_to("/usr/bin/redis-check-rdb")
        path = self.place.work / "socket"
        options = {"port": 0, "unixsocket": path, "save": "", "maxmemory": "64mb", "maxmemory-policy": "allkeys-random"}
        argv = [server]
        for option, value in options.items():
            argv += [f"--{option}", value]
        self.process = self.place.start(argv)
        self.connection = self.connect(path)
        self.start, self.told = time.monotonic(), 0.0
        self.numbers = random.Random(1)
        self.samples = []
        self.ended = False

    def connect(self, path):
        for _ in range(600):
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(60)
                connection.connect(str(path))
                return connection.makefile("rwb")
            except OSError:
                time.sleep(0.1)
        raise OSError("redis does not answer")

    def ask(self, *commands):
        """Sends all, and reads an answer to each."""
        for command in commands:
            words = [str(word).encode() for word in command]
            self.connection.write(b"*%d\r\n" % len(words))
            for word in words:
                self.connection.write(b"$%d\r\n%s\r\n" % (len(word), word))
        self.connection.flush()
        answers = []
        for _ in commands:
            line = self.connection.readline()
            if not line:
                raise OSError("redis has ended")
            long = line.startswith(b"$") and line != b"$-1\r\n"
            answers.append(self.connection.read(int(line[1:]) + 2) if long else line)
        return answers

    def load(self, now):
        mean = 50 + 3000 * abs(2 * (now / self.period * 3 % 1) - 1)
        lives = int(2 + self.period / 10 * (now / self.period % 1))
        commands = []
        for _ in range(300):
            size = min(int(self.numbers.expovariate(1 / mean)) + 1, 100_000)
            key = f"key{self.numbers.randrange(10_000)}"
            kind = self.numbers.randrange(10)
            if kind < 5:
                commands.append(("SET", key, "x" * size, "EX", lives))
            elif kind < 7:
                commands.append(("HSET", f"hash{key}", size, "y" * (size // 8 + 1)))
            elif kind < 8:
                commands.append(("EXPIRE", f"hash{key}", 1))
            else:
                commands.append(("DEL", key, f"hash{key[:-1]}"))
        self.ask(*commands)

    def tick(self):
        now = time.monotonic() - self.start
        if self.ended or now >= self.seconds:
            return False
        self.load(now)
        if now - self.told >= 1:
            self.told = now
            info = dict(line.split(":", 1) for line in self.ask(("INFO", "memory"))[0].decode().split("\r\n")
                        if ":" in line)
            used = int(info["used_memory"]) // 1024
            self.samples.append([round(now, 1), int(info["used_memory_rss"]) // 1024, used, used])
        return True

    def finish(self):
        try:
            self.ask(("SHUTDOWN", "NOSAVE"))
        except OSError:
            pass
        status = self.place.wait(self.process, 60)
        return self.samples, "" if status == 0 else f"status {status}"


def thirds(samples, period):
    """Of whole periods after the warm-up: the first and the last third."""
    whole = int(samples[-1][0] / period) if samples else 0
    share = (whole - WARM_UP) // 3
    if share < 1:
        return None
    first, last = WARM_UP * period, (whole - share) * period
    parts = [[row for row in samples if begin <= row[0] < begin + share * period] for begin in (first, last)]
    return parts if all(parts) else None


def verdict(name, samples, complaint, period):
    """A line of text, and whether all is well."""
    if complaint:
        return f"{name}: {complaint}", False
    parts = thirds(samples, period)
    if not parts:
        return f"{name}: too few samples", False
    resident = [statistics.mean(row[1] for row in part) for part in parts]
    shares = [sum(row[1] for row in part) / sum(row[2] for row in part) for part in parts]
    good = resident[1] <= resident[0] * GROWTH and shares[1] <= shares[0] * GROWTH
    text = (f"{name}: resident {resident[0] / 1024:.1f} MiB in the first third, {resident[1] / 1024:.1f} in the last; "
            f"resident by live {shares[0]:.3f}, then {shares[1]:.3f}")
    return text, good


def axis(picture, x, bottom, minutes):
    for tick in nice_ticks(minutes, 8):
        if tick <= minutes:
            picture.text(x(tick), bottom + 16, f"{tick:g} min", "note", "middle")


def row_of(picture, top, name, samples, minutes):
    """Two panels: resident over live, and their ratio."""
    left, right, middle = 60, picture.width - 20, 560
    picture.text(left - 44, top - 10, f"{name}: resident, and live (grey)", "panel")
    picture.text(middle + 16, top - 10, "resident by live", "panel")
    bottom = top + 130
    ticks = nice_ticks(max(row[1] for row in samples) / 1024, 4)
    x, y = Scale(0, minutes, left, middle - 20), Scale(0, ticks[-1], bottom, top)
    value_axis(picture, (left, middle - 20, top, bottom), ticks, y, "{:g} MiB".format)
    axis(picture, x, bottom, minutes)
    # A point for each pixel is enough.
    step = max(len(samples) // 900, 1)
    points = samples[::step]
    live = [(x(row[0] / 60), y(row[2] / 1024)) for row in points]
    area = [(live[0][0], bottom), *live, (live[-1][0], bottom)]
    outline = " ".join(f"{a:.1f},{b:.1f}" for a, b in area)
    picture.add(f'<polygon class="band" style="fill-opacity:.35" points="{outline}"/>')
    picture.path([(x(row[0] / 60), y(row[1] / 1024)) for row in points], COLOUR, 1.2)
    shares = [(row[0] / 60, row[1] / max(row[2], 1)) for row in points if row[0] > 5]
    ticks = nice_ticks(min(max((share for _, share in shares), default=1), 4), 4)
    x, y = Scale(0, minutes, middle + 30, right), Scale(0, ticks[-1], bottom, top)
    value_axis(picture, (middle + 30, right, top, bottom), ticks, y)
    axis(picture, x, bottom, minutes)
    picture.path([(x(minute), y(share)) for minute, share in shares], COLOUR, 1.2)


def draw(found, path):
    """From all samples so far."""
    minutes = max(samples[-1][0] for _, samples, _ in found) / 60
    machine_lines = machine.lines(machine.describe(str(TOP)))
    picture = Picture(860, 80 + 190 * len(found) + 16 * len(found), f"A soak of {minutes:.0f} minutes under chunkmalloc",
                      machine_lines)
    top = 100
    for name, samples, _ in found:
        row_of(picture, top, name, samples, minutes)
        top += 190
    for index, (_, _, text) in enumerate(found):
        picture.text(16, top - 20 + 15 * index, text, "note")
    picture.save(str(path))


def run(children, seconds):
    ends = time.monotonic() + seconds
    told = time.monotonic()
    while time.monotonic() < ends:
        if not all([child.tick() for child in children]) and time.monotonic() < ends - 5:
            return
        if time.monotonic() - told > 60 and sys.stderr.isatty():
            told = time.monotonic()
            print(f"\r{(ends - told) / 60:.0f} minutes to go ", end="", file=sys.stderr, flush=True)
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--leak", type=int, default=0, metavar="KIB")
    parser.add_argument("--output", type=pathlib.Path, default=DEFAULT)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seconds = options.minutes * 60
    period = min(LONGEST_PERIOD, seconds / PERIODS)
    here = options.output.resolve()
    here.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    threads = [TOP / "build-bench" / "bench" / "soak", f"seconds={seconds:.0f}", f"period={max(period, 1):.0f}",
               f"leak_kib={options.leak}"]
    python = ["/usr/bin/python3", TOP / "bench" / "programs" / "soak.py", f"{seconds:.0f}", f"{period}"]
    children = []
    try:
        children += [Child(here, "threads", threads)]
        children += [Child(here, "python3, sqlite", python)]
        children += [Redis(here, "redis", seconds, period)]
        run(children, seconds)
        found, bad = [], 0
        for child in children:
            samples, complaint = child.finish()
            text, good = verdict(child.name, samples, complaint, period)
            bad += not good
            report("ok" if good else "FAILED", child.name, time.monotonic() - start, text)
            if samples:
                found.append((child.name, samples, text))
        (here / "samples.json").write_text(json.dumps(found), encoding="utf-8")
        if found:
            draw(found, here / "soak.svg")
            print(here / "soak.svg")
    finally:
        for child in children:
            if child.process.poll() is None:
                end(child.process)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
