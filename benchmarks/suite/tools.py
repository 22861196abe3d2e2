# SPDX-License-Identifier: Apache-2.0
"""Builds the helpers, runs the timing program, and makes checkpoints and images with the project's own commands."""
from __future__ import annotations

import contextlib
import os
import pathlib
import select
import subprocess
import time
from typing import Iterator, Optional, Sequence

from .samples import NotMeasured

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
        raise NotMeasured(f"{words[0]} is not there") from None
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
            raise NotMeasured(f"{words[0]} is not installed") from None
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


class Bench:
    """Where the work is done: the commands under test, a folder for big files, and images made only once."""

    def __init__(self, bin_folder: pathlib.Path, work: pathlib.Path, runs: Optional[int], mebibytes: int):
        self.bin = bin_folder
        self.work = work
        self.runs_wanted = runs
        self.mebibytes = mebibytes
        self.made: dict[str, tuple[pathlib.Path, pathlib.Path]] = {}

    def runs(self, usual: int) -> int:
        return self.runs_wanted or usual

    def command(self, name: str) -> pathlib.Path:
        path = self.bin / name
        if not path.exists():
            raise NotMeasured(f"{path} is missing: build the project first")
        return path

    def image(self, name: str, program: Sequence[object]) -> tuple[pathlib.Path, pathlib.Path]:
        """The checkpoint and the image of a program that was captured after its READY."""
        if name not in self.made:
            with running(program) as target:
                self.made[name] = self.image_of(name, target)
        return self.made[name]

    def image_of(self, name: str, target: Target) -> tuple[pathlib.Path, pathlib.Path]:
        """The same of a program that runs already; the capture ends it."""
        checkpoint, image = self.work / f"{name}.dat", self.work / name
        call([self.command("ckpt"), "--pid", target.pid, "-o", checkpoint])
        call([self.command("undump"), "--out", image, checkpoint])
        return checkpoint, image
