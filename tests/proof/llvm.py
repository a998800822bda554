# SPDX-License-Identifier: MIT
"""Reads what clang writes with -S -emit-llvm -O0: as much of LLVM's language as that needs.

A type is ("i", bits), "ptr", "void", ("array", count, type) or ("struct", types). Whatever is not
known stops the reading: nothing is passed over that could matter.
"""

import re

TOKEN = re.compile(r'[%@][-\w.$]+|[%@]"[^"]*"|c"[^"]*"|-?\d+|[A-Za-z_][\w.]*|\.\.\.|#\d+|\S')
# Words beside a type or an operand that change nothing that is asked here.
ATTRIBUTES = {
    "noundef", "zeroext", "signext", "nonnull", "noalias", "nocapture", "immarg", "inbounds", "nuw",
    "nsw", "exact", "tail", "notail", "musttail", "writeonly", "readonly", "returned", "dso_local",
    "internal", "hidden", "private", "unnamed_addr", "local_unnamed_addr", "volatile",
}


class Unknown(Exception):
    """The language has more than this reader knows."""


class Function:
    def __init__(self, name, parameters):
        self.name = name
        self.parameters = parameters
        self.blocks = {}  # of a label the instructions


class Line:
    """The words of a line, read from left to right."""

    def __init__(self, text, module):
        self.words = TOKEN.findall(text)
        self.at = 0
        self.module = module

    def peek(self):
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self):
        self.at += 1
        return self.words[self.at - 1]

    def skip(self, word):
        if self.peek() != word:
            return False
        self.at += 1
        return True

    def need(self, word):
        if not self.skip(word):
            raise Unknown(f"{word} expected: {' '.join(self.words)}")

    def attributes(self):
        while self.peek() in ATTRIBUTES or self.peek() in ("align", "dereferenceable"):
            if self.next() in ("align", "dereferenceable"):
                self.skip("(")
                self.next()
                self.skip(")")

    def listed(self, read, end):
        items = []
        while not self.skip(end):
            items.append(read())
            self.skip(",")
        return items

    def type(self):
        self.attributes()
        word = self.next()
        if word == "void":
            kind = "void"
        elif re.fullmatch(r"i\d+", word):
            kind = ("i", int(word[1:]))
        elif word == "[":
            count = int(self.next())
            self.need("x")
            kind = ("array", count, self.type())
            self.need("]")
        elif word == "{":
            kind = ("struct", tuple(self.listed(self.type, "}")))
        elif word == "...":
            kind = "..."
        elif word.startswith("%"):
            kind = ("named", word)
        else:
            raise Unknown(f"type {word}: {' '.join(self.words)}")
        while self.peek() in ("*", "("):
            if self.next() == "(":
                self.listed(self.type, ")")
            kind = "ptr"
        return self.module.resolve(kind)

    def operand(self, kind):
        """A value of that type: a name, a number, or an expression of constants."""
        self.attributes()
        word = self.next()
        if word[0] in "%@":
            return ("name", word)
        if re.fullmatch(r"-?\d+", word):
            return ("number", int(word), kind[1])
        if word in ("true", "false"):
            return ("number", int(word == "true"), 1)
        if word == "null":
            return ("null",)
        if word in ("bitcast", "getelementptr", "ptrtoint", "inttoptr"):
            self.attributes()
            self.need("(")
            return ("expression", self.address() if word[0] == "g" else self.cast(word))
        raise Unknown(f"operand {word}: {' '.join(self.words)}")

    def typed(self):
        kind = self.type()
        return kind, self.operand(kind)

    def cast(self, word):
        _, value = self.typed()
        self.need("to")
        kind = self.type()
        self.skip(")")
        return ("cast", word, value, kind)

    def address(self):
        kind = self.type()
        self.need(",")
        _, base = self.typed()
        steps = []
        while self.skip(","):
            if self.peek() == "!":
                break
            steps.append(self.typed())
        self.skip(")")
        return ("address", kind, base, steps)

    def label(self):
        self.need("label")
        return self.next()[1:]


BINARY = {
    "add", "sub", "mul", "udiv", "urem", "shl", "lshr", "ashr", "and", "or", "xor",
}
CASTS = {"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr"}


class Module:
    def __init__(self, text):
        self.types = {}
        self.globals = {}  # of a name the type and how it starts: zeroinitializer or unknown
        self.functions = {}
        layout = re.search(r'target datalayout = "([^"]*)"', text).group(1)
        self.pointer_bytes = 4 if "-p:32:32" in layout else 8
        self.align_of_64 = 8 if "-i64:64" in layout else 4
        self.read(joined(text))

    def resolve(self, kind):
        while isinstance(kind, tuple) and kind[0] == "named":
            if kind[1] not in self.types:
                return kind  # never looked into, or the reading stops there
            kind = self.types[kind[1]]
        return kind

    def read(self, lines):
        lines = list(lines)
        waiting = [line for line in lines if re.match(r"%\S+ = type \{", line)]
        for _ in waiting:  # a structure may hold one that is defined later
            for line in waiting:
                name, _, body = line.partition(" = type ")
                self.types[name] = Line(body, self).type()
        function = None
        for line in lines:
            if line.startswith("define "):
                function = self.heading(line)
            elif line == "}":
                function = None
            elif function is not None:
                label = re.match(r"([-\w.$]+):", line)
                if label:
                    block = function.blocks[label.group(1)] = []
                else:
                    block.append(self.instruction(Line(line, self)))
            elif line.startswith("@"):
                self.global_object(line)

    def heading(self, line):
        words = Line(line, self)
        words.need("define")
        words.type()
        name = words.next()[1:]
        words.need("(")
        parameters = [name for _, name in words.listed(lambda: (words.type(), self.named(words)), ")")]
        function = self.functions[name] = Function(name, parameters)
        return function

    @staticmethod
    def named(words):
        words.attributes()
        return words.next()

    def global_object(self, line):
        match = re.match(r"(@\S+) = (?:[a-z_]+ )*(?:global|constant) (.*)", line)
        if match is None or re.match(r'@(\d+|\.\S+) ', line):
            return  # a text for the sanitizer, which is not asked to speak
        words = Line(match.group(2), self)
        kind = words.type()
        self.globals[match.group(1)] = (kind, words.peek())

    def instruction(self, words):
        target = None
        if words.words[1:2] == ["="]:
            target = words.next()
            words.next()
        words.attributes()
        op = words.next()
        if op in BINARY:
            words.attributes()
            kind, a = words.typed()
            words.need(",")
            return ("binary", target, op, a, words.operand(kind))
        if op in CASTS:
            return ("value", target, words.cast(op))
        if op == "getelementptr":
            words.attributes()
            return ("value", target, words.address())
        reader = getattr(self, f"read_{op}", None)
        if reader is None:
            raise Unknown(" ".join(words.words))
        return reader(target, words)

    @staticmethod
    def read_icmp(target, words):
        condition = words.next()
        kind, a = words.typed()
        words.need(",")
        return ("icmp", target, condition, a, words.operand(kind))

    @staticmethod
    def read_alloca(target, words):
        return ("alloca", target, words.type())

    @staticmethod
    def read_load(target, words):
        words.attributes()
        kind = words.type()
        words.need(",")
        return ("load", target, kind, words.typed()[1])

    @staticmethod
    def read_store(_, words):
        words.attributes()
        kind, value = words.typed()
        words.need(",")
        return ("store", kind, value, words.typed()[1])

    @staticmethod
    def read_br(_, words):
        if words.peek() == "label":
            return ("jump", words.label())
        _, condition = words.typed()
        words.need(",")
        yes = words.label()
        words.need(",")
        return ("branch", condition, yes, words.label())

    @staticmethod
    def read_switch(_, words):
        _, value = words.typed()
        words.need(",")
        default = words.label()
        words.need("[")
        cases = []
        while not words.skip("]"):
            _, case = words.typed()
            words.need(",")
            cases.append((case, words.label()))
        return ("switch", value, default, cases)

    @staticmethod
    def read_ret(_, words):
        kind = words.type()
        return ("return", None if kind == "void" else words.operand(kind))

    @staticmethod
    def read_unreachable(_, __):
        return ("unreachable",)

    @staticmethod
    def read_phi(target, words):
        kind = words.type()
        sources = []
        while words.skip("["):
            value = words.operand(kind)
            words.need(",")
            sources.append((words.next()[1:], value))
            words.need("]")
            words.skip(",")
        return ("phi", target, sources)

    @staticmethod
    def read_select(target, words):
        _, condition = words.typed()
        words.need(",")
        _, yes = words.typed()
        words.need(",")
        return ("select", target, condition, yes, words.typed()[1])

    @staticmethod
    def read_extractvalue(target, words):
        words.type()
        value = ("name", words.next())
        words.need(",")
        return ("part", target, value, int(words.next()))

    @staticmethod
    def read_call(target, words):
        kind = words.type()
        callee = words.next()
        if callee[0] not in "@%":
            raise Unknown(" ".join(words.words))
        words.need("(")
        arguments = [value for _, value in words.listed(words.typed, ")")]
        return ("call", target, kind, callee, arguments)


def joined(text):
    """Lines without comments and notes; what goes over several lines on one."""
    open_line = ""
    for line in text.splitlines():
        line = line.partition(" ; ")[0].rstrip() if not line.startswith(";") else ""
        line = re.sub(r"(, )?!\w+ !\d+", "", line.strip())
        if not line or line.startswith(("!", "attributes", "source_filename", "declare")):
            continue
        open_line = f"{open_line} {line}".strip()
        if open_line.count("[") > open_line.count("]") and "c\"" not in open_line:
            continue
        yield open_line
        open_line = ""
