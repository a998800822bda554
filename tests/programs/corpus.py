# SPDX-License-Identifier: MIT
"""Text that is always the same, for programs that work on lines."""

import random


def write_lines(path, size, seed):
    """At least size bytes of lines such as "5f3a90c1 word word 12345 0.678 word"."""
    rng = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(20000)]
    lines = [
        f"{rng.getrandbits(32):08x} {rng.choice(words)} {rng.choice(words)} "
        f"{rng.randrange(100000)} {rng.random():.3f} {rng.choice(words) * rng.randint(0, 3)}\n"
        for _ in range(200000)
    ]
    with open(path, "w", encoding="ascii") as file:
        while file.tell() < size:
            file.write("".join(rng.choices(lines, k=100000)))
