#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""beside.py before|after|asan LIBRARY PROGRAM

Another allocator in the process. jemalloc preloaded before or after the library: whichever is first
serves, as both say when the program ends. An executable with clang's address sanitizer: the library
stands aside, so that the sanitizer finds a use after free. Skipped where they are not installed.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

KIND, LIBRARY, PROGRAM = sys.argv[1:4]
SKIP = 77
USE_AFTER_FREE = """
#include <stdlib.h>
int main(void) {
    char *volatile block = malloc(10);
    free(block);
    return block[5];
}
"""


def skip(reason):
    print('skipped:', reason)
    sys.exit(SKIP)


def run(argv, preload):
    environment = os.environ | {'LD_PRELOAD': preload, 'TEST_PRELOADED': preload,
                                'CHUNKMALLOC_CONF': 'stats=exit',
                                'MALLOC_CONF': 'stats_print:true',
                                'ASAN_OPTIONS': 'symbolize=0'}
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    return done.returncode, done.stderr.decode(errors='replace')


def ours(said):
    """Slabs that the library had at the end."""
    return int(re.search(r'chunkmalloc: slabs (\d+)', said).group(1))


def with_jemalloc():
    found = glob.glob('/usr/lib/*/libjemalloc.so.2')
    if not found:
        skip('there is no jemalloc')
    preloads = [found[0], LIBRARY] if KIND == 'before' else [LIBRARY, found[0]]
    status, said = run([PROGRAM, '64', '4'], ':'.join(preloads))
    print(f'status {status}, jemalloc loaded: {"jemalloc statistics" in said}, '
          f'{ours(said)} slabs of ours')
    serves = ours(said) > 0
    return status == 0 and 'jemalloc statistics' in said and serves == (KIND == 'after')


def with_sanitizer():
    if shutil.which('clang') is None:
        skip('there is no clang')
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, 'use.c'), pathlib.Path(folder, 'use')
        source.write_text(USE_AFTER_FREE, encoding='ascii')
        subprocess.run(['clang', '-fsanitize=address', '-o', program, source], check=True)
        status, said = run([program], LIBRARY)
    print(f'status {status}\n{said}')
    return status != 0 and 'heap-use-after-free' in said


sys.exit(0 if (with_sanitizer() if KIND == 'asan' else with_jemalloc()) else 1)
