#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""beside.py KIND LIBRARY PROGRAM

Another allocator, or what else is preloaded, in the process.

  jemalloc-before    preloaded before the library: whichever is first serves, as both say when the
  jemalloc-after     program ends; or after it
  heaptrack-before   sees each block, and the library serves
  heaptrack-after    sees none
  faketime-before    tells the program another time; the library serves
  faketime-after     the same
  asan               an executable with clang's address sanitizer: the library stands aside, so that
                     the sanitizer finds a use after free
  mold               an executable with mimalloc inside, which serves; and it links

Skipped where they are not installed.
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


def run(argv, preload, **more):
    """Its status, and what it says on standard error and then on standard output."""
    environment = os.environ | {'LD_PRELOAD': preload, 'TEST_PRELOADED': preload,
                                'CHUNKMALLOC_CONF': 'stats=exit', **more}
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    return done.returncode, (done.stderr + done.stdout).decode(errors='replace')


def ours(said):
    """Slabs that the library had at the end."""
    return int(re.search(r'chunkmalloc: slabs (\d+)', said).group(1))


def both(pattern):
    """The library that is found by the pattern, and ours, as they are to be preloaded."""
    found = glob.glob(pattern)
    if not found:
        skip(f'there is no {pattern}')
    preloads = [found[0], LIBRARY] if KIND.endswith('-before') else [LIBRARY, found[0]]
    return ':'.join(preloads)


def with_jemalloc():
    preload = both('/usr/lib/*/libjemalloc.so.2')
    status, said = run([PROGRAM, '64', '4'], preload, MALLOC_CONF='stats_print:true')
    print(f'status {status}, jemalloc loaded: {"jemalloc statistics" in said}, '
          f'{ours(said)} slabs of ours')
    serves = ours(said) > 0
    return status == 0 and 'jemalloc statistics' in said and serves == (KIND == 'jemalloc-after')


def with_heaptrack():
    preload = both('/usr/lib/heaptrack/libheaptrack_preload.so')
    with tempfile.TemporaryDirectory() as folder:
        record = pathlib.Path(folder, 'record')
        status, said = run([PROGRAM, '16', '4'], preload, DUMP_HEAPTRACK_OUTPUT=str(record))
        lines = record.read_text(errors='replace').splitlines() if record.exists() else []
    taken, freed = (sum(line.startswith(f'{sign} ') for line in lines) for sign in '+-')
    print(f'status {status}, seen: {taken} and {freed}, {ours(said)} slabs of ours\n{said[-500:]}')
    first = KIND == 'heaptrack-before'
    return status == 0 and ours(said) > 0 and (taken > 1000) == (freed > 1000) == first


def with_faketime():
    preload = both('/usr/lib/*/faketime/libfaketimeMT.so.1')
    time = {'FAKETIME': '2001-02-03 04:05:06', 'FAKETIME_DONT_RESET': '1'}
    status, said = run([PROGRAM, '64', '4'], preload, **time)
    year = run(['date', '+year %Y'], preload, **time)[1]
    print(f'status {status}, {ours(said)} slabs of ours, {year}')
    return status == 0 and ours(said) > 0 and 'year 2001' in year


def with_mold():
    if shutil.which('mold') is None or shutil.which('gcc') is None:
        skip('there is no mold, or no gcc')
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, 'use.c'), pathlib.Path(folder, 'use')
        source.write_text(USE_AFTER_FREE.replace('block[5]', '0'), encoding='ascii')
        status, said = run(['gcc', '-B/usr/libexec/mold', '-o', program, source], LIBRARY)
        print(f'status {status}\n{said}')
        linked = status == 0 and b'mold' in program.read_bytes() and run([program], LIBRARY)[0] == 0
    status, said = run(['mold', '--version'], LIBRARY)
    return linked and status == 0 and ours(said) == 0


def with_sanitizer():
    if shutil.which('clang') is None:
        skip('there is no clang')
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, 'use.c'), pathlib.Path(folder, 'use')
        source.write_text(USE_AFTER_FREE, encoding='ascii')
        subprocess.run(['clang', '-fsanitize=address', '-o', program, source], check=True)
        status, said = run([program], LIBRARY, ASAN_OPTIONS='symbolize=0')
    print(f'status {status}\n{said}')
    return status != 0 and 'heap-use-after-free' in said


TESTS = {'jemalloc': with_jemalloc, 'heaptrack': with_heaptrack, 'faketime': with_faketime,
         'asan': with_sanitizer, 'mold': with_mold}
sys.exit(0 if TESTS[KIND.partition('-')[0]]() else 1)
