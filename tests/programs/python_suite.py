# SPDX-License-Identifier: MIT
"""python3 -m test: modules of Python's own test suite, each object from malloc."""

import subprocess
import sys
import xml.etree.ElementTree

from trial import PATH, SKIPPED, check, main

MODULES = """
    array base64 binascii bytes class collections configparser contextlib copy csv ctypes decimal
    deque descr dict enumerate fork1 format functools gc generators hashlib heapq int iter json
    list long marshal memoryview minidom ordered_dict pickle posix random range re set shelve sort
    string struct super thread threading_local tuple unicode unpack xml_etree zlib
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
    check(len(plain) > 2000, f"only {len(plain)} tests were run")


main(test, needs=["python3"])
