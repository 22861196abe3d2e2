# SPDX-License-Identifier: Apache-2.0
"""A program that runs: started on a terminal of its own, or with a log; looked at, waited for and ended."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import termios
import time

# Sequences by which programs place and colour what they print.
CONTROL = re.compile(r"\x1b\[[0-9;?<=>!]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()*+][0-9A-B]|\x1b[=>78cDHMNOZ]|[\x00\x07\x0e\x0f]")
ROWS, COLUMNS = 30, 120
POLL_SECONDS = 0.0002


class Wrong(Exception):
    """The program did not do what it had to; the message says what was found instead."""


def plain(output: bytes) -> str:
    """What a reader would see of an output, without its control sequences."""
    # ESC E is "next line".
    text = CONTROL.sub("", output.decode("utf-8", "replace").replace("\x1bE", "\n"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Running:
    """One started program. Its session is its own, so that ending it ends what it has started as well."""

    def __init__(self, command, work: pathlib.Path, environment: dict, terminal: bool):
        self.master = None
        self.output = b""
        self.mark = 0
        self.status = None
        self.log = work.parent / f"{work.name}.log"
        if terminal:
            self.master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            name = os.ttyname(slave)
            actions = [(os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1)]
        else:
            slave = None
            self.log.write_bytes(b"")
            actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                       (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_APPEND, 0)]
        actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
        os.chdir(work)
        self.started = time.monotonic()
        try:
            self.pid = os.posix_spawnp(command[0], command, environment, file_actions=actions, setsid=True,
                                       setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
        except OSError as problem:
            raise Wrong(f"{command[0]} cannot be started: {problem.strerror}") from problem
        finally:
            if slave is not None:
                os.close(slave)

    def modes(self):
        return termios.tcgetattr(self.master)

    def receive(self, seconds: float) -> bool:
        """Takes what the program prints within this time; False when nothing came."""
        if not select.select([self.master], [], [], max(seconds, 0))[0]:
            return False
        try:
            part = os.read(self.master, 65536)
        except OSError:  # EIO: the last program on the terminal has ended
            part = b""
        if not part:
            time.sleep(POLL_SECONDS)
        self.output += part
        return bool(part)

    def quiet(self, seconds: float, limit: float) -> None:
        """Waits until the program has printed nothing for so long."""
        deadline = time.monotonic() + limit
        while self.receive(seconds) and time.monotonic() < deadline:
            pass

    def send(self, text: str) -> None:
        self.mark = len(self.output)
        data = text.encode()
        while data:
            data = data[os.write(self.master, data):]

    def seen(self) -> str:
        """What was printed since the last thing that was typed."""
        return plain(self.output[self.mark:])

    def text(self) -> str:
        return plain(self.output) if self.master is not None else self.log.read_text(errors="replace")

    def await_text(self, pattern: str, limit: float, start: int = 0) -> int:
        """Waits until the output since the last typing matches; gives the place behind the match."""
        deadline = time.monotonic() + limit
        while True:
            found = re.compile(pattern, re.MULTILINE).search(self.seen(), start)
            if found:
                return found.end()
            if not self.receive(min(deadline - time.monotonic(), 0.1)):
                if self.ended():
                    raise Wrong(f"it ended with {self.how_ended()} instead of /{pattern}/: {tail(self.seen())}")
                if time.monotonic() > deadline:
                    raise Wrong(f"no /{pattern}/ within {limit:g} s, but {tail(self.seen())}")

    def await_modes(self, modes, limit: float) -> None:
        """Waits until the terminal is in the modes in which the program left the other one."""
        deadline = time.monotonic() + limit
        while self.modes() != modes:
            if self.ended():
                raise Wrong(f"it ended with {self.how_ended()}: {tail(self.late_text())}")
            if time.monotonic() > deadline:
                raise Wrong("the terminal's modes (raw or line by line, echo) were not set again")
            time.sleep(POLL_SECONDS)

    def late_text(self) -> str:
        """All output of a program that has ended."""
        while self.master is not None and self.receive(0.01):
            pass
        return self.text()

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def await_end(self, limit: float) -> None:
        deadline = time.monotonic() + limit
        while not self.ended():
            if self.master is not None:
                self.receive(0.01)
            else:
                time.sleep(0.005)
            if time.monotonic() > deadline:
                raise Wrong(f"did not end within {limit:g} s")

    def how_ended(self) -> str:
        return f"status {self.status}" if self.status >= 0 else signal.Signals(-self.status).name

    def end(self) -> None:
        """Ends the program and what it has started, if it has not ended."""
        if not self.ended():
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        if self.master is not None:
            os.close(self.master)
            self.master = None


def tail(text: str) -> str:
    """The end of a text in one line, for a message."""
    line = " ".join(text.split())
    return f"\"…{line[-160:]}\"" if len(line) > 160 else f"\"{line}\""
