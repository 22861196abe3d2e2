# SPDX-License-Identifier: Apache-2.0
"""A chart of launch time against image size as SVG; both axes are logarithmic."""
from __future__ import annotations

import dataclasses
import math
from typing import Sequence
from xml.sax.saxutils import escape

from .samples import Series, quartiles, short

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 80, 130, 50, 60
LINE_HEIGHT = 15
COLORS = {"lazy": "#1769aa", "eager": "#c0392b", "trivial": "#7f8c8d"}
TITLES = {"lazy": "lazy", "eager": "--eager", "trivial": "no heap"}


@dataclasses.dataclass(frozen=True)
class Axis:
    """Maps values to pixels, logarithmically."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def decades(values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten around the values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return 10.0 ** low, 10.0 ** max(high, low + 1)


def size_label(mebibytes: float) -> str:
    return f"{mebibytes / 1024:g} GiB" if mebibytes >= 1024 else f"{mebibytes:g} MiB"


def time_label(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"


def text(x: float, y: float, words: str, anchor: str = "middle", color: str = "#333", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" {extra}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, color: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def curve(name: str, points: list[tuple[float, Series]], across: Axis, up: Axis) -> list[str]:
    """Medians joined by a line, with a bar from quartile to quartile at each."""
    color = COLORS[name]
    places = [(across.at(size), up.at(series.median)) for size, series in points]
    parts = [f'<polyline id="{name}" fill="none" stroke="{color}" stroke-width="2" points="'
             + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>']
    for (x, y), (size, series) in zip(places, points):
        low, high = quartiles(series.values)
        parts.append(line(x, up.at(low), x, up.at(high), color))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"><title>{TITLES[name]}, {size_label(size)}: '
                     f'{short(series.median)} ms</title></circle>')
    return parts


def labels(ends: dict[str, Series], up: Axis) -> list[str]:
    """Names behind the ends of the curves, moved apart where these are close."""
    parts = []
    lowest = float("inf")
    for name, series in sorted(ends.items(), key=lambda end: end[1].median):
        lowest = min(up.at(series.median) + 4, lowest - LINE_HEIGHT)
        words = f"{TITLES[name]} {short(series.median)} ms"
        parts.append(text(WIDTH - RIGHT + 8, lowest, words, "start", COLORS[name]))
    return parts


def svg(points: list[tuple[int, dict[str, Series]]], caption: str) -> str:
    """Draws what `launch.by_size` has measured."""
    sizes = [float(size) for size, _ in points]
    values = [value for _, by_name in points for series in by_name.values() for value in series.values]
    across = Axis(sizes[0], max(sizes[-1], sizes[0] * 2), LEFT, WIDTH - RIGHT)
    low, high = decades(values)
    up = Axis(low, high, HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 24, "Launch of an image until its first own instruction", "start", "#111", 'font-size="16"'),
             text(LEFT, 40, caption, "start", "#777", 'font-size="10"')]
    tick = low
    while tick <= high * 1.01:
        parts += [line(LEFT, up.at(tick), WIDTH - RIGHT, up.at(tick), "#ddd"),
                  text(LEFT - 8, up.at(tick) + 4, time_label(tick), "end")]
        tick *= 10
    for size in sizes:
        parts += [line(across.at(size), TOP, across.at(size), HEIGHT - BOTTOM, "#eee"),
                  text(across.at(size), HEIGHT - BOTTOM + 18, size_label(size))]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "written heap in the image"))
    for name in ("trivial", "eager", "lazy"):
        parts += curve(name, [(float(size), by_name[name]) for size, by_name in points], across, up)
    return "\n".join([*parts, *labels(points[-1][1], up), "</svg>", ""])
