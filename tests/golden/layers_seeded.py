# SPDX-License-Identifier: MIT
"""Usage: layers_seeded.py CHECK_LAYERS TOP COMPILER

Breaks each rule in a copy of the sources: check-layers must find each and name the file.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

# What is broken, the file, text to add at its end, and what must be said.
SEEDS = [
    ("core includes host", "src/core/run.c", '#include "host/sys.h"\n', "later layer src/host"),
    ("core climbs out", "src/core/run.h", '#include "../front/entry.h"\n', "later layer src/front"),
    ("host includes front", "src/host/slab.c", "#include <front/entry.h>\n", "later layer src/front"),
    ("header includes core", "include/chunkmalloc/heap.h", '#include "core/bits.h"\n',
     "later layer src/core"),
    ("core includes libc", "src/core/heap.c", "#include <string.h>\n", "<string.h>"),
    ("core includes hosted header", "src/core/heap.c", "#include <chunkmalloc/mutex.h>\n",
     "needs more than the compiler"),
    ("core includes C++", "src/core/heap.c", "#include <chunkmalloc/allocator.hpp>\n",
     "needs more than the compiler"),
    ("glue includes another library", "include/chunkmalloc/lua.h", "#include <lua.h>\n", "<lua.h>"),
    ("C++ header includes more", "include/chunkmalloc/allocator.hpp", "#include <vector>\n",
     "<vector>"),
    ("public header includes libc", "include/chunkmalloc/locked.h", "#include <stdlib.h>\n",
     "<stdlib.h>"),
    ("source includes source", "src/host/slab.c", '#include "runs.c"\n', "is no header"),
    ("missing header", "src/host/slab.c", '#include "nowhere.h"\n', "no file of this project"),
    ("computed include", "src/host/slab.c", "#include WHERE\n", "cannot follow"),
    ("core calls libc", "src/core/walk.c",
     "int puts(const char *text);\nint chunk_talk(void);\n"
     'int chunk_talk(void) { return puts(""); }\n', "needs puts from outside"),
    ("core has data", "src/core/walk.c", "int chunk_count = 1;\n", ".data"),
    ("core has zero data", "src/core/walk.c",
     "int chunk_next(void);\nint chunk_next(void) { static int next; return next++; }\n", ".bss"),
    ("core has thread data", "src/core/walk.c", "_Thread_local int chunk_own = 0;\n", ".tbss"),
    ("core pollutes", "src/core/walk.c", "int walk(void);\nint walk(void) { return 1; }\n",
     "defines walk"),
    ("core does not compile", "src/core/walk.c", "int chunk_x = nothing;\n", "does not compile"),
]


def copy(top, target):
    for folder in ("include", "src"):
        shutil.copytree(top / folder, target / folder)


def run(check_layers, top, compiler):
    argv = [check_layers, "--top", top, "--level", "1", compiler]
    return subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)


def main():
    check_layers, top, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    missed = []
    with tempfile.TemporaryDirectory() as name:
        target = pathlib.Path(name)
        copy(top, target)
        done = run(check_layers, target, compiler)
        if done.returncode != 0:
            sys.exit(f"the copy as it is: {done.stderr}")
        for what, path, text, said in SEEDS:
            file = target / path
            kept = file.read_bytes()
            file.write_bytes(kept + text.encode())
            done = run(check_layers, target, compiler)
            file.write_bytes(kept)
            if done.returncode != 1 or said not in done.stderr or path not in done.stderr:
                missed.append(f"{what}: status {done.returncode}, said: {done.stderr or 'nothing'}")
    sys.exit("\n".join(missed) or 0)


main()
