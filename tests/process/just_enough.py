#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""just_enough.py LAUNCH LIBRARY WORKER HEAP_MIB

Finds the smallest `ulimit -v` and `ulimit -d` under which the loader takes the library, and checks
that the program then works: its heap is address space that it has already. Also that the two are
no larger than the library explains, and that below them nothing crashes.
"""

import subprocess
import sys

LAUNCH, LIBRARY, WORKER, HEAP_MIB = sys.argv[1:5]
HEAP_KIB = int(HEAP_MIB) * 1024

# Within the heap: a second one would need address space.
WORK_MIB = str(min(64, int(HEAP_MIB) // 2))

# What the library may need beside its heap: text, data and bookkeeping.
OVERHEAD_KIB = 24 * 1024


def run(library, option, kib, work):
    command = [LAUNCH, option, str(kib), library, WORKER] + work
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout.decode(errors='replace')


def smallest(library, option, enough):
    """Smallest limit in KiB, a multiple of 4, under which the program does next to nothing."""
    too_little = 0
    while enough - too_little > 4:
        middle = (enough + too_little) // 8 * 4
        if run(library, option, middle, ['0'])[0] == 0:
            enough = middle
        else:
            too_little = middle
    return enough


def fail(text):
    print('just_enough:', text)
    sys.exit(1)


def must_work(option, kib, work):
    status, output = run(LIBRARY, option, kib, work)
    if status != 0:
        fail(f'ulimit {option} {kib}, worker {" ".join(work)}: status {status}\n{output}')


def may_fail_but_not_crash(option, kib):
    """Without the library the worker says so and ends with 1; or the loader ends it with 127."""
    status, output = run(LIBRARY, option, kib, ['1'])
    if status not in (0, 1, 127):
        fail(f'ulimit {option} {kib}: status {status}\n{output}')


def main():
    for option, ample, heap_kib in (('-v', 8 << 20, HEAP_KIB), ('-d', 1 << 20, 0)):
        without = smallest('-', option, ample)
        needed = smallest(LIBRARY, option, ample)
        print(f'ulimit {option}: {needed} KiB; without the library {without} KiB')
        if needed > without + heap_kib + OVERHEAD_KIB:
            fail(f'that is {needed - without - heap_kib} KiB beside the heap')
        if option == '-v':
            must_work(option, needed, [WORK_MIB])
        must_work(option, needed + 100 * 1024, [WORK_MIB, '2'])
        for below in (4, 64, 1024, 8192, heap_kib // 2, heap_kib):
            if without <= needed - below:
                may_fail_but_not_crash(option, needed - below)


main()
