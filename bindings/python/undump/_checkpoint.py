# SPDX-License-Identifier: Apache-2.0
"""checkpoint(), what it returns, and the hooks around it."""
from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import enum
import errno
import os
import threading
from typing import Callable, Dict, Iterable, List, Optional, Tuple, Union

from . import _refresh
from ._library import COW, END, HOOK, KEEP_ENVIRON, RESUME, HookRecord, Library, Options, UndumpError, library, loaded

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Hook = Callable[[], object]


class Outcome(enum.IntEnum):
    """Where checkpoint() returned. RESUME is false, LAUNCH is true."""

    RESUME = 0  # in the process that goes on
    LAUNCH = 1  # in a launch of an image of it

    def is_resume(self) -> bool:
        return self is Outcome.RESUME

    def is_launch(self) -> bool:
        return self is Outcome.LAUNCH


@dataclasses.dataclass(frozen=True)
class Launch:
    """What this process was launched with."""

    argv: Tuple[str, ...]     # argv[0], the name of the image, included
    environ: Dict[str, str]
    nonce: bytes              # 32 random bytes, others for every launch
    generation: int           # 1 in a launch; 2 in a launch of an image that was taken in such a launch, and so on
    directory: str            # working directory; "" when it has no name


class HookError(UndumpError):
    """The checkpoint was taken (`outcome` says where this is), but hooks failed after it: `exceptions` are theirs, in order."""

    outcome: Outcome
    exceptions: Tuple[BaseException, ...]


# ---- hooks ----

class Hooks:
    """Registered hooks; remove() takes them out again."""

    def __init__(self, name: str, **functions: Optional[Hook]):
        self.name = name
        self.functions = {moment: function for moment, function in functions.items() if function is not None}
        self._id = 0
        self._kept: List[object] = []  # what C holds pointers to

    def remove(self) -> None:
        if self in _waiting:
            _waiting.remove(self)
        if self._id:
            library().call_alone.undump_remove_hooks(self._id)
            _registered.pop(self._id, None)
            self._id = 0

    def _register(self, functions: Library) -> None:
        record = HookRecord(ctypes.sizeof(HookRecord), os.fsencode(self.name))
        for moment, function in self.functions.items():
            callback = HOOK(_caller(function))
            self._kept.append(callback)
            setattr(record, moment, callback)
        result = functions.call_alone.undump_add_hooks(record)
        if result < 0:
            raise functions.failure(result)
        self._id = result
        _registered[result] = self


_registered: Dict[int, Hooks] = {}  # what C calls must stay
_waiting: List[Hooks] = []        # registered before the library was loaded
_raised: List[BaseException] = []  # by the hooks of the checkpoint that is being taken; there is one at a time


def _caller(function: Hook) -> Callable[[object], int]:
    """Runs the hook for C: 0, or 1 when it raised. What it returns is nobody's concern."""
    def call(_) -> int:
        try:
            function()
        except BaseException as problem:  # KeyboardInterrupt too: ctypes would drop it
            _raised.append(problem)
            return 1
        return 0
    return call


def _name_of(*functions: Optional[Hook]) -> str:
    function = next(function for function in functions if function is not None)
    return f"{getattr(function, '__module__', None) or '?'}.{getattr(function, '__qualname__', type(function).__name__)}"


def hooks(*, before: Optional[Hook] = None, after_resume: Optional[Hook] = None, after_launch: Optional[Hook] = None,
          name: Optional[str] = None) -> Hooks:
    """Registers functions that belong together. `before` hooks run last registered first, before a checkpoint: one that raises
    prevents it, with UndumpError ECANCELED from checkpoint(). `after_resume` and `after_launch` run first registered first,
    every one of them even if one raises; checkpoint() then raises HookError. `after_resume` also runs when no checkpoint came
    about, if `before` did. All run in the thread that calls checkpoint()."""
    if before is None and after_resume is None and after_launch is None:
        raise ValueError("hooks() needs at least one function")
    registered = Hooks(name or _name_of(before, after_resume, after_launch), before=before, after_resume=after_resume,
                       after_launch=after_launch)
    if loaded() is None:
        _waiting.append(registered)
    else:
        registered._register(_ready())
    return registered


def before(function: Hook) -> Hook:
    """Decorator: the function runs before each checkpoint, see hooks()."""
    hooks(before=function)
    return function


def after_resume(function: Hook) -> Hook:
    """Decorator: the function runs after each checkpoint in the process that goes on, see hooks()."""
    hooks(after_resume=function)
    return function


def after_launch(function: Hook) -> Hook:
    """Decorator: the function runs in each launch, after sys.argv, os.environ and the rest are the launch's, see hooks()."""
    hooks(after_launch=function)
    return function


# ---- taking a checkpoint ----

@dataclasses.dataclass
class _Taking:
    """What the refreshing at launch has to know of the checkpoint that is being taken."""

    plan: _refresh.Plan
    snapshot: Optional[_refresh.Snapshot] = None


_taking: Optional[_Taking] = None
_outcome: Optional[Outcome] = None
_own_hooks = Hooks("undump", before=lambda: _note_process(), after_launch=lambda: _refresh_process())
_readying = threading.RLock()


def _ready() -> Library:
    """The library with all hooks that were registered so far, this package's own first."""
    functions = library()
    with _readying:
        if not _own_hooks._id:
            _own_hooks._register(functions)
        while _waiting:
            _waiting.pop(0)._register(functions)
    return functions


def _note_process() -> None:
    if _taking is not None:  # else C takes the checkpoint
        _taking.snapshot = _refresh.note(_taking.plan)


def _refresh_process() -> None:
    if _taking is not None and _taking.snapshot is not None:
        _raised.extend(_refresh.refresh(_taking.plan, _taking.snapshot, launch()))


def checkpoint(session: Optional[str] = None, path: Optional[Path] = None, *, end: bool = False, cow: bool = False,
               resume: Optional[bool] = None, keep_environ: bool = False, allow: Iterable[str] = (),
               reseed: bool = True) -> Outcome:
    """Takes a checkpoint of the whole process, and returns once in the process that goes on and once in every launch.

    session: name for restore(); or path: file to write (neither: "myckpt.dat"). end: the process ends with its checkpoint.
    cow: other threads stand for milliseconds only; they may then run before a launch is refreshed. resume: a launch goes on with the directory,
    os.environ and sys.argv of now instead of its own (None: as with a session). keep_environ: os.environ only. allow: weaker
    restores that are accepted, words of `ckpt --allow`. reseed=False: launches go on with the state that the generators of
    random and numpy.random have now.

    UndumpError: none was taken and all is as before; EBUSY, ECANCELED, ENOENT, EPERM, ENOTSUP as in undump.h.
    HookError: it was taken, but hooks failed afterwards.
    """
    global _taking, _outcome
    words = list(allow)
    functions = _ready()
    resume = session is not None if resume is None else resume
    plan = _refresh.Plan(command=not resume, take_environ=not (resume or keep_environ), reseed=reseed)
    flags = (END if end else 0) | (COW if cow else 0) | (RESUME if resume else 0) | (KEEP_ENVIRON if keep_environ else 0)
    options = Options(ctypes.sizeof(Options), None if path is None else os.fsencode(path),
                      None if session is None else os.fsencode(session), flags,
                      (ctypes.c_char_p * (len(words) + 1))(*map(os.fsencode, words), None))
    with _one_at_a_time():
        _taking = _Taking(plan)
        _raised.clear()
        try:
            # Alone, so that no Python thread of a launch runs before all is refreshed.
            calls = functions.call if cow else functions.call_alone
            result = calls.undump_checkpoint(options)
            raised = tuple(_raised)
        finally:
            _taking = None
            _raised.clear()
    if result >= 0:
        _outcome = Outcome(result)
    _report(functions, result, raised)
    return _outcome


_lock = threading.Lock()


@contextlib.contextmanager
def _one_at_a_time():
    """The library refuses a second checkpoint at the same time; what this module notes of the first must not suffer from it."""
    if not _lock.acquire(blocking=False):
        raise UndumpError(errno.EBUSY, "another thread of this process takes a checkpoint at the moment")
    try:
        yield
    finally:
        _lock.release()


def _report(functions: Library, result: int, raised: Tuple[BaseException, ...]) -> None:
    """Raises what went wrong, if anything did."""
    cause = raised[0] if raised else None
    if result < 0:
        raise functions.failure(result) from cause
    sentence = functions.sentence()
    if sentence or raised:
        told = "; ".join(f"{type(problem).__name__}: {problem}" for problem in raised)
        problem = HookError(errno.EIO, ": ".join(filter(None, (sentence, told))))
        problem.outcome, problem.exceptions = Outcome(result), raised
        raise problem from cause


# ---- where this is ----

def is_launch() -> bool:
    """Whether the last checkpoint() returned in a launch; before the first one, whether this process was launched from an image."""
    return _outcome is Outcome.LAUNCH if _outcome is not None else launch() is not None


def is_resume() -> bool:
    """Whether the last checkpoint() returned in the process that went on."""
    return _outcome is Outcome.RESUME


def launch() -> Optional[Launch]:
    """What this process was launched with; None in a process that never was. A new object after each launch."""
    functions = loaded()
    record = functions.call_alone.undump_launched() if functions else None
    if not record:
        return None
    found = record.contents
    return Launch(tuple(os.fsdecode(found.argv[number]) for number in range(found.argc)), _environment(found.envp),
                  bytes(found.nonce), found.generation, os.fsdecode(found.directory or b""))


def _environment(strings) -> Dict[str, str]:
    """As os.environ reads it: the first of two equal names counts."""
    variables: Dict[str, str] = {}
    number = 0
    while strings[number] is not None:
        name, equals, value = strings[number].partition(b"=")
        if equals:
            variables.setdefault(os.fsdecode(name), os.fsdecode(value))
        number += 1
    return variables
