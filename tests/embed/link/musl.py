#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Usage: musl.py SOURCES FOLDER

Builds the library with musl-gcc, installs it below FOLDER, and links programs with it as the pkg-config
files say: program.c in every way and layout, and of the suite "process" what needs nothing that musl
lacks, in static programs.
"""

import os
import pathlib
import shutil
import subprocess
import sys

SKIP = 77
COMPILER = "musl-gcc"
PACKAGES = {"wrapped": "chunkmalloc-embed", "replaced": "chunkmalloc-static", "linked": "chunkmalloc"}
PROCESS = {"fork_storm": ["200"], "thread_exit": [], "many_threads": [], "small_stacks": [], "locked_memory": []}
# musl has no malloc_trim.
LINKED = ["-DTEST_LINKED", "-Dmalloc_trim(pad)=chunkmalloc_purge()"]


def run(argv, **more):
    words = [str(word) for word in argv]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **more)
    # A program may find that the machine is not for it.
    if done.returncode not in (0, SKIP):
        sys.exit(f"status {done.returncode} of {' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def layouts():
    """What the compiler is told; musl-gcc does not know static executables that can be anywhere."""
    folder = next(pathlib.Path("/usr/lib").glob("*-linux-musl"))
    own = {name: run(["gcc", f"-print-file-name={name}"]).strip() for name in ("crtbeginS.o", "crtendS.o")}
    first = [folder / "rcrt1.o", folder / "crti.o", own["crtbeginS.o"]]
    last = [own["crtendS.o"], folder / "crtn.o"]
    anywhere = ["-static", "-nostartfiles", "-Wl,-pie,--no-dynamic-linker,-z,text", *first]
    return {
        "PIE": (["-fPIE"], ["-pie"], []),
        "not PIE": (["-fno-pie"], ["-no-pie"], []),
        "static": (["-fno-pie"], ["-static", "-no-pie"], []),
        "static PIE": (["-fPIE"], anywhere, last),
    }


class Installed:
    def __init__(self, sources, folder):
        self.sources = sources
        self.folder = folder
        build = folder / "build"
        root = folder / "root"
        clean = {name: value for name, value in os.environ.items() if not name.endswith("FLAGS")}
        if not (build / "build.ninja").exists():
            options = ["-Dtests=disabled", "-Dbench=disabled"]
            run(["meson", "setup", *options, build, sources], env=clean | {"CC": COMPILER})
        shutil.rmtree(root, ignore_errors=True)
        run(["meson", "install", "-C", build, "--destdir", root], env=clean)
        packages = next(root.rglob("chunkmalloc.pc")).parent
        self.libraries = packages.parent
        self.env = clean | {"PKG_CONFIG_LIBDIR": str(packages), "PKG_CONFIG_SYSROOT_DIR": str(root)}

    def flags(self, kind, package):
        return run(["pkg-config", kind, package], env=self.env).split()

    def link(self, source, layout, package, *more):
        code, first, last = layout
        program = self.folder / "program"
        program.unlink(missing_ok=True)
        argv = [COMPILER, "-O2", "-Wall", "-Werror", "-fno-builtin", "-D_GNU_SOURCE", *code, *more]
        argv += [*self.flags("--cflags", package), *first, self.sources / "tests" / source]
        argv += [*self.flags("--libs", package), *last, "-o", program]
        run(argv)
        return program

    def run(self, program, *arguments):
        run([program, *arguments], env=self.env | {"LD_LIBRARY_PATH": str(self.libraries)})


def main():
    if shutil.which(COMPILER) is None:
        print(f"there is no {COMPILER}")
        sys.exit(SKIP)
    sources, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    folder.mkdir(exist_ok=True)
    installed = Installed(sources, folder)
    kinds = layouts()
    for way, package in PACKAGES.items():
        for name, layout in kinds.items():
            static = name.startswith("static")
            program = installed.link("embed/link/program.c", layout, package)
            installed.run(program, "theirs" if way == "wrapped" and not static else "ours")
    for source, arguments in PROCESS.items():
        package = PACKAGES["replaced"]
        program = installed.link(f"process/{source}.c", kinds["static"], package, *LINKED)
        installed.run(program, *arguments)


main()
