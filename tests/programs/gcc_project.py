# SPDX-License-Identifier: MIT
"""gcc, meson and ninja: this library built under itself comes out bit by bit the same."""

import shutil
from hashlib import sha256

from trial import check, main

KINDS = (".o", ".so", ".a", ".h")


def products(build):
    files = sorted(path for path in build.rglob("*") if path.is_file() and path.suffix in KINDS)
    return {str(path.relative_to(build)): sha256(path.read_bytes()).digest() for path in files}


def test(trial):
    (source,) = trial.arguments
    build = trial.work / "build"
    built = []
    for preload in (False, True):
        shutil.rmtree(build, ignore_errors=True)
        options = ["--buildtype=release", "-Ddebug=true", "-Dtests=disabled", "-Dbench=disabled"]
        setup = trial.run(["meson", "setup", *options, build, source], preload=preload, statistics=False)
        check(b"chunkmalloc" in setup.stdout, "meson has not set up this project")
        argv = ["meson", "compile", "-j2", "-C", build, "chunkmalloc:shared_library"]
        trial.run(argv, preload=preload, statistics=False, programs=["cc1"])
        built.append(products(build))
    plain, preloaded = built
    check(any(name.endswith(".so") for name in plain), "no shared library was built")
    names = plain.keys() | preloaded.keys()
    other = sorted(name for name in names if plain.get(name) != preloaded.get(name))
    check(not other, f"built otherwise under the library: {other}")


main(test, needs=["meson", "ninja", "gcc"])
