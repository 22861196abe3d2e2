# SPDX-License-Identifier: Apache-2.0
"""Does the steps of a description to a running program and judges the answers."""
import http.client
import pathlib
import re
import socket
import subprocess
import time

from .description import Program, Step
from .running import POLL_SECONDS, Running, Wrong, tail


class Stage:
    """One start of a program: its folder, its port, and the way to talk with it."""

    def __init__(self, program: Program, running: Running, work: pathlib.Path, port: int):
        self.program, self.running, self.work, self.port = program, running, work, port

    def ready(self) -> None:
        """Waits for the prompt; a server shows that it is ready by its first answer."""
        if self.program.terminal and self.program.prompt:
            self.running.await_text(self.program.prompt, self.program.limit)

    def perform(self, steps, limit: float = 0) -> None:
        for number, step in enumerate(steps, 1):
            try:
                self.do(step, limit or self.program.limit)
            except Wrong as problem:
                raise Wrong(f"{step.what or f'step {number} ({step.action})'}: {problem}") from problem

    def do(self, step: Step, limit: float, until_prompt: bool = True) -> float:
        """Does one step; gives the moment of its answer. Wrong when it is not the expected one."""
        value = step.value
        if isinstance(value, str):
            value = substitute(value, self.work, self.port)
        if step.action in ("type", "keys"):
            return self.talk(step, value, limit, until_prompt)
        return self.poll(step, value, limit)

    def talk(self, step: Step, text: str, limit: float, until_prompt: bool) -> float:
        running = self.running
        running.send(text + "\r" if step.action == "type" else text)
        if step.exit is not None:
            running.await_end(limit)
            if running.status != step.exit:
                raise Wrong(f"ended with {running.how_ended()} instead of status {step.exit}")
            return time.monotonic()
        end = running.await_text(step.expect, limit)
        moment = time.monotonic()
        if until_prompt and self.program.prompt:
            running.await_text(self.program.prompt, limit, end)
        return moment

    def poll(self, step: Step, value, limit: float) -> float:
        """Asks until there is an answer (a server may be starting), then judges it. Files may be written late."""
        deadline = time.monotonic() + limit
        while True:
            try:
                answer = self.answer(step, value, max(deadline - time.monotonic(), 0.01))
                moment = time.monotonic()
                if re.search(step.expect, answer, re.MULTILINE):
                    return moment
                problem = f"{tail(answer)} is not /{step.expect}/"
                final = step.action != "file"
            except OSError as error:
                problem, final = f"no answer: {error}", not isinstance(error, (ConnectionError, FileNotFoundError))
            if self.running.ended():
                raise Wrong(f"it ended with {self.running.how_ended()}: {tail(self.running.late_text())}")
            if final or time.monotonic() > deadline:
                raise Wrong(problem)
            time.sleep(POLL_SECONDS)

    def answer(self, step: Step, value, limit: float) -> str:
        if step.action in ("get", "post"):
            return self.http(step.action.upper(), value, step.body, limit)
        if step.action == "ask":
            return self.line_protocol(value, step.expect, limit)
        if step.action == "file":
            return (self.work / value).read_text(errors="replace")
        command = [substitute(word, self.work, self.port) for word in value]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, cwd=self.work)
        except subprocess.TimeoutExpired as problem:
            raise OSError(f"{command[0]} did not end within {limit:g} s") from problem
        return done.stdout + done.stderr

    def http(self, method: str, path: str, body: str, limit: float) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        try:
            connection.request(method, path, body=body or None, headers={"Connection": "close"})
            response = connection.getresponse()
            return f"{response.status} {response.read().decode('utf-8', 'replace')}"
        except http.client.HTTPException as problem:
            raise OSError(f"no HTTP: {problem!r}") from problem
        finally:
            connection.close()

    def line_protocol(self, text: str, expect: str, limit: float) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit) as connection:
            connection.sendall(text.encode())
            answer = b""
            while not re.search(expect, answer.decode("utf-8", "replace"), re.MULTILINE):
                try:
                    part = connection.recv(65536)
                except TimeoutError:
                    break
                if not part:
                    break
                answer += part
            return answer.decode("utf-8", "replace")


def substitute(text: str, work: pathlib.Path, port: int) -> str:
    return text.replace("{work}", str(work)).replace("{port}", str(port))
