# SPDX-License-Identifier: Apache-2.0
"""python -m undump.warm: makes one executable of this interpreter with modules imported.

    python3 -m undump.warm --out warm --import numpy,pandas
    ./warm script.py arguments      # as python3 script.py arguments; -c, -m, - and a terminal work likewise

A script with arguments (or -c, -m) behind -- is run once before the checkpoint, so that what it uses is warm.

exit status: 0 done, 1 failed, 2 usage
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from ._library import UndumpError, library
from ._surroundings import without_package

PACKAGE = pathlib.Path(__file__).resolve().parent


def main() -> int:
    options = _options()
    try:
        functions = library()
    except UndumpError as problem:
        return _failed(problem.strerror)
    out = pathlib.Path(os.path.abspath(options.out))
    if not os.access(out.parent, os.W_OK | os.X_OK):
        return _failed(f"{out.parent} is no folder that can be written to")
    with tempfile.TemporaryDirectory(prefix=".undump-warm-", dir=out.parent) as work:
        checkpoint = pathlib.Path(work) / "warm.ckpt"
        if not _take(options, checkpoint):
            return 1
        return _undump(functions.path, checkpoint, out)


def _options() -> argparse.Namespace:
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="python -m undump.warm", description=__doc__, usage="%(prog)s [options] [-- script.py …]",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="warm", metavar="FILE", help="executable to write (default: warm)")
    parser.add_argument("--import", dest="imports", action="append", default=[], metavar="MODULE,…",
                        help="modules to import; repeatable")
    parser.add_argument("--allow", action="append", default=[], metavar="WHAT",
                        help="accept a weaker restore, as ckpt --allow; repeatable")
    options = parser.parse_args(words[:at])
    options.imports = [name for group in options.imports for name in group.split(",") if name]
    options.arguments = words[at + 1:]
    if not options.imports and not options.arguments:
        parser.error("say with --import what to import, or behind -- what to run")
    return options


def _failed(sentence: str) -> int:
    print(f"undump: {sentence}", file=sys.stderr)
    return 1


def _take(options: argparse.Namespace, checkpoint: pathlib.Path) -> bool:
    """Starts the interpreter that becomes the image, and waits until its checkpoint has ended it."""
    command = [sys.executable, *subprocess._args_from_interpreter_flags()]
    description = {"package": str(PACKAGE.parent), "imports": options.imports, "arguments": options.arguments,
                   "allow": options.allow, "checkpoint": str(checkpoint), "command": command}
    # Pipes from outside become the standard streams of the launch, whatever they are there.
    environ = dict(os.environ)
    environ.update(without_package(environ))
    warm = subprocess.Popen([*command, str(PACKAGE / "_warm_child.py"), json.dumps(description)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
    for chunk in iter(lambda: warm.stdout.read1(65536), b""):
        sys.stderr.buffer.write(chunk)
        sys.stderr.flush()
    status = warm.wait()
    warm.stdin.close()
    warm.stdout.close()
    if checkpoint.exists():
        return True
    if status != 1:  # else it has said why
        _failed(f"the interpreter that was to become the image ended with status {status}")
    return False


def _undump(library_path: str, checkpoint: pathlib.Path, out: pathlib.Path) -> int:
    done = subprocess.run([_command(library_path), "--out", out, checkpoint], stdin=subprocess.DEVNULL)
    return 0 if done.returncode == 0 else 1


def _command(library_path: str) -> str:
    """The undump command, where undump.h looks for it."""
    chosen = os.environ.get("UNDUMP_COMMAND")
    if chosen:
        return chosen
    for above in list(pathlib.Path(library_path).resolve().parents)[:4]:
        if os.access(above / "bin" / "undump", os.X_OK):
            return str(above / "bin" / "undump")
    return "undump"


if __name__ == "__main__":
    sys.exit(main())
