#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""under_tool.py TOOL LAUNCH LIBRARY WORKER

Runs the worker, preloaded, under a debugger or tracer. Skipped where the tool is not installed or
may not do its work here.
"""

import shutil
import subprocess
import sys

TOOL, LAUNCH, LIBRARY, WORKER = sys.argv[1:5]
SKIP = 77

MEMCHECK = ['valgrind', '--quiet', '--error-exitcode=9', '--trace-children=yes']

TOOLS = {
    # Memcheck puts its own allocator in place of ours, and must find it sound to do so.
    'valgrind': MEMCHECK,
    # Ours at work, its every access to memory checked.
    'valgrind-ours': MEMCHECK + ['--soname-synonyms=somalloc=nouserintercepts'],
    'strace': ['strace', '-f', '-o', '/dev/null'],
    'perf': ['perf', 'stat', '-o', '/dev/null'],
}

GDB = ['gdb', '-batch', '-nx', '-ex', 'set startup-with-shell off']


def command_for(library):
    """The worker under the tool, with the library or, for '-', without."""
    work = [WORKER, '2', '1']
    if TOOL != 'gdb':
        return TOOLS[TOOL] + [LAUNCH, library] + work
    if library == '-':
        return GDB + ['-ex', 'run', '--args'] + work
    return GDB + ['-ex', f'set environment LD_PRELOAD {library}',
                  '-ex', f'set environment TEST_PRELOADED {library}',
                  '-ex', 'run', '--args'] + work


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=110, check=False)
    return done.returncode, done.stdout.decode(errors='replace')


def succeeded(status, output):
    """gdb's own status does not tell how the program ended."""
    return status == 0 and (TOOL != 'gdb' or 'exited normally' in output)


def main():
    without = command_for('-')
    if shutil.which(without[0]) is None:
        print('skipped: not installed')
        return SKIP
    status, output = run(without)
    if not succeeded(status, output):
        print('skipped: it cannot even run the program without the library\n' + output)
        return SKIP
    status, output = run(command_for(LIBRARY))
    print(output)
    if 'Valgrind: debuginfo reader:' in output:
        print('skipped: valgrind is older than the compiler\'s debug information')
        return SKIP
    return 0 if succeeded(status, output) else 1


sys.exit(main())
