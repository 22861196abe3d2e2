# SPDX-License-Identifier: Apache-2.0
"""What the files in programs/ say: which program, how to start it, what it has to do before and after its capture."""
import dataclasses
import pathlib
import re
import tomllib

# What a step may do; one of these stands in each.
ACTIONS = ("type", "keys", "get", "post", "ask", "run", "file")
STEP_KEYS = {*ACTIONS, "what", "expect", "body", "exit"}
PROGRAM_KEYS = {"title", "packages", "command", "version", "terminal", "prompt", "capture", "allow", "files", "prepare", "environment",
                "limit", "check", "note", "before", "after"}
CAPTURES = ("pid", "ckpt")


class BadDescription(Exception):
    """A file in programs/ does not say what it has to; the message names file and place."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing done to the program, and by what it is judged: its answer (a regular expression) or its exit status."""
    action: str
    value: object
    what: str = ""
    expect: str = ""
    body: str = ""
    exit: int | None = None


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    title: str
    packages: dict
    command: tuple
    version: tuple
    before: tuple
    after: tuple
    terminal: bool = False
    prompt: str = ""
    capture: str = "pid"
    allow: tuple = ()
    files: tuple = ()
    prepare: tuple = ()
    environment: dict = dataclasses.field(default_factory=dict)
    limit: int = 60
    check: bool = False
    note: str = ""

    def what(self, steps: tuple) -> str:
        return ", ".join(step.what for step in steps if step.what)


def read(file: pathlib.Path) -> Program:
    """The description in a file; BadDescription when it is not one."""
    try:
        text = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadDescription(f"{file}: {problem}") from problem
    unknown = sorted(set(text) - PROGRAM_KEYS)
    if unknown:
        raise BadDescription(f"{file}: knows no {', '.join(unknown)}; a program has {', '.join(sorted(PROGRAM_KEYS))}")
    missing = [key for key in ("title", "packages", "command", "version", "before", "after") if not text.get(key)]
    if missing:
        raise BadDescription(f"{file}: {', '.join(missing)} is missing")
    for key in ("command", "version", "allow", "files", "prepare"):
        text[key] = tuple(text.get(key, ()))
    for key in ("before", "after"):
        text[key] = tuple(step(file, f"{key} {number}", words) for number, words in enumerate(text[key], 1))
    program = Program(file.stem, **text)
    check(file, program)
    return program


def step(file: pathlib.Path, place: str, words: dict) -> Step:
    unknown = sorted(set(words) - STEP_KEYS)
    if unknown:
        raise BadDescription(f"{file}, {place}: knows no {', '.join(unknown)}; a step has {', '.join(sorted(STEP_KEYS))}")
    actions = [action for action in ACTIONS if action in words]
    if len(actions) != 1:
        raise BadDescription(f"{file}, {place}: has {actions or 'no action'}, but needs one of {', '.join(ACTIONS)}")
    action, expect = actions[0], words.get("expect", "")
    if expect and "exit" in words:
        raise BadDescription(f"{file}, {place}: has both an answer to expect and a status to exit with")
    try:
        # A terminal shows what is typed; that must not pass for the answer.
        if action in ("type", "keys") and expect and re.search(expect, words[action], re.MULTILINE):
            raise BadDescription(f"{file}, {place}: what is typed matches what is expected of the program")
    except re.error as problem:
        raise BadDescription(f"{file}, {place}: {expect!r} is no regular expression: {problem}") from problem
    return Step(action, words[action], words.get("what", ""), expect, words.get("body", ""), words.get("exit"))


def check(file: pathlib.Path, program: Program) -> None:
    if program.capture not in CAPTURES:
        raise BadDescription(f"{file}: capture is {program.capture!r}, but must be one of {', '.join(CAPTURES)}")
    if not program.terminal and any(step.action in ("type", "keys") for step in program.before + program.after):
        raise BadDescription(f"{file}: type and keys need terminal = true")
    if program.terminal and not program.prompt and program.before[0].action == "type":
        raise BadDescription(f"{file}: without a prompt nobody knows when it is ready for what is typed")
    # Preparations may go without an answer, where a prompt shows their end; what comes last before the capture may not.
    for step in (program.before[-1], *program.after):
        if not step.expect and step.exit is None:
            raise BadDescription(f"{file}: {step.value!r} has nothing to expect, so that it could not fail")
    for part, steps in (("before", program.before), ("after", program.after)):
        if not program.what(steps):
            raise BadDescription(f"{file}: no step of \"{part}\" says what it does; the table needs it")
    if program.after[0].action == "file" or program.after[0].exit is not None:
        raise BadDescription(f"{file}: the first step after the capture must ask the program something; its answer is timed")


def read_all(folder: pathlib.Path) -> list:
    return [read(file) for file in sorted(folder.glob("*.toml"))]
