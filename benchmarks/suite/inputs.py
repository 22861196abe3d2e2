# SPDX-License-Identifier: Apache-2.0
"""What it costs a launch to look at the files that the program has seen."""
from __future__ import annotations

import pathlib
from typing import Iterator

from .samples import Row, Series, absolute_row, milliseconds
from .tools import Bench, call, interleave

FILES = 500
# It asks for its checkpoint itself, goes on behind that in a launch, and ends.
READ_ALL = 'for file in "$1"/*/*; do read line < "$file"; done; trap "" USR2; kill -USR2 $$; exit 0'


def captured(bench: Bench, folder: pathlib.Path) -> pathlib.Path:
    """The checkpoint of a program that has read the files in the folder, and what else its start has looked at."""
    checkpoint = bench.work / "inputs.ckpt"
    call([bench.command("ckpt"), "--inputs", "traced", "-o", checkpoint, "--", "sh", "-c", READ_ALL, "sh", folder])
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
        fallback = [] if choice == "none" else ["--fallback", "false"]
        call([bench.command("undump"), "--inputs", choice, *fallback, "--out", *images[-1], checkpoint])
    checkpoint.unlink()
    without, looking = map(milliseconds, interleave(images, bench.runs(200), warm_up=10))
    more = Series([one - other for one, other in zip(looking.values, without.values)], "ms")
    yield absolute_row("inputs-launch", 1, more, f"image that looks at {FILES} unchanged files, less the one that does not",
                       looking=looking, without=without)
