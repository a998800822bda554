# SPDX-License-Identifier: MIT
"""A little SVG: transparent, readable on light and on dark, the colours chosen by the viewer's scheme."""

import math
from xml.sax.saxutils import escape

STYLE = """
text { font: 12px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 } .note { font-size: 11px; fill: #57606a } .strong { font-weight: 700 }
.grid { stroke: #8c959f; stroke-opacity: .28; stroke-width: 1 } .axis { stroke: #6e7781; stroke-width: 1.2 }
.band { fill: #8c959f; fill-opacity: .10 }
.panel { font-weight: 600 } .fail { font-weight: 700; fill: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .note { fill: #9198a1 } .fail { fill: #ff7b72 }
.grid { stroke: #9198a1 } .axis { stroke: #b1bac4 }
}
"""

# Middle tones: they stand out from white and from black. The shape tells them apart without colour.
COLOURS = {"glibc": "#8b949e", "jemalloc": "#d9822b", "mimalloc": "#3d8bd9", "tcmalloc": "#a371d9",
           "tbbmalloc": "#a39a2e", "limit": "#6e7781", "chunkmalloc": "#1f9d55"}
SPARE_COLOURS = ("#d9488b", "#17a2a2", "#b5651d", "#7f5af0")
SHAPES = ("square", "diamond", "up", "down", "circle")


class Look:
    """Colour, shape and dashes of each allocator, the same in all pictures."""

    def __init__(self, names):
        spare = iter(SPARE_COLOURS * 4)
        self.colour = {name: COLOURS.get(name) or next(spare) for name in names}
        self.shape = {name: SHAPES[i % len(SHAPES)] for i, name in enumerate(names)}
        self.shape.update(limit="cross", glibc="square", chunkmalloc="circle")
        self.dash = {name: "5 4" if name == "limit" else "" for name in names}
        self.size = {name: 5.4 if name == "chunkmalloc" else 3.8 for name in names}
        self.width = {name: 2.6 if name == "chunkmalloc" else 1.6 for name in names}


class Picture:
    def __init__(self, width, height, title, notes):
        self.width, self.height = width, height
        self.parts = []
        self.text(16, 24, title, "title")
        for index, note in enumerate(notes):
            self.text(16, 42 + 15 * index, note, "note")

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, content, kind="", anchor="start", colour=None):
        style = f' style="fill:{colour}"' if colour else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{style}>{escape(content)}</text>')

    def line(self, x1, y1, x2, y2, kind="grid"):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>')

    def stroke(self, x1, y1, x2, y2, colour, width=1.4):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                 f'stroke-width="{width}" stroke-opacity=".6"/>')

    def rect(self, x, y, width, height, kind="band"):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{kind}"/>')

    def path(self, points, colour, width=1.6, dash=""):
        if not points:
            return
        data = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{width}" '
                 f'stroke-linejoin="round"{dashes}/>')

    def mark(self, x, y, shape, colour, size=4.2):
        s = size
        if shape == "circle":
            self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{s:.1f}" fill="{colour}"/>')
            return
        if shape == "cross":
            self.add(f'<path d="M{x - s:.1f} {y - s:.1f}L{x + s:.1f} {y + s:.1f}M{x - s:.1f} {y + s:.1f}'
                     f'L{x + s:.1f} {y - s:.1f}" stroke="{colour}" stroke-width="1.8"/>')
            return
        corners = {"square": [(-.85, -.85), (.85, -.85), (.85, .85), (-.85, .85)],
                   "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
                   "up": [(0, -1.1), (1.1, .9), (-1.1, .9)], "down": [(0, 1.1), (1.1, -.9), (-1.1, -.9)]}[shape]
        data = " ".join(f"{x + dx * s:.1f},{y + dy * s:.1f}" for dx, dy in corners)
        self.add(f'<polygon points="{data}" fill="{colour}"/>')

    def legend(self, x, y, names, look, labels=None):
        """Entries in a row; wraps at the right edge. Returns the y below."""
        at = x
        for name in names:
            label = (labels or {}).get(name, name)
            need = 28 + 6.3 * len(label)
            if at + need > self.width - 10:
                at, y = x, y + 18
            self.path([(at, y - 4), (at + 14, y - 4)], look.colour[name], look.width[name], look.dash[name])
            self.mark(at + 7, y - 4, look.shape[name], look.colour[name], 3.6)
            self.text(at + 19, y, label, "strong" if name == "chunkmalloc" else "")
            at += need
        return y + 12

    def save(self, path):
        body = "\n".join(self.parts)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                       f'width="{self.width}" height="{self.height}" role="img">\n'
                       f'<style>{STYLE}</style>\n{body}\n</svg>\n')


class Scale:
    """From values to a coordinate, linear or logarithmic; values outside are clipped."""

    def __init__(self, low, high, start, end, log=False):
        self.low, self.high, self.start, self.end, self.log = low, high, start, end, log

    def __call__(self, value):
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def nice_ticks(high, count=5):
    """Round values from 0 to at least high."""
    if high <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(high / count))
    step *= next(factor for factor in (1, 2, 5, 10) if high / (step * factor) <= count)
    return [round(step * i, 10) for i in range(math.ceil(high / step) + 1)]
