# SPDX-License-Identifier: Apache-2.0
"""What is measured. A group is a function that yields the rows it names; each row has the bar it must reach."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import shutil
import signal
import statistics
import sys
from typing import Callable, Iterator

from .samples import NotMeasured, Row, absolute_row, ratio_row
from .tools import EXAMPLES, HELPERS, TARGETS, Bench, Target, call, interleave, running

PROBE = HELPERS / "spin-probe"
STATIC = HELPERS / "static-exit"


def in_short(program: list[object]) -> str:
    """The command as a reader types it: without folders, without a class path."""
    words = [pathlib.Path(str(word)).name for word in program]
    if "-cp" in words:
        del words[words.index("-cp"):words.index("-cp") + 2]
    return " ".join(words)


def launch_trivial(bench: Bench) -> Iterator[Row]:
    _, static_image = bench.image("trivial", [PROBE])
    _, dynamic_image = bench.image("trivial-dynamic", [HELPERS / "spin-probe-dynamic"])
    base, static, dynamic = interleave([[STATIC], [static_image], [dynamic_image]], bench.runs(200), warm_up=10)
    yield ratio_row("launch-trivial", 3, static, base, "image of spin-probe / static-exit")
    yield ratio_row("launch-dynamic", 3, dynamic, base, "image of spin-probe-dynamic / static-exit")


def launch_heap(bench: Bench) -> Iterator[Row]:
    _, trivial = bench.image("trivial", [PROBE])
    _, heap = bench.image("heap", [PROBE, bench.mebibytes])
    base, measured = interleave([[trivial], [heap]], bench.runs(20), warm_up=2)
    yield ratio_row("launch-heap", 1.3, measured, base, f"image of spin-probe {bench.mebibytes} / image of spin-probe")


def launch_warm(bench: Bench, name: str, program: list[object]) -> Iterator[Row]:
    _, image = bench.image(name, program)
    (launched,) = interleave([[image]], bench.runs(40), warm_up=3, first_byte=True)
    (cold,) = interleave([program], min(bench.runs(5), 5), first_byte=True)
    command = in_short(program)
    values = [nanoseconds / 1e6 for nanoseconds in launched]
    yield absolute_row(f"launch-{name}", 1.5, "ms", values, f"image of {command}, to its first byte",
                       f"without undump {statistics.median(cold) / 1e6:.0f} ms")


def python_program() -> list[object]:
    return [os.path.realpath(sys.executable), TARGETS / "warm.py"]


def java_program(bench: Bench) -> list[object]:
    if shutil.which("javac") is None:
        raise NotMeasured("javac is not installed")
    call(["javac", "-d", bench.work, TARGETS / "Warm.java"])
    return [os.path.realpath(shutil.which("java") or "java"), "-cp", bench.work, "Warm"]


def launch_python(bench: Bench) -> Iterator[Row]:
    yield from launch_warm(bench, "python", python_program())


def launch_jvm(bench: Bench) -> Iterator[Row]:
    yield from launch_warm(bench, "jvm", java_program(bench))


def launch_node(bench: Bench) -> Iterator[Row]:
    node = shutil.which("node")
    if node is None:
        raise NotMeasured("node is not installed")
    yield from launch_warm(bench, "node", [os.path.realpath(node), TARGETS / "warm.js"])


def threads_1000(bench: Bench) -> Iterator[Row]:
    _, image = bench.image("threads", [PROBE, 0, 1000])
    base, measured = interleave([[HELPERS / "clone-threads", 1000], [image]], bench.runs(20), warm_up=2)
    yield ratio_row("threads-1000", 1.5, measured, base, "image of spin-probe 0 1000 / clone-threads 1000")


def overhead(bench: Bench, name: str, program: list[object]) -> Iterator[Row]:
    under_ckpt = [bench.command("ckpt"), "-o", bench.work / "unused.dat", "--", *program]
    plain, measured, again = interleave([program, under_ckpt, program], bench.runs(9))
    noise = abs(statistics.median(again) / statistics.median(plain) - 1)
    command = in_short(program)
    yield ratio_row(f"overhead-{name}", 1.01, measured, [(a + b) / 2 for a, b in zip(plain, again)],
                    f"ckpt {command} / {command}", noise=noise)


def overhead_ilock(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "ilock", [EXAMPLES / "ilock", 2, 60_000_000])


def overhead_ring(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "ring", [EXAMPLES / "ring", 4, 10_000])


def overhead_malloc(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "malloc", [HELPERS / "malloc-loop", 10_000_000])


def overhead_file(bench: Bench) -> Iterator[Row]:
    yield from overhead(bench, "file", [HELPERS / "open-read-loop", STATIC, 500_000])


def longest_gap(target: Target) -> float:
    os.kill(target.pid, signal.SIGUSR1)
    return float(target.next_line())


def freeze(bench: Bench) -> Iterator[Row]:
    checkpoint, copy = bench.work / "freeze.dat", bench.work / "freeze.copy"
    capture = [bench.command("ckpt"), "--continue", "-o", checkpoint]
    copy_memory = [HELPERS / "copy-memory", bench.mebibytes]
    frozen, copied, to_file = [], [], []
    with running([HELPERS / "longest-gap", bench.mebibytes]) as target:
        for _ in range(bench.runs(5)):
            longest_gap(target)
            os.sync()
            call([*capture, "--pid", target.pid])
            frozen.append(longest_gap(target))
            checkpoint.unlink(missing_ok=True)
            copied.append(float(call(copy_memory)))
            os.sync()
            to_file.append(float(call([*copy_memory, copy])))
            copy.unlink(missing_ok=True)
    row = ratio_row("freeze", 1.3, frozen, copied,
                    f"ckpt --continue --pid of longest-gap {bench.mebibytes} / copy-memory {bench.mebibytes}")
    note = f", copy to a file {statistics.median(to_file) / 1e6:.0f} ms"
    yield dataclasses.replace(row, detail=row.detail + note)


def undump_heap(bench: Bench) -> Iterator[Row]:
    checkpoint, image = bench.image("heap", [PROBE, bench.mebibytes])
    copy, made = bench.work / "undump.copy", bench.work / "undump.image"
    undump = [bench.command("undump"), "--out", made, checkpoint]
    base, measured = interleave([["cp", checkpoint, copy], undump], bench.runs(5), unlink=[copy, made], sync=True)
    yield ratio_row("undump", 1.3, measured, base, f"undump of {checkpoint.stat().st_size >> 20} MiB / cp of the same")
    yield java_heap(bench, undump)
    made.unlink(missing_ok=True)


def java_heap(bench: Bench, undump: list[object]) -> Row:
    """The heap that the undump command had reserved at its end, as the JVM's own log tells it."""
    log = bench.work / "heap.log"
    environment = dict(os.environ, JAVA_TOOL_OPTIONS=f"-Xlog:gc+heap+exit=info:file={log}:none")
    call(undump, env=environment)
    parts = [line for line in log.read_text().splitlines() if "Metaspace" not in line]
    kibibytes = [int(number) for line in parts for number in re.findall(r"\btotal (\d+)K", line)]
    if not kibibytes:
        raise NotMeasured("the JVM's log tells no heap size")
    return absolute_row("undump-memory", 128, "MiB", [sum(kibibytes) / 1024], "undump of the same, heap at its end")


def mapped_bytes(pid: int) -> int:
    """What a standalone image has to hold: whole mapped parts of files, and resident memory that is of no file."""
    total = 0
    kilobyte = re.compile(r"Rss: +(\d+) kB")
    rss_counts = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
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


def image_size(bench: Bench, name: str, program: list[object]) -> Iterator[Row]:
    with running(program) as target:
        memory = mapped_bytes(target.pid)
        checkpoint, image = bench.image_of(f"{name}-size", target)
    size = image.stat().st_size
    checkpoint.unlink(missing_ok=True)
    image.unlink(missing_ok=True)
    command = in_short(program)
    yield ratio_row(f"size-{name}", 1.05, [float(size)], [float(memory)],
                    f"image of {command} / its private memory and mapped files", 1 << 20, "MiB")


def size_python(bench: Bench) -> Iterator[Row]:
    yield from image_size(bench, "python", python_program())


def size_jvm(bench: Bench) -> Iterator[Row]:
    yield from image_size(bench, "jvm", java_program(bench))


def size_heap(bench: Bench) -> Iterator[Row]:
    yield from image_size(bench, "heap", [PROBE, bench.mebibytes])


# Every group with the rows it yields, as (name, bar, unit), so that one that cannot be measured is still listed.
GROUPS: list[tuple[Callable[[Bench], Iterator[Row]], list[tuple[str, float, str]]]] = [
    (launch_trivial, [("launch-trivial", 3, "x"), ("launch-dynamic", 3, "x")]),
    (launch_heap, [("launch-heap", 1.3, "x")]),
    (launch_python, [("launch-python", 1.5, "ms")]),
    (launch_jvm, [("launch-jvm", 1.5, "ms")]),
    (launch_node, [("launch-node", 1.5, "ms")]),
    (threads_1000, [("threads-1000", 1.5, "x")]),
    (overhead_ilock, [("overhead-ilock", 1.01, "x")]),
    (overhead_ring, [("overhead-ring", 1.01, "x")]),
    (overhead_malloc, [("overhead-malloc", 1.01, "x")]),
    (overhead_file, [("overhead-file", 1.01, "x")]),
    (freeze, [("freeze", 1.3, "x")]),
    (undump_heap, [("undump", 1.3, "x"), ("undump-memory", 128, "MiB")]),
    (size_python, [("size-python", 1.05, "x")]),
    (size_jvm, [("size-jvm", 1.05, "x")]),
    (size_heap, [("size-heap", 1.05, "x")]),
]
