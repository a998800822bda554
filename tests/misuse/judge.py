#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""judge.py LAUNCH LIBRARY MISUSE GROUP

Runs each case of the group under the library, in a process of its own, and judges how it ends: by
which signal, and with which message. The pointer that the case announces must be the one that the
message names.
"""

import re
import signal
import subprocess
import sys

DOUBLE_FREE = 'double free of {pointer}'
FREE_INTERIOR = 'free of interior pointer {pointer}'
FREE_MISALIGNED = 'free of misaligned pointer {pointer}'
FREE_INVALID = 'free of invalid pointer {pointer}'
WRONG_SIZE = 'free_sized with a wrong size of {pointer}'

# What the library says, for each case.
MESSAGES = {
    'double-free-empty': DOUBLE_FREE,
    'double-free-small': DOUBLE_FREE,
    'double-free-middle': DOUBLE_FREE,
    'double-free-last-class': DOUBLE_FREE,
    'double-free-large': DOUBLE_FREE,
    'double-free-huge': DOUBLE_FREE,
    'double-free-aligned': DOUBLE_FREE,
    'double-free-small-after-a-few': DOUBLE_FREE,
    'double-free-small-after-many': DOUBLE_FREE,
    'double-free-middle-after-a-few': DOUBLE_FREE,
    'double-free-middle-after-many': DOUBLE_FREE,
    'double-free-large-after-neighbours': DOUBLE_FREE,
    'double-free-by-realloc-to-nothing': DOUBLE_FREE,
    'double-free-after-realloc-moved': DOUBLE_FREE,
    'double-free-small-across-threads': DOUBLE_FREE,
    'double-free-middle-across-threads': DOUBLE_FREE,
    'double-free-large-across-threads': DOUBLE_FREE,
    'double-free-small-in-second-thread': DOUBLE_FREE,
    'double-free-large-in-second-thread': DOUBLE_FREE,
    'free-small-plus-1': FREE_MISALIGNED,
    'free-small-plus-8': FREE_MISALIGNED,
    'free-small-plus-16': FREE_INTERIOR,
    'free-small-plus-48': FREE_INTERIOR,
    'free-middle-plus-16': FREE_INTERIOR,
    'free-middle-plus-half': FREE_INTERIOR,
    'free-large-plus-1': FREE_MISALIGNED,
    'free-large-plus-16': FREE_INTERIOR,
    'free-large-plus-a-page': FREE_INTERIOR,
    'free-large-last-page': FREE_INTERIOR,
    'free-aligned-interior': FREE_INTERIOR,
    'free-never-handed-out': FREE_INVALID,
    'free-never-handed-out-inside': FREE_INVALID,
    'free-stale-inside-another': FREE_INTERIOR,
    'realloc-interior': 'realloc of interior pointer {pointer}',
    'realloc-large-interior': 'realloc of interior pointer {pointer}',
    'realloc-misaligned': 'realloc of misaligned pointer {pointer}',
    'realloc-never-handed-out': 'realloc of invalid pointer {pointer}',
    'realloc-freed-small': 'realloc of freed block {pointer}',
    'realloc-freed-small-in-place': 'realloc of freed block {pointer}',
    'realloc-freed-small-to-nothing': 'realloc of freed block {pointer}',
    'realloc-freed-large': 'realloc of freed block {pointer}',
    'realloc-freed-large-to-nothing': 'realloc of freed block {pointer}',
    'usable-size-interior': 'malloc_usable_size of interior pointer {pointer}',
    'usable-size-never-handed-out': 'malloc_usable_size of invalid pointer {pointer}',
    'usable-size-freed-small': 'malloc_usable_size of freed block {pointer}',
    'usable-size-freed-large': 'malloc_usable_size of freed block {pointer}',
    'free-sized-small': WRONG_SIZE,
    'free-sized-large': WRONG_SIZE,
    'free-sized-small-said-large': WRONG_SIZE,
    'free-aligned-sized-size': WRONG_SIZE,
    'free-aligned-sized-alignment': 'free_aligned_sized with a wrong alignment of {pointer}',
    'free-sized-freed-small': 'free_sized of freed block {pointer}',
    'free-sized-freed-large': 'free_sized of freed block {pointer}',
    'free-sized-interior': 'free_sized of interior pointer {pointer}',
}

# The one place of tolerance. What lies right behind a block depends on the allocator's layout (a
# free run, another block, or nothing yet): any of these names it truly.
BEHIND_A_BLOCK = ('free-large-end',)
MESSAGES_BEHIND_A_BLOCK = (DOUBLE_FREE, FREE_INVALID, FREE_INTERIOR)

# Pointers outside the library's heap go to the C library, which aborts with a message of its own,
# or, when there is nothing to look at before the pointer, crashes in its free as it always does.
FOREIGN = {
    'free-static': r'free\(\): invalid (pointer|size)',
    'free-stack': r'free\(\): invalid (pointer|size)',
    'free-constant': r'free\(\): invalid (pointer|size)|munmap_chunk\(\): invalid pointer',
    'realloc-static': r'realloc\(\): invalid pointer|invalid (pointer|size|old size)',
    'free-one': None,
    'free-first-page': None,
    'free-not-canonical': None,
    'free-highest': None,
    'realloc-not-canonical': None,
}

# No error at all.
HARMLESS = ('free-sized-as-asked',)


def verdict(case, status, pointer, errors):
    """None if all is as it must be, otherwise what is not."""
    if case in HARMLESS:
        return None if status == 0 and errors == '' else 'the case is no error'
    if case in FOREIGN:
        wanted = FOREIGN[case]
        if wanted is None:
            died = status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT)
            return None if died else 'nothing stopped it'
        if status != -signal.SIGABRT:
            return 'not ended by SIGABRT'
        return None if re.search(wanted, errors) else f'the C library did not say: {wanted}'
    if status != -signal.SIGABRT:
        return 'not ended by SIGABRT'
    wanted = MESSAGES_BEHIND_A_BLOCK if case in BEHIND_A_BLOCK else (MESSAGES[case],)
    lines = ['chunkmalloc: ' + text.format(pointer=pointer) + '\n' for text in wanted]
    return None if errors in lines else 'expected: ' + ' or '.join(lines)


def judge(command, case):
    """None if the case ends as it must, otherwise a text that tells how it did."""
    done = subprocess.run(command + [case], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30, check=False)
    pointer = done.stdout.decode().strip()
    errors = done.stderr.decode(errors='replace')
    if re.fullmatch(r'0x[0-9a-f]+', pointer) is None:
        problem = 'it announced no pointer'
    else:
        problem = verdict(case, done.returncode, pointer, errors)
    if problem is None:
        return None
    return f'{case}: {problem}\n  status {done.returncode}, pointer {pointer}, it said: {errors}'


def main():
    launch, library, misuse, group = sys.argv[1:5]
    listed = subprocess.run([misuse, group], stdout=subprocess.PIPE, check=True)
    cases = listed.stdout.decode().split()
    known = set(MESSAGES) | set(FOREIGN) | set(HARMLESS) | set(BEHIND_A_BLOCK)
    problems = [f'{case}: no verdict is known' for case in cases if case not in known]
    for case in (case for case in cases if case in known):
        problem = judge([launch, library, misuse, group], case)
        if problem is not None:
            problems.append(problem)
    print(f'{group}: {len(cases)} cases, {len(problems)} not as they must be')
    print('\n'.join(problems))
    return 0 if cases and not problems else 1


sys.exit(main())
