# SPDX-License-Identifier: Apache-2.0
"""What making an image costs, and how large it gets."""
from __future__ import annotations

import os
import pathlib
import re
from typing import Iterator

from . import programs
from .samples import NotMeasured, Row, Series, absolute_row, milliseconds, ratio_row
from .tools import Bench, call, interleave, running

COPY_AND_SYNC = 'cp "$1" "$2" && sync "$2"'


def undump(bench: Bench) -> Iterator[Row]:
    mebibytes = bench.sizes.mebibytes
    bench.require(mebibytes, files=3, memory=2)
    name = f"heap-{mebibytes}"
    try:
        checkpoint = bench.checkpoint(name, programs.heap(mebibytes))
        copy, made = bench.work / "undump.copy", bench.work / "undump.image"
        commands = [["cp", checkpoint, copy], ["sh", "-c", COPY_AND_SYNC, "sh", checkpoint, copy],
                    [bench.command("undump"), "--out", made, checkpoint]]
        copied, synced, measured = map(milliseconds, interleave(commands, bench.runs(7), unlink=[copy, made], sync=True))
        what = f"undump of {checkpoint.stat().st_size >> 20} MiB"
        yield ratio_row("undump", 1.3, measured, copied, f"{what} / cp of the same", base_name="cp")
        yield ratio_row("undump-synced", 1.3, measured, synced, f"{what} / cp and sync of the same", base_name="cp and sync")
        copy.unlink(missing_ok=True)
        made.unlink(missing_ok=True)
        yield java_heap(bench, "undump-memory", checkpoint)
    finally:
        bench.discard(name)


def java_heap(bench: Bench, row: str, checkpoint: pathlib.Path) -> Row:
    """The heap that the undump command had reserved at its end, as the JVM's own log tells it."""
    log, made = bench.work / "heap.log", bench.work / "heap.image"
    environment = dict(os.environ, JAVA_TOOL_OPTIONS=f"-Xlog:gc+heap+exit=info:file={log}:none")
    call([bench.command("undump"), "--out", made, checkpoint], env=environment)
    made.unlink()
    parts = [line for line in log.read_text(encoding="utf-8").splitlines() if "Metaspace" not in line]
    kibibytes = [int(number) for line in parts for number in re.findall(r"\btotal (\d+)K", line)]
    if not kibibytes:
        raise NotMeasured("the JVM's log tells no heap size")
    return absolute_row(row, 128, Series([sum(kibibytes) / 1024], "MiB"),
                        f"undump of {checkpoint.stat().st_size >> 20} MiB, heap at its end")


def mapped_bytes(pid: int) -> int:
    """What a standalone image has to hold: whole mapped parts of files, and resident memory that is of no file."""
    total = 0
    kilobyte = re.compile(r"Rss: +(\d+) kB")
    rss_counts = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
        header = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ (\d+) *(.*)", line)
        if header:
            start, end, offset = (int(header[i], 16) for i in (1, 2, 3))
            name, path = header[5], pathlib.Path(header[5])
            of_file = header[4] != "0" and path.is_file()
            rss_counts = not of_file and name not in ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]")
            if of_file:
                pages_left = -(-(path.stat().st_size - offset) // 4096)
                total += min(end - start, max(0, pages_left) * 4096)
        elif rss_counts and kilobyte.match(line):
            total += int(kilobyte.match(line)[1]) * 1024
    return total


def size(bench: Bench, row: str, program: list[object]) -> Iterator[Row]:
    try:
        with running(program) as target:
            memory = mapped_bytes(target.pid)
            bench.checkpoints[row] = bench.checkpoint_of(row, target)
        image = bench.image(row, program).stat().st_size
    finally:
        bench.discard(row)
    yield ratio_row(row, 1.05, Series([image / (1 << 20)], "MiB"), Series([memory / (1 << 20)], "MiB"),
                    f"image of {programs.in_short(program)} / its private memory and mapped files", base_name="memory")


def size_python(bench: Bench) -> Iterator[Row]:
    yield from size(bench, "size-python", programs.python())


def size_jvm(bench: Bench) -> Iterator[Row]:
    yield from size(bench, "size-jvm", programs.java(bench))


def size_heap(bench: Bench) -> Iterator[Row]:
    bench.require(bench.sizes.mebibytes, files=2, memory=1)
    yield from size(bench, "size-heap", [programs.PROBE, bench.sizes.mebibytes])
