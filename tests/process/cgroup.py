#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cgroup.py LAUNCH LIBRARY WORKER EXHAUSTION

Runs programs in a control group whose memory is limited, where the kernel does not refuse memory
but kills. A load that comes and goes in many sizes must fit into little more than it takes at once;
and with the option limit= below the group's, the program is told that there is no more memory
before anybody is killed. Skipped where no such group can be made.
"""

import os
import pathlib
import subprocess
import sys

LAUNCH, LIBRARY, WORKER, EXHAUSTION = sys.argv[1:5]
SKIP = 77
MIB = 1 << 20

# Where groups may be made, the file that says so, and those with the limits.
VERSIONS = [
    ('/sys/fs/cgroup', 'memory.max', 'memory.swap.max'),
    ('/sys/fs/cgroup/unified', 'memory.max', 'memory.swap.max'),
    ('/sys/fs/cgroup/memory', 'memory.limit_in_bytes', None),
]


def make_group():
    """A group, and the name of the file with its limit; or the reasons why there is none."""
    reasons = []
    for top, limit, swap in VERSIONS:
        group = pathlib.Path(top, f'chunkmalloc-{os.getpid()}')
        try:
            group.mkdir()
        except OSError as error:
            reasons.append(str(error))
            continue
        if (group / limit).exists():
            if swap and (group / swap).exists():
                (group / swap).write_text('0')
            return group, limit, reasons
        group.rmdir()
        reasons.append(f'{group} has no {limit}')
    return None, None, reasons


def run_in(group, conf, command):
    def enter():
        (group / 'cgroup.procs').write_text(str(os.getpid()))

    done = subprocess.run(command, env=os.environ | {'CHUNKMALLOC_CONF': conf}, timeout=100,
                          preexec_fn=enter, check=False)
    return done.returncode


def main():
    group, limit, reasons = make_group()
    if group is None:
        print('skipped:', '; '.join(reasons))
        return SKIP
    failed = False
    try:
        for memory, conf, command in (
                (64, '', [LAUNCH, LIBRARY, WORKER, '48', '2']),
                (96, 'limit=64M', [LAUNCH, LIBRARY, EXHAUSTION, 'conf'])):
            (group / limit).write_text(str(memory * MIB))
            status = run_in(group, conf, command)
            print(f'{memory} MiB, {" ".join(command[2:])} {conf}: status {status}')
            failed = failed or status != 0
    finally:
        group.rmdir()
    return 1 if failed else 0


sys.exit(main())
