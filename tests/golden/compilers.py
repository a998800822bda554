# SPDX-License-Identifier: MIT
"""What the compilers that are there say of a piece of code."""

import pathlib
import shutil
import subprocess
import tempfile

STANDARDS = {
    "gcc": ["c99", "c11", "c17"],
    "clang": ["c99", "c11", "c17"],
    "g++": ["c++11", "c++17", "c++20"],
    "clang++": ["c++11", "c++17", "c++20"],
    "i686-linux-gnu-gcc": ["c99", "c17"],
    "s390x-linux-gnu-gcc": ["c11"],
}


def installed():
    """Pairs of a compiler and a standard; never empty."""
    pairs = [(name, standard) for name, standards in STANDARDS.items() if shutil.which(name)
             for standard in standards]
    if not pairs:
        raise SystemExit("no compiler found")
    return pairs


def complaint(compiler, standard, flags, text):
    """What the compiler says of the text, or None if it takes it."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "use" + (".cpp" if "+" in standard else ".c"))
        source.write_text(text, encoding="utf-8")
        argv = [compiler, f"-std={standard}", *flags, "-c", source, "-o", source.with_suffix(".o")]
        done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
        return done.stderr if done.returncode != 0 else None
