# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own, driven as by a person who waits for what they want to see."""
from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from typing import Mapping, Sequence



_PATIENCE_SECONDS = 60
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Za-z0-9]|\x1b[=>]|\x1b\][^\x07]*\x07")


class Terminal:

    def __init__(self, command: Sequence[object], env: Mapping[str, str], cwd: object):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x28\x00\xa0\x00\x00\x00\x00\x00")  # 40 lines of 160

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([str(word) for word in command], stdin=slave, stdout=slave, stderr=slave, env=dict(env), cwd=cwd,
                                        start_new_session=True, preexec_fn=take_terminal)
        os.close(slave)
        self.all = b""
        self.seen = 0  # of what has been shown, as text

    def send(self, line: str) -> None:
        os.write(self.master, line.encode() + b"\r")

    def expect(self, pattern: str) -> str:
        """Waits until the pattern is in what has been shown since the last time, and returns what it matched."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = re.compile(pattern).search(self.text(), self.seen)
            if found:
                self.seen = found.end()
                return found.group(0)
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"no {pattern!r} in what was shown:\n{self.all.decode('utf-8', 'replace')}")

    def text(self) -> str:
        """All that has been shown, without what moves the cursor or chooses colours."""
        return _CONTROL.sub(b"", self.all).decode("utf-8", "replace").replace("\r", "")

    def _read(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.master], [], [], max(0.0, seconds))
        try:
            chunk = os.read(self.master, 65536) if readable else b""
        except OSError:  # the terminal has no program any more
            chunk = b""
        if b"\x1b[6n" in chunk:  # where the cursor is
            os.write(self.master, b"\x1b[1;1R")
        self.all += chunk
        return bool(chunk)

    def wait(self) -> int:
        """Reads on until the program has ended, and returns its status."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.process.poll() is None:
            if not self._read(min(0.2, deadline - time.monotonic())) and time.monotonic() > deadline:
                raise AssertionError(f"no end; shown was:\n{self.all.decode('utf-8', 'replace')}")
        while self._read(0):  # what it has shown last
            pass
        return self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
