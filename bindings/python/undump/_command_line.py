# SPDX-License-Identifier: Apache-2.0
"""The interpreter's command line, as far as a warm interpreter can follow it."""
from __future__ import annotations

import dataclasses
from typing import List, Optional, Sequence

SCRIPT, COMMAND, MODULE, STDIN = "script", "command", "module", "stdin"
_FOLLOWED = "uBq"


@dataclasses.dataclass(frozen=True)
class Invocation:
    kind: str
    target: str          # path, code or name of a module; "" for stdin
    argv: List[str]      # what sys.argv begins as
    options: frozenset   # of _FOLLOWED


def read(arguments: Sequence[str]) -> Optional[Invocation]:
    """What the arguments behind the program's name ask for. None: something that only a new interpreter can do or explain.
    Follows CPython's Python/getopt.c: options end with the first word that is none, with -c and with -m."""
    options = set()
    for number, word in enumerate(arguments):
        if word == "-":
            return Invocation(STDIN, "", list(arguments[number:]), frozenset(options))
        if not word.startswith("-"):
            return Invocation(SCRIPT, word, list(arguments[number:]), frozenset(options))
        if word.startswith("--"):
            return None
        for at, letter in enumerate(word[1:], 1):
            if letter in "cm":
                return _with_value(letter, word[at + 1:], arguments[number + 1:], frozenset(options))
            if letter not in _FOLLOWED:
                return None
            options.add(letter)
    return Invocation(STDIN, "", [""], frozenset(options))


def _with_value(letter: str, attached: str, following: Sequence[str], options: frozenset) -> Optional[Invocation]:
    words = [attached, *following] if attached else list(following)
    if not words:
        return None
    return Invocation(COMMAND if letter == "c" else MODULE, words[0], ["-" + letter, *words[1:]], options)
