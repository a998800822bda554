# SPDX-License-Identifier: MIT
"""The machine and its settings, as far as they bear on the figures."""

import datetime
import os
import statistics
import subprocess
import time


def read(path, default="unknown"):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return default


def field(path, name):
    for line in read(path, "").splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return "unknown"


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    found = done.stdout.splitlines() if done.returncode == 0 else []
    return found[0].strip() if found else "unknown"


def chosen(setting):
    """always [madvise] never -> madvise"""
    return setting.split("[", 1)[1].split("]", 1)[0] if "[" in setting else setting


def describe(root):
    kernel = os.uname()
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "processor": field("/proc/cpuinfo", "model name"),
        "processors": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": f"{kernel.sysname} {kernel.release} {kernel.machine}",
        "system": next((line.split("=", 1)[1].strip('"') for line in read("/etc/os-release", "").splitlines()
                        if line.startswith("PRETTY_NAME=")), "unknown"),
        "libc": os.confstr("CS_GNU_LIBC_VERSION"),
        "compiler": first_line(["cc", "--version"]),
        "thp": chosen(read("/sys/kernel/mm/transparent_hugepage/enabled")),
        "thp_defrag": chosen(read("/sys/kernel/mm/transparent_hugepage/defrag")),
        "overcommit": read("/proc/sys/vm/overcommit_memory"),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none"),
        "load_before": os.getloadavg()[0],
        "commit": first_line(["git", "-C", root, "rev-parse", "--short", "HEAD"]),
    }


def quietest():
    """The number of the processor that works fastest at the moment: others may have a neighbour."""
    allowed = os.sched_getaffinity(0)
    try:
        return min(sorted(allowed), key=seconds_of_work)
    finally:
        os.sched_setaffinity(0, allowed)


def seconds_of_work(processor):
    os.sched_setaffinity(0, {processor})
    times = []
    for _ in range(20):
        start = time.perf_counter()
        sum(range(100000))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def stay_on(processor):
    """For a child, before it runs its program."""
    return lambda: os.sched_setaffinity(0, {processor})


def busy(facts):
    """A warning if others were at work when the run began, otherwise None."""
    if facts["load_before"] < 0.5 * facts["processors"]:
        return None
    return (f"WARNING: load average {facts['load_before']:.1f} on {facts['processors']} processors before the run: "
            "expect noise; CPU time suffers less than time")


def lines(facts):
    """The machine, and its software, in a line each."""
    return (f"{facts['processor']}, {facts['processors']} processors, {facts['memory_mib'] / 1024:.0f} GiB, "
            f"{facts['date'][:10]}, tree {facts['commit']}",
            f"{facts['system']}, {facts['kernel']}, {facts['libc']}, THP {facts['thp']}, overcommit "
            f"{facts['overcommit']}")
