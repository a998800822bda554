# SPDX-License-Identifier: MIT
"""The test suites of programs, or where a program has none, a load whose result can be compared.

A suite is run in a place; what fails in it is known by name, so that what fails with the library
only can be run again by itself.
"""

import concurrent.futures
import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

from runs import TIMED_OUT, TOP, Missing
from sources import built, fetch

LOGS = TOP / "build-programs" / "logs"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NOBODY = 65534


@dataclasses.dataclass
class Result:
    ran: int
    failed: set
    said: str = ""  # must be the same with the library


def finished(status):
    """The name of the failure that a command with this status is, if it is one."""
    return set() if status == 0 else {f"[status {status}]"}


def harnessed(text):
    """From what Perl's harness writes: tests run, and the scripts that failed with their tests."""
    failed, script = set(), None
    for line in text.splitlines():
        if found := re.match(r"(\S+)\s+\(Wstat: \d+", line):
            script, plain = found[1], line.endswith("Failed: 0)")
            if not plain:
                failed.add(script)
        elif script and re.match(r"  (Non-zero|Parse errors)", line):
            failed.add(script)
    counted = re.search(r"^Files=\d+, Tests=(\d+)", text, re.MULTILINE)
    return (int(counted[1]) if counted else 0), failed


class Suite:
    what = ""
    limit = 7200
    selects = True  # single tests can be run by their names
    every = 1  # of the scripts, where a suite is many

    def build(self):
        """All that is done before the first run."""

    def run(self, place, names):
        raise NotImplementedError


class Awk(Suite):
    what = "gawk 5.2.1: `make check` of its source, run by Debian's gawk"
    selects = False
    commands = [["./configure", "-q"], ["make", "-j2", "-C", "extension"]]

    def build(self):
        built("gawk", self.commands, LOGS)

    def run(self, place, names):
        tests = built("gawk", self.commands, LOGS) / "test"
        for old in tests.glob("_*"):
            old.unlink()
        status = place.call(["make", "-k", "check", "AWKPROG=/usr/bin/gawk"], cwd=tests, limit=self.limit)
        failed = {path.name[1:] for path in tests.glob("_*")}
        ran = len(re.findall(r"^[a-z0-9][\w-]*$", place.text(), re.MULTILINE))
        return Result(ran, failed or finished(status))


class Bash(Suite):
    what = "bash 5.2.15: every `tests/run-*` of its source; what they write is compared"
    commands = [["./configure", "-q", "--without-bash-malloc"], ["make", "-j2"],
                ["make", "recho", "zecho", "printenv", "xcase"]]

    def build(self):
        built("bash", self.commands, LOGS)

    def run(self, place, names):
        tree = built("bash", self.commands, LOGS)
        tests = tree / "tests"
        for name in ("recho", "zecho", "printenv", "xcase"):
            shutil.copy(tree / name, tests)
        scripts = sorted(path.name for path in tests.glob("run-*") if path.name not in ("run-all", "run-minimal"))
        env = {"PATH": f"{tests}:{os.environ['PATH']}", "THIS_SH": str(tree / "bash"), "BUILD_DIR": str(tree)}
        failed, ran = set(), 0
        for script in scripts:
            if names and not any(name.startswith(f"{script} ") for name in names):
                continue
            out = place.work / "out"
            status = place.call(["sh", script], cwd=tests, limit=300, output=out,
                                BASH_TSTOUT=str(place.work / "tstout"), **env)
            lines = len(out.read_bytes().splitlines())
            ran += 1
            # A difference from what is expected is told, and the status is that of the last command.
            if lines:
                failed.add(f"{script} ({lines} lines differ)")
            elif status == TIMED_OUT:
                failed.add(f"{script} (timed out)")
        return Result(ran, failed)


class Git(Suite):
    what = "git 2.39.5: the scripts in `t/` of its source"
    commands = [["make", "-j2", "NO_GETTEXT=1", "NO_TCLTK=1"]]
    pattern = "t[0-9]*.sh"

    def build(self):
        built("git", self.commands, LOGS)

    def run(self, place, names):
        tests = built("git", self.commands, LOGS) / "t"
        scripts = sorted(names) if names else sorted(path.name for path in tests.glob(self.pattern))[:: self.every]
        # Its own checks of malloc would preload another library in place of this one.
        env = {"TEST_NO_MALLOC_CHECK": "1", "GIT_TEST_OPTS": "", "DEFAULT_TEST_TARGET": "prove"}
        argv = ["prove", "--jobs", "2", "--timer", "--exec", "/bin/sh", *scripts, "::", f"--root={place.work}"]
        status = place.call(argv, cwd=tests, limit=self.limit, **env)
        ran, failed = harnessed(place.text())
        return Result(ran, failed or finished(status))


class Perl(Suite):
    what = "perl 5.36.0: the language's tests, `t/` of its source, run by Debian's perl"
    folders = ("base", "cmd", "comp", "io", "re", "opbasic", "op", "uni", "mro", "lib", "class")
    tree = TOP / "build-programs" / "perl"

    def build(self):
        """The tests want modules in ../lib, and nowhere else."""
        if (self.tree / "t").exists():
            return
        source = fetch("perl", LOGS / "perl-source.log")
        told = subprocess.run(["perl", "-e", "print join qq(\n), grep m{^/usr/(share|lib)}, @INC"], check=True,
                              capture_output=True, text=True).stdout
        for folder in told.splitlines():
            if os.path.isdir(folder):
                shutil.copytree(folder, self.tree / "lib", symlinks=True, dirs_exist_ok=True)
        shutil.copytree(source / "t", self.tree / "t")

    def run(self, place, names):
        tests = self.tree / "t"
        scripts = [path.relative_to(tests) for name in self.folders for path in (tests / name).glob("*.t")]
        chosen = sorted(names or scripts)[:: 1 if names else self.every]
        status = place.call(["prove", "--jobs", "2", *chosen], cwd=tests, limit=self.limit)
        ran, failed = harnessed(place.text())
        return Result(ran, failed or finished(status))


class Python(Suite):
    resources = "all,-network,-urlfetch,-gui,-audio,-largefile"
    what = f"CPython 3.11: `python3 -m test -u {resources}`, `PYTHONMALLOC=malloc`"

    def run(self, place, names):
        report = place.work / "report.xml"
        argv = ["python3", "-m", "test", "-j2", "-u", self.resources, "--timeout", "1200", "-i", "*VSOCK*",
                "--junit-xml", report]
        modules = sorted({name.split(".")[0] for name in names or ()})
        status = place.call([*argv, *modules], limit=self.limit, PYTHONMALLOC="malloc", PYTHONHASHSEED="1")
        ran, failed = 0, set()
        if report.exists():
            for case in xml.etree.ElementTree.parse(report).iter("testcase"):
                ran += 1
                if case.find("failure") is not None or case.find("error") is not None:
                    failed.add(case.get("name").removeprefix("test."))
        told = re.search(r"^\d+ tests? failed:\n((?:    .*\n)+)", place.text(), re.MULTILINE)
        modules = set(told[1].split()) if told else set()
        # A module that crashes has no cases, one that ran has told its own.
        failed |= {name for name in modules if not any(case.startswith(f"{name}.") for case in failed)}
        return Result(ran, failed if failed or status in (0, 2) else finished(status))


class Redis(Suite):
    what = "redis 7.0.15: `./runtest` of its source, built with `MALLOC=libc`"
    commands = [["make", "-j2", "MALLOC=libc"]]

    def build(self):
        built("redis", self.commands, LOGS)

    def run(self, place, names):
        tree = built("redis", self.commands, LOGS)
        argv = ["./runtest", "--clients", "2", "--timeout", "600", "--durable"]
        for name in sorted(names or ()):
            argv += ["--only", name]
        status = place.call(argv, cwd=tree, limit=self.limit)
        text = COLOURS.sub("", place.text())
        failed = set(re.findall(r"^\s*\[(?:err|exception|timeout)\]: (.*?)(?: in tests/.*)?$", text, re.MULTILINE))
        return Result(len(re.findall(r"^\[ok\]: ", text, re.MULTILINE)), failed or finished(status))


class Sqlite(Suite):
    what = "sqlite 3.40.1: `testfixture test/veryquick.test` of its source"
    commands = [["./configure", "-q"], ["make", "-j2", "speedtest1", "fuzzcheck", "testfixture"]]
    selects = False

    def build(self):
        built("sqlite3", self.commands, LOGS)

    def tree(self):
        return built("sqlite3", self.commands, LOGS)

    def run(self, place, names):
        tree = self.tree()
        argv = [tree / "testfixture", tree / "test" / "veryquick.test"]
        if os.geteuid() == 0:  # who may do all, so that some tests would not work
            argv = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *argv]
            os.chown(place.work, NOBODY, NOBODY)
        status = place.call(argv, limit=self.limit)
        text = place.text()
        counted = re.search(r"^(\d+) errors out of (\d+) tests", text, re.MULTILINE)
        failed = set(" ".join(re.findall(r"^!Failures on these tests: (.*)", text, re.MULTILINE)).split())
        return Result(int(counted[2]) if counted else 0, failed or finished(status))


class SqliteSpeed(Sqlite):
    what = "sqlite 3.40.1: `speedtest1 --size 50 --verify`, one thread and in memory; hashes compared"

    def run(self, place, names):
        said, failed, ran = [], set(), 0
        for options in (["--memdb"], ["--journal", "wal"], ["--multithread", "--lookaside", "0", "0"]):
            out = place.work / "out"
            argv = [self.tree() / "speedtest1", "--size", "50", "--verify", *options, place.work / "test.db"]
            failed |= finished(place.call(argv, output=out, limit=self.limit))
            text = out.read_text(encoding="utf-8", errors="replace")
            said += re.findall(r"Verification Hash: .*", text)
            ran += len(re.findall(r"^ *\d+ - ", text, re.MULTILINE))
        if len(said) != 3:
            failed.add("[no hash]")
        return Result(ran, failed, "\n".join(said))


class SqliteFuzz(Sqlite):
    what = "sqlite 3.40.1: `fuzzcheck` on the eight databases of its source"

    def run(self, place, names):
        tree = self.tree()
        data = sorted((tree / "test").glob("fuzzdata*.db"))
        status = place.call([tree / "fuzzcheck", *data], cwd=tree, limit=self.limit)
        ran = sum(int(text) for text in re.findall(r"(\d+)(?: tests| cases)", place.text()))
        return Result(ran, finished(status))


class Stress(Suite):
    what = "stress-ng 0.15: 2 each of its stressors of memory, forks and threads, 5 s, `--verify`"
    stressors = """
        malloc bigheap brk mmap mmapfork mmapaddr mmapfixed mremap mlock madvise munmap shm shm-sysv memfd msync
        fork forkheavy vfork vforkmany clone spawn daemon zombie exec pthread session stack tree skiplist
        bsearch hsearch lsearch tsearch list judy str wcs zlib vm vm-rw remap sigsegv sigabrt sigchld dynlib
    """.split()
    bounds = {"malloc": ["--malloc-bytes", "512m"], "vm": ["--vm-bytes", "256m"]}

    def run(self, place, names):
        failed = set()
        chosen = [name for name in self.stressors if not names or name in names]
        for name in chosen:
            # It grows until it is refused.
            argv = ["prlimit", "--as=3000000000"] if name == "bigheap" else []
            argv += ["stress-ng", f"--{name}", "2", "--timeout", "5", "--verify", "--oomable", "--no-rand-seed"]
            argv += ["--temp-path", place.work, *self.bounds.get(name, [])]
            # 3 is a stressor that cannot be run here.
            if place.call(argv, limit=120) not in (0, 3):
                failed.add(name)
        return Result(len(chosen), failed)


class Node(Suite):
    what = "node: the 126 `test/parallel/test-worker*` of Debian's source of nodejs, with the node installed"

    def build(self):
        fetch("nodejs", LOGS / "nodejs-source.log")

    def run(self, place, names):
        tests = fetch("nodejs", LOGS / "nodejs-source.log") / "test" / "parallel"
        scripts = sorted(path.name for path in tests.glob("test-worker*.*js"))
        scripts = [name for name in scripts if not names or name in names]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            states = list(pool.map(lambda script: self.single(place, tests, script), scripts))
        return Result(len(scripts), {name for name, status in zip(scripts, states) if status != 0})

    @staticmethod
    def single(place, tests, script):
        flags = re.search(r"^// Flags: (.*)", (tests / script).read_text(encoding="utf-8"), re.MULTILINE)
        folder = place.work / script
        folder.mkdir()
        return place.call(["node", *(flags[1].split() if flags else ()), tests / script], cwd=folder, limit=240,
                          NODE_TEST_DIR=str(folder))


PAGE = """<!DOCTYPE html><title>page</title><body><script>
let sum = 0;
for (let i = 0; i < 3000; i++) {
  const row = document.createElement("p");
  row.textContent = `row ${i} ` + "x".repeat(i % 97);
  row.style.width = (i % 300) + "px";
  document.body.append(row);
  sum += row.getBoundingClientRect().height > 0;
}
const canvas = document.createElement("canvas");
canvas.getContext("2d").fillRect(0, 0, 50, 50);
document.body.append(`${sum} rows, image of ${canvas.toDataURL().length > 100}`);
</script>"""


class Browser(Suite):
    what = "chromium: `--headless --dump-dom` of a local page of 3000 paragraphs; the page compared"
    selects = False

    def run(self, place, names):
        page, out = place.work / "page.html", place.work / "dom"
        page.write_text(PAGE, encoding="utf-8")
        argv = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--no-first-run", f"--user-data-dir={place.work}/profile", "--dump-dom", f"file://{page}"]
        status = place.call(argv, limit=300, output=out)
        dom = out.read_bytes()
        failed = finished(status)
        if b"3000 rows, image of true" not in dom:
            failed.add("[page not drawn]")
        return Result(1, failed, hashlib.sha256(dom).hexdigest())


class Compile(Suite):
    what = "gcc: `make -j4 prefix=/usr 'CFLAGS=-O0 -g'` of git 2.39.5; objects and programs compared"
    selects = False

    def build(self):
        fetch("git", LOGS / "git-source.log")

    def run(self, place, names):
        # The same directory each time, and not one at home: names of files are in the objects.
        tree = TOP / "build-programs" / "compiled"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(fetch("git", LOGS / "git-source.log"), tree, symlinks=True)
        place.call(["make", "clean"], cwd=tree)
        argv = ["make", "-j4", "prefix=/usr", "NO_GETTEXT=1", "NO_TCLTK=1", "CFLAGS=-O0 -g"]
        status = place.call(argv, cwd=tree, limit=self.limit)
        made = sorted([*tree.rglob("*.o"), *tree.glob("git")])
        said = [f"{path.relative_to(tree)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in made]
        return Result(len(made), finished(status) | (set() if len(made) > 400 else {"[objects]"}), "\n".join(said))


SUITES = {
    "bash": Bash(),
    "chromium": Browser(),
    "gawk": Awk(),
    "gcc": Compile(),
    "git": Git(),
    "node": Node(),
    "perl": Perl(),
    "python3": Python(),
    "redis": Redis(),
    "sqlite3": Sqlite(),
    "sqlite3-fuzz": SqliteFuzz(),
    "sqlite3-speed": SqliteSpeed(),
    "stress-ng": Stress(),
}

__all__ = ["LOGS", "Missing", "Result", "SUITES"]
