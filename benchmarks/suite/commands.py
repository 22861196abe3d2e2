# SPDX-License-Identifier: Apache-2.0
"""Commands: how long a program that is warm when it starts takes from exec to exit, against the program itself."""
from __future__ import annotations

import filecmp
import os
import pathlib
import shlex
import shutil
import subprocess
from typing import Iterator

from .samples import NotMeasured, Row, Skipped, milliseconds, ratio_row
from .tools import ROOT, Bench, call, interleave, last_line

PYTHON = pathlib.Path("/usr/bin/python3")  # Debian's, for which numpy and pandas are packaged
BINDING = ROOT / "bindings" / "python"
PYTHON_EXAMPLE = ROOT / "examples" / "python"
JAVAC = "jdk.compiler/com.sun.tools.javac.Main"
JAVAC_SOURCE = 'public class Hello { public static void main(String[] a) { System.out.println("hello"); } }\n'
TSC_EXAMPLE = ROOT / "examples" / "node-tsc"
TSC_LIBRARY = pathlib.Path("/usr/share/nodejs/typescript/lib/tsc.js")
TSC_ROUNDS = 20
WARMING_SECONDS = 1800


def warm_python(bench: Bench, imports: str, *run: object) -> pathlib.Path:
    """The image of an interpreter that has imported these modules and made that run."""
    image = bench.work / "warm-python"
    path = os.pathsep.join(filter(None, (str(BINDING), os.environ.get("PYTHONPATH"))))
    environ = {**os.environ, "PYTHONPATH": path, "UNDUMP_COMMAND": str(bench.command("undump")), "UNDUMP_CKPT": str(bench.command("ckpt"))}
    call([PYTHON, "-m", "undump.warm", "--out", image, "--import", imports, "--", *run], env=environ)
    return image


def require_same(bench: Bench, *commands: list[object]) -> None:
    """A command that does something else is not worth measuring."""
    outputs = [bench.work / f"output-{number}" for number in range(len(commands))]
    for output, command in zip(outputs, commands):
        with output.open("wb") as file:
            subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False)
    same = all(filecmp.cmp(outputs[0], output, shallow=False) for output in outputs[1:])
    for output in outputs:
        output.unlink()
    if not same:
        raise NotMeasured("the image printed something else than a new interpreter")


def pandas(bench: Bench) -> Iterator[Row]:
    if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import numpy, pandas"], capture_output=True, check=False).returncode != 0:
        raise Skipped("python3-numpy and python3-pandas are not installed")
    script = [PYTHON_EXAMPLE / "report.py", PYTHON_EXAMPLE / "sales.csv"]
    image = warm_python(bench, "numpy,pandas", *script)
    commands: list[list[object]] = [[PYTHON, *script], [image, *script]]
    require_same(bench, *commands)
    cold, warm = interleave(commands, bench.runs(40), warm_up=3)
    image.unlink()
    yield ratio_row("command-pandas", 0.1, milliseconds(warm), milliseconds(cold),
                    "image of python3 with numpy and pandas / python3, both report.py sales.csv", base_name="cold")


def javac(bench: Bench) -> Iterator[Row]:
    """Compiling a class, from exec to exit."""
    compiler = shutil.which("javac")
    if compiler is None:
        raise Skipped("javac is not installed")
    source, classes, image = bench.work / "Hello.java", bench.work / "classes", bench.work / "javac-fast"
    source.write_text(JAVAC_SOURCE, encoding="utf-8")
    arguments = ["-d", str(classes), str(source)]
    call([bench.command("undump"), "java", "--out", image, "--warmup", shlex.join(arguments), "--", "-m", JAVAC])
    base, fast = interleave([[compiler, *arguments], [image, *arguments]], bench.runs(20), warm_up=2)
    yield ratio_row("command-javac", 0.166, milliseconds(fast), milliseconds(base),
                    "image of javac that compiles one class / javac", base_name="javac")
    image.unlink()


def capture(bench: Bench, name: str, program: list[object]) -> tuple[pathlib.Path, pathlib.Path]:
    """Runs a program that asks for its own checkpoint; the usual and the eager image of it."""
    checkpoint = bench.work / f"{name}.dat"
    words = [str(word) for word in (bench.command("ckpt"), "-o", checkpoint, *program)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=WARMING_SECONDS, check=False)
    if done.returncode != 0 or not checkpoint.exists():
        raise NotMeasured(f"{words[0]} ended with {done.returncode}: {last_line(done.stderr)}")
    lazy, eager = bench.work / name, bench.work / f"{name}-eager"
    call([bench.command("undump"), "--out", lazy, checkpoint])
    call([bench.command("undump"), "--eager", "--out", eager, checkpoint])
    checkpoint.unlink()
    return lazy, eager


def tsc(bench: Bench) -> Iterator[Row]:
    node, cold = shutil.which("node"), shutil.which("tsc")
    if node is None or cold is None or not TSC_LIBRARY.exists():
        raise Skipped("node or tsc is not installed (Debian: nodejs, node-typescript)")
    rounds = min(bench.sizes.work, TSC_ROUNDS)
    images = capture(bench, "command-tsc", [node, TSC_EXAMPLE / "warm-tsc.js", rounds])
    arguments = ["--strict", "--target", "es2020", "--outDir", bench.work / "command-tsc-out", TSC_EXAMPLE / "sample.ts"]
    base, lazy, eager = interleave([[program, *arguments] for program in (cold, *images)], bench.runs(10))
    for image in images:
        image.unlink()
    shutil.rmtree(bench.work / "command-tsc-out")
    yield ratio_row("command-tsc", None, milliseconds(lazy), milliseconds(base),
                    f"image of tsc after {rounds} rounds / tsc, compiling a file of {len((TSC_EXAMPLE / 'sample.ts').read_text().splitlines())} lines",
                    base_name="cold", eager=milliseconds(eager))
