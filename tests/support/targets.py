# SPDX-License-Identifier: MIT
"""The kinds of target that the core is compiled for outside of meson, and how that is done.

A driver that uses this is given what to do by its arguments, makes its files in a folder of its own,
and ends with status SKIP where a compiler or an emulator is not installed.
"""

import dataclasses
import errno
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SKIP = 77

# What a compiler may put into a program that only a C library or its start-up code can serve.
FREESTANDING = ["-ffreestanding", "-fno-stack-protector", "-fno-pic", "-fno-pie"]


STRICT = "-std=c11 -Wall -Wextra -Wconversion -Wshadow -Wundef -Wcast-align -Werror".split()


@dataclasses.dataclass(frozen=True)
class Target:
    """A compiler, the flags that select the target, and what runs its programs.

    Without an emulator, this machine does. If maybe_native, it is tried before the emulator. The
    libraries are those of the compiler, for processors that cannot count leading zeros.
    """

    compiler: str
    flags: tuple = ()
    emulator: str | None = None
    maybe_native: bool = False
    libraries: tuple = ()


TARGETS = {
    "x86-64": Target("x86_64-linux-gnu-gcc"),
    "x86-64 with clang": Target("clang", ("--target=x86_64-linux-gnu",)),
    "i386": Target("i686-linux-gnu-gcc", (), "qemu-i386", maybe_native=True),
    "aarch64": Target("aarch64-linux-gnu-gcc", ("-mno-outline-atomics",), "qemu-aarch64"),
    "arm": Target("arm-linux-gnueabihf-gcc", (), "qemu-arm"),
    "riscv64": Target("riscv64-linux-gnu-gcc", (), "qemu-riscv64", libraries=("-lgcc",)),
    "s390x": Target("s390x-linux-gnu-gcc", (), "qemu-s390x"),
    "cortex-m3": Target("arm-none-eabi-gcc", ("-mcpu=cortex-m3", "-mthumb"), "qemu-system-arm"),
    "rv32": Target(
        "riscv64-unknown-elf-gcc",
        ("-march=rv32imac", "-mabi=ilp32"),
        "qemu-system-riscv32",
        libraries=("-lgcc",),
    ),
}


class CommandFailed(SystemExit):
    """Ends a driver that does not catch it; the text is what the command said."""


def core_sources():
    return sorted((TOP / "src/core").glob("*.c"))


def is_installed(*commands):
    return all(shutil.which(command) for command in commands)


def need(*commands):
    """Ends the driver as skipped unless all are installed."""
    for command in commands:
        if not is_installed(command):
            print(f"{command} is not installed")
            sys.exit(SKIP)


def run(argv, **options):
    """Runs a command; returns what it prints."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
        )
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"no end within the time allowed: {' '.join(words)}") from None
    if done.returncode != 0:
        raise CommandFailed(f"status {done.returncode} of: {' '.join(words)}\n{done.stdout}")
    return done.stdout


def run_program(target, *argv, **options):
    """Runs a program that was built for the target."""
    if target.emulator and not target.maybe_native:
        return run([target.emulator, *argv], **options)
    try:
        return run(argv, **options)
    except OSError as error:
        if error.errno != errno.ENOEXEC or not target.emulator:
            raise
        return run([target.emulator, *argv], **options)


def compile_files(target, folder, flags, sources):
    """Compiles each file by itself; returns the objects."""
    argv = [target.compiler, *target.flags, *STRICT, *flags, f"-I{TOP / 'include'}", "-c"]
    run([*argv, *sources], cwd=folder)
    return [folder / source.with_suffix(".o").name for source in sources]


def sections(program):
    """Triples of name, size and flags of each section, as readelf tells them."""
    for line in run(["readelf", "--wide", "--sections", program]).splitlines():
        fields = line.partition("]")[2].split()
        if len(fields) >= 7 and fields[0].startswith("."):
            yield fields[0], int(fields[4], 16), fields[6]
