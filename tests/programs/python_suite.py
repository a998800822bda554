# SPDX-License-Identifier: MIT
"""python3 -m test: modules of Python's own test suite, each object from malloc."""

import subprocess
import sys
import xml.etree.ElementTree

from trial import PATH, SKIPPED, check, main

MODULES = """
    array bytes class collections copy csv ctypes deque descr dict enumerate fork1 format functools
    gc generators heapq int json list marshal memoryview ordered_dict posix re set sort string struct
    thread tuple unicode xml_etree zlib
""".split()


def outcomes(report):
    """Each test's name with what became of it."""
    found = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        children = sorted(child.tag for child in case if child.tag not in ("system-out", "system-err"))
        found[case.get("name")] = (case.get("status"), case.get("result"), *children)
    return found


def present():
    """The modules lie in a package of their own, which need not be installed."""
    probe = ["python3", "-c", "import test.test_sort, test.test_json"]
    return subprocess.run(probe, env={"PATH": PATH}, stderr=subprocess.DEVNULL).returncode == 0


def test(trial):
    if not present():
        print("not installed: the tests of python3")
        sys.exit(SKIPPED)
    names = [f"test_{name}" for name in MODULES]
    reports = []
    for preload in (False, True):
        report = trial.work / f"{preload}.xml"
        argv = ["python3", "-m", "test", "-j1", "--junit-xml", report, *names]
        env = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "1"}
        trial.run(argv, preload=preload, statistics=False, env=env)
        reports.append(outcomes(report))
    plain, preloaded = reports
    names = plain.keys() | preloaded.keys()
    other = sorted(name for name in names if plain.get(name) != preloaded.get(name))
    check(not other, f"{len(other)} tests end otherwise with the library: {other[:20]}")
    check(len(plain) > 1500, f"only {len(plain)} tests were run")


main(test, needs=["python3"])
