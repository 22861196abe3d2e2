# SPDX-License-Identifier: Apache-2.0
"""What launched images hold of the machine's memory."""
from __future__ import annotations

import pathlib
import re
import signal
import statistics
import subprocess
from typing import Iterator, Optional

from . import programs
from .launch import heap_row
from .samples import Row, Series, Skipped, absolute_row
from .tools import Bench, launched, read_byte
from .undump import java_heap


def rollup(process: subprocess.Popen, field: str) -> float:
    """A field of smaps_rollup in MiB."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(rf"^{field}: +(\d+) kB", text, re.MULTILINE)[1]) / 1024


def resident(image: pathlib.Path, runs: int) -> list[float]:
    """Resident memory of an image that has done nothing but its first instructions."""
    values = []
    for _ in range(runs):
        with launched(image) as (process,):
            values.append(rollup(process, "Rss"))
    return values


def big(bench: Bench) -> Iterator[Row]:
    mebibytes = bench.sizes.big_mebibytes
    name = f"heap-{mebibytes}"
    bench.require(mebibytes, files=3, memory=1)
    try:
        checkpoint = bench.checkpoint(name, programs.heap(mebibytes))
        yield java_heap(bench, "undump-memory-big", checkpoint)
        yield heap_row(bench, "launch-big", mebibytes, 40)
        yield resident_row(bench, name, mebibytes)
    finally:
        bench.discard(name)


def resident_row(bench: Bench, name: str, mebibytes: int) -> Row:
    runs = bench.runs(5)
    lazy, eager = bench.images_only(name, programs.heap(mebibytes))
    base = statistics.median(resident(bench.image("stay", programs.TRIVIAL), runs))
    above = Series([value - base for value in resident(lazy, runs)], "MiB")
    return absolute_row("launch-big-memory", 2, above, f"Rss of the image of spin-probe {mebibytes} - Rss of that of spin-probe",
                        trivial=Series([base], "MiB"),
                        eager=Series([value - base for value in resident(eager, 1)], "MiB"))


def copies(bench: Bench) -> Iterator[Row]:
    mebibytes, count = bench.sizes.mebibytes, bench.sizes.copies
    name = f"heap-{mebibytes}"
    bench.require(mebibytes, files=3, memory=2)
    try:
        lazy, eager = bench.images_only(name, programs.heap(mebibytes))
        launch, read, sums = shares(lazy, count, bench.runs(3))
        beside = eager_shares(bench, eager, count)
        for row, pss, what in (("copies", launch, "launched"), ("copies-read", read, "launched, each has read all of it")):
            extra = {"rss": sums[row == "copies-read"]} | ({"eager": beside} if beside else {})
            yield absolute_row(row, None, pss, f"sum of Pss of {count} copies of the image of spin-probe {mebibytes}, {what}",
                               f"{pss.median / count:.2f} MiB per copy", **extra)
    finally:
        bench.discard(name)


def shares(image: pathlib.Path, count: int, runs: int) -> tuple[Series, Series, tuple[Series, Series]]:
    """Sum of Pss after the launch, and after all have read all of their memory; beside them the sums of Rss."""
    sums: list[list[float]] = [[], [], [], []]
    for _ in range(runs):
        with launched(image, count) as processes:
            for at in (0, 1):
                sums[at].append(sum(rollup(process, "Pss") for process in processes))
                sums[2 + at].append(sum(rollup(process, "Rss") for process in processes))
                for process in processes if at == 0 else []:
                    process.send_signal(signal.SIGUSR1)
                    read_byte(process)
    pss, pss_read, rss, rss_read = (Series(values, "MiB") for values in sums)
    return pss, pss_read, (rss, rss_read)


def eager_shares(bench: Bench, image: pathlib.Path, count: int) -> Optional[Series]:
    """The same of eager images, if there is memory for all of them."""
    try:
        bench.require(bench.sizes.mebibytes, files=0, memory=count * 1.1)
    except Skipped:
        return None
    with launched(image, count) as processes:
        return Series([sum(rollup(process, "Pss") for process in processes)], "MiB")
