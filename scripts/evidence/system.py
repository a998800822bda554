# SPDX-License-Identifier: MIT
"""A Debian system whose every program has the library, by /etc/ld.so.preload; see scripts/system."""

import argparse
import os
import re
import shutil
import signal
import sys
import time

from runs import HARDENED, LIBRARY, Missing, Place, TOP, report

HERE = TOP / "build-system"
TREE = HERE / "tree"
STEPS = TOP / "scripts" / "evidence" / "steps"
RELEASE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
INSIDE = "usr/lib/chunkmalloc"

# What a step runs in: processes, mounts and, unless it loads packages, a network of its own, all of
# which end with it.
ENTER = """
tree=$1 step=$2
mount -t proc proc "$tree/proc"
mount --bind /dev "$tree/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$tree/dev/pts"
mount -t tmpfs tmpfs "$tree/dev/shm"
mount -t tmpfs tmpfs "$tree/run"
mkdir -p "$tree/run/lock"
ip link set lo up
exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive PRELOADED="$3" /bin/sh -eux "/root/steps/$step"
"""


class System:
    def __init__(self, library):
        self.preloaded_file = library

    def make(self, place):
        """The tree, once."""
        if (TREE / "made").exists():
            return
        shutil.rmtree(TREE, ignore_errors=True)
        status = place.call(["debootstrap", "--variant=minbase", RELEASE, TREE, MIRROR], limit=3600)
        if status != 0:
            raise Missing(f"debootstrap: {status}, see {place.log}")
        (TREE / "made").touch()

    def furnish(self):
        inside = TREE / INSIDE
        inside.mkdir(parents=True, exist_ok=True)
        for old in inside.iterdir():
            old.unlink()
        shutil.copy(self.preloaded_file, inside)
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", TREE / "etc" / name)
        # No service starts by itself when it is installed.
        rule = TREE / "usr" / "sbin" / "policy-rc.d"
        rule.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        rule.chmod(0o755)
        # Nothing here needs to survive a crash of the machine.
        (TREE / "etc" / "dpkg" / "dpkg.cfg.d" / "unsafe-io").write_text("force-unsafe-io\n", encoding="utf-8")
        shutil.rmtree(TREE / "root" / "steps", ignore_errors=True)
        shutil.copytree(STEPS, TREE / "root" / "steps")

    def preload(self, wanted):
        path = TREE / "etc" / "ld.so.preload"
        path.write_text(f"/{INSIDE}/{self.preloaded_file.name}\n" if wanted else "", encoding="utf-8")

    def run(self, step, preloaded):
        """Returns the status, and the log."""
        how = "with" if preloaded else "without"
        place = Place(HERE / "work", HERE / "logs" / f"{step}-{how}.log")
        self.preload(preloaded)
        network = [] if needs_network(step) else ["--net"]
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *network, "sh", "-eu", "-c", ENTER]
        try:
            return place.call([*argv, "enter", TREE, step, "yes" if preloaded else ""], limit=2400), place
        finally:
            self.preload(False)


def needs_network(step):
    return (STEPS / step).read_text(encoding="utf-8").startswith("# network\n")


def told(place):
    """What a step says of itself."""
    lines = re.findall(r"^told: (.*)", place.text(), re.MULTILINE)
    return lines[-1] if lines else ""


def attempt(system, step):
    """State and text."""
    status, place = system.run(step, True)
    if status == 0:
        return "ok", told(place)
    plain, _ = system.run(step, False)
    if plain == 0:
        return "FAILED", f"with the library only: {status}, see {place.log}"
    return "same", f"with and without the library: {status} and {plain}, see {place.log}"


def main():
    parser = argparse.ArgumentParser(prog="scripts/system")
    parser.add_argument("--hardened", action="store_true")
    parser.add_argument("steps", nargs="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    known = sorted(path.name for path in STEPS.iterdir() if path.name != "lib.sh")
    chosen = [step for step in known if not options.steps or any(step.endswith(name) for name in options.steps)]
    if not chosen:
        parser.error(f"there are {', '.join(known)}")
    system = System(HARDENED if options.hardened else LIBRARY)
    bad = 0
    try:
        start = time.monotonic()
        system.make(Place(HERE / "work", HERE / "logs" / "debootstrap.log"))
        system.furnish()
        report("ok", "the tree", time.monotonic() - start, f"{RELEASE}, /etc/ld.so.preload")
        for step in chosen:
            start = time.monotonic()
            state, text = attempt(system, step)
            bad += state == "FAILED"
            report(state, step, time.monotonic() - start, text)
    except Missing as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(1 if bad else 0)


os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
if __name__ == "__main__":
    main()
