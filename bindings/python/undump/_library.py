# SPDX-License-Identifier: Apache-2.0
"""libundump.so, found and described to ctypes. undump.h says what its functions do."""
from __future__ import annotations

import ctypes
import errno
import os
import pathlib
import threading
from typing import Optional

END = 0x1
COW = 0x2
KEEP_ENVIRON = 0x4
RESUME = 0x8

HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


class UndumpError(OSError):
    """What was asked for was not done. errno says why in a number, strerror in the library's sentence."""


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("checkpoint", ctypes.c_char_p), ("session", ctypes.c_char_p),
                ("flags", ctypes.c_uint), ("allow", ctypes.POINTER(ctypes.c_char_p))]


class LaunchRecord(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("generation", ctypes.c_uint64), ("nonce", ctypes.c_uint8 * 32),
                ("argc", ctypes.c_int), ("argv", ctypes.POINTER(ctypes.c_char_p)),
                ("envp", ctypes.POINTER(ctypes.c_char_p)), ("directory", ctypes.c_char_p)]


class HookRecord(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("name", ctypes.c_char_p), ("before", HOOK), ("after_resume", HOOK),
                ("after_launch", HOOK), ("data", ctypes.c_void_p)]


class SessionRecord(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("name", ctypes.c_char_p), ("checkpoint", ctypes.c_char_p),
                ("image", ctypes.c_char_p), ("realtime_ns", ctypes.c_int64), ("bytes", ctypes.c_uint64)]


VISIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(SessionRecord), ctypes.c_void_p)

_SIGNATURES = {
    "undump_checkpoint": (ctypes.c_int, [ctypes.POINTER(Options)]),
    "undump_error": (ctypes.c_char_p, []),
    "undump_launched": (ctypes.POINTER(LaunchRecord), []),
    "undump_add_hooks": (ctypes.c_int, [ctypes.POINTER(HookRecord)]),
    "undump_remove_hooks": (ctypes.c_int, [ctypes.c_int]),
    "undump_sessions": (ctypes.c_int, [VISIT, ctypes.c_void_p]),
    "undump_session_image": (ctypes.c_int, [ctypes.c_char_p]),
    "undump_session_remove": (ctypes.c_int, [ctypes.c_char_p]),
    "undump_rollback": (ctypes.c_int, [ctypes.c_char_p]),
}


class Library:
    """The functions, twice: `call` lets other Python threads run meanwhile, `call_alone` does not."""

    def __init__(self, path: str):
        self.path = path
        self.call = _described(ctypes.CDLL(path))
        self.call_alone = _described(ctypes.PyDLL(path))

    def failure(self, result: int) -> UndumpError:
        """The exception for a negative result."""
        return UndumpError(-result, self.sentence() or os.strerror(-result))

    def sentence(self) -> str:
        return os.fsdecode(self.call_alone.undump_error() or b"")


def _described(functions: ctypes.CDLL) -> ctypes.CDLL:
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(functions, name)
        function.restype, function.argtypes = result, arguments
    return functions


def _candidates() -> list[str]:
    """UNDUMP_LIBRARY alone when it is set; else beside this package, in a checkout, in an installed tree, as ld.so finds it."""
    chosen = os.environ.get("UNDUMP_LIBRARY")
    if chosen:
        return [chosen]
    name = "libundump.so"
    here = pathlib.Path(__file__).resolve().parent
    places = [here / name, here.parents[2] / "native-stub" / "target" / "native" / name,
              *(folder / name for folder in list(here.parents)[:5]), *(folder / "lib" / name for folder in list(here.parents)[:5])]
    return [*(str(place) for place in places if place.is_file()), name]


_loaded: Optional[Library] = None
_loading = threading.Lock()


def loaded() -> Optional[Library]:
    """The library if something has used it already."""
    return _loaded


def library() -> Library:
    """The library, loaded when it is first asked for. UndumpError: it cannot be."""
    global _loaded
    with _loading:
        if _loaded is None:
            _loaded = _load()
        return _loaded


def _load() -> Library:
    problems = []
    for path in _candidates():
        try:
            return Library(path)
        except (OSError, AttributeError) as problem:
            problems.append(str(problem))
    raise UndumpError(errno.ENOENT, "loading libundump.so: " + "; ".join(problems) +
                      "; build the checkout, or set UNDUMP_LIBRARY to its path")
