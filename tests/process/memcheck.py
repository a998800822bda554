#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""memcheck.py LAUNCH LIBRARY LEAKY

Valgrind puts its own allocator in place of the preloaded library's, without being told to, and so
finds what the program does wrong; told not to, it finds nothing. Skipped where it is not installed.
"""

import shutil
import subprocess
import sys

LAUNCH, LIBRARY, LEAKY = sys.argv[1:]
SKIP = 77
FOUND = ('Invalid write of size 1', '77 bytes in 1 blocks are definitely lost')


def found(*options):
    argv = ['valgrind', '--trace-children=yes', '--leak-check=full', *options, LAUNCH, LIBRARY, LEAKY]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=110, check=True)
    said = done.stdout.decode(errors='replace')
    if 'Valgrind: debuginfo reader:' in said:
        print('skipped: valgrind is older than the compiler\'s debug information')
        sys.exit(SKIP)
    print(said)
    return [text in said for text in FOUND]


if shutil.which('valgrind') is None:
    print('skipped: not installed')
    sys.exit(SKIP)
SEEN = found()
UNSEEN = found('--soname-synonyms=somalloc=nouserintercepts')
sys.exit(0 if all(SEEN) and not any(UNSEEN) else 1)
