# SPDX-License-Identifier: Apache-2.0
"""Checkpoints by name, to go back to."""
from __future__ import annotations

import ctypes
import dataclasses
import datetime
import os
import pathlib
from typing import List

from . import _refresh
from ._library import VISIT, library


@dataclasses.dataclass(frozen=True)
class Session:
    """A checkpoint that has a name. `image` is its executable: there after session_image() or a first restore()."""

    name: str
    checkpoint: pathlib.Path
    image: pathlib.Path
    time: datetime.datetime  # when it was complete, in the local zone
    bytes: int               # of the checkpoint on the disk


def sessions() -> List[Session]:
    """All sessions, oldest first: those of $UNDUMP_SESSIONS, else of $XDG_STATE_HOME/undump/sessions, else of
    ~/.local/state/undump/sessions. They outlive the program that made them. UndumpError: they cannot be read."""
    found: List[Session] = []

    @VISIT
    def visit(record, _):
        one = record.contents
        found.append(Session(os.fsdecode(one.name), pathlib.Path(os.fsdecode(one.checkpoint)),
                             pathlib.Path(os.fsdecode(one.image)),
                             datetime.datetime.fromtimestamp(one.realtime_ns / 1e9).astimezone(), one.bytes))
        return 0

    functions = library()
    result = functions.call_alone.undump_sessions(visit, ctypes.c_void_p())
    if result < 0:
        raise functions.failure(result)
    return found


def session_image(name: str) -> pathlib.Path:
    """Makes the session's executable unless it is there, and returns its path. UndumpError: ENOENT, there is no such session."""
    functions = library()
    result = functions.call.undump_session_image(os.fsencode(name))
    if result < 0:
        raise functions.failure(result)
    return next(session.image for session in sessions() if session.name == name)


def restore(name: str) -> None:
    """This process becomes the one that it was at the session's checkpoint: checkpoint() returns there in a launch.
    Does not return; UndumpError says why it could not be, and then nothing has changed."""
    functions = library()
    _refresh.flush_streams()
    raise functions.failure(functions.call.undump_rollback(os.fsencode(name)))


def remove(name: str) -> None:
    """Removes the session's files. UndumpError: ENOENT, there is no such session."""
    functions = library()
    result = functions.call.undump_session_remove(os.fsencode(name))
    if result < 0:
        raise functions.failure(result)
