# SPDX-License-Identifier: MIT
"""Traces of real programs: recorded, packed small, unpacked for the replayer, and their size mixes.

A packed trace is xz over a line of JSON and three streams: the kind of each event (one byte), its size
(varint; an aligned block's alignment follows), and for realloc and free the block meant, as the number
of blocks born since it was (varint).
"""

import array
import collections
import json
import lzma
import os
import struct
import subprocess
import tempfile

from . import programs

MALLOC, CALLOC, ALIGNED, REALLOC, FREE = range(5)
RAW = struct.Struct("<QQQII")
ALIGNED_SHIFT = 27
EVENTS = 2_000_000
NAMES = ("python3", "gcc", "sqlite3", "redis", "node")
QUANTILES = 512


def put_varint(out, value):
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def read_varints(data):
    values = array.array("Q")
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            values.append(value)
            value = shift = 0
    return values


def pack(raw, name, command):
    """Turns what the recorder wrote into a packed trace."""
    kinds, sizes, refs = bytearray(), bytearray(), bytearray()
    born = {}
    births = 0
    for block, old, size, alignment, kind in RAW.iter_unpack(raw[: len(raw) // RAW.size * RAW.size]):
        if kind in (REALLOC, FREE):
            victim = old if kind == REALLOC else block
            if victim not in born:
                continue  # older than the recording
            put_varint(refs, births - born.pop(victim))
        kinds.append(kind)
        if kind != FREE:
            put_varint(sizes, size)
            born[block] = births
            births += 1
        if kind == ALIGNED:
            put_varint(sizes, alignment)
    head = {"name": name, "command": command, "events": len(kinds), "kinds": len(kinds),
            "sizes": len(sizes), "refs": len(refs)}
    body = json.dumps(head).encode() + b"\n" + kinds + sizes + refs
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 0, "pb": 0,
                "dict_size": 1 << 26}]
    return lzma.compress(body, format=lzma.FORMAT_XZ, filters=filters)


def events(path):
    """Yields (kind, size, alignment, birth of the block meant or None) of a packed trace."""
    with lzma.open(path) as file:
        head = json.loads(file.readline())
        kinds = file.read(head["kinds"])
        sizes = iter(read_varints(file.read(head["sizes"])))
        refs = iter(read_varints(file.read(head["refs"])))
    births = 0
    for kind in kinds:
        victim = births - next(refs) if kind in (REALLOC, FREE) else None
        size = next(sizes) if kind != FREE else 0
        alignment = next(sizes) if kind == ALIGNED else 0
        yield kind, size, alignment, victim
        if kind != FREE:
            births += 1


def unpack(path, out_path):
    """Writes the trace as the replayer wants it: slots in place of blocks."""
    out = array.array("I", (0, 0, 0, 0))
    slot_of = {}
    free_slots = []
    slots = births = 0
    for kind, size, alignment, victim in events(path):
        if kind == FREE:
            slot = slot_of.pop(victim)
            free_slots.append(slot)
        else:
            if kind == REALLOC:
                slot = slot_of.pop(victim)
            elif free_slots:
                slot = free_slots.pop()
            else:
                slot = slots
                slots += 1
            slot_of[births] = slot
            births += 1
        if kind == ALIGNED:
            size = min(size, (1 << ALIGNED_SHIFT) - 1) | (alignment.bit_length() - 1) << ALIGNED_SHIFT
        out.append(slot << 3 | kind)
        out.append(min(size, 0xFFFFFFFF))
    out[0] = slots
    out[1] = len(out) // 2 - 2
    temporary = f"{out_path}.{os.getpid()}"
    with open(temporary, "wb") as file:
        out.tofile(file)
    os.replace(temporary, out_path)


def mix_header(trace_dir):
    """The text of mixes.h: for each trace, what size an allocation has at each quantile."""
    text = ["/* SPDX-License-Identifier: MIT */",
            "/* Written by `scripts/bench --record` from bench/traces: sizes at equal quantiles. */",
            "#ifndef BENCH_MIXES_H", "#define BENCH_MIXES_H", "", "#include <stdint.h>", "",
            f"#define MIX_SIZES {QUANTILES}", f"#define MIXES {len(NAMES)}", "",
            "/* clang-format off */",
            "/* " + ", ".join(NAMES) + " */",
            "static const uint32_t mixes[MIXES][MIX_SIZES] = {"]
    for name in NAMES:
        sizes = sorted(max(size, 1) for kind, size, _, _ in events(os.path.join(trace_dir, name + ".xz"))
                       if kind in (MALLOC, CALLOC, ALIGNED))
        values = [sizes[(2 * i + 1) * len(sizes) // (2 * QUANTILES)] for i in range(QUANTILES)]
        text.append("    {")
        line = "       "
        for value in values:
            if len(line) + len(str(value)) + 2 > 100:
                text.append(line)
                line = "       "
            line += f" {value},"
        text += [line, "    },"]
    text += ["};", "/* clang-format on */", "", "#endif", ""]
    return "\n".join(text)


def describe(path):
    """One line about a packed trace."""
    count = collections.Counter()
    live = peak = 0
    alive = {}
    births = 0
    for kind, size, _, victim in events(path):
        count[kind] += 1
        if victim is not None:
            live -= alive.pop(victim)
        if kind != FREE:
            alive[births] = size
            live += size
            births += 1
        peak = max(peak, live)
    names = ("malloc", "calloc", "aligned", "realloc", "free")
    parts = ", ".join(f"{count[i]} {names[i]}" for i in range(5) if count[i])
    return f"{os.path.basename(path)}: {os.path.getsize(path)} bytes, {parts}, peak {peak >> 10} KiB"


def record(recorder, trace_dir, work_dir, say):
    """Records and packs all traces anew, and rewrites mixes.h beside the trace directory."""
    for name in NAMES:
        with tempfile.TemporaryDirectory() as scratch:
            raw_path = os.path.join(scratch, "raw")
            command = programs.recording_command(name, work_dir)
            say(f"recording {name}")
            preload = "BENCH_PRELOAD" if programs.by_name(name).own_preload else "LD_PRELOAD"
            env = dict(os.environ, TRACE_FILE=raw_path, TRACE_EVENTS=str(EVENTS), PYTHONMALLOC="malloc")
            env[preload] = recorder
            subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)
            with open(raw_path, "rb") as file:
                packed = pack(file.read(), name, " ".join(os.path.basename(word) for word in command))
            path = os.path.join(trace_dir, name + ".xz")
            with open(path, "wb") as file:
                file.write(packed)
            say(describe(path))
    with open(os.path.join(trace_dir, "..", "mixes.h"), "w", encoding="utf-8") as file:
        file.write(mix_header(trace_dir))
