#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""filtered.py LAUNCH LIBRARY FILTERED LIST

The library makes the system calls of the list and no others: a tracer sees each of them come from
syscall(2), through which the library calls, and the program lives with those alone that the list
says are made at any time. The options that make it do more are set. Skipped without a tracer.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

LAUNCH, LIBRARY, FILTERED, LIST = sys.argv[1:5]
SKIP = 77
CODE = 64  # bytes of syscall(2) at most

ENVIRONMENT = os.environ | {'CHUNKMALLOC_CONF': 'stats=exit,thp=on,verbose=on'}


def read_list():
    with open(LIST, encoding='ascii') as file:
        lines = [line.split(':') for line in file if not line.startswith('#')]
    return {when.strip(): names.split() for when, names in lines}


def run(command):
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=100, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors='replace')


def calls_made():
    """Names of the calls from syscall(2), in the traced program and its children."""
    with tempfile.NamedTemporaryFile('r', errors='replace') as trace:
        status, output, errors = run(
            ['strace', '-f', '-i', '-o', trace.name, '-E', f'LD_PRELOAD={LIBRARY}',
             '-E', f'TEST_PRELOADED={LIBRARY}', FILTERED, 'none'])
        if status != 0:
            print(errors)
            return status, set()
        start = int(re.search(r'syscall 0x([0-9a-f]+)', output).group(1), 16)
        found = set()
        for line in trace:
            call = re.match(r'\d+ +\[([0-9a-f]+)\] (\w+)\(', line)
            if call and 0 <= int(call.group(1), 16) - start < CODE:
                found.add(call.group(2))
        return 0, found


def main():
    listed = read_list()
    status, output, errors = run([LAUNCH, LIBRARY, FILTERED, 'only', *listed['always']])
    print(f'with {" ".join(listed["always"])} alone: status {status}\n{output}{errors}')
    if status != 0:
        return status
    if shutil.which('strace') is None:
        print('skipped: there is no strace')
        return SKIP
    status, found = calls_made()
    wanted = {name for names in listed.values() for name in names}
    print('seen:', *sorted(found))
    for name in sorted(found ^ wanted):
        print(f'{name}: {"not in the list" if name in found else "was not made"}')
    return 0 if status == 0 and found == wanted else 1


sys.exit(main())
