# SPDX-License-Identifier: Apache-2.0
"""What capturing costs the program: before it, and while it is done."""
from __future__ import annotations

import os
import signal
import statistics
from typing import Iterator

from . import programs
from .samples import NotMeasured, Row, Series, absolute_row, milliseconds, ratio_row
from .tools import EXAMPLES, HELPERS, Bench, Target, call, interleave, running


def overhead(bench: Bench, name: str, program: list[object]) -> Iterator[Row]:
    under_ckpt = [bench.command("ckpt"), "-o", bench.work / "unused.dat", "--", *program]
    plain, measured, again = interleave([program, under_ckpt, program], bench.runs(9))
    noise = abs(statistics.median(again) / statistics.median(plain) - 1)
    base = [(a + b) / 2 for a, b in zip(plain, again)]
    command = programs.in_short(program)
    yield ratio_row(f"overhead-{name}", 1.01, milliseconds(measured), milliseconds(base), f"ckpt {command} / {command}",
                    base_name="plain", noise=noise)


def ilock(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "ilock", [EXAMPLES / "ilock", 2, bench.sizes.work * 60_000])


def ring(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "ring", [EXAMPLES / "ring", 4, bench.sizes.work * 10])


def malloc(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "malloc", [HELPERS / "malloc-loop", bench.sizes.work * 10_000])


def file(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "file", [HELPERS / "open-read-loop", programs.STATIC, bench.sizes.work * 500])


def longest_gap(target: Target) -> float:
    os.kill(target.pid, signal.SIGUSR1)
    return float(target.next_line())


def frozen(bench: Bench, target: Target, how: str) -> float:
    """Nanoseconds for which a capture of that kind kept the program from reading the clock."""
    checkpoint = bench.work / "freeze.dat"
    longest_gap(target)
    os.sync()
    call([bench.command("ckpt"), how, "-o", checkpoint, "--pid", target.pid])
    gap = longest_gap(target)
    checkpoint.unlink(missing_ok=True)
    return gap


def freeze(bench: Bench) -> Iterator[Row]:
    mebibytes = bench.sizes.mebibytes
    bench.require(mebibytes, files=1, memory=2)
    copy_memory = [HELPERS / "copy-memory", mebibytes]
    copy = bench.work / "freeze.copy"
    plain, copied, to_file, cow = [], [], [], []
    snapshots = "--cow" in call([bench.command("ckpt"), "--help"])
    with running([HELPERS / "longest-gap", mebibytes]) as target:
        for _ in range(bench.runs(5)):
            plain.append(frozen(bench, target, "--continue"))
            copied.append(float(call(copy_memory)))
            os.sync()
            to_file.append(float(call([*copy_memory, copy])))
            copy.unlink(missing_ok=True)
            if snapshots:
                cow.append(frozen(bench, target, "--cow"))
    yield ratio_row("freeze", 1.3, milliseconds(plain), milliseconds(copied),
                    f"ckpt --continue --pid of longest-gap {mebibytes} / copy-memory {mebibytes}",
                    base_name="memcpy", **{"copy to a file": milliseconds(to_file)})
    if not snapshots:
        raise NotMeasured("ckpt has no --cow")
    per_gibibyte = [value * 1024 / mebibytes for value in milliseconds(cow).values]
    yield absolute_row("freeze-cow", 20, Series(per_gibibyte, "ms"),
                       f"ckpt --cow --pid of longest-gap {mebibytes}, for each GiB", total=milliseconds(cow),
                       **{"without --cow": milliseconds(plain)})
