# SPDX-License-Identifier: MIT
"""Runs a function on all its inputs at once.

Every way through the program is gone; where ways meet, what they know is merged, so their number
does not grow. What must never be is collected as claims: conditions that no input may make true.
"""

import heapq
import itertools

import memory as m
import terms as t
from llvm import Unknown

# Of a loop: that it never has more is claimed, too.
MOST_ROUNDS = 40


class Loops:
    """The order in which blocks are run: all rounds of a loop before what comes after it."""

    def __init__(self, function):
        self.next = {label: successors(block[-1]) for label, block in function.blocks.items()}
        self.entry = next(iter(function.blocks))
        self.order = {}
        self.sort()
        self.around = {label: [] for label in self.order}
        self.members = {}
        for label in self.order:
            for head in self.next[label]:
                if self.order[head] <= self.order[label]:
                    self.members.setdefault(head, {head}).update(self.body(head, label))
        for head in sorted(self.members, key=self.order.get):
            for label in self.members[head]:
                self.around[label].append(head)
                if self.order[label] < self.order[head]:
                    raise Unknown(f"a loop of {function.name} has two entries")

    def sort(self):
        """Numbers the blocks so that each but for loops comes after those it is reached from."""
        seen, last, stack = {self.entry}, [], [(self.entry, iter(self.next[self.entry]))]
        while stack:
            label, rest = stack[-1]
            for follower in rest:
                if follower not in seen:
                    seen.add(follower)
                    stack.append((follower, iter(self.next[follower])))
                    break
            else:
                last.append(label)
                stack.pop()
        self.order = {label: number for number, label in enumerate(reversed(last))}

    def body(self, head, end):
        found, stack = {end}, [end]
        while stack:
            label = stack.pop()
            for before in self.order:
                if label != head and label in self.next[before] and before not in found:
                    found.add(before)
                    stack.append(before)
        return found

    def key(self, label, rounds):
        loops = itertools.chain.from_iterable((self.order[h], rounds[h]) for h in self.around[label])
        return (*loops, self.order[label])

    def rounds_after(self, label, follower, rounds):
        after = {head: rounds[head] for head in self.around[follower] if head in rounds}
        if follower in self.members:
            again = label in self.members[follower]
            after[follower] = rounds[follower] + 1 if again else 0
        return after


def successors(last):
    if last[0] == "jump":
        return [last[1]]
    if last[0] == "branch":
        return list(last[2:4])
    if last[0] == "switch":
        return [last[2], *(label for _, label in last[3])]
    return []


class State:
    """On one way: the condition for it, the values of names, and memory."""

    def __init__(self, guard, names, memory):
        self.guard, self.names, self.memory = guard, names, memory

    def fork(self, condition):
        guard = t.conjunction(self.guard, condition)
        return State(guard, dict(self.names), self.memory.copy())

    def merge(self, other):
        for name, value in other.names.items():
            mine = self.names.get(name)
            self.names[name] = value if mine is None else m.choose(self.guard, mine, value)
        self.memory.merge(self.guard, other.memory)
        self.guard = t.binary("or", self.guard, other.guard)


class Machine:
    def __init__(self, module):
        self.module = module
        self.layout = m.Layout(module)
        self.bits = module.pointer_bytes * 8
        self.claims = []  # (what must not be, in words)
        self.cases = []  # each the claims, and the condition under which the end is reached
        self.inputs = []
        self.loops = {}
        self.where = []
        self.objects = {}
        self.most_rounds = MOST_ROUNDS

    # ---- a program

    def prove(self, name):
        """Runs the function, and leaves what is to be shown in self.cases."""
        memory = m.Memory()
        for title, (kind, start) in self.module.globals.items():
            target = self.objects[title] = m.Object(title, kind, self.layout)
            if title.startswith("@any_"):
                memory.fresh(target, lambda at, size, title=title: self.any(8 * size, f"{title}+{at}"))
            elif start == "zeroinitializer":
                memory.fresh(target, self.zero(kind))
        state = State(t.TRUE, {}, memory)
        self.call(name, [], state)
        if self.claims or not self.cases:
            self.cases.append((self.claims, state.guard))

    def zero(self, _):
        return lambda at, size: t.const(0, 8 * size)

    def any(self, width, name):
        term = t.variable(f"{name}#{len(self.inputs)}", width)
        self.inputs.append(term)
        return term

    def refuse(self, state):
        def claim(condition, what):
            condition = t.conjunction(state.guard, condition)
            if not t.is_const(condition, 0):
                self.claims.append((condition, f"{' > '.join(self.where)}: {what}"))

        return claim

    # ---- a function

    def call(self, name, arguments, state):
        """Leaves in the state what holds when the function has returned; gives its value."""
        function = self.module.functions[name]
        if name not in self.loops:
            self.loops[name] = Loops(function)
        loops = self.loops[name]
        self.where.append(name)
        before = set(state.memory.held)
        names = dict(zip(function.parameters, arguments))
        first = State(state.guard, names, state.memory)
        waiting = {loops.key(loops.entry, {}): (loops.entry, {}, first)}
        queue = list(waiting)
        returned = None
        while queue:
            label, rounds, here = waiting.pop(heapq.heappop(queue))
            for follower, after in self.block(function.blocks[label], here):
                if follower is None:
                    after.names = {"value": after.names["value"]}
                    returned = self.joined(returned, after)
                    continue
                next_rounds = loops.rounds_after(label, follower, rounds)
                if next_rounds.get(follower, 0) > self.most_rounds:
                    self.refuse(after)(t.TRUE, "more rounds than are looked at")
                    continue
                self.phis(function.blocks[follower], label, after)
                key = loops.key(follower, next_rounds)
                if key in waiting:
                    waiting[key][2].merge(after)
                else:
                    waiting[key] = (follower, next_rounds, after)
                    heapq.heappush(queue, key)
        self.where.pop()
        if returned is None:
            state.guard = t.FALSE
            return None
        state.guard = returned.guard
        held = returned.memory.held
        state.memory = m.Memory({target: held[target] for target in held if target in before})
        return returned.names["value"]

    @staticmethod
    def joined(mine, other):
        if mine is None:
            return other
        mine.merge(other)
        return mine

    def phis(self, block, label, state):
        values = {}
        for instruction in block:
            if instruction[0] != "phi":
                break
            values[instruction[1]] = self.value(dict(instruction[2])[label], state)
        state.names.update(values)

    def block(self, block, state):
        """Runs the instructions; returns where it goes on, and with what."""
        for instruction in block:
            op = instruction[0]
            if op == "jump":
                return [(instruction[1], state)]
            if op == "branch":
                return self.ways(state, [(self.value(instruction[1], state), instruction[2])],
                                 instruction[3])
            if op == "switch":
                value = self.value(instruction[1], state)
                cases = [(t.equal(value, self.value(case, state)), label)
                         for case, label in instruction[3]]
                return self.ways(state, cases, instruction[2])
            if op == "return":
                value = None if instruction[1] is None else self.value(instruction[1], state)
                state.names["value"] = value
                return [(None, state)]
            if op == "unreachable":
                self.refuse(state)(t.TRUE, "what must not be reached")
                return []
            if op != "phi":
                getattr(self, f"do_{op}")(state, *instruction[1:])
            if t.is_const(state.guard, 0):
                return []
        raise Unknown("a block without an end")

    @staticmethod
    def ways(state, cases, default):
        found, rest = [], t.TRUE
        for condition, label in cases:
            found.append((label, state.fork(condition)))
            rest = t.conjunction(rest, t.negate(condition))
        found.append((default, state.fork(rest)))
        return [(label, way) for label, way in found if not t.is_const(way.guard, 0)]

    # ---- values

    def value(self, operand, state):
        kind = operand[0]
        if kind == "number":
            return t.const(operand[1], operand[2])
        if kind == "null":
            return m.to(None, t.const(0, self.bits))
        if kind == "expression":
            return self.expression(operand[1], state)
        name = operand[1]
        if name.startswith("@"):
            if name not in self.objects and name[1:] in self.module.functions:
                self.objects[name] = m.Code(name[1:])
            return m.to(self.objects[name], t.const(0, self.bits))
        return state.names[name]

    def expression(self, what, state):
        if what[0] == "address":
            return self.address(what, state)
        _, op, operand, kind = what
        value = self.value(operand, state)
        if op == "bitcast":
            return value
        if op == "ptrtoint":
            return value.address()
        if op == "inttoptr":
            return m.to(None, value)
        if op == "trunc":
            return t.extract(value, 0, kind[1])
        return t.extend(value, kind[1], op)

    def address(self, what, state):
        _, kind, base, steps = what
        distance = t.const(0, self.bits)
        pointer = self.value(base, state)
        for number, (_, step) in enumerate(steps):
            index = self.value(step, state)
            if number > 0 and kind[0] == "struct":
                distance = t.binary("add", distance, t.const(self.layout.places(kind)[0][index.value],
                                                             self.bits))
                kind = kind[1][index.value]
                continue
            if number > 0:
                kind = kind[2]
            index = t.extend(index, self.bits, "sext")
            size = t.const(self.layout.size(kind), self.bits)
            distance = t.binary("add", distance, t.binary("mul", index, size))
        moved = pointer.moved(distance)
        for when, target, at in moved.targets:
            if target is not None:
                outside = t.less(t.const(target.size, self.bits), at)
                self.refuse(state)(t.conjunction(when, outside), f"points out of {target.name}")
        return moved

    # ---- instructions

    def do_binary(self, state, name, op, a, b):
        a, b = self.value(a, state), self.value(b, state)
        if op in ("shl", "lshr", "ashr"):
            wide = t.negate(t.less(b, t.const(a.width, a.width)))
            self.refuse(state)(wide, "shifted too far")
        if op in ("udiv", "urem"):
            self.refuse(state)(t.equal(b, t.const(0, b.width)), "divided by 0")
        state.names[name] = t.binary(op, a, b)

    def do_value(self, state, name, what):
        state.names[name] = self.expression(what, state)

    def do_icmp(self, state, name, condition, a, b):
        a, b = (self.value(side, state) for side in (a, b))
        a, b = (side.address() if isinstance(side, m.Pointer) else side for side in (a, b))
        op = "slt" if condition[0] == "s" else "ult"
        state.names[name] = {
            "eq": lambda: t.equal(a, b),
            "ne": lambda: t.negate(t.equal(a, b)),
            "lt": lambda: t.less(a, b, op),
            "gt": lambda: t.less(b, a, op),
            "le": lambda: t.negate(t.less(b, a, op)),
            "ge": lambda: t.negate(t.less(a, b, op)),
        }[condition[-2:]]()

    def do_alloca(self, state, name, kind):
        target = m.Object(name, kind, self.layout)
        # What a variable holds before it is written to may be anything.
        state.memory.fresh(target, lambda at, size: self.any(8 * size, name))
        state.names[name] = m.to(target, t.const(0, self.bits))

    def do_load(self, state, name, kind, pointer):
        size = self.layout.size(kind)
        value = m.load(state.memory, self.value(pointer, state), size, self.refuse(state))
        if value is None:
            state.guard = t.FALSE  # refused already
        elif isinstance(value, m.Pointer) != (kind == "ptr"):
            raise Unknown(f"{' > '.join(self.where)}: {name} is read as what it is not")
        state.names[name] = t.extract(value, 0, kind[1]) if kind != "ptr" and value else value

    def do_store(self, state, kind, value, pointer):
        value = self.value(value, state)
        size = self.layout.size(kind)
        if kind != "ptr":
            value = t.extend(value, 8 * size)
        m.store(state.memory, self.value(pointer, state), size, value, self.refuse(state))

    def do_select(self, state, name, condition, yes, no):
        state.names[name] = m.choose(*(self.value(x, state) for x in (condition, yes, no)))

    def do_part(self, state, name, value, number):
        state.names[name] = self.value(value, state)[number]

    def do_call(self, state, name, kind, callee, arguments):
        values = [self.value(argument, state) for argument in arguments]
        title = callee[1:] if callee[0] == "@" else self.callee(state.names[callee])
        if title in self.module.functions:
            result = self.call(title, values, state)
        elif title.startswith("any_"):
            result = self.any(kind[1], title)
        else:
            word = title.replace("llvm.", "").partition(".i" if "memcpy" not in title else ".p")[0]
            known = getattr(self, f"call_{word.replace('.', '_')}", None)
            if known is None:
                raise Unknown(f"{' > '.join(self.where)}: calls {title}")
            result = known(state, *values)
        if name is not None:
            state.names[name] = result

    def callee(self, pointer):
        ((_, target, _),) = pointer.targets
        if not isinstance(target, m.Code):
            raise Unknown(f"{' > '.join(self.where)}: it is not known what is called")
        return target.name

    # ---- what the compiler and the proofs call

    def call_assume(self, state, condition):
        state.guard = t.conjunction(state.guard, condition)

    def call_most_rounds(self, _, number):
        self.most_rounds = number.value

    def call_separately(self, state, function, *arguments):
        """As a case of its own, of which nothing is known afterwards."""
        claims, self.claims = self.claims, []
        case = state.fork(t.TRUE)
        self.call(self.callee(function), arguments, case)
        self.cases.append((self.claims, case.guard))
        self.claims = claims

    def call_prove(self, state, condition):
        self.refuse(state)(t.negate(condition), "not as claimed")
        state.guard = t.conjunction(state.guard, condition)

    def call_trap(self, state):
        self.refuse(state)(t.TRUE, "trap")
        state.guard = t.FALSE

    def call_ubsantrap(self, state, kind):
        self.refuse(state)(t.TRUE, f"undefined behaviour, kind {kind.value}")
        state.guard = t.FALSE

    @staticmethod
    def call_expect(_, value, __):
        return value

    @staticmethod
    def call_cttz(_, value, __):
        return t.lowest_bit(value)

    @staticmethod
    def call_ctlz(_, value, __):
        return t.leading_zeros(value)

    @staticmethod
    def with_overflow(op, a, b, extend):
        wide = 2 * a.width
        exact = t.binary(op, t.extend(a, wide, extend), t.extend(b, wide, extend))
        result = t.extract(exact, 0, a.width)
        return (result, t.negate(t.equal(t.extend(result, wide, extend), exact)))

    def call_uadd_with_overflow(self, _, a, b):
        return self.with_overflow("add", a, b, "zext")

    def call_sadd_with_overflow(self, _, a, b):
        return self.with_overflow("add", a, b, "sext")

    def call_ssub_with_overflow(self, _, a, b):
        return self.with_overflow("sub", a, b, "sext")

    def call_smul_with_overflow(self, _, a, b):
        return self.with_overflow("mul", a, b, "sext")

    def call_memcpy(self, state, to, source, size, _):
        """Cell by cell, as the target of the copy has them."""
        ((_, target, start),) = to.targets
        if not (t.is_const(size) and t.is_const(start)):
            raise Unknown("a copy of something that has no fixed size")
        end = start.value + size.value
        for width, offsets in target.cells.items():
            for at in offsets:
                if start.value <= at < end:
                    moved = source.moved(t.const(at - start.value, self.bits))
                    value = m.load(state.memory, moved, width, self.refuse(state))
                    m.store(state.memory, m.to(target, t.const(at, self.bits)), width, value,
                            self.refuse(state))

    def call_memmove(self, state, to, source, size, _):
        """Of memory for blocks, which has no contents here: only where it is."""
        for pointer in (to, source):
            for when, target, at in pointer.targets:
                if target is None or target.cells.keys() != {1}:
                    raise Unknown("what is moved is not memory for blocks")
                limit = t.const(target.size, self.bits)
                room = t.binary("sub", limit, at)
                self.refuse(state)(t.conjunction(when, t.less(limit, at)), "moved from outside")
                self.refuse(state)(t.conjunction(when, t.less(room, size)), "moved too much")
