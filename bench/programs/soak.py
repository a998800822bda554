# SPDX-License-Identifier: MIT
"""A database in memory whose rows drift in number, size and age, for scripts/soak: soak.py SECONDS PERIOD.

Once a second, a line: [second, resident, live as the library counts it, live as SQLite counts it] in KiB.
"""

import ctypes
import ctypes.util
import json
import os
import random
import sqlite3
import sys
import time

PAGE_KIB = os.sysconf("SC_PAGESIZE") // 1024
FIELDS = ("size heap heap_limit in_slabs in_large internal free_dirty free_clean small_live small_cached small_free "
          "large_blocks slabs threads peak purged locks failures").split()
KEPT_BYTES = 12 << 20

process = ctypes.CDLL(None)
sqlite = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
sqlite.sqlite3_memory_used.restype = ctypes.c_int64


def live_kib():
    """What the library counts, if it is preloaded."""
    try:
        collect = process.chunkmalloc_get_stats
    except AttributeError:
        return 0
    values = (ctypes.c_size_t * len(FIELDS))()
    collect.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    collect(values, ctypes.sizeof(values))
    named = dict(zip(FIELDS, values))
    return (named["small_live"] + named["in_large"]) // 1024


def resident_kib():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE_KIB


def check():
    """What the library's own check finds."""
    try:
        process.chunkmalloc_check.restype = ctypes.c_char_p
        return process.chunkmalloc_check()
    except AttributeError:
        return None


def main():
    seconds, period = float(sys.argv[1]), float(sys.argv[2])
    numbers = random.Random(1)
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("create table rows(id integer primary key, name text, body text, bytes int)")
    database.execute("create index names on rows(name)")
    start = time.monotonic()
    kept, told = 0, 0.0
    while (now := time.monotonic() - start) < seconds:
        at = now / period % 1
        mean = 100 + 2000 * abs(2 * (now / period * 3 % 1) - 1)
        wanted = KEPT_BYTES * (0.3 + 0.7 * (1 - abs(2 * at - 1)))
        rows = []
        for _ in range(200):
            size = int(numbers.expovariate(1 / mean)) + 1
            rows.append((f"name {numbers.random()}", "x" * size, size))
            kept += size
        database.executemany("insert into rows(name, body, bytes) values(?, ?, ?)", rows)
        while kept > wanted:
            order = "id" if numbers.random() < 0.5 else "name"
            old = database.execute(f"select id, bytes from rows order by {order} limit 100").fetchall()
            database.executemany("delete from rows where id = ?", [(row[0],) for row in old])
            kept -= sum(row[1] for row in old)
        database.execute("select name, sum(bytes) from rows group by substr(name, 1, 8) order by 2").fetchall()
        if now - told >= 1:
            told = now
            print(json.dumps([round(now, 1), resident_kib(), live_kib(), sqlite.sqlite3_memory_used() // 1024]),
                  flush=True)
        time.sleep(0.05)
    if found := check():
        sys.exit(found.decode())


main()
