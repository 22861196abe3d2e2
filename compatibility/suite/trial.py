# SPDX-License-Identifier: Apache-2.0
"""The trial of one program: work, capture, image, launches, checked work, and the same from a cold start."""
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

from .description import Program
from .running import Running, Wrong, tail
from .steps import Stage, substitute

WORKS, REFUSED, FAILS, NOT_RUN = "works", "refused", "fails", "not run"
QUIET_SECONDS = 0.1
CONTROL_SECONDS = 2
COMMAND_SECONDS = 120
ESTABLISHED, CLOSE_WAIT = "01", "08"  # as /proc/net/tcp has them


@dataclasses.dataclass
class Result:
    """What became of one program; reason says why in one sentence where it does not work."""
    name: str
    verdict: str
    reason: str = ""
    version: str = ""
    launch_ms: float = 0
    cold_ms: float = 0
    runs: tuple = (0, 0)
    image_bytes: int = 0
    notes: tuple = ()


class Refused(Exception):
    """The capture was refused; the message is its line."""


class Trial:
    """Runs as the user that the program is to have. Every start gets a folder of its own below scratch."""

    def __init__(self, program: Program, programs: pathlib.Path, scratch: pathlib.Path, bin_folder: pathlib.Path):
        self.program, self.programs, self.scratch, self.bin = program, programs, scratch, bin_folder
        self.count = 0
        self.running = []
        self.notes = []

    def run(self, launches: int, colds: int) -> Result:
        result = Result(self.program.name, WORKS)
        try:
            result.version = self.version()
            self.control()
            stage, image, modes, saved = self.captured()
            result.image_bytes = image.stat().st_size
            result.launch_ms = self.median(launches, lambda: self.launch_time(stage, image, modes, saved))
            self.checked_launch(stage, image, modes, saved)
            result.cold_ms = self.median(colds, self.cold_time)
            result.runs = (launches, colds)
        except Refused as problem:
            result.verdict, result.reason = REFUSED, str(problem)
        except (Wrong, OSError) as problem:
            result.verdict, result.reason = FAILS, str(problem)
        finally:
            for running in self.running:
                running.end()
        result.notes = tuple(self.notes)
        return result

    # Starts

    def environment(self, work: pathlib.Path, port: int) -> dict:
        given = {name: substitute(value, work, port) for name, value in self.program.environment.items()}
        return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/games", "HOME": str(work),
                "LANG": "C.UTF-8", "TERM": "xterm", "USER": "user", **given}

    def start(self, work: pathlib.Path, port: int, command) -> Stage:
        running = Running(command, work, self.environment(work, port), self.program.terminal)
        self.running.append(running)
        return Stage(self.program, running, work, port)

    def fresh(self, launcher=()) -> Stage:
        """The program itself, started in a new folder."""
        self.count += 1
        work = self.scratch / f"work{self.count}"
        work.mkdir()
        for file in self.program.files:
            shutil.copy(self.programs / file, work / file)
        port = free_port()
        self.prepare(work, port)
        command = [substitute(word, work, port) for word in self.program.command]
        return self.start(work, port, [*launcher, *command])

    def prepare(self, work: pathlib.Path, port: int) -> None:
        """What a user does once for many starts, such as making an empty database; it is not timed."""
        if self.program.prepare:
            done = self.command([substitute(word, work, port) for word in self.program.prepare], work)
            if done.returncode != 0:
                raise Wrong(f"preparing gave status {done.returncode}: {tail(done.stdout + done.stderr)}")

    def version(self) -> str:
        done = self.command(self.program.version)
        found = re.search(r"\d+(?:\.\d+)+\S*|\d+", done.stdout + done.stderr)
        if not found:
            raise Wrong(f"{' '.join(self.program.version)} tells no version")
        return found.group().strip("(),;:\"'")

    # Without a capture

    def control(self) -> None:
        """What is asked after the capture must not be answered so by a program that has done nothing before."""
        stage = self.fresh()
        stage.ready()
        try:
            stage.perform(self.program.after, CONTROL_SECONDS)
        except Wrong:
            return
        finally:
            stage.running.end()
        raise Wrong("the steps after the capture pass without those before it, so that they prove nothing")

    def cold_time(self) -> float:
        """From the start of the program, through the same work, to the same answer."""
        stage = self.fresh()
        stage.ready()
        stage.perform(self.program.before)
        moment = stage.do(self.program.after[0], self.program.limit, until_prompt=False)
        stage.running.end()
        return moment - stage.running.started

    # The capture

    def captured(self):
        """Does the work before, captures, makes the image: (stage, image, terminal modes, files as they were then)."""
        checkpoint, image = self.scratch / "saved.ckpt", self.scratch / "image"
        allow = [word for what in self.program.allow for word in ("--allow", what)]
        under_ckpt = self.program.capture == "ckpt"
        stage = self.fresh([str(self.bin / "ckpt"), "-o", str(checkpoint), *allow, "--"] if under_ckpt else ())
        running = stage.running
        stage.ready()
        stage.perform(self.program.before)
        if self.program.terminal:
            running.quiet(QUIET_SECONDS, self.program.limit)
        else:
            await_no_connection(stage.port)
        if under_ckpt:
            self.capture_by_signal(stage, checkpoint)
        else:
            self.capture_by_pid(stage, checkpoint, allow)
        running.await_end(self.program.limit)
        modes = running.modes() if self.program.terminal else None
        running.end()
        done = self.command([self.bin / "undump", "--out", image, checkpoint])
        if done.returncode != 0:
            raise Wrong(f"undump: {one_line(done.stderr)}")
        self.notes += [line for line in done.stderr.splitlines() if "no memory is lazy" in line or "eager" in line]
        checkpoint.unlink()
        saved = self.scratch / "saved"
        shutil.copytree(stage.work, saved, symlinks=True, ignore=special_files)
        return stage, image, modes, saved

    def capture_by_pid(self, stage: Stage, checkpoint: pathlib.Path, allow) -> None:
        done = self.command([self.bin / "ckpt", "--pid", str(stage.running.pid), "-o", checkpoint, *allow])
        if done.returncode != 0:
            self.refused(stage, done.stderr)

    def capture_by_signal(self, stage: Stage, checkpoint: pathlib.Path) -> None:
        stage.running.mark = len(stage.running.output)
        os.kill(stage.running.pid, signal.SIGUSR2)
        deadline = time.monotonic() + self.program.limit
        while not checkpoint.exists():
            if stage.running.master is not None:
                stage.running.receive(0.01)
            else:
                time.sleep(0.01)
            lines = [line for line in stage.running.text().splitlines() if line.startswith("ckpt: ")]
            over = stage.running.ended() or time.monotonic() > deadline
            if checkpoint.exists():
                break
            if lines:
                self.refused(stage, "\n".join(lines))
            if over:
                raise Wrong(f"ckpt wrote no checkpoint: {tail(stage.running.late_text())}")

    def refused(self, stage: Stage, message: str) -> None:
        """A refused capture must leave the program as it was."""
        try:
            stage.perform(self.program.after)
        except Wrong as problem:
            raise Wrong(f"the capture was refused ({one_line(message)}) and harmed the program: {problem}") from problem
        raise Refused(one_line(message))

    def command(self, words, folder: pathlib.Path | None = None) -> subprocess.CompletedProcess:
        folder = folder or self.scratch
        try:
            return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", check=False, timeout=COMMAND_SECONDS, env=self.environment(folder, 0), cwd=folder)
        except subprocess.TimeoutExpired as problem:
            raise Wrong(f"{words[0]} did not end within {COMMAND_SECONDS} s") from problem

    # Launches

    def launched(self, captured: Stage, image: pathlib.Path, modes, saved: pathlib.Path) -> Stage:
        put_back(saved, captured.work)
        stage = self.start(captured.work, captured.port, [str(image)])
        if modes is not None:
            stage.running.await_modes(modes, 5)
        return stage

    def launch_time(self, *where) -> float:
        """From exec of the image to the right answer."""
        stage = self.launched(*where)
        moment = stage.do(self.program.after[0], self.program.limit, until_prompt=False)
        stage.running.end()
        return moment - stage.running.started

    def checked_launch(self, *where) -> None:
        stage = self.launched(*where)
        stage.perform(self.program.after)
        if self.program.after[-1].exit is None and stage.running.ended():
            raise Wrong(f"after its work it ended with {stage.running.how_ended()}")
        stage.running.end()

    @staticmethod
    def median(count: int, measure) -> float:
        return statistics.median(measure() for _ in range(count)) * 1000 if count else 0


def put_back(saved: pathlib.Path, work: pathlib.Path) -> None:
    """Gives the program's folder the contents of the capture. Files stay the same ones (inodes), as programs map them."""
    kept = {path.relative_to(saved) for path in saved.rglob("*")}
    for path in sorted(work.rglob("*"), reverse=True):
        if path.relative_to(work) not in kept and not is_special(path):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for relative in sorted(kept):
        source, target = saved / relative, work / relative
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif source.is_file() and (not target.exists() or target.read_bytes() != source.read_bytes()):
            target.write_bytes(source.read_bytes())


def is_special(path: pathlib.Path) -> bool:
    """Whether it is a socket, FIFO or device; those have no contents to put back."""
    return not (path.is_symlink() or path.is_file() or path.is_dir())


def special_files(folder: str, names: list) -> list:
    return [name for name in names if is_special(pathlib.Path(folder, name))]


def await_no_connection(port: int, limit: float = 5) -> None:
    """Waits until the server has closed its ends of our connections; one that it keeps is the capture's business."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if not any(line[1].endswith(f":{port:04X}") and line[3] in (ESTABLISHED, CLOSE_WAIT) for line in lines):
            return
        time.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def one_line(text: str) -> str:
    """The first line that says why, of what a command wrote."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else "nothing was said"
