# SPDX-License-Identifier: Apache-2.0
"""How long a launch takes up to the program's first own instruction."""
from __future__ import annotations

from typing import Iterator

from . import programs
from .samples import Row, Series, absolute_row, milliseconds, ratio_row
from .tools import HELPERS, Bench, interleave

FEW = 5


def cold(bench: Bench, program: list[object]) -> Series:
    """The same state without undump: from the start of the program to the READY that stands where it is captured."""
    (start,) = interleave([program], min(bench.runs(FEW), FEW), first_byte=True)
    return milliseconds(start)


def trivial(bench: Bench) -> Iterator[Row]:
    static, dynamic = [programs.PROBE], [programs.DYNAMIC_PROBE]
    images = [[bench.image("trivial", static)], [bench.image("trivial-dynamic", dynamic)],
              [bench.image("trivial", static, eager=True)], [bench.image("trivial-dynamic", dynamic, eager=True)]]
    base, *runs = interleave([[programs.STATIC], *images], bench.runs(200), warm_up=10)
    names = (("launch-trivial", static), ("launch-dynamic", dynamic))
    for (name, program), lazy, eager in zip(names, runs[:2], runs[2:]):
        yield ratio_row(name, 3, milliseconds(lazy), milliseconds(base),
                        f"image of {programs.in_short(program)} / static-exit", base_name="static-exit",
                        eager=milliseconds(eager), cold=cold(bench, program))


def heap_row(bench: Bench, row: str, mebibytes: int, runs: int) -> Row:
    """Launch of an image with much memory against one without; leaves both images of it, not the checkpoint."""
    program = programs.heap(mebibytes)
    lazy_image, eager_image = bench.images_only(f"heap-{mebibytes}", program)
    none = bench.image("stay", programs.TRIVIAL)
    base, lazy = interleave([[none], [lazy_image]], bench.runs(runs), warm_up=2, first_byte=True)
    (eager,) = interleave([[eager_image]], min(bench.runs(FEW), FEW), first_byte=True)
    return ratio_row(row, 1.3, milliseconds(lazy), milliseconds(base),
                     f"image of spin-probe {mebibytes} / image of spin-probe", base_name="trivial",
                     eager=milliseconds(eager), cold=cold(bench, program))


def heap(bench: Bench) -> Iterator[Row]:
    bench.require(bench.sizes.mebibytes, files=3, memory=1)
    try:
        yield heap_row(bench, "launch-heap", bench.sizes.mebibytes, 40)
    finally:
        bench.discard(f"heap-{bench.sizes.mebibytes}")


def warm(bench: Bench, name: str, program: list[object]) -> Iterator[Row]:
    native = [*program, programs.FIRST_INSTRUCTION]
    start = cold(bench, program)
    kinds = ((f"launch-{name}", 1.5, native, "first own instruction"), (f"launch-{name}-byte", None, program, "first own byte"))
    for row, bar, command, goal in kinds:
        images = [[bench.image(row, command)], [bench.image(row, command, eager=True)]]
        lazy, eager = interleave(images, bench.runs(40), warm_up=3, first_byte=True)
        yield absolute_row(row, bar, milliseconds(lazy), f"image of {programs.in_short(program)}, to its {goal}",
                           eager=milliseconds(eager), cold=start)
        bench.discard(row)


def python(bench: Bench) -> Iterator[Row]:
    yield from warm(bench, "python", programs.python())


def jvm(bench: Bench) -> Iterator[Row]:
    yield from warm(bench, "jvm", programs.java(bench))


def node(bench: Bench) -> Iterator[Row]:
    yield from warm(bench, "node", programs.node())


def threads(bench: Bench) -> Iterator[Row]:
    count = bench.sizes.threads
    program = [programs.PROBE, 0, count]
    images = [[bench.image("threads", program)], [bench.image("threads", program, eager=True)]]
    base, lazy, eager = interleave([[HELPERS / "clone-threads", count], *images], bench.runs(20), warm_up=2)
    yield ratio_row("threads-1000", 1.5, milliseconds(lazy), milliseconds(base),
                    f"image of spin-probe 0 {count} / clone-threads {count}", base_name="clone-threads",
                    eager=milliseconds(eager), cold=cold(bench, program))


def by_size(bench: Bench) -> Iterator[tuple[int, dict[str, Series]]]:
    """What the chart shows: images of growing size, lazy and eager and without heap, in turn."""
    none = bench.image("stay", programs.TRIVIAL)
    for mebibytes in bench.sizes.chart_mebibytes:
        name = f"heap-{mebibytes}"
        bench.require(mebibytes, files=3, memory=1)
        lazy, eager = bench.images_only(name, programs.heap(mebibytes))
        runs = bench.runs(20 if mebibytes <= 64 else FEW)
        measured = interleave([[none], [lazy], [eager]], runs, warm_up=1, first_byte=True)
        yield mebibytes, dict(zip(("trivial", "lazy", "eager"), map(milliseconds, measured)))
        bench.discard(name)
