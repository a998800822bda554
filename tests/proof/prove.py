#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""prove.py [--jobs N] [--list] [WORD...]

Proves what the functions proof_* of this directory claim about the core, for all values: clang
compiles them and the shipped sources, without optimisation and with its checks for undefined
behaviour; execute.py finds under which conditions a check or a claim would fail, and z3 shows that
none of these can be met, and that the end of the proof can be reached.

Then that this can fail: each function wrong_* contains the fault that is named before it, which must
be found, and each of MUTATIONS, a change of the sources, must be noticed by the proof that is named. With WORDs, only that in
whose name these occur. A line for each, and a line that counts them.
"""

import argparse
import multiprocessing
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import execute
import llvm
import terms

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SOLVER = ["z3", "-in"]
SECONDS = 900

COMPILE = ["clang", "-std=c11", "-ffreestanding", "-O0", "-S", "-emit-llvm", "-o", "-"]
COMPILE += ["-fno-discard-value-names", "-fsanitize=undefined,implicit-conversion"]
# execute.py has its own of these, by what the objects are.
COMPILE += ["-fno-sanitize=null,alignment,object-size,pointer-overflow", "-fsanitize-trap=all", "-w"]

WORDS = {"64 bits": [], "32 bits": ["--target=i386-linux-gnu"]}
BITS = {"builtin": [], "plain": ["-DCHUNK_NO_BUILTIN_BITS"]}
EXTREMES = {
    "64 bits, builtin": [],
    "32 bits, plain, 16-bit index": [
        *WORDS["32 bits"], *BITS["plain"], "-DCHUNK_HEAP_INDEX_BITS=16",
    ],
}

# Of each file the axes that matter for it.
FILES = {
    "arith.c": [WORDS],
    "bits.c": [WORDS, BITS],
    "bitmap.c": [EXTREMES],
    "index.c": [EXTREMES],
}

# File, what is there, what is put in its place, and the proof that must notice.
MUTATIONS = [
    ("arith.h", "value != 0 &&", "value != 1 &&", "arith.c proof_power_of_two"),
    ("arith.h", "& (value - 1)) == 0", "& (value - 1)) <= 4", "arith.c proof_power_of_two"),
    ("arith.h", "value + unit - 1)", "value + unit)", "arith.c proof_round_up"),
    ("arith.h", "~(unit - 1)", "~unit", "arith.c proof_round_up"),
    ("arith.h", "+ size < (uintptr_t)start", "+ size <= (uintptr_t)start", "arith.c proof_wraps"),
    ("bits.h", "63u - ", "62u - ", "bits.c proof_highest, 64 bits, builtin"),
    ("bits.h", "31u - ", "32u - ", "bits.c proof_highest, 32 bits, builtin"),
    ("bits.h", "step > 0; step /= 2", "step > 1; step /= 2", "bits.c proof_highest, 64 bits, plain"),
    ("bits.h", "word >> step != 0", "word >> step > 1", "bits.c proof_highest, 32 bits, plain"),
    ("bits.h", "__builtin_ctzll(word)", "__builtin_clzll(word)",
     "bits.c proof_lowest, 64 bits, builtin"),
    ("bits.h", "word & ((chunk_word)0 - word)", "word & ((chunk_word)1 - word)",
     "bits.c proof_lowest, 64 bits, plain"),
    ("bits.h", "(chunk_word)1 << (position % BITS_WORD)", "(chunk_word)1 << position",
     "bits.c proof_one, 64 bits, builtin"),
    ("bits.h", "(chunk_word)1 << (position % BITS_WORD)", "(chunk_word)(1 << (position % BITS_WORD))",
     "bits.c proof_one, 64 bits, builtin"),
    ("bits.h", "BITS_WORD - 1 - position", "BITS_WORD - position",
     "bits.c proof_up_to, 64 bits, builtin"),
    ("bits.h", "bits % BITS_WORD != 0", "bits % BITS_WORD > 1",
     "bits.c proof_words, 64 bits, builtin"),
    ("bitmap.h", "pair[2] != 0 ? word + 1", "pair[2] == 0 ? word + 1",
     "bitmap.c proof_next, 64 bits, builtin"),
    ("bitmap.h", ">> (chunk % BITS_WORD) >> 1", ">> (chunk % BITS_WORD + 1)",
     "bitmap.c proof_next, 64 bits, builtin"),
    ("bitmap.h", "pair[-2] != 0 ? word - 1", "pair[-2] != 0 ? word",
     "bitmap.c proof_previous, 64 bits, builtin"),
    ("index.h", "(log - 5) * INDEX_ROW +", "(log - 4) * INDEX_ROW +",
     "index.c proof_list, 64 bits, builtin"),
    ("index.h", "length < INDEX_ROW", "length < 3 * INDEX_ROW",
     "index.c proof_order, 64 bits, builtin"),
]


class Wrong(Exception):
    """It is not proved, and why."""


def ways(axes):
    """The name of each combination, and its flags."""
    found = [("", [])]
    for axis in axes:
        found = [(f"{name}, {word}", [*flags, *more])
                 for name, flags in found for word, more in axis.items()]
    return found


def compiled(path, flags, top):
    argv = [*COMPILE, *flags, f"-I{top}/include", f"-I{top}/src", str(path)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"does not compile: {done.stderr[:400]}")
    return llvm.Module(done.stdout)


def example(machine, claims, condition):
    """Which claims fail for some values, and these."""
    watched = [claim for claim, _ in claims] + machine.inputs
    _, answer = terms.ask(SOLVER, condition, watched, SECONDS)
    values = {int(number): value for number, value in re.findall(r"\(t(\d+) #(\w+)\)", answer)}
    failed = [what for claim, what in claims
              if terms.is_const(claim, 1) or values.get(claim.number) == "b1"]
    inputs = [f"{term.value} {values[term.number]}" for term in machine.inputs
              if term.number in values and term.value.startswith("any_")]
    return "; ".join([*dict.fromkeys(failed), *inputs])[:600]


def prove(path, function, flags, top=TOP):
    """Raises Wrong when it is not so."""
    machine = execute.Machine(compiled(path, flags, top))
    machine.prove(function)
    for claims, end in machine.cases:
        if not claims:
            raise Wrong("claims nothing")
        condition = terms.disjunction(claim for claim, _ in claims)
        answer, said = terms.ask(SOLVER, condition, timeout=SECONDS)
        if answer == "sat":
            raise Wrong(example(machine, claims, condition))
        if answer != "unsat":
            raise RuntimeError(f"the solver says {said[:200]}")
        if terms.ask(SOLVER, end, timeout=SECONDS)[0] != "sat":
            raise Wrong("its end cannot be reached: it proves nothing")


def mutated(change, way):
    """Proves with a copy of the sources in which one place is changed."""
    file, old, new = change
    with tempfile.TemporaryDirectory() as name:
        top = pathlib.Path(name)
        for folder in ("include", "src/core"):
            shutil.copytree(TOP / folder, top / folder)
        path = top / "src/core" / file
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise RuntimeError(f"{file} has '{old}' {text.count(old)} times")
        path.write_text(text.replace(old, new), encoding="utf-8")
        prove(HERE / way[0], way[1], way[2], top)


def functions(file, prefix):
    text = (HERE / file).read_text(encoding="utf-8")
    return re.findall(rf"^void ({prefix}_\w+)\(void\) {{", text, re.MULTILINE)


def faults():
    text = (HERE / "wrong.c").read_text(encoding="utf-8")
    found = re.findall(r"^/\* Found: (.*) \*/\nvoid (wrong_\w+)\(void\) {", text, re.MULTILINE)
    if len(found) != len(functions("wrong.c", "wrong")):
        raise RuntimeError("wrong.c does not say what is to be found")
    return found


def jobs():
    """The name of each, what it must be refused for if it must, and what to call."""
    proofs = {}
    for file, axes in FILES.items():
        for function in functions(file, "proof"):
            for way, flags in ways(axes):
                proofs[f"{file} {function}{way}"] = (file, function, flags)
    for name, (file, function, flags) in proofs.items():
        yield name, None, prove, (HERE / file, function, flags)
    for what, function in faults():
        yield f"wrong.c {function}", what, prove, (HERE / "wrong.c", function, [])
    for file, old, new, proof in MUTATIONS:
        way = next(way for name, way in proofs.items() if f"{name},".startswith(f"{proof},"))
        yield f"wrong {file}: {old} -> {new}", "", mutated, ((file, old, new), way)


def judge(job):
    """Returns the outcome, and what there is to say about it."""
    name, fault, action, arguments = job
    start = time.monotonic()
    try:
        action(*arguments)
        passed, note = fault is None, "" if fault is None else "nothing was noticed"
    except Wrong as finding:
        passed, note = fault is not None and fault in str(finding), str(finding)
    except Exception as problem:  # pylint: disable=broad-except
        passed, note = False, f"{type(problem).__name__}: {problem}"
    seconds = time.monotonic() - start
    return passed, f"{'passed' if passed else 'failed'} {seconds:5.1f} s  {name}", note


def main():
    parser = argparse.ArgumentParser(usage=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    chosen = [job for job in jobs() if all(word in job[0] for word in options.words)]
    if options.list:
        print("\n".join(name for name, *_ in chosen))
        return
    counts = [0, 0]
    # Each in a process of its own: terms are kept for good.
    with multiprocessing.Pool(options.jobs, maxtasksperchild=1) as pool:
        for passed, line, note in pool.imap_unordered(judge, chosen, chunksize=1):
            counts[not passed] += 1
            print(line + (f": {note}" if note else ""), flush=True)
    print(f"{counts[0]} passed, {counts[1]} failed")
    sys.exit(1 if counts[1] or not counts[0] else 0)


if __name__ == "__main__":
    main()
