# SPDX-License-Identifier: MIT
"""The real programs: what each needs, its input (made by this script, always the same), its command."""

import dataclasses
import os
import random
import shutil
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs")


@dataclasses.dataclass(frozen=True)
class Program:
    """One real program. `command` may hold {scale}, {inputs} and {sources}."""
    name: str
    what: str
    command: tuple
    needs: tuple  # pairs of (command, Debian package)
    scale: int
    quick: int
    own_preload: bool = False  # the script itself preloads the part that is measured
    env: tuple = ()

    def missing(self):
        return [pair for pair in self.needs if shutil.which(pair[0]) is None]

    def argv(self, inputs, quick):
        scale = self.quick if quick else self.scale
        return [part.format(scale=scale, inputs=inputs, sources=SOURCES) for part in self.command]


PYTHON = "/usr/bin/python3"

PROGRAMS = (
    Program("redis", "SET GET LPUSH LPOP HSET SADD ZADD LRANGE, pipelines of 16",
            ("{sources}/redis.sh", "{scale}"),
            (("redis-server", "redis-server"), ("redis-benchmark", "redis-tools")), 60, 10, own_preload=True),
    Program("sqlite3", "inserts, indices, joins, updates in memory",
            ("sqlite3", "-init", "{inputs}/query-{scale}.sql", ":memory:", ".quit"), (("sqlite3", "sqlite3"),), 90, 10),
    Program("python3", "JSON, objects, syntax trees; PYTHONMALLOC=malloc",
            (PYTHON, "-B", "-s", "{sources}/work.py", "{scale}"), ((PYTHON, "python3"),), 40, 5,
            env=(("PYTHONMALLOC", "malloc"), ("PYTHONHASHSEED", "0"))),
    Program("gcc", "generated C, -O2", ("gcc", "-O2", "-S", "-o", "-", "{inputs}/functions-{scale}.c"),
            (("gcc", "gcc"),), 45, 6),
    Program("g++", "templates of the standard library, -O1",
            ("g++", "-std=c++17", "-O1", "-DTEMPLATES={scale}", "-S", "-o", "-", "{sources}/templates.cpp"),
            (("g++", "g++"),), 3, 1),
    Program("perl", "hashes, lists, regular expressions", ("perl", "{sources}/work.pl", "{scale}"),
            (("perl", "perl"),), 24, 3, env=(("PERL_HASH_SEED", "0"),)),
    Program("lua", "tables and strings", ("lua5.4", "{sources}/work.lua", "{scale}"),
            (("lua5.4", "lua5.4"),), 25, 4),
    Program("ruby", "strings, hashes, arrays", ("ruby", "--disable-gems", "{sources}/work.rb", "{scale}"),
            (("ruby", "ruby"),), 60, 8),
    Program("gs", "pages of text and curves at 72 dpi",
            ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dpages={scale}", "-sDEVICE=ppmraw", "-r72",
             "-sOutputFile=%stdout", "-sstdout=%stderr", "{sources}/page.ps"), (("gs", "ghostscript"),), 20, 1),
    Program("z3", "bit vectors and uninterpreted functions", ("z3", "{inputs}/solve-{scale}.smt2"),
            (("z3", "z3"),), 10, 4),
    Program("node", "buffers, JSON, zlib, a worker", ("node", "{sources}/work.js", "{scale}"),
            (("node", "nodejs"),), 60, 8),
    Program("xz", "-T2 over compressible data", ("xz", "-T2", "-1", "-c", "{inputs}/data-{scale}"),
            (("xz", "xz-utils"),), 12, 2),
    Program("bash-forks", "pipelines and command substitutions", ("{sources}/forks.sh", "{scale}"),
            (("bash", "bash"),), 80, 8),
)


def make_sql(scale):
    rows = scale * 1000
    return f"""-- SPDX-License-Identifier: MIT
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, kind INTEGER, value REAL, note BLOB);
CREATE TABLE link (a INTEGER, b INTEGER);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
    INSERT INTO item SELECT i, 'name ' || (i * 7919 % {rows}), i % 97, i / 3.0, zeroblob(i % 200) FROM n;
INSERT INTO link SELECT id, id * 31 % {rows} + 1 FROM item;
COMMIT;
CREATE INDEX by_name ON item(name);
CREATE INDEX by_kind ON item(kind, value);
CREATE INDEX by_a ON link(a, b);
SELECT kind, count(*), sum(value), group_concat(substr(name, 6, 3)) FROM item
    WHERE id % 50 = 0 GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 5;
SELECT count(*) FROM link JOIN item x ON x.id = link.b JOIN item y ON y.id = link.a WHERE x.kind < y.kind;
UPDATE item SET name = name || ' changed' WHERE kind < 30;
DELETE FROM item WHERE kind > 80;
SELECT count(DISTINCT name), max(length(name)) FROM item;
PRAGMA integrity_check;
"""


def make_c(scale):
    rng = random.Random(scale)
    parts = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>",
             "struct node { struct node *next; int key; double weight; char name[24]; };"]
    for i in range(scale):
        a, b, c = (rng.randrange(1, 100) for _ in range(3))
        call = f"f{rng.randrange(i)}(list, n / 2)" if i else "n"
        parts.append(f"""
int f{i}(struct node *list, int n) {{
    int sum = {a}, table[{b + 8}] = {{0}};
    for (struct node *node = list; node; node = node->next) {{
        switch (node->key % 7) {{
        case 0: sum += node->key * {b}; break;
        case 1: sum ^= (int)(node->weight * {c}); break;
        case 2: table[(unsigned)node->key % {b + 8}u] += n; break;
        case 3: sum += (int)strlen(node->name); break;
        default: sum -= n > {c} ? {call} : (int)node->name[n & 15];
        }}
    }}
    for (int i = 0; i < {b + 8}; i++)
        sum += table[i] * (i + {a}) / (1 + (n & {c}));
    return sum;
}}""")
    parts.append(f"int main(void) {{ struct node x = {{0}}; printf(\"%d\\n\", f{scale - 1}(&x, 9)); return 0; }}\n")
    return "\n".join(parts)


def make_smt(scale):
    rng = random.Random(scale)
    parts = ["(set-logic QF_UFBV)", "(declare-fun f ((_ BitVec 16)) (_ BitVec 16))"]
    count = scale * 4
    parts += [f"(declare-const x{i} (_ BitVec 16))" for i in range(count)]
    for i in range(count * 2):
        a, b, c = (rng.randrange(count) for _ in range(3))
        parts.append(f"(assert (or (= (bvadd (f x{a}) x{b}) (bvmul x{c} #x{rng.randrange(65536):04x}))"
                     f" (bvult (f x{b}) (bvxor x{a} (f x{c})))))")
    parts.append("(assert (distinct " + " ".join(f"x{i}" for i in range(count)) + "))")
    return "\n".join(parts + ["(check-sat)", ""])


def make_data(scale):
    rng = random.Random(scale)
    words = [bytes(rng.randrange(97, 123) for _ in range(rng.randrange(2, 10))) for _ in range(4000)]
    out = bytearray()
    while len(out) < scale << 20:
        out += b" ".join(rng.choices(words, k=1000)) + b"\n"
    return bytes(out)


MAKERS = {"sqlite3": ("query-{}.sql", make_sql), "gcc": ("functions-{}.c", make_c),
          "z3": ("solve-{}.smt2", make_smt), "xz": ("data-{}", make_data)}


def prepare(program, inputs, quick):
    """Writes the program's input file, unless it is there and newer than this script."""
    if program.name not in MAKERS:
        return
    os.makedirs(inputs, exist_ok=True)
    pattern, maker = MAKERS[program.name]
    scale = program.quick if quick else program.scale
    path = os.path.join(inputs, pattern.format(scale))
    if os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(__file__):
        return
    content = maker(scale)
    with open(path + ".new", "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.replace(path + ".new", path)


def by_name(name):
    return next(program for program in PROGRAMS if program.name == name)


def recording_command(name, inputs):
    """The command whose allocations become the trace NAME."""
    program = by_name(name)
    prepare(program, inputs, quick=False)
    command = program.argv(inputs, quick=False)
    if name == "gcc":
        cc1, multiarch = (subprocess.run(["gcc", option], capture_output=True, text=True, check=True).stdout.strip()
                          for option in ("-print-prog-name=cc1", "-print-multiarch"))
        command = [cc1, "-quiet", "-imultiarch", multiarch] + [word for word in command[1:] if word != "-S"]
    return command
