# SPDX-License-Identifier: MIT
"""Python under PYTHONMALLOC=malloc: text, JSON, syntax trees, objects, sorting."""

import argparse
import ast
import json
import re
import sys
import textwrap
import typing

SCALE = int(sys.argv[1])


class Node:
    def __init__(self, key, parent):
        self.key = key
        self.parent = parent
        self.children = []


def documents(count):
    return [{"id": i, "name": f"item {i * 7919 % count}", "tags": [f"t{j}" for j in range(i % 7)],
             "nested": {"x": i / 3, "y": [i, str(i), None]}} for i in range(count)]


def tree(count):
    nodes = [Node(0, None)]
    for i in range(1, count):
        parent = nodes[i * 2654435761 % i]
        node = Node(i, parent)
        parent.children.append(node)
        nodes.append(node)
    return sum(len(node.children) for node in nodes)


def words(count):
    text = " ".join(f"w{i * i % 9973}" for i in range(count))
    found = {}
    for word in re.findall(r"\w+", text):
        found[word] = found.get(word, 0) + 1
    return len(found), max(found.values())


def syntax(modules):
    nodes = lines = 0
    for module in modules:
        with open(module.__file__, encoding="utf-8") as file:
            source = file.read()
        program = ast.parse(source)
        nodes += sum(1 for _ in ast.walk(program))
        lines += len(textwrap.wrap(source, 60))
        compile(program, module.__name__, "exec")
    return nodes, lines


for turn in range(3):
    data = documents(SCALE * 300)
    copy = json.loads(json.dumps(data))
    assert copy == data
    print(turn, len(copy), tree(SCALE * 800), words(SCALE * 1500), syntax((argparse, ast, typing)[:1 + SCALE // 20]))
    numbers = sorted((str(i * 104729 % 1000003) for i in range(SCALE * 1000)), key=lambda s: s[::-1])
    print(numbers[0], numbers[-1], len(set(numbers)))
