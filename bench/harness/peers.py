# SPDX-License-Identifier: MIT
"""The allocators that are compared: where they are, which version, and whether they really take over."""

import dataclasses
import glob
import os
import subprocess

BASELINE = "glibc"
SUBJECT = "chunkmalloc"
LIMIT = "limit"
OWN = (LIMIT, "limit-wiping", "limit-hardening")  # made here, to see what is possible
DEFAULT = (BASELINE, "jemalloc", SUBJECT)

# name: (file in the library directory, Debian package)
DEBIAN = {
    "jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "mimalloc": ("libmimalloc.so.2", "libmimalloc2.0"),
    "tcmalloc": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    "tbbmalloc": ("libtbbmalloc_proxy.so.2", "libtbbmalloc2"),
}
ALL = (BASELINE, *DEBIAN, LIMIT, SUBJECT)
NAMES = (*ALL, *OWN[1:])


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    path: str  # "" for the C library's own
    version: str


def installed(file):
    """The path of a library of the system, or None."""
    for pattern in ("/usr/lib/*-linux-gnu/", "/usr/lib64/", "/usr/lib/", "/usr/local/lib/"):
        for path in sorted(glob.glob(pattern + file)):
            return path
    return None


def package_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def find(name, build, extra):
    """The peer of that name. Returns (peer, None) or (None, why not)."""
    if name in extra:
        return Peer(name, extra[name], "given as --lib"), None
    if name == BASELINE:
        return Peer(name, "", os.confstr("CS_GNU_LIBC_VERSION")), None
    if name in OWN:
        path = os.path.join(build, "bench", f"lib{name}.so")
        return (Peer(name, path, "this bench"), None) if os.path.exists(path) else (None, f"{path} is not built")
    if name == SUBJECT:
        found = glob.glob(os.path.join(build, "**", "libchunkmalloc.so"), recursive=True)
        return (Peer(name, found[0], "this tree"), None) if found else (None, f"not built in {build}")
    file, package = DEBIAN[name]
    path = installed(file)
    if not path:
        return None, f"{file} is not installed (package {package})"
    return Peer(name, path, package_version(package)), None


def libc_path():
    """The C library's file: as a preload it takes malloc back in a program linked with another one."""
    with open("/proc/self/maps", encoding="ascii") as maps:
        for line in maps:
            path = line.split(None, 5)[-1].strip()
            if os.path.basename(path).startswith("libc.so"):
                return path
    return "libc.so.6"


def takes_over(peer, build, env):
    """None if the peer's library really provides malloc to a program, otherwise what happened."""
    whose = os.path.join(build, "bench", "whose")
    done = subprocess.run([whose], env=dict(env, LD_PRELOAD=peer.path), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"a program does not even start: status {done.returncode} {done.stderr.strip()[:200]}"
    if not peer.path:
        return None
    owners = {os.path.realpath(line.split(None, 1)[1]) for line in done.stdout.splitlines()}
    if owners != {os.path.realpath(peer.path)}:
        return f"malloc comes from {', '.join(sorted(owners))}: {done.stderr.strip()[:200]}"
    return None
