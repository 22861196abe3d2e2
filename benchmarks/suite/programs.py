# SPDX-License-Identifier: Apache-2.0
"""The programs that are captured, as commands."""
from __future__ import annotations

import os
import pathlib
import shutil
import sys

from .samples import Skipped
from .tools import HELPERS, TARGETS, Bench, call

PROBE = HELPERS / "spin-probe"
DYNAMIC_PROBE = HELPERS / "spin-probe-dynamic"
STATIC = HELPERS / "static-exit"
FIRST_INSTRUCTION = HELPERS / "first-instruction.so"
TRIVIAL = [PROBE, 0, 0, "stay"]


def heap(mebibytes: int) -> list[object]:
    """A program with that much written memory, whose image stays after its first instructions."""
    return [PROBE, mebibytes, 0, "stay"]


def python() -> list[object]:
    return [os.path.realpath(sys.executable), TARGETS / "warm.py"]


def java(bench: Bench) -> list[object]:
    if shutil.which("javac") is None:
        raise Skipped("javac is not installed")
    call(["javac", "-d", bench.work, TARGETS / "Warm.java"])
    return [os.path.realpath(shutil.which("java") or "java"), "-cp", bench.work, "Warm"]


def node() -> list[object]:
    path = shutil.which("node")
    if path is None:
        raise Skipped("node is not installed")
    return [os.path.realpath(path), TARGETS / "warm.js"]


def in_short(program: list[object]) -> str:
    """The command as a reader types it: without folders, without a class path."""
    words = [pathlib.Path(str(word)).name for word in program]
    if "-cp" in words:
        del words[words.index("-cp"):words.index("-cp") + 2]
    return " ".join(words)
