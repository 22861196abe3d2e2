# SPDX-License-Identifier: Apache-2.0
"""What it costs a launch to look at the files that the program has seen."""
from __future__ import annotations

import pathlib
import signal
from typing import Iterator

from . import programs
from .samples import NotMeasured, Row, Series, absolute_row, milliseconds
from .tools import Bench, Target, call, interleave

FILES = 500
READ_ALL = 'for file in "$1"/*/*; do read line < "$file"; done; exec "$2"'


def captured(bench: Bench, folder: pathlib.Path) -> pathlib.Path:
    """The checkpoint of a program that lists the files in the folder, and what else its start has looked at."""
    checkpoint = bench.work / "inputs.ckpt"
    target = Target([bench.command("ckpt"), "--inputs", "traced", "-o", checkpoint, "--",
                     "sh", "-c", READ_ALL, "sh", folder, programs.PROBE])
    try:
        if target.next_line() != "READY":
            raise NotMeasured("the program did not print READY")
        target.process.send_signal(signal.SIGUSR2)
        if target.process.wait() != 0:
            raise NotMeasured(f"ckpt ended with {target.process.returncode}")
    finally:
        if target.process.poll() is None:
            target.process.kill()
        target.process.wait()
        target.process.stdout.close()
    return checkpoint


def launch(bench: Bench) -> Iterator[Row]:
    folder = bench.work / "inputs"
    for number in range(FILES):
        file = folder / f"part {number // 50}" / f"file {number}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"line {number}\n", encoding="utf-8")
    checkpoint = captured(bench, folder)
    images = []
    for choice in ("none", "image"):
        images.append([bench.work / f"inputs-{choice}"])
        call([bench.command("undump"), "--inputs", choice, "--fallback", "false", "--out", *images[-1], checkpoint])
    checkpoint.unlink()
    without, looking = map(milliseconds, interleave(images, bench.runs(200), warm_up=10))
    more = Series([one - other for one, other in zip(looking.values, without.values)], "ms")
    yield absolute_row("launch-inputs", 1, more, f"image that looks at {FILES} unchanged files, less the one that does not",
                       looking=looking, without=without)
