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

# For each tool: what shows that it can work here at all, and the run that is judged.
TOOLS = {
    # Memcheck puts its own allocator in place of ours, and must find it sound to do so.
    'valgrind': (['valgrind', '--quiet', 'true'], MEMCHECK + [LAUNCH, LIBRARY, WORKER, '2', '1']),
    # Ours at work, its every access to memory checked.
    'valgrind-ours': (['valgrind', '--quiet', 'true'],
                      MEMCHECK + ['--soname-synonyms=somalloc=nouserintercepts',
                                  LAUNCH, LIBRARY, WORKER, '2', '1']),
    'gdb': (['gdb', '-batch', '-nx', '-ex', 'set startup-with-shell off', '-ex', 'run', '--args',
             'true'],
            ['gdb', '-batch', '-nx', '-ex', 'set startup-with-shell off',
             '-ex', f'set environment LD_PRELOAD {LIBRARY}',
             '-ex', f'set environment TEST_PRELOADED {LIBRARY}',
             '-ex', 'run', '--args', WORKER, '8', '2']),
    'strace': (['strace', '-f', '-o', '/dev/null', 'true'],
               ['strace', '-f', '-o', '/dev/null', LAUNCH, LIBRARY, WORKER, '8', '2']),
    'perf': (['perf', 'stat', '-o', '/dev/null', 'true'],
             ['perf', 'stat', '-o', '/dev/null', LAUNCH, LIBRARY, WORKER, '8', '2']),
}


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=110, check=False)
    return done.returncode, done.stdout.decode(errors='replace')


def succeeded(status, output):
    """gdb's own status does not tell how the program ended."""
    return status == 0 and (TOOL != 'gdb' or 'exited normally' in output)


def main():
    probe, command = TOOLS[TOOL]
    if shutil.which(probe[0]) is None:
        print('skipped: not installed')
        return SKIP
    status, output = run(probe)
    if not succeeded(status, output):
        print('skipped: cannot work here\n' + output)
        return SKIP
    status, output = run(command)
    print(output)
    return 0 if succeeded(status, output) else 1


sys.exit(main())
