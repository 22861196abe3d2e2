# SPDX-License-Identifier: Apache-2.0
"""What is measured. A group is a function that yields the rows it names, each with the bar it must reach, if it has one."""
from __future__ import annotations

import dataclasses
from typing import Callable, Iterator, Optional

from . import capture, commands, inputs, launch, memory, server, undump
from .samples import NOT_MEASURED, SKIPPED, NotMeasured, Row, Skipped
from .tools import Bench


@dataclasses.dataclass(frozen=True)
class Group:
    """Rows that are measured together."""

    measure: Callable[[Bench], Iterator[Row]]
    rows: list[tuple[str, Optional[float], str]]


def warm(measure: Callable[[Bench], Iterator[Row]], name: str) -> Group:
    return Group(measure, [(f"launch-{name}", 1.5, "ms"), (f"launch-{name}-byte", None, "ms")])


GROUPS = [
    Group(launch.trivial, [("launch-trivial", 3, "x"), ("launch-dynamic", 3, "x")]),
    Group(launch.heap, [("launch-heap", 1.3, "x")]),
    Group(inputs.launch, [("inputs-launch", 1, "ms")]),
    Group(memory.big, [("launch-big", 1.3, "x"), ("launch-big-memory", 2, "MiB"), ("undump-memory-big", 128, "MiB")]),
    Group(memory.copies, [("copies", None, "MiB"), ("copies-read", None, "MiB")]),
    warm(launch.python, "python"),
    warm(launch.jvm, "jvm"),
    warm(launch.node, "node"),
    Group(server.spring_boot, [("answer-spring-boot", 0.02, "x")]),
    Group(commands.tsc, [("command-tsc", None, "x")]),
    Group(server.spring_boot_crac, [("answer-spring-boot-crac", 0.02, "x"), ("answer-spring-boot-refresh", None, "x")]),
    Group(commands.javac, [("command-javac", 0.166, "x")]),
    Group(commands.pandas, [("command-pandas", 0.1, "x")]),
    Group(launch.threads, [("threads-1000", 1.5, "x")]),
    Group(capture.ilock, [("overhead-ilock", 1.01, "x")]),
    Group(capture.ring, [("overhead-ring", 1.01, "x")]),
    Group(capture.malloc, [("overhead-malloc", 1.01, "x")]),
    Group(capture.file, [("overhead-file", 1.01, "x")]),
    Group(capture.freeze, [("freeze", 1.3, "x"), ("freeze-cow", 20, "ms")]),
    Group(undump.undump, [("undump", 1.3, "x"), ("undump-synced", 1.3, "x"), ("undump-memory", 128, "MiB")]),
    Group(undump.size_python, [("size-python", 1.05, "x")]),
    Group(undump.size_jvm, [("size-jvm", 1.05, "x")]),
    Group(undump.size_heap, [("size-heap", 1.05, "x")]),
]


def measure(bench: Bench, group: Group) -> list[Row]:
    """All rows of a group in their order; those that could not be measured say why."""
    measured: dict[str, Row] = {}
    reason, missing = "no result", NOT_MEASURED
    try:
        for row in group.measure(bench):
            measured[row.name] = row
    except Skipped as problem:
        reason, missing = str(problem), SKIPPED
    except (NotMeasured, OSError) as problem:
        reason = str(problem)
    return [measured.get(name, Row(name, bar, unit, detail=reason, missing=missing)) for name, bar, unit in group.rows]
