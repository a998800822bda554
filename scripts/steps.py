# SPDX-License-Identifier: MIT
"""The steps of scripts/test, two at a time; what they say goes to logs in build-test/logs."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILDS = TOP / "build-test"
LOGS = BUILDS / "logs"
MESON = "/usr/bin/meson"
PYTHON = "/usr/bin/python3"
SOAK_SECONDS = 3600
SHOWN_LINES = 40

GCC = {"CC": "gcc", "CXX": "g++"}
CLANG = {"CC": "clang", "CXX": "clang++"}
STRICT = ["-Dwerror=true", "-Dtests=enabled", "-Dbench=enabled"]
NO_RECOVERY = [f"-D{language}_args=-fno-sanitize-recover=all" for language in ("c", "cpp")]


HOSTED_SUITES = ("unit", "contract", "process", "misuse")

children = set()


class Failed(Exception):
    """A step has found what it looks for; the text says what, beyond its log."""


def run(log, argv, *, cwd=TOP, **env):
    """Runs a command to its end, its output in the log."""
    words = [str(word) for word in argv]
    log.write(f"$ {' '.join(words)[:500]}\n")
    log.flush()
    with subprocess.Popen(
        words,
        cwd=cwd,
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    ) as process:
        children.add(process)
        status = process.wait()
        children.discard(process)
    if status != 0:
        raise Failed(f"status {status} of: {' '.join(words)[:200]}")


def set_up(log, name, options, env=None):
    """A build directory, made anew if its options have changed."""
    build = BUILDS / name
    wanted = json.dumps([options, env])
    stamp = build / "options.json"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(build, ignore_errors=True)
        run(log, [MESON, "setup", *options, build, TOP], **(env or GCC))
        stamp.write_text(wanted)
    # What the targets are is asked of meson before anything is built.
    run(log, ["ninja", "-C", build, "build.ninja"])
    return build


def compile_all(log, build, *targets):
    run(log, ["ninja", "-j2", "-C", build, *targets])


def results(build, base):
    """Of a run of meson test: name, outcome and last lines of each test."""
    found = []
    path = build / "meson-logs" / f"{base}.json"
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            test = json.loads(line)
            said = f"{test.get('stdout') or ''}{test.get('stderr') or ''}".splitlines()[-15:]
            found.append((test["name"], test["result"], said))
    return found


def meson_test(log, build, *words, **env):
    """Runs tests that are built; returns how many have passed, failed and were skipped."""
    base = "-".join(["log", *(word.strip("-") for word in map(str, words))])[:100]
    (build / "meson-logs" / f"{base}.json").unlink(missing_ok=True)
    complaint = None
    try:
        argv = [MESON, "test", "-C", build, "--no-rebuild", "--num-processes", "2"]
        run(log, [*argv, "--timeout-multiplier", "2", "--logbase", base, *words], **env)
    except Failed as failure:
        complaint = str(failure)
    tests = results(build, base)
    bad = [test for test in tests if test[1] not in ("OK", "EXPECTEDFAIL", "SKIP")]
    skipped = [test for test in tests if test[1] == "SKIP"]
    findings = []
    for name, outcome, said in bad[:10]:
        findings += [f"--- {outcome}: {name}", *said]
    log.write("".join(f"{line}\n" for line in findings))
    if not tests:
        complaint = complaint or "no test was run"
    elif bad:
        complaint = "failed: " + ", ".join(name.split(" / ")[-1] for name, _, _ in bad)
    if skipped:
        log.write(f"skipped: {', '.join(name for name, _, _ in skipped)}\n")
    counts = (len(tests) - len(bad) - len(skipped), len(bad), len(skipped))
    return Outcome(*counts, complaint, findings=findings)


class Outcome:
    """Of a step that runs tests; complaint is None when all is well. The table is shown anyway; the
    findings, if something is wrong, in the place of the end of the log."""

    def __init__(self, passed, failed, skipped, complaint, table="", findings=()):
        self.counts = (passed, failed, skipped)
        self.complaint = complaint
        self.table = table
        self.findings = list(findings)

    def __add__(self, other):
        counts = map(sum, zip(self.counts, other.counts))
        complaints = [text for text in (self.complaint, other.complaint) if text]
        findings = self.findings + other.findings
        return Outcome(*counts, "; ".join(complaints) or None, findings=findings)


def compiled_c_files(build):
    commands = json.loads((build / "compile_commands.json").read_text())
    files = {str((build / entry["file"]).resolve()) for entry in commands}
    return sorted(name for name in files if name.endswith(".c"))


# ---- the steps ----------------------------------------------------------------------------------


def build_gcc(log):
    compile_all(log, set_up(log, "gcc", STRICT))


def build_clang(log):
    compile_all(log, set_up(log, "clang", STRICT, CLANG))


def all_suites(log):
    return meson_test(log, BUILDS / "gcc", "--no-suite", "machine")


def all_but_programs(log):
    return meson_test(log, BUILDS / "gcc", "--no-suite", "machine", "--no-suite", "programs")


def machine_suite(log):
    """What changes settings of the whole machine, under which other steps would fail."""
    return meson_test(log, BUILDS / "gcc", "--suite", "machine")


def clang_suites(log):
    """The suites in which the compiler matters most."""
    suites = [word for name in ("unit", "golden", "embed", "misuse") for word in ("--suite", name)]
    return meson_test(log, BUILDS / "clang", "--no-suite", "once", *suites)


def sanitized(log):
    options = ["-Db_sanitize=address,undefined", "-Db_lundef=false", *NO_RECOVERY]
    build = set_up(log, "asan", [*options, "-Dtests=enabled", "-Dbench=disabled"])
    folders = ("tests/unit", "tests/model", "tests/embed", "tests/fuzz")
    compile_all(log, build, *(name for folder in folders for name in targets_in(build, folder)))
    run(log, [build / "tests/model/model_random", "20240229", "300000"])
    run(log, [build / "tests/model/model_exhaustive", "8", "4"])
    return meson_test(log, build, "--suite", "unit", "--suite", "embed", "--suite", "fuzz")


def threads_sanitized(log):
    """What runs without the exported malloc, which the sanitizer has itself."""
    options = ["-Db_sanitize=thread", "-Db_lundef=false"]
    build = set_up(log, "tsan", [*options, "-Dtests=enabled", "-Dbench=disabled"])
    programs = ["tests/unit/unit_locked", "tests/unit/unit_mutex", "tests/programs/races"]
    programs += ["tests/embed/on_heap_several_heaps", "tests/embed/on_heap_allocator"]
    compile_all(log, build, *programs)
    # The sanitizer of gcc 12 cannot bear as much randomness of addresses as newer kernels have.
    fixed = ["setarch", "--addr-no-randomize"]
    able = subprocess.run([*fixed, "true"], stderr=subprocess.DEVNULL).returncode == 0
    for program in programs:
        run(log, [*(fixed if able else []), build / program])


def targets_in(build, folder):
    """What is run of that whose meson.build lies there, as targets of ninja."""
    argv = [MESON, "introspect", "--targets", build]
    targets = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
    here = str(TOP / folder / "meson.build")
    return [
        pathlib.Path(name).relative_to(build)
        for target in targets
        if "static" not in target["type"] and target["defined_in"] == here
        for name in target["filename"]
    ]


def checked(level, suites, *more):
    def step(log):
        options = [f"-Dchecks={level}", "-Dtests=enabled", "-Dbench=disabled", *more]
        build = set_up(log, level, options)
        folders = ("src", "tests/contract", *(f"tests/{name}" for name in suites))
        compile_all(log, build, *(name for folder in folders for name in targets_in(build, folder)))
        words = [word for name in suites for word in ("--suite", name)]
        return meson_test(log, build, "--no-suite", "once", *words)

    return step


def formatted(log):
    folders = [TOP / name for name in ("include", "src", "tests", "bench")]
    kinds = (".c", ".h", ".cpp", ".hpp")
    files = {path for top in folders for path in top.rglob("*") if path.suffix in kinds}
    files -= set((TOP / "bench/programs").iterdir())  # what compilers are measured with
    run(log, ["clang-format", "--dry-run", "-Werror", *sorted(files)])


def tidied(log):
    """The analyzer follows paths, which is slow: it reads the library only, and is kept short. Each
    file has a process of its own: between files, the analyzer of variable arguments keeps what it
    knew of names, and sees then what is not there."""
    build = BUILDS / "clang"
    files = compiled_c_files(build)
    ours = [name for name in files if name.startswith(f"{TOP}/src/")]
    others = [name for name in files if name not in ours]
    tidy = ["clang-tidy", "-p", build, "--quiet"]
    short = [f"--extra-arg={word}" for word in "-Xclang -analyzer-config -Xclang mode=shallow".split()]
    for name in ours:
        run(log, [*tidy, *short, name])
    run(log, [*tidy, "--checks=-clang-analyzer-*", *others])


def cppchecked(log):
    # The tests throw away what they allocate, and use what they freed, where that is the point; an
    # allocator of the bench keeps its memory by a number.
    suppressed = ["leakReturnValNotUsed:*/tests/*", "memleak:*/bench/*"]
    suppressed += ["deallocret:*/tests/misuse/*", "memleak:*/tests/misuse/*"]
    argv = ["cppcheck", f"--project={BUILDS}/clang/compile_commands.json", "--quiet", "--std=c11"]
    argv += ["--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1"]
    argv += ["--library=posix,gnu", "--template=gcc", "-D__x86_64__=1", "-DElfW(type)=Elf64_##type"]
    run(log, [*argv, *(f"--suppress={rule}" for rule in suppressed)])


def scripts_read(log):
    shells, pythons = [], []
    for path in sorted([*TOP.glob("scripts/**/*"), *TOP.glob("tests/**/*"), *TOP.glob(".ci/*")]):
        if path.is_file():
            head = path.read_bytes()[:200].split(b"\n")[0]
            if path.suffix == ".sh" or b"bash" in head:
                shells.append(path)
            elif path.suffix == ".py" or b"python" in head:
                pythons.append(path)
    run(log, ["shellcheck", "--external-sources", "--shell=bash", *shells])
    for path in pythons:
        compile(path.read_bytes(), str(path), "exec")


def installed(log):
    run(log, [TOP / "scripts/check-install", BUILDS / "gcc", BUILDS / "installed"])


def soaked(log):
    suites = [word for name in ("model", "contract", "process") for word in ("--suite", name)]
    end = time.monotonic() + SOAK_SECONDS
    total = Outcome(0, 0, 0, None)
    while time.monotonic() < end and not total.complaint:
        total += meson_test(log, BUILDS / "gcc", *suites, TEST_THOROUGH="yes")
    return total


LEAST_COVERED = {"line": 98, "branch": 95}
COVERING_SUITES = ("unit", "model", "embed", "fuzz")


def covered(log):
    """Without optimisation, so that a branch is what the source says."""
    options = ["-Db_coverage=true", "-Doptimization=0", "-Dtests=enabled", "-Dbench=disabled"]
    build = set_up(log, "coverage", options)
    for suite in COVERING_SUITES:
        compile_all(log, build, *targets_in(build, f"tests/{suite}"))
    for path in build.rglob("*.gcda"):
        path.unlink()
    suites = (word for name in COVERING_SUITES for word in ("--suite", name))
    outcome = meson_test(log, build, *suites)
    gcovr = ["/usr/bin/gcovr", "--root", TOP]
    counts = build / "counts.json"
    run(log, [*gcovr, "--object-directory", build, "--filter", "src/core/", "--json", counts])
    for kind, least in LEAST_COVERED.items():
        path = build / f"{kind}.txt"
        words = ["--txt", path, *(["--branches"] if kind == "branch" else [])]
        try:
            run(log, [*gcovr, "-a", counts, *words, f"--fail-under-{kind}", str(least)])
        except Failed:
            outcome.complaint = f"{outcome.complaint or ''} less than {least} % of {kind}s".strip()
        outcome.table += path.read_text()
    return outcome


def exhausted(log):
    """All of what the suite does a part of: one operation more, and heaps at all places."""
    run(log, [BUILDS / "gcc/tests/model/model_exhaustive", "12", "6", "16"])


MATRIX = TOP / "tests/model/matrix.py"


PROVE = TOP / "tests/proof/prove.py"


def counted(script, *words):
    """A script that tells in its last line how many of its tests have passed."""

    def step(log):
        complaint = None
        try:
            run(log, [PYTHON, "-B", script, "--jobs", "1", *words])
        except Failed as failure:
            complaint = str(failure)
        last = pathlib.Path(log.name).read_text(encoding="utf-8").splitlines()[-1]
        counts = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", last)
        if counts is None:
            raise Failed(complaint)
        passed, failed, skipped = (int(count or 0) for count in counts.groups())
        return Outcome(passed, failed, skipped, complaint if failed else None)

    return step


def matrix_steps():
    """A step for each target and optimisation."""
    argv = [PYTHON, "-B", MATRIX, "--full", "--list"]
    listed = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    groups = dict.fromkeys(tuple(line.split(", ")[:2]) for line in listed.splitlines())
    return [
        Step(f"matrix: {', '.join(group)}", counted(MATRIX, "--full", "--", *group))
        for group in groups
    ]


PROTOCOL = TOP / "tests/proof/protocol.py"


def proof_steps():
    return [
        Step("protocol of threads", counted(PROTOCOL)),
        Step("proofs", counted(PROVE, "proof_")),
        Step("proofs that must fail", counted(PROVE, "wrong")),
    ]


class Step:
    def __init__(self, name, action, *after):
        self.name = name
        self.action = action
        self.after = after


FULL = [
    Step("build with gcc", build_gcc),
    Step("build with clang", build_clang),
    Step("all suites", all_suites, "build with gcc"),
    Step("format", formatted),
    Step("scripts", scripts_read),
    Step("cppcheck", cppchecked, "build with clang"),
    Step("clang-tidy", tidied, "build with clang"),
    Step("suites of the clang build", clang_suites, "build with clang"),
    Step("address and undefined sanitizers", sanitized),
    Step("thread sanitizer", threads_sanitized),
    # The smallest heap that can be built is soon full, so that the second region is used.
    Step("debug checks, smallest heap", checked("debug", HOSTED_SUITES, "-Dheap_size=16")),
    Step("exhaustive checks", checked("exhaustive", ("unit", "contract"))),
    Step("installed copy", installed, "build with gcc"),
]


# ---- running them -------------------------------------------------------------------------------


class Runner:
    """Two steps at a time, in order as far as they do not wait for others."""

    def __init__(self, steps):
        self.waiting = list(steps)
        self.running = set()
        self.done = set()
        self.counts = [0, 0, 0]
        self.changed = threading.Condition()

    def take(self):
        """The next step that can be run; None when there is none left."""
        with self.changed:
            while self.waiting:
                for step in self.waiting:
                    if self.done.issuperset(step.after):
                        self.waiting.remove(step)
                        return step
                self.changed.wait()
        return None

    def work(self):
        while step := self.take():
            self.perform(step)
            with self.changed:
                self.done.add(step.name)
                self.changed.notify_all()

    def perform(self, step):
        start = time.monotonic()
        path = LOGS / f"{step.name.replace(' ', '-')}.log"
        with open(path, "w", encoding="utf-8", errors="replace") as log:
            outcome = attempt(step, log)
        counts = list(outcome.counts)
        if outcome.complaint and counts[1] == 0:
            counts[1] = 1
        elif sum(counts) == 0:
            counts[0] = 1
        report = report_line(step, outcome, time.monotonic() - start)
        report += outcome.table
        if outcome.complaint:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            report += f"    {outcome.complaint}\n    the whole log: {path}\n"
            shown = outcome.findings or lines[-SHOWN_LINES:]
            report += "".join(f"    {line[:300]}\n" for line in shown[:SHOWN_LINES])
        with self.changed:
            self.counts = [sum(pair) for pair in zip(self.counts, counts)]
            sys.stdout.write(report)
            sys.stdout.flush()


def attempt(step, log):
    try:
        return step.action(log) or Outcome(0, 0, 0, None)
    except Failed as failure:
        return Outcome(0, 0, 0, str(failure))
    except Exception as problem:  # pylint: disable=broad-except
        return Outcome(0, 0, 0, f"{type(problem).__name__}: {problem}")


def report_line(step, outcome, seconds):
    words = ("passed", "failed", "skipped")
    counts = ", ".join(f"{n} {word}" for n, word in zip(outcome.counts, words) if n)
    state = "FAILED" if outcome.complaint else "ok"
    return f"{state:6} {step.name:34}{seconds:5.0f} s   {counts}".rstrip() + "\n"


def chosen(options):
    if options.suite:
        words = [word for name in options.suite for word in ("--suite", name)]
        title = f"suites {' '.join(options.suite)}"
        gcc = BUILDS / "gcc"
        test = Step(title, lambda log: meson_test(log, gcc, *words), "build with gcc")
        steps = [FULL[0], test]
    elif options.quick:
        test = Step("all suites but the programs", all_but_programs, "build with gcc")
        steps = [FULL[0], test]
    else:
        steps = FULL
    if options.coverage:
        wanted = steps if options.quick or options.suite else []
        steps = [*wanted, Step("coverage", covered)]
    if options.matrix:
        steps = [*steps, *matrix_steps()]
    if options.proof:
        steps = [*steps, *proof_steps()]
    if FULL[0] in steps and not options.suite:
        alone = Step("settings of the machine", machine_suite, *(step.name for step in steps))
        steps = [*steps, alone]
    if options.soak:
        steps = [*steps, Step("every six operations", exhausted, *(step.name for step in steps))]
        steps = [*steps, Step("soak", soaked, *(step.name for step in steps))]
    return steps


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--proof", action="store_true")
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--suite", nargs="+", metavar="NAME")
    options = parser.parse_args()
    try:
        LOGS.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"test: {BUILDS} cannot be written: {error.strerror}")
    for name in list(os.environ):
        if name.startswith(("CHUNKMALLOC", "MALLOC_", "CFLAGS", "CXXFLAGS", "LDFLAGS", "MESON")):
            del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runner = Runner(chosen(options))
    workers = [threading.Thread(target=runner.work, daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except KeyboardInterrupt:
        for child in list(children):
            child.terminate()
        sys.exit(130)
    passed, failed, skipped = runner.counts
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
