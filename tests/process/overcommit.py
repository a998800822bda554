#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""overcommit.py LAUNCH LIBRARY WORKER NTH_REQUEST

Runs the worker under vm.overcommit_memory 0, 1 and 2, and under 2 nth_request with a limit on data,
too. Skipped where the setting may not be changed.

The setting is the whole system's: a lock on it keeps two runs of this apart, and a process of its
own puts it back when this one ends, however that happens.
"""

import fcntl
import os
import signal
import subprocess
import sys

SETTING = '/proc/sys/vm/overcommit_memory'
SKIP = 77


def put(mode):
    with open(SETTING, 'w', encoding='ascii') as file:
        file.write(mode)


def put_back_at_end(before):
    """Forks the process that waits for the end of this one; returns its number, and what to close
    for it to go on at once. It shares the lock, which so lasts until it is done."""
    reader, writer = os.pipe()
    guardian = os.fork()
    if guardian != 0:
        os.close(reader)
        return guardian, writer
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.close(writer)
    os.read(reader, 1)
    put(before)
    os._exit(0)


def try_modes(launch, library, worker, nth_request):
    succeeded = True
    work = [worker, '64', '2']
    for mode, program in (('0', work), ('1', work), ('2', work), ('2', [nth_request, 'data'])):
        put(mode)
        command = [launch, library, *program]
        status = subprocess.run(command, timeout=100, check=False).returncode
        print(f'vm.overcommit_memory={mode}: status {status}')
        succeeded = succeeded and status == 0
    return 0 if succeeded else 1


def main():
    with open(SETTING, encoding='ascii') as setting:
        fcntl.flock(setting, fcntl.LOCK_EX)
        before = setting.read().strip()
        try:
            put(before)
        except OSError as error:
            print('skipped:', error)
            return SKIP
        guardian, writer = put_back_at_end(before)
        try:
            return try_modes(*sys.argv[1:5])
        finally:
            os.close(writer)
            os.waitpid(guardian, 0)


sys.exit(main())
