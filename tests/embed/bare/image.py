# SPDX-License-Identifier: MIT
"""image.py TARGET

Builds an image of main.c, start.c and the core for a board without an operating system and runs it
on an emulated one. It must end in time, with status 0, and say so.
"""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "support"))

# pylint: disable=wrong-import-position
from targets import FREESTANDING, TARGETS, compile_files, core_sources, need, run

SECONDS = 30
FLAGS = [*FREESTANDING, "-Os", "-ffunction-sections", "-fdata-sections"]
# Enough for 65534 chunks, and half the index.
FLAGS += ["-DCHUNK_HEAP_INDEX_BITS=16"]
# Of each target: the linker script, and how the emulator gets its board and the image.
BOARDS = {
    "cortex-m3": ("mps2.ld", ["-machine", "mps2-an385", "-kernel"]),
    "rv32": ("virt.ld", ["-machine", "virt", "-bios", "none", "-kernel"]),
}
COMMON = "-display none -monitor none -serial none -semihosting-config enable=on,target=native".split()


def build(target, script, folder):
    core = folder / "core"
    core.mkdir()
    objects = compile_files(target, core, FLAGS, core_sources())
    objects += compile_files(target, folder, FLAGS, [HERE / "main.c", HERE / "start.c"])
    image = folder / "image"
    flags = ["-nostdlib", "-static", "-Wl,--gc-sections", "-Wl,--fatal-warnings", f"-L{HERE}"]
    flags += ["-T", HERE / script]
    run([target.compiler, *target.flags, *flags, *objects, *target.libraries, "-o", image])
    return image


def main():
    name = sys.argv[1]
    target = TARGETS[name]
    script, board = BOARDS[name]
    need(target.compiler, target.emulator)
    with tempfile.TemporaryDirectory() as folder:
        image = build(target, script, pathlib.Path(folder))
        said = run([target.emulator, *COMMON, *board, image], timeout=SECONDS)
    print(said)
    if said.splitlines()[-1:] != ["all is well"]:
        sys.exit("that is not all")


main()
