# SPDX-License-Identifier: Apache-2.0
"""How long a server takes up to its first answer."""
from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from typing import Iterator

from .samples import NotMeasured, Row, Skipped, milliseconds, ratio_row
from .tools import HELPERS, PATIENCE_SECONDS, ROOT, Bench, Target, call, interleave

JAR = ROOT / "examples" / "spring-boot" / "target" / "spring-boot-hello.jar"
PATH = "/hello"
COLD_STARTS = 5
WARM_REQUESTS = 100


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}", timeout=PATIENCE_SECONDS) as answer:
        answer.read()


def await_answer(target: Target, port: int) -> None:
    """Waits until the server answers with 200."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and target.process.poll() is None:
        try:
            ask(port)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)
    raise NotMeasured(f"{target.process.args[0]} ended or did not answer")


def images(bench: Bench, program: list[object], port: int) -> list[list[object]]:
    """The usual and the eager image of the server after some requests."""
    target = Target(program)
    try:
        await_answer(target, port)
        for _ in range(WARM_REQUESTS):
            ask(port)
        checkpoint = bench.work / "server.dat"
        call([bench.command("ckpt"), "--pid", target.pid, "-o", checkpoint, "--allow", "tcp-closed"])
    finally:
        target.process.kill()
        target.process.wait()
        target.process.stdout.close()
    lazy, eager = bench.work / "server", bench.work / "server-eager"
    call([bench.command("undump"), "--out", lazy, checkpoint])
    call([bench.command("undump"), "--eager", "--out", eager, checkpoint])
    checkpoint.unlink()
    return [[lazy], [eager]]


def spring_boot(bench: Bench) -> Iterator[Row]:
    if not JAR.exists():
        raise Skipped(f"{JAR.relative_to(ROOT)} is not built: \"mvn package\" makes it")
    java = shutil.which("java")
    if java is None:
        raise Skipped("java is not installed")
    port = free_port()
    program = [os.path.realpath(java), "-jar", JAR, f"--server.port={port}"]
    made = images(bench, program, port)
    runs = [[HELPERS / "first-answer", port, PATH, *command] for command in (program, *made)]
    start, lazy, eager = interleave(runs, bench.runs(COLD_STARTS), warm_up=0, first_byte=True)
    for (image,) in made:
        image.unlink()
    yield ratio_row("answer-spring-boot", 0.02, milliseconds(lazy), milliseconds(start),
                    f"image of spring-boot-hello.jar after {WARM_REQUESTS} requests / its cold start, to the first answer",
                    base_name="cold", eager=milliseconds(eager))
