# SPDX-License-Identifier: MIT
"""Bit vectors as terms: each is made once, constants are folded, a solver is asked about them.

A truth value is a vector of one bit.
"""

import subprocess

OPERATORS = {
    "add": "bvadd", "sub": "bvsub", "mul": "bvmul", "udiv": "bvudiv", "urem": "bvurem",
    "shl": "bvshl", "lshr": "bvlshr", "ashr": "bvashr", "and": "bvand", "or": "bvor", "xor": "bvxor",
}


def maybe_set(op, args, width, value):
    """The bits that may be set, as far as that is easily seen."""
    if op == "const":
        return value
    masks = [arg.maybe for arg in args]
    if op == "and":
        return masks[0] & masks[1]
    if op in ("or", "xor"):
        return masks[0] | masks[1]
    if op == "ite":
        return masks[1] | masks[2]
    if op == "zext":
        return masks[0]
    if op == "extract":
        return masks[0] >> value & ones(width)
    if op in ("shl", "lshr") and is_const(args[1]):
        by = min(args[1].value, width)
        return (masks[0] << by & ones(width)) if op == "shl" else masks[0] >> by
    return ones(width)


class Term:
    """op is const, var, extract, zext, sext, not, ite, eq, ult, slt, concat or an OPERATOR."""

    __slots__ = ("op", "args", "width", "value", "number", "maybe")
    made = {}

    def __init__(self, op, args, width, value):
        self.op, self.args, self.width, self.value = op, args, width, value
        self.number = len(Term.made)
        self.maybe = maybe_set(op, args, width, value)


def make(op, args, width, value=None):
    key = (op, args, width, value)
    term = Term.made.get(key)
    if term is None:
        term = Term.made[key] = Term(op, args, width, value)
    return term


def const(value, width):
    return make("const", (), width, value & ((1 << width) - 1))


def variable(name, width):
    return make("var", (), width, name)


TRUE, FALSE = const(1, 1), const(0, 1)


def is_const(term, value=None):
    return term.op == "const" and value in (None, term.value)


def signed(term):
    return term.value - (term.value >> (term.width - 1) << term.width)


def ones(width):
    return (1 << width) - 1


FOLDS = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "udiv": lambda a, b, w: a // b if b else ones(w),
    "urem": lambda a, b, w: a % b if b else a,
    "shl": lambda a, b, w: a << b if b < w else 0,
    "lshr": lambda a, b, w: a >> b if b < w else 0,
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
}


def binary(op, a, b):
    width = a.width
    assert width == b.width, (op, a.width, b.width)
    if is_const(a) and is_const(b) and op in FOLDS:
        return const(FOLDS[op](a.value, b.value, width), width)
    if op in ("add", "mul", "and", "or", "xor") and (is_const(a) or a.number > b.number):
        a, b = (b, a) if not is_const(b) else (a, b)
    if is_const(b):
        simple = with_constant(op, a, b)
        if simple is not None:
            return simple
    if op == "or" and width == 1:
        simple = either(a, b)
        if simple is not None:
            return simple
    if op == "add" and a.maybe & b.maybe == 0:
        return binary("or", a, b)
    if a is b and op in ("and", "or"):
        return a
    if a is b and op in ("sub", "xor"):
        return const(0, width)
    return make(op, (a, b), width)


def with_constant(op, a, b):
    """a op b where b is a constant, if that is something simpler."""
    value, width = b.value, a.width
    if value == 0:
        if op in ("add", "sub", "or", "xor", "shl", "lshr", "ashr"):
            return a
        if op in ("and", "mul"):
            return b
    if op == "and" and a.maybe & value == 0:
        return const(0, width)
    if op == "and" and a.maybe & ~value == 0:
        return a
    if op == "lshr" and a.maybe >> min(value, width) == 0:
        return const(0, width)
    if a.op == "or" and op in ("and", "lshr"):
        # Of each part, what is left of it.
        parts = [binary(op, part, b) for part in a.args]
        if any(map(is_const, parts)):
            return binary("or", *parts)
    if value == 1 and op in ("mul", "udiv"):
        return a
    if value == ones(width) and op in ("and", "or"):
        return a if op == "and" else b
    if value & (value - 1) == 0 and value > 0:
        shift = value.bit_length() - 1
        if op == "mul":
            return binary("shl", a, const(shift, width))
        if op == "udiv":
            return binary("lshr", a, const(shift, width))
        if op == "urem":
            return binary("and", a, const(value - 1, width))
    if op == "add" and a.op == "add" and is_const(a.args[1]):
        return binary("add", a.args[0], const(a.args[1].value + value, width))
    return None


def either(a, b):
    """Of truth values: (p and q) or (p and not q) is p."""
    if a is negate(b):
        return TRUE
    if a.op == "and" and b.op == "and":
        for p in a.args:
            if p in b.args:
                q = a.args[a.args[0] is p]
                r = b.args[b.args[0] is p]
                if q is negate(r):
                    return p
    return None


def negate(a):
    if is_const(a):
        return const(~a.value, a.width)
    return a.args[0] if a.op == "not" else make("not", (a,), a.width)


def conjunction(a, b):
    if a is negate(b):
        return FALSE
    return binary("and", a, b)


def disjunction(terms):
    result = FALSE
    for term in terms:
        result = binary("or", result, term)
    return result


def equal(a, b):
    assert a.width == b.width
    if a is b:
        return TRUE
    if is_const(a) and is_const(b):
        return FALSE
    if any(is_const(x) and x.value & ~y.maybe for x, y in ((a, b), (b, a))):
        return FALSE
    if a.width == 1:
        if is_const(a):
            a, b = b, a
        if is_const(b):
            return a if b.value else negate(a)
    if a.number > b.number:
        a, b = b, a
    return make("eq", (a, b), 1)


def less(a, b, op="ult"):
    assert a.width == b.width
    if a is b or (op == "ult" and (is_const(b, 0) or is_const(a, ones(a.width)))):
        return FALSE
    if op == "ult" and is_const(b) and a.maybe < b.value:
        return TRUE
    if is_const(a) and is_const(b):
        return const(signed(a) < signed(b) if op == "slt" else a.value < b.value, 1)
    return make(op, (a, b), 1)


def choose(condition, a, b):
    assert a.width == b.width
    if a is b or is_const(condition, 1):
        return a
    if is_const(condition, 0):
        return b
    if condition.op == "not":
        return choose(condition.args[0], b, a)
    if a.width == 1 and is_const(a) and is_const(b):
        return condition if a.value else negate(condition)
    return make("ite", (condition, a, b), a.width)


def extract(a, low, width):
    if low == 0 and width == a.width:
        return a
    if is_const(a):
        return const(a.value >> low, width)
    if a.op == "concat":
        high, rest = a.args
        if low + width <= rest.width:
            return extract(rest, low, width)
        if low >= rest.width:
            return extract(high, low - rest.width, width)
    if a.op in ("zext", "sext") and low + width <= a.args[0].width:
        return extract(a.args[0], low, width)
    return make("extract", (a,), width, low)


def extend(a, width, op="zext"):
    if width == a.width:
        return a
    if is_const(a):
        return const(signed(a) if op == "sext" else a.value, width)
    return make(op, (a,), width)


def concat(high, low):
    if is_const(high) and is_const(low):
        return const(high.value << low.width | low.value, high.width + low.width)
    return make("concat", (high, low), high.width + low.width)


def lowest_bit(a):
    """The position of the lowest bit set; the width if there is none."""
    result = const(a.width, a.width)
    for i in reversed(range(a.width)):
        result = choose(extract(a, i, 1), const(i, a.width), result)
    return result


def leading_zeros(a):
    result = const(a.width, a.width)
    for i in range(a.width):
        result = choose(extract(a, i, 1), const(a.width - 1 - i, a.width), result)
    return result


# ---- what a solver reads ------------------------------------------------------------------------


def text_of(term, names):
    args = [names[arg] for arg in term.args]
    if term.op == "const":
        return f"#b{term.value:0{term.width}b}"
    if term.op == "extract":
        return f"((_ extract {term.value + term.width - 1} {term.value}) {args[0]})"
    if term.op in ("zext", "sext"):
        word = "zero" if term.op == "zext" else "sign"
        return f"((_ {word}_extend {term.width - term.args[0].width}) {args[0]})"
    if term.op == "ite":
        return f"(ite (= {args[0]} #b1) {args[1]} {args[2]})"
    if term.op in ("eq", "ult", "slt"):
        word = {"eq": "=", "ult": "bvult", "slt": "bvslt"}[term.op]
        return f"(ite ({word} {' '.join(args)}) #b1 #b0)"
    word = {"not": "bvnot", "concat": "concat"}.get(term.op) or OPERATORS[term.op]
    return f"({word} {' '.join(args)})"


def sorted_terms(roots):
    """All that the roots are made of, parts first."""
    done, order, stack = set(), [], [(root, False) for root in roots]
    while stack:
        term, ready = stack.pop()
        if ready:
            order.append(term)
        elif term not in done:
            done.add(term)
            stack.append((term, True))
            stack.extend((arg, False) for arg in term.args if arg not in done)
    return order


def script(wanted, watched=()):
    """Asks whether wanted can be true, and what the watched terms are then."""
    lines, names = ["(set-logic QF_BV)"], {}
    if watched:
        lines.insert(0, "(set-option :produce-models true)")
    for term in sorted_terms([wanted, *watched]):
        if term.op == "const":
            names[term] = text_of(term, names)
            continue
        names[term] = f"t{term.number}"
        if term.op == "var":
            lines.append(f"(declare-fun {names[term]} () (_ BitVec {term.width}))")
        else:
            body = text_of(term, names)
            lines.append(f"(define-fun {names[term]} () (_ BitVec {term.width}) {body})")
    lines.append(f"(assert (= {names[wanted]} #b1))\n(check-sat)")
    if watched:
        lines.append(f"(get-value ({' '.join(names[term] for term in watched)}))")
    return "\n".join(lines) + "\n"


def ask(solver, wanted, watched=(), timeout=600):
    """Returns sat, unsat or what else the solver says, and its whole answer."""
    if is_const(wanted):
        return ("sat" if wanted.value else "unsat"), ""
    watched = [term for term in watched if not is_const(term)]
    done = subprocess.run(
        solver, input=script(wanted, watched), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, timeout=timeout,
    )
    return done.stdout.partition("\n")[0].strip(), done.stdout
