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

from .samples import NotMeasured, Row, Series, Skipped, milliseconds, ratio_row
from .tools import HELPERS, PATIENCE_SECONDS, ROOT, Bench, Target, call

JAR = ROOT / "examples" / "spring-boot" / "target" / "spring-boot-hello.jar"
PATH = "/hello"
COLD_STARTS = 5
WARM_REQUESTS = 100
CRAC_REQUESTS = 1000


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


def application(bench: Bench, port: int) -> list[object]:
    """How the example is started, without us."""
    if not JAR.exists():
        raise Skipped(f"{JAR.relative_to(ROOT)} is not built: \"mvn package\" makes it")
    java = shutil.which("java")
    if java is None:
        raise Skipped("java is not installed")
    # Of Tomcat's folders those that captured and killed JVMs leave go away with the others.
    return [os.path.realpath(java), f"-Djava.io.tmpdir={bench.work}", "-jar", JAR, f"--server.port={port}"]


def first_answers(bench: Bench, port: int, program: list[object], made: list[list[object]]) -> list[Series]:
    """Milliseconds from exec to the first answer: of the program, then of each of its images, which are removed."""
    commands = [program, *made]
    samples: list[list[float]] = [[] for _ in commands]
    for _ in range(bench.runs(COLD_STARTS)):
        for series, command in zip(samples, commands):
            series.append(float(call([HELPERS / "first-answer", port, PATH, *command])))
    for (image,) in made:
        image.unlink()
    return [milliseconds(series) for series in samples]


def spring_boot(bench: Bench) -> Iterator[Row]:
    port = free_port()
    program = application(bench, port)
    start, lazy, eager = first_answers(bench, port, program, images(bench, program, port))
    yield ratio_row("answer-spring-boot", 0.02, lazy, start,
                    f"image of spring-boot-hello.jar after {WARM_REQUESTS} requests / its cold start, to the first answer",
                    base_name="cold", eager=eager)


def crac_image(bench: Bench, name: str, program: list[object], choices: list[object]) -> list[object]:
    image = bench.work / name
    call([bench.command("undump"), "crac", "--out", image, *choices, "--", *program])
    return [image]


def spring_boot_crac(bench: Bench) -> Iterator[Row]:
    """Through the org.crac API: Tomcat is stopped before the checkpoint and started in each launch."""
    port = free_port()
    program = application(bench, port)
    warm = ["--warm", f"http://127.0.0.1:{port}{PATH}", "--requests", CRAC_REQUESTS]
    made = [crac_image(bench, "crac-warm", program, warm), crac_image(bench, "crac-refresh", program, [])]
    start, warmed, refreshed = first_answers(bench, port, program, made)
    yield ratio_row("answer-spring-boot-crac", 0.02, warmed, start,
                    f"undump crac --warm, {CRAC_REQUESTS} requests / cold start of spring-boot-hello.jar, to the first answer",
                    base_name="cold")
    yield ratio_row("answer-spring-boot-refresh", None, refreshed, start,
                    "undump crac, checkpoint on refresh / cold start of spring-boot-hello.jar, to the first answer",
                    base_name="cold")
