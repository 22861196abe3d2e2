# SPDX-License-Identifier: Apache-2.0
"""Builds the helpers, runs the timing program, and makes checkpoints and images with the project's own commands."""
from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import select
import subprocess
import time
from typing import Iterator, Optional, Sequence

from . import machine
from .samples import NotMeasured, Skipped

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent
HELPERS = HERE / "target"
EXAMPLES = ROOT / "examples" / "target" / "bin"
TARGETS = HERE / "targets"
PATIENCE_SECONDS = 300


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"


def call(command: Sequence[object], **options) -> str:
    """Runs a command to its end and returns what it wrote on stdout; NotMeasured with its last line if it failed."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE_SECONDS, **options)
    except FileNotFoundError:
        raise Skipped(f"{words[0]} is not there") from None
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{' '.join(words)}: no end after {PATIENCE_SECONDS} s") from None
    if done.returncode != 0:
        raise NotMeasured(f"{pathlib.Path(words[0]).name} ended with {done.returncode}: {last_line(done.stderr)}")
    return done.stdout


def build() -> None:
    """Compiles the helpers and the examples; both are small and up to date after the first time."""
    call(["make", "-s", "-C", HERE, "OUT=target"])
    call(["make", "-s", "-C", ROOT / "examples", "OUT=target/bin"])


def interleave(commands: Sequence[Sequence[object]], runs: int, *, warm_up: int = 1, first_byte: bool = False,
               unlink: Sequence[pathlib.Path] = (), sync: bool = False) -> list[list[float]]:
    """Runs the commands in turn and returns the nanoseconds of each, in the order of the commands."""
    words: list[object] = [HELPERS / "interleave", "-n", runs, "-w", warm_up, "-t", 120]
    if first_byte:
        words.append("-b")
    if sync:
        words.append("-s")
    for path in unlink:
        words += ["-u", path]
    words.append("--")
    for number, command in enumerate(commands):
        words += (["---"] if number else []) + list(command)
    samples: list[list[float]] = [[] for _ in commands]
    for line in call(words).splitlines():
        number, nanoseconds = line.split()
        samples[int(number)].append(float(nanoseconds))
    return samples


class Target:
    """A running program of which a line on stdout can be awaited."""

    def __init__(self, command: Sequence[object]):
        words = [str(word) for word in command]
        try:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        except FileNotFoundError:
            raise Skipped(f"{words[0]} is not installed") from None
        self.pending = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def next_line(self) -> str:
        output = self.process.stdout
        assert output is not None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"\n" not in self.pending:
            readable, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(output.fileno(), 4096) if readable else b""
            if not chunk:
                raise NotMeasured(f"{self.process.args[0]} ended or printed nothing")
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()


@contextlib.contextmanager
def running(command: Sequence[object]) -> Iterator[Target]:
    """A program that has printed READY and that is ended with the block, whatever happens."""
    target = Target(command)
    try:
        if target.next_line() != "READY":
            raise NotMeasured(f"{command[0]} did not print READY")
        yield target
    finally:
        if target.process.poll() is None:
            target.process.kill()
        target.process.wait()
        if target.process.stdout is not None:
            target.process.stdout.close()


def read_byte(process: subprocess.Popen) -> None:
    """Waits for one byte on the stdout of a program."""
    output = process.stdout
    assert output is not None
    readable, _, _ = select.select([output], [], [], PATIENCE_SECONDS)
    if not readable or not os.read(output.fileno(), 1):
        raise NotMeasured(f"{process.args[0]} ended or printed nothing")


@contextlib.contextmanager
def launched(image: pathlib.Path, copies: int = 1) -> Iterator[list[subprocess.Popen]]:
    """Copies of an image that have executed their first instructions and stay; ended with the block."""
    processes: list[subprocess.Popen] = []
    try:
        for _ in range(copies):
            processes.append(subprocess.Popen([str(image)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE))
        for process in processes:
            read_byte(process)
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much of everything; small for a run that only shows that all works."""

    mebibytes: int = 1024
    big_mebibytes: int = 4096
    chart_mebibytes: tuple[int, ...] = (1, 4, 16, 64, 256, 1024, 4096)
    copies: int = 10
    threads: int = 1000
    work: int = 1000
    runs: Optional[int] = None


QUICK = Sizes(mebibytes=8, big_mebibytes=16, chart_mebibytes=(1, 4), copies=2, threads=20, work=1, runs=2)


class Bench:
    """Where the work is done: the commands under test, a folder for big files, and images made only once."""

    def __init__(self, bin_folder: pathlib.Path, work: pathlib.Path, sizes: Sizes):
        self.bin = bin_folder
        self.work = work
        self.sizes = sizes
        self.checkpoints: dict[str, pathlib.Path] = {}
        self.images: dict[tuple[str, bool], pathlib.Path] = {}

    def runs(self, usual: int) -> int:
        return self.sizes.runs or usual

    def command(self, name: str) -> pathlib.Path:
        path = self.bin / name
        if not path.exists():
            raise NotMeasured(f"{path} is missing: build the project first")
        return path

    def require(self, mebibytes: int, files: float, memory: float) -> None:
        """Skips the row unless there is room for so many files and memories of that size, and some more."""
        machine.require(self.work, int(mebibytes * files) + 256, int(mebibytes * memory) + 512)

    def checkpoint(self, name: str, program: Sequence[object]) -> pathlib.Path:
        """The checkpoint of a program that was captured after its READY; made once."""
        if name not in self.checkpoints:
            with running(program) as target:
                self.checkpoints[name] = self.checkpoint_of(name, target)
        return self.checkpoints[name]

    def checkpoint_of(self, name: str, target: Target) -> pathlib.Path:
        """The same of a program that runs already; the capture ends it."""
        checkpoint = self.work / f"{name}.dat"
        call([self.command("ckpt"), "--pid", target.pid, "-o", checkpoint])
        return checkpoint

    def image(self, name: str, program: Sequence[object], *, eager: bool = False) -> pathlib.Path:
        """The image of a program; made once."""
        if (name, eager) not in self.images:
            checkpoint = self.checkpoint(name, program)
            image = self.work / (f"{name}-eager" if eager else name)
            call([self.command("undump"), *(["--eager"] if eager else []), "--out", image, checkpoint])
            self.images[name, eager] = image
        return self.images[name, eager]

    def images_only(self, name: str, program: Sequence[object]) -> tuple[pathlib.Path, pathlib.Path]:
        """Both images, the usual and the eager one, without the checkpoint, whose room is needed."""
        both = self.image(name, program), self.image(name, program, eager=True)
        self.checkpoint(name, program).unlink(missing_ok=True)
        return both

    def discard(self, name: str) -> None:
        """Removes what was made under a name."""
        for key in [key for key in self.images if key[0] == name]:
            self.images.pop(key).unlink(missing_ok=True)
        if name in self.checkpoints:
            self.checkpoints.pop(name).unlink(missing_ok=True)
