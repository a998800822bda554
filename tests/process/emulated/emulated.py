#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""emulated.py SOURCES FOLDER TARGET

Builds the library for another processor, below FOLDER, and preloads it under an emulator of it: programs of
the suites "contract" and "process", by default and hardened, as they are and in small address spaces.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "support"))

# pylint: disable=wrong-import-position
from targets import SKIP, TARGETS, need, run

SECONDS = 120
LIBRARY = "src/libchunkmalloc.so.0.1.0"
PROGRAMS = {
    "contract/usable": [],
    "contract/libc_users": [],
    "process/lifetime": [],
    "process/worker": ["8", "2"],
}
MODES = ("", "harden")


def cross_file(name, compiler):
    prefix = compiler.removesuffix("gcc")
    return f"""[binaries]
c = '{compiler}'
ar = '{prefix}ar'
objcopy = '{prefix}objcopy'
strip = '{prefix}strip'
[host_machine]
system = 'linux'
cpu_family = '{name}'
cpu = '{name}'
endian = 'little'
"""


def build_library(sources, folder, name, compiler):
    build = folder / "build"
    clean = {key: value for key, value in os.environ.items() if not key.endswith("FLAGS")}
    if not (build / "build.ninja").exists():
        description = folder / "cross.ini"
        description.write_text(cross_file(name, compiler))
        options = ["-Dtests=disabled", "-Dbench=disabled", "-Dwerror=true"]
        run(["meson", "setup", *options, "--cross-file", description, build, sources], env=clean)
    run(["ninja", "-C", build, LIBRARY], env=clean, timeout=3 * SECONDS)
    return build / LIBRARY


def compile_program(folder, compiler, name):
    tests = HERE.parent.parent
    program = folder / pathlib.Path(name).name
    argv = [compiler, "-O2", "-fno-builtin", "-Wall", "-Werror", "-D_GNU_SOURCE", "-pthread", f"-I{HERE}"]
    run([*argv, f"-I{tests.parent / 'include'}", tests / f"{name}.c", "-o", program])
    return program


def main():
    sources, folder = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    name = sys.argv[3]
    target = TARGETS[name]
    need(target.compiler, target.emulator)
    root = pathlib.Path("/usr") / target.compiler.removesuffix("-gcc")
    if not (root / "include/stdlib.h").exists():
        print(f"there is no C library for {name}")
        sys.exit(SKIP)
    folder.mkdir(exist_ok=True)
    library = build_library(sources, folder, name, target.compiler)

    def emulate(program, arguments, mode, space):
        variables = {"LD_PRELOAD": library, "TEST_PRELOADED": library, "CHUNKMALLOC_CONF": mode}
        argv = [target.emulator, "-L", root, *(["-R", hex(1 << space)] if space else [])]
        for variable, value in variables.items():
            argv += ["-E", f"{variable}={value}"]
        print(program.name, *arguments, mode, f"{space} bits" if space else "", flush=True)
        run([*argv, program, *arguments], timeout=SECONDS)

    for source, arguments in PROGRAMS.items():
        program = compile_program(folder, target.compiler, source)
        for mode in MODES:
            emulate(program, arguments, mode, 39)
    emulate(program, arguments, "", None)
    # In the smaller one there is no room for a second region as large as is wanted first.
    space_user = compile_program(folder, target.compiler, "process/address_space")
    for mode, space in (("", 39), ("harden", 37)):
        emulate(space_user, [str(space)], mode, space)


main()
