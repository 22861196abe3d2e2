# SPDX-License-Identifier: Apache-2.0
"""Samples of interleaved runs, what is computed of them, and the line that is printed."""
from __future__ import annotations

import dataclasses
import statistics
from typing import Optional

MET, NOT_MET, NOISE, STATED = "met", "not met", "noise", "stated"
SKIPPED, NOT_MEASURED = "skipped", "not measured"
EAGER, COLD = "eager", "cold"
WIDTHS = (20, 11, 12, 12, 20, 4, 9, 9, 10)


class NotMeasured(Exception):
    """A row cannot be measured with these tools; the message says why."""


class Skipped(NotMeasured):
    """A row needs what this machine does not have: a program, memory, disk. That is no failure."""


def quartiles(values: list[float]) -> tuple[float, float]:
    """The lower and the upper quartile; of a single value, that value twice."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def in_milliseconds(nanoseconds: list[float]) -> list[float]:
    return [value / 1e6 for value in nanoseconds]


def short(value: float) -> str:
    """A number with about three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cells(*words: str) -> str:
    """A line of the table; what has no column of its own stands at the end."""
    padded = [word.ljust(width) for word, width in zip(words, WIDTHS)]
    return "  ".join([*padded, *words[len(WIDTHS):]]).rstrip()


def headline() -> str:
    return cells("row", "value", "bar", "verdict", "quartiles", "n", "measured", EAGER, "cold start", "against")


@dataclasses.dataclass(frozen=True)
class Series:
    """Values of one command, all in one unit."""

    values: list[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        return f"{short(self.median)} {self.unit}"

    def as_json(self) -> dict:
        return {"median": self.median, "unit": self.unit, "quartiles": list(quartiles(self.values)),
                "runs": len(self.values), "samples": self.values}


def milliseconds(nanoseconds: list[float]) -> Series:
    return Series(in_milliseconds(nanoseconds), "ms")


@dataclasses.dataclass(frozen=True)
class Row:
    """One printed line. The value is a ratio (unit "x") or absolute; without a bar it is only stated."""

    name: str
    bar: Optional[float]
    unit: str
    value: Optional[float] = None
    quartiles: Optional[tuple[float, float]] = None
    runs: int = 0
    command: str = ""
    detail: str = ""
    series: dict[str, Series] = dataclasses.field(default_factory=dict)
    noise: Optional[float] = None
    missing: str = NOT_MEASURED

    @property
    def verdict(self) -> str:
        if self.value is None:
            return self.missing
        if self.bar is None:
            return STATED
        if self.value <= self.bar:
            return MET
        low = (self.quartiles or (self.value, self.value))[0]
        return NOISE if self.noise is not None and (low <= 1 or self.value - 1 <= self.noise) else NOT_MET

    def line(self) -> str:
        bar = "-" if self.bar is None else f"<= {self.bar:g} {self.unit}"
        if self.value is None:
            return cells(self.name, "-", bar, self.verdict, self.detail)
        digits = 3 if self.unit == "ms" or (self.bar is not None and self.bar < 1.1) else 2
        low, high = self.quartiles or (self.value, self.value)
        series = dict(self.series)
        measured = series.pop("measured")
        eager, cold = (str(series.pop(name, "-")) for name in (EAGER, COLD))
        others = [f"{name} {other}" for name, other in series.items()] + ([self.detail] if self.detail else [])
        return cells(self.name, f"{self.value:.{digits}f} {self.unit}", bar, self.verdict,
                     f"{low:.{digits}f} .. {high:.{digits}f}", str(self.runs), str(measured), eager, cold, ", ".join(others))

    def as_json(self) -> dict:
        return {"name": self.name, "value": self.value, "unit": self.unit, "bar": self.bar, "verdict": self.verdict,
                "quartiles": None if self.quartiles is None else list(self.quartiles), "runs": self.runs,
                "command": self.command, "detail": self.detail, "noise": self.noise,
                "series": {name: series.as_json() for name, series in self.series.items()}}


def ratio_row(name: str, bar: Optional[float], measured: Series, base: Series, command: str, *,
              base_name: str = "base", noise: Optional[float] = None, **others: Series) -> Row:
    """The ratio of the medians, with the quartiles of the ratios of runs that followed each other."""
    detail = "" if noise is None else f"same command twice differs by {noise * 100:.1f} %"
    ratios = [a / b for a, b in zip(measured.values, base.values)]
    return Row(name, bar, "x", measured.median / base.median, quartiles(ratios), len(measured.values), command, detail,
               {"measured": measured, base_name: base, **others}, noise)


def absolute_row(name: str, bar: Optional[float], measured: Series, command: str, detail: str = "",
                 **others: Series) -> Row:
    """The median of values that are already in the row's unit."""
    return Row(name, bar, measured.unit, measured.median, quartiles(measured.values), len(measured.values), command,
               detail, {"measured": measured, **others})
