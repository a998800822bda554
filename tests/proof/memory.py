# SPDX-License-Identifier: MIT
"""Memory as objects made of cells, each as wide as the scalar that its type has there.

An access must meet a cell exactly: so it is in bounds, aligned, and of the right type. A pointer is
a list of what it may point to: (condition, object or None, offset); None is no object, and the
offset is then the address.
"""

import itertools

import terms as t


class Layout:
    """Sizes and places by the rules of a module's target."""

    def __init__(self, module):
        self.pointer = module.pointer_bytes
        self.align_of_64 = module.align_of_64

    def align(self, kind):
        if kind[0] == "array":
            return self.align(kind[2])
        if kind[0] == "struct":
            return max(map(self.align, kind[1]), default=1)
        size = self.size(kind)
        return self.align_of_64 if size == 8 and kind != "ptr" else size

    def size(self, kind):
        if kind == "ptr":
            return self.pointer
        if kind[0] == "i":
            return (kind[1] + 7) // 8
        if kind[0] == "array":
            return kind[1] * self.size(kind[2])
        end = self.places(kind)[1]
        return -(-end // self.align(kind)) * self.align(kind)

    def places(self, kind):
        """Where the members of a structure are, and where the last one ends."""
        at, found = 0, []
        for member in kind[1]:
            at = -(-at // self.align(member)) * self.align(member)
            found.append(at)
            at += self.size(member)
        return found, at

    def cells(self, kind, start=0):
        """(offset, size) of each scalar."""
        if kind[0] == "array":
            step = self.size(kind[2])
            return [cell for i in range(kind[1]) for cell in self.cells(kind[2], start + i * step)]
        if kind[0] == "struct":
            places = self.places(kind)[0]
            return [cell for at, member in zip(places, kind[1])
                    for cell in self.cells(member, start + at)]
        return [(start, self.size(kind))]


class Object:
    """Something that has an address. Cells of one byte are never looked at: memory for blocks."""

    numbers = itertools.count(1)

    def __init__(self, name, kind, layout):
        self.name = name
        self.size = layout.size(kind) if layout else 0
        self.cells = {}
        for offset, size in layout.cells(kind) if layout else ():
            self.cells.setdefault(size, []).append(offset)
        self.place = None

    @property
    def base(self):
        """Its address, somewhere."""
        if self.place is None:
            self.place = next(Object.numbers) << 16
        return self.place


class Code(Object):
    """A function, as far as it is pointed to."""

    def __init__(self, name):
        super().__init__(name, ("struct", ()), None)


class Pointer:
    __slots__ = ("targets",)

    def __init__(self, targets):
        self.targets = targets

    def moved(self, distance):
        return Pointer([(c, o, t.binary("add", at, distance)) for c, o, at in self.targets])

    def address(self):
        """As a number."""
        result = None
        for condition, target, at in self.targets:
            base = t.const(target.base if target else 0, at.width)
            number = t.binary("add", at, base)
            result = number if result is None else t.choose(condition, number, result)
        return result


def to(target, offset):
    return Pointer([(t.TRUE, target, offset)])


def choose(condition, a, b):
    """a or b, which may be pointers, or several values."""
    if a is b:
        return a
    if isinstance(a, tuple):
        return tuple(choose(condition, x, y) for x, y in zip(a, b))
    if not isinstance(a, Pointer):
        return t.choose(condition, a, b)
    if t.is_const(condition):
        return a if condition.value else b
    merged = {}
    for where, pointer in ((condition, a), (t.negate(condition), b)):
        for when, target, at in pointer.targets:
            when = t.conjunction(where, when)
            if target in merged:
                old_when, old_at = merged[target]
                merged[target] = (t.binary("or", old_when, when), t.choose(when, at, old_at))
            else:
                merged[target] = (when, at)
    if len(merged) == 1:
        ((target, (_, at)),) = merged.items()
        return to(target, at)
    return Pointer([(when, target, at) for target, (when, at) in merged.items()])


class Memory:
    """What the cells hold: of an object a dictionary, which is replaced when one changes."""

    def __init__(self, held=None):
        self.held = held or {}

    def copy(self):
        return Memory(dict(self.held))

    def fresh(self, target, start):
        """start(offset, size) says what a cell holds at first."""
        self.held[target] = {
            at: start(at, size) for size, offsets in target.cells.items() if size > 1 or len(offsets) < 9
            for at in offsets
        }

    def merge(self, condition, other):
        """Where the condition does not hold, everything is as in the other."""
        for target, cells in list(self.held.items()):
            others = other.held.get(target)
            if others is None:
                del self.held[target]  # a variable of a call that one way has not made
            elif others is not cells:
                self.held[target] = {
                    at: choose(condition, value, others[at]) for at, value in cells.items()
                }


def meeting(target, offset, size):
    """The cells that an access may meet, and the condition that it meets one."""
    offsets = target.cells.get(size, [])
    if t.is_const(offset):
        found = [at for at in offsets if at == offset.value]
        return found, t.TRUE if found else t.FALSE
    met = t.disjunction(t.equal(offset, t.const(at, offset.width)) for at in offsets)
    step = offsets[1] - offsets[0] if len(offsets) > 1 else 0
    if offsets and step & (step - 1) == 0 and offsets == list(range(0, len(offsets) * step, step)):
        # The same, said shorter.
        low = t.binary("and", offset, t.const(step - 1, offset.width))
        met = t.conjunction(t.equal(low, t.const(0, offset.width)),
                            t.less(offset, t.const(len(offsets) * step, offset.width)))
    return offsets, met


def load(memory, pointer, size, refuse):
    """refuse(condition, what) is told when the access would be wrong."""
    result = None
    for when, target, offset in pointer.targets:
        if target is None:
            refuse(when, "no object is there")
            continue
        offsets, met = meeting(target, offset, size)
        refuse(t.conjunction(when, t.negate(met)), f"outside of {target.name}")
        value = None
        for at in offsets:
            cell = memory.held[target][at]
            here = t.equal(offset, t.const(at, offset.width))
            value = cell if value is None else choose(here, cell, value)
        if value is not None:
            result = value if result is None else choose(when, value, result)
    return result


def store(memory, pointer, size, value, refuse):
    for when, target, offset in pointer.targets:
        if target is None:
            refuse(when, "no object is there")
            continue
        offsets, met = meeting(target, offset, size)
        refuse(t.conjunction(when, t.negate(met)), f"outside of {target.name}")
        cells = dict(memory.held[target])
        for at in offsets:
            here = t.conjunction(when, t.equal(offset, t.const(at, offset.width)))
            cells[at] = choose(here, value, cells[at])
        memory.held[target] = cells
