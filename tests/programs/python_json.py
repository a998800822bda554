# SPDX-License-Identifier: MIT
"""python3: a JSON file of 20 MB there and back, each object from malloc."""

import json
import pathlib
import random

from trial import check, main

SIZE = 20_000_000

ROUND_TRIP = """
import hashlib, json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    data = json.load(file)
text = json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False)
again = json.loads(text)
print(len(data), len(text), hashlib.sha256(text.encode()).hexdigest())
del data, text
with open(sys.argv[2], "w", encoding="utf-8") as file:
    file.write(json.dumps(again, ensure_ascii=False, separators=(",", ":")))
with open(sys.argv[2], "rb") as file:
    print(hashlib.sha256(file.read()).hexdigest())
with open(sys.argv[1], encoding="utf-8") as file:
    print(again == json.load(file))
"""


def record(rng, number):
    words = ["".join(rng.choices("abcdefghijkléü✓", k=rng.randint(1, 30))) for _ in range(8)]
    return {
        "id": number,
        "name": words[0],
        "score": rng.random(),
        "large": rng.getrandbits(rng.randint(1, 200)),
        "tags": words[1:4],
        "nested": {word: {"deep": [None, True, number, [word] * rng.randint(0, 6)]} for word in words[4:]},
        "text": " ".join(words) * rng.randint(0, 8),
    }


def write(path):
    rng = random.Random(20)
    records = [json.dumps(record(rng, number), ensure_ascii=False) for number in range(4000)]
    size = 2
    with open(path, "w", encoding="utf-8") as file:
        file.write("[")
        while size < SIZE:
            lines = ",\n".join(rng.choices(records, k=1000))
            file.write(lines + ",\n")
            size += len(lines)
        file.write("null]")


def test(trial):
    source, copy = trial.work / "source.json", trial.work / "copy.json"
    script = trial.work / "round_trip.py"
    script.write_text(ROUND_TRIP)
    write(source)
    check(source.stat().st_size >= SIZE, "the file is smaller than it should be")
    said = trial.same(["python3", script, source, copy], env={"PYTHONMALLOC": "malloc"})
    check(said.endswith(b"\nTrue\n"), f"the copy is not the original: {said!r}")


main(test, needs=["python3"])
