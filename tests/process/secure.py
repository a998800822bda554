#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""secure.py LIBRARY WORKER PROGRAM...

Programs that run with more rights than their caller. The loader preloads nothing into the worker,
and the programs, which are linked with the library, heed no variable of the environment. Needs the
right to make a file setuid and to run it as somebody else.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LIBRARY, WORKER, *PROGRAMS = sys.argv[1:]
SKIP = 77
NOBODY = 65534
CONF = {'CHUNKMALLOC_CONF': 'limit=4M,verbose=on'}


def run(program, setuid, arguments, environment):
    """The program as nobody, setuid root or not: its status and what it says."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            print('skipped: setuid has no effect in', folder)
            sys.exit(SKIP)
        copy = pathlib.Path(folder, 'program')
        shutil.copy(program, copy)
        os.chmod(copy, 0o4755 if setuid else 0o755)
        done = subprocess.run([copy, *arguments], env=environment, cwd='/', user=NOBODY, group=NOBODY,
                              extra_groups=[], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout.decode(errors='replace')


def faults():
    # Without TEST_PRELOADED, the worker fails where the library is preloaded.
    preload = {'LD_PRELOAD': LIBRARY}
    if run(WORKER, False, ['2'], preload)[0] == 0:
        print('skipped: nobody cannot load', LIBRARY)
        sys.exit(SKIP)
    status, said = run(WORKER, True, ['2'], preload)
    if status != 0:
        yield f'preloaded into a setuid program: status {status}\n{said}'
    for program in PROGRAMS:
        status, said = run(program, False, [], CONF)
        if status != 0 or 'plain, limited' not in said or 'limit=' not in said:
            yield f'{program}: {status}: {said}'
        status, said = run(program, True, [], CONF)
        if (status, said) != (0, 'secure, unlimited\n'):
            yield f'{program}, setuid: {status}: {said}'


if os.geteuid() != 0:
    print('skipped: not root')
    sys.exit(SKIP)
sys.exit('\n'.join(faults()) or 0)
