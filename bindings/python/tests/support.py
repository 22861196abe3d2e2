# SPDX-License-Identifier: Apache-2.0
"""What the tests share: where things are, and how programs are run."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import Callable, Mapping, Optional, Sequence

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE_FOLDER = ROOT / "bindings" / "python"
UNDUMP = ROOT / "bin" / "undump"
PYTHON = os.environ.get("UNDUMP_TEST_PYTHON", "/usr/bin/python3")  # Debian's, for which its packages are
PATIENCE_SECONDS = 300

sys.path.insert(0, str(PACKAGE_FOLDER))


@dataclasses.dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


def environment(**changes: Optional[str]) -> dict:
    """This process's, without what would change the interpreters under test; None removes a variable."""
    variables = {name: value for name, value in os.environ.items()
                 if not name.startswith("PYTHON") and name not in ("UNDUMP_WARM_EXPLAIN", "UNDUMP_SESSIONS")}
    for name, value in changes.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    return variables


def run(command: Sequence[object], *, stdin: str = "", cwd: Optional[pathlib.Path] = None,
        env: Optional[Mapping[str, str]] = None, **options) -> Done:
    done = subprocess.run([str(word) for word in command], input=stdin.encode(), capture_output=True, cwd=cwd,
                          env=environment() if env is None else env, timeout=PATIENCE_SECONDS, **options)
    return Done(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "surrogateescape"))


def run_or_raise(command: Sequence[object], **options) -> Done:
    done = run(command, **options)
    if done.status != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.status}:\n{done.out}{done.err}")
    return done


def with_package(**changes: Optional[str]) -> dict:
    return environment(PYTHONPATH=str(PACKAGE_FOLDER), **changes)


def make_folder(add_cleanup: Callable) -> pathlib.Path:
    """A new one, which goes with the test or class whose addCleanup or addClassCleanup it is."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="undump-test-"))
    add_cleanup(shutil.rmtree, folder)
    return folder


def make_warm(out: pathlib.Path, *arguments: object, **options) -> Done:
    return run_or_raise([PYTHON, "-m", "undump.warm", "--out", out, *arguments], env=with_package(), **options)


def make_image(checkpoint: pathlib.Path, out: pathlib.Path, *options: str) -> pathlib.Path:
    run_or_raise([UNDUMP, "--out", out, *options, checkpoint])
    return out
