# SPDX-License-Identifier: Apache-2.0
"""Samples of interleaved runs, what is computed of them, and the line that is printed."""
from __future__ import annotations

import dataclasses
import statistics
from typing import Optional

MET, NOT_MET, NOT_MEASURED = "met", "not met", "not measured"


class NotMeasured(Exception):
    """A row cannot be measured on this machine or with these tools; the message says why."""


def quartiles(values: list[float]) -> tuple[float, float]:
    """The lower and the upper quartile; of a single value, that value twice."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


@dataclasses.dataclass(frozen=True)
class Row:
    """One printed line: value and bar are a ratio (unit "x") or an absolute number (unit "ms", "MiB")."""

    name: str
    bar: float
    unit: str
    value: Optional[float] = None
    spread: Optional[tuple[float, float]] = None
    runs: int = 0
    detail: str = ""
    command: str = ""
    samples: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    noise: Optional[float] = None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return NOT_MEASURED
        return MET if self.value <= self.bar else NOT_MET

    def line(self) -> str:
        bar = f"<= {self.bar:g} {self.unit}"
        if self.value is None:
            return f"{self.name:<18} {'-':>10}  {bar:<10} {self.verdict:<12} {self.detail}"
        digits = 3 if self.bar < 1.1 or self.unit == "ms" else 2
        low, high = self.spread or (self.value, self.value)
        value = f"{self.value:.{digits}f} {self.unit}"
        spread = f"[{low:.{digits}f} .. {high:.{digits}f}]"
        verdict = self.verdict
        if verdict == NOT_MET and self.noise is not None and (low <= 1 or self.value - 1 <= self.noise):
            verdict = "noise"
        return (f"{self.name:<18} {value:>10}  {bar:<10} {verdict:<12} {spread:<18} n={self.runs:<4} "
                f"{self.detail} | {self.command}")

    def as_json(self) -> dict:
        fields = dataclasses.asdict(self)
        fields["verdict"] = self.verdict
        return fields


def ratio_row(name: str, bar: float, measured: list[float], base: list[float], command: str,
              scale: float = 1e6, scale_unit: str = "ms", noise: Optional[float] = None) -> Row:
    """The ratio of the medians, with the quartiles of the ratios of runs that followed each other."""
    median, base_median = statistics.median(measured), statistics.median(base)
    detail = f"{median / scale:.3f} {scale_unit} against {base_median / scale:.3f} {scale_unit}"
    if noise is not None:
        detail += f", same command twice differs by {noise * 100:.1f} %"
    return Row(name, bar, "x", median / base_median, quartiles([a / b for a, b in zip(measured, base)]),
               len(measured), detail, command, {"measured": measured, "base": base}, noise)


def absolute_row(name: str, bar: float, unit: str, values: list[float], command: str, detail: str = "") -> Row:
    """The median of values that are already in the row's unit."""
    return Row(name, bar, unit, statistics.median(values), quartiles(values), len(values), detail, command,
               {"measured": values})
