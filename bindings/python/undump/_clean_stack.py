# SPDX-License-Identifier: Apache-2.0
"""Runs functions with no Python frame below them, as a new interpreter runs a script, and has their exceptions without having been
in their way.

A warm interpreter stands deep in its own calls when it is launched, and a script could tell: by tracebacks, by stack levels of
warnings, by how deep it may recurse. Two things of C are put together here:

- Frames belong to a Python thread state, and PyGILState_Ensure() makes a new one for a thread of C that has none. So this thread
  forgets its own (pthread_setspecific(3)) before C calls back. What the thread had in its state's dictionary, such as the
  values of threading.local, goes over to the new one. The old state is never gone back to.
- tdestroy(3) calls a function for each node of a tree and looks at no result. With PyObject_CallNoArgs as the function, Python
  functions follow each other with whatever exception the one before has set, and PyErr_Fetch takes it.
"""
from __future__ import annotations

import ctypes
import functools
import sys
from typing import Callable, List, Optional, Sequence, Tuple

_CALLBACK = ctypes.CFUNCTYPE(None)
_COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_KEYS = 1024  # PTHREAD_KEYS_MAX

_kept: List[object] = []  # what C may still call or read
_c = ctypes.PyDLL(None)


# What sys.gettrace() and sys.getprofile() return.
Tracing = Tuple[Optional[Callable], Optional[Callable]]


class Unsupported(Exception):
    """This interpreter keeps its thread states in another way."""


class Caught:
    """The exception that was set when take() was called."""

    def __init__(self):
        self._parts = [ctypes.c_void_p() for _ in range(3)]
        self.take = functools.partial(_c.PyErr_Fetch, *map(ctypes.byref, self._parts))

    def exception(self) -> Optional[BaseException]:
        """It, with its traceback; once."""
        if not self._parts[0].value:
            return None
        _c.PyErr_NormalizeException(*map(ctypes.byref, self._parts))
        kind, value, traceback = (ctypes.cast(part, ctypes.py_object).value if part.value else None for part in self._parts)
        for part in self._parts:
            _c.Py_DecRef(part)
            part.value = None
        value.__traceback__ = traceback
        return value


def in_turn(functions: Sequence[Callable[[], object]]) -> None:
    """Calls two or three functions, each with the exception of the one before still set. The last one has to clear it."""
    _sequence(functions)()


def _sequence(functions: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """The same as one function of C: a tree of which tdestroy visits left, right, root, that is smallest, largest, middle."""
    ranks = {id(function): rank for function, rank in zip(functions, (0, 2, 1) if len(functions) == 3 else (0, 1))}
    compare = _COMPARE(lambda one, other: ranks[one] - ranks[other])
    root = ctypes.c_void_p()
    _c.tsearch.argtypes = [ctypes.c_void_p, ctypes.c_void_p, _COMPARE]
    for function in (functions[-1], *functions[:-1]):
        _c.tsearch(id(function), ctypes.byref(root), compare)
    _c.tdestroy.argtypes, _c.tdestroy.restype = [ctypes.c_void_p, ctypes.c_void_p], None
    _kept.append(functions)
    return functools.partial(_c.tdestroy, root, ctypes.cast(_c.PyObject_CallNoArgs, ctypes.c_void_p))


def call(function: Callable[[], object], tracing: Tracing = (None, None)) -> Optional[BaseException]:
    """Calls a function of C and returns the exception that it ended with. tracing: for the time of the call."""
    caught = Caught()
    sequence = _sequence([function, caught.take])
    in_a_row([functools.partial(sys.settrace, tracing[0]), functools.partial(sys.setprofile, tracing[1]), sequence,
              functools.partial(sys.settrace, None), functools.partial(sys.setprofile, None)])
    return caught.exception()


def in_a_row(functions: Sequence[functools.partial]) -> List[object]:
    """Calls functions of C that raise nothing, with no Python code between them, and returns what they return."""
    results: List[object] = []
    results.extend(map(functools.partial.__call__, functions))
    return results


def untraced(function: Callable[[Tracing], object]) -> Callable[[], object]:
    """A function of C that calls this one when nothing traces or profiles this thread any more, with what did."""
    results: List[object] = []
    steps = [functools.partial(sys.gettrace), functools.partial(sys.getprofile), functools.partial(sys.settrace, None),
             functools.partial(sys.setprofile, None), functools.partial(lambda: function((results[0], results[1])))]
    return functools.partial(results.extend, map(functools.partial.__call__, steps))


def hand_over(problem: BaseException, function: Callable[[], object]) -> None:
    """Calls a function of C that reports the exception that is set, with this one; and with no frame below, for one without a
    traceback would get the one of the frame."""
    parts = (type(problem), problem, problem.__traceback__)
    pointers = [ctypes.c_void_p() if part is None else ctypes.c_void_p(id(part)) for part in parts]
    for pointer in pointers:
        _c.Py_IncRef(pointer)  # the call takes them
    sequence = _sequence([functools.partial(_c.PyErr_Restore, *pointers), function])
    try:
        state, key = _forget_state()
    except Unsupported:
        sequence()
        return
    _call_back(sequence)
    _c.pthread_setspecific(key, ctypes.c_void_p(state))


def run(functions: Sequence[Callable[[], object]]) -> None:
    """As in_turn(), with no frame below. The last function must end the process. Unsupported: nothing was done."""
    sequence = _sequence(functions)
    old = _dictionary()
    _forget_state()
    _call_back(functools.partial(_settle, old))
    _call_back(sequence)


def _dictionary() -> dict:
    _c.PyThreadState_GetDict.restype = ctypes.c_void_p  # borrowed, so not py_object
    return ctypes.cast(_c.PyThreadState_GetDict(), ctypes.py_object).value


def _forget_state() -> Tuple[int, ctypes.c_uint]:
    _c.PyThreadState_Get.restype = ctypes.c_void_p
    _c.pthread_getspecific.restype = ctypes.c_void_p
    state = _c.PyThreadState_Get()
    keys = [key for key in range(_KEYS) if _c.pthread_getspecific(ctypes.c_uint(key)) == state]
    if len(keys) != 1:
        raise Unsupported(f"{len(keys)} keys of this thread hold its state")
    key = ctypes.c_uint(keys[0])
    _c.pthread_setspecific(key, ctypes.c_void_p())
    return state, key


def _settle(old: dict) -> None:
    """The first function in the new state: makes it stay."""
    _c.PyGILState_Ensure()
    _dictionary().update(old)


def _call_back(function: Callable[[], object]) -> None:
    callback, once = _CALLBACK(function), ctypes.c_int(0)
    _kept.extend((callback, once))
    ctypes.CDLL(None).pthread_once(ctypes.byref(once), callback)
