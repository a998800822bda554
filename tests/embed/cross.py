# SPDX-License-Identifier: MIT
"""cross.py TARGET PROGRAM

PROGRAM is freestanding.c, built for this machine. For the target "native" it is itself looked at
and run. For others, freestanding.c and the core are compiled and run, under an emulator where that
is needed, and must say what PROGRAM says but for the machine and the size of the bookkeeping.
"""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "support"))

# pylint: disable=wrong-import-position
from targets import FREESTANDING, TARGETS, compile_files, core_sources, need, run, run_program

SECONDS = 60
MACHINES = {
    "i386": "32 bits, little-endian",
    "aarch64": "64 bits, little-endian",
    "arm": "32 bits, little-endian",
    "riscv64": "64 bits, little-endian",
    "s390x": "64 bits, big-endian",
}
OWN = {"_start", "start", "memcpy", "memmove", "memset"}
OF_THE_LINKER = {
    "__bss_start", "__bss_start__", "__bss_end__", "_bss_end__", "__BSS_END__", "__DATA_BEGIN__",
    "__SDATA_BEGIN__", "__end__", "_edata", "_end", "__global_pointer$", "_GLOBAL_OFFSET_TABLE_",
}
# Of RISC-V's library, which the other targets do without.
OF_THE_COMPILER = {"__clzdi2"}


def expect_alone(program):
    """Nothing is missing in the program, and nothing is in it that is not the project's own."""
    for line in run(["nm", program]).splitlines():
        kind, name = line.split()[-2:]
        if kind in "Uvw" and name != "_GLOBAL_OFFSET_TABLE_":
            sys.exit(f"{name} is undefined")
        known = OWN | OF_THE_LINKER | OF_THE_COMPILER
        if kind.isupper() and not name.startswith("chunk_") and name not in known:
            sys.exit(f"{name} is not the project's")
    for line in run(["readelf", "--wide", "--segments", program]).splitlines():
        if line.split()[:1] in (["INTERP"], ["DYNAMIC"]):
            sys.exit(f"the program is not static: {line.strip()}")


def build(target, folder):
    program = folder / "freestanding"
    sources = [HERE / "freestanding.c", *core_sources()]
    objects = compile_files(target, folder, [*FREESTANDING, "-O2"], sources)
    flags = [*target.flags, "-nostdlib", "-static"]
    run([target.compiler, *flags, *objects, *target.libraries, "-o", program])
    return program


def comparable(text):
    """Bookkeeping depends on the words of the machine."""
    return [line for line in text.splitlines()[1:] if "bookkeeping" not in line]


def main():
    name, native = sys.argv[1], pathlib.Path(sys.argv[2])
    said = run([native], timeout=SECONDS)
    if name == "native":
        expect_alone(native)
        print(said)
        return
    target = TARGETS[name]
    need(target.compiler, target.emulator)
    with tempfile.TemporaryDirectory() as folder:
        program = build(target, pathlib.Path(folder))
        expect_alone(program)
        there = run_program(target, program, timeout=SECONDS)
    print(there)
    if there.splitlines()[0] != f"freestanding on {name}: {MACHINES[name]}":
        sys.exit("that is not the target")
    if comparable(there) != comparable(said):
        sys.exit(f"on this machine it says:\n{said}")


main()
