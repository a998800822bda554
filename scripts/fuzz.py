# SPDX-License-Identifier: MIT
"""The work of scripts/fuzz: builds the programs of tests/fuzz, runs engines on them, and counts."""

import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILDS = TOP / "build-fuzz"
CORPUS = TOP / "tests/fuzz/corpus"
# A target's program and environment; two may share a program, and then its stored inputs.
TARGETS = {
    "heap": ("heap", {}),
    "threads": ("threads", {}),
    "hardened": ("threads", {"CHUNKMALLOC_CONF": "harden=on"}),
    "options": ("options", {}),
    "report": ("report", {}),
}
INPUT_MAX = 4096
STORED_MAX = 100_000
SHOWN_SECONDS = 10
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0",
    "UBSAN_OPTIONS": "abort_on_error=1:print_stacktrace=1",
}


def quietly(argv, log, **env):
    with open(log, "w", encoding="utf-8") as file:
        status = subprocess.run(argv, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=os.environ | env)
    if status.returncode != 0:
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-20:]
        sys.exit("\n".join([*lines, f"fuzz: failed: {' '.join(map(str, argv))[:200]}"]))


# ---- stored inputs: before each its size in two bytes, the lower first ---------------------------


def unpack(path, folder):
    data = path.read_bytes() if path.exists() else b""
    at = count = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "little")
        (folder / f"stored-{count:04}").write_bytes(data[at + 2 : at + 2 + size])
        at += 2 + size
        count += 1
    if count == 0:
        (folder / "first").write_bytes(b"0")
    return count


def pack(folder, path):
    """The smallest inputs first, as many as there is room for."""
    inputs = sorted((file.read_bytes() for file in folder.iterdir()), key=lambda data: (len(data), data))
    stored = b""
    kept = 0
    for data in inputs:
        if len(stored) + 2 + len(data) <= STORED_MAX:
            stored += len(data).to_bytes(2, "little") + data
            kept += 1
    path.write_bytes(stored)
    return kept, len(inputs), len(stored)


# ---- engines ------------------------------------------------------------------------------------


class Engine:
    def __init__(self, target, minutes):
        self.name, (self.program, self.env) = target, TARGETS[target]
        self.seconds = round(minutes * 60)
        self.place = BUILDS / "runs" / target / self.KIND
        shutil.rmtree(self.place, ignore_errors=True)
        self.inputs = self.place / "inputs"
        self.inputs.mkdir(parents=True)
        self.stored = unpack(CORPUS / f"{self.program}.bin", self.inputs)
        self.binary = BUILDS / self.KIND / "tests/fuzz" / f"fuzz_{self.program}"
        self.log = self.place / "log"
        self.process = None

    def start(self):
        env = os.environ | SANITIZERS | self.env | self.ENVIRONMENT
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.place, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def said(self):
        return self.log.read_text(errors="replace")


class LibFuzzer(Engine):
    KIND = "libfuzzer"
    NEEDS = {"CC": "clang", "CXX": "clang++"}
    ENVIRONMENT = {}

    def command(self):
        options = [f"-max_total_time={self.seconds}", f"-max_len={INPUT_MAX}", "-timeout=60"]
        options += ["-rss_limit_mb=0", "-print_final_stats=1", "-use_value_profile=1", "-reload=0"]
        return [self.binary, *options, f"-artifact_prefix={self.place}/", self.inputs]

    def executions(self):
        counts = re.findall(r"^#(\d+)\s", self.said(), re.M)
        return int(counts[-1]) if counts else 0

    def reached(self):
        return (re.findall(r"cov: (\d+)", self.said()) or ["0"])[-1]

    def found(self):
        kinds = ("crash-*", "timeout-*", "oom-*", "leak-*")
        return [path for kind in kinds for path in self.place.glob(kind)]

    def corpus(self):
        return self.inputs


class Afl(Engine):
    KIND = "afl"
    NEEDS = {"CC": "afl-clang-fast", "CXX": "afl-clang-fast++"}
    ENVIRONMENT = {
        "AFL_NO_UI": "1",
        "AFL_NO_AFFINITY": "1",
        "AFL_SKIP_CPUFREQ": "1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    }

    def command(self):
        argv = ["afl-fuzz", "-V", str(self.seconds), "-i", self.inputs, "-o", self.place / "out"]
        return [*argv, "-G", str(INPUT_MAX), "-t", "20000", "-m", "none", "--", self.binary]

    def stats(self):
        path = self.place / "out/default/fuzzer_stats"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)

    def executions(self):
        return int(self.stats().get("execs_done", 0))

    def reached(self):
        return self.stats().get("edges_found", "0")

    def found(self):
        found = [path for name in ("crashes", "hangs") for path in (self.place / "out/default" / name).glob("id*")]
        return found

    def corpus(self):
        return self.place / "out/default/queue"


ENGINES = (LibFuzzer, Afl)


def build(engine, programs):
    folder = BUILDS / engine.KIND
    BUILDS.mkdir(exist_ok=True)
    if not (folder / "build.ninja").exists():
        shutil.rmtree(folder, ignore_errors=True)
        options = ["-Dtests=enabled", "-Dbench=disabled", "-Dfuzz_engine=true", "-Db_lundef=false"]
        options += ["-Db_sanitize=address,undefined", "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all"]
        quietly(["/usr/bin/meson", "setup", *options, folder, TOP], BUILDS / "setup.log", **engine.NEEDS)
    targets = [f"tests/fuzz/fuzz_{program}" for program in programs]
    quietly(["ninja", "-j2", "-C", folder, *targets], BUILDS / "build.log", **engine.NEEDS)


def show(text):
    print(text, flush=True)


def fuzz(target, minutes):
    """Runs both engines; returns them."""
    engines = [engine(target, minutes) for engine in ENGINES]
    start = time.monotonic()
    for engine in engines:
        engine.start()
    try:
        shown = 0
        while any(engine.process.poll() is None for engine in engines):
            time.sleep(0.5)
            passed = time.monotonic() - start
            if passed >= shown + SHOWN_SECONDS:
                shown = passed
                counts = ", ".join(f"{e.KIND} {e.executions()} runs, {len(e.found())} found" for e in engines)
                show(f"{target:9}{passed:5.0f} s   {counts}")
    finally:
        for engine in engines:
            if engine.process.poll() is None:
                engine.process.send_signal(signal.SIGINT)
                engine.process.wait()
    return engines


def report(engine):
    """Says what an engine did; returns whether it found anything, or did not work."""
    found = engine.found()
    executions = engine.executions()
    bad = bool(found) or engine.process.returncode != 0 or executions == 0
    state = "FOUND" if found else "FAILED" if bad else "ok"
    show(
        f"{state:7}{engine.name:9} {engine.KIND:10}{executions:10} runs, {engine.reached()} edges,"
        f" {engine.stored} inputs to start with"
    )
    for path in found[:5]:
        show(f"    play it with: {BUILDS / 'libfuzzer/tests/fuzz' / engine.binary.name} {path}")
    if bad:
        show("".join(f"    {line[:200]}\n" for line in engine.said().splitlines()[-30:]) + f"    {engine.log}")
    return bad


def store(program, engines):
    """Merges what the engines have collected for a program."""
    merged = BUILDS / "runs" / f"{program}.merged"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    binary = BUILDS / "libfuzzer/tests/fuzz" / f"fuzz_{program}"
    folders = [engine.corpus() for engine in engines]
    argv = [binary, "-merge=1", "-rss_limit_mb=0", f"-max_len={INPUT_MAX}", merged, *folders]
    quietly(argv, BUILDS / "merge.log", **SANITIZERS)
    kept, reaching, size = pack(merged, CORPUS / f"{program}.bin")
    show(f"stored {program:9} {kept} inputs of {reaching}, {size} bytes")


def main():
    parser = argparse.ArgumentParser(prog="scripts/fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args()
    targets = options.targets or list(TARGETS)
    for name in targets:
        if name not in TARGETS:
            parser.error(f"no such target: {name}")
    for name in list(os.environ):
        if name.startswith(("CHUNKMALLOC", "MALLOC_", "CFLAGS", "LDFLAGS", "MESON", "AFL_")):
            del os.environ[name]
    programs = sorted({TARGETS[name][0] for name in targets})
    for engine in ENGINES:
        show(f"building for {engine.KIND}")
        build(engine, programs)
    done = []
    for name in targets:
        done += fuzz(name, options.minutes)
    bad = [report(engine) for engine in done]
    if options.store and not any(bad):
        for program in programs:
            store(program, [engine for engine in done if engine.program == program])
    sys.exit(1 if any(bad) else 0)


try:
    main()
except KeyboardInterrupt:
    sys.exit(130)
