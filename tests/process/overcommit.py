#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""overcommit.py LAUNCH LIBRARY WORKER

Runs the worker under vm.overcommit_memory 0, 1 and 2, and puts the setting back whatever happens.
Skipped where the setting may not be changed.
"""

import signal
import subprocess
import sys

SETTING = '/proc/sys/vm/overcommit_memory'
SKIP = 77


def put(mode):
    with open(SETTING, 'w', encoding='ascii') as file:
        file.write(mode)


def main():
    launch, library, worker = sys.argv[1:4]
    with open(SETTING, encoding='ascii') as file:
        before = file.read().strip()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    failed = False
    try:
        for mode in ('0', '1', '2'):
            try:
                put(mode)
            except OSError as error:
                print('skipped:', error)
                return SKIP
            command = [launch, library, worker, '64', '2']
            status = subprocess.run(command, timeout=100, check=False).returncode
            print(f'vm.overcommit_memory={mode}: status {status}')
            failed = failed or status != 0
    finally:
        try:
            put(before)
        except OSError:
            pass
    return 1 if failed else 0


sys.exit(main())
