# SPDX-License-Identifier: Apache-2.0
"""How a launch of a warm interpreter ends: as Py_RunMain() and Py_FinalizeEx() let a new one end, except that what was loaded before the
launch is not taken apart. That nobody can see, and it costs more than many scripts."""
from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import io
import os
import signal
import sys
import weakref
from typing import Optional

from . import _clean_stack

_FLUSH_FAILED = 120
_LONG_SECONDS = 1e6


def leave(warm, problem: Optional[BaseException], tracing: _clean_stack.Tracing) -> None:
    """Ends the process after its script, which ended with that exception and was traced so. warm: _warm_launch.Warm."""
    status, interrupted = _report(problem)
    main = sys.modules.get("__main__")
    for name in ("__file__", "__cached__"):
        if main is not None and problem is None or not isinstance(problem, SystemExit):
            getattr(main, "__dict__", {}).pop(name, None)
    del main, problem
    if _finish(warm, tracing):
        status = _FLUSH_FAILED
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    ctypes.PyDLL(None).exit(status)


def exit_with(status: int) -> None:
    """Ends the process before its script has begun."""
    ctypes.PyDLL(None).Py_Exit(status)


def _report(problem: Optional[BaseException]) -> tuple:
    """Prints an exception that nobody caught. Returns the exit status, and whether the process ends by SIGINT."""
    if problem is None:
        return 0, False
    if isinstance(problem, SystemExit):
        return status_of(problem.code), False
    _print(problem)
    return 1, type(problem) is KeyboardInterrupt


def _print(problem: BaseException) -> None:
    _clean_stack.hand_over(problem, functools.partial(ctypes.PyDLL(None).PyErr_Print))


def status_of(code: object) -> int:
    """As handle_system_exit() in Python/pythonrun.c."""
    if code is None:
        return 0
    if isinstance(code, int):
        if -2**63 <= code < 2**63:
            return code & 0xFF
        if sys.version_info >= (3, 12):
            _print(OverflowError("Python int too large to convert to C long"))
        return 0xFF
    if sys.stdout is not None:
        sys.stdout.flush()
    print(code, file=sys.stderr)
    return 1


def _finish(warm, tracing: _clean_stack.Tracing) -> bool:
    """What Py_FinalizeEx() does that can be seen. True: output was lost."""
    threading = sys.modules.get("threading")
    if threading is not None:
        _report_ignored(_clean_stack.call(functools.partial(threading._shutdown), tracing), threading)
    _clean_stack.call(functools.partial(atexit._run_exitfuncs), tracing)  # Python 3.9 raises again what it has reported
    failed = _flush()
    sys.setswitchinterval(_LONG_SECONDS)  # no other thread runs from here on
    if gc.isenabled():
        gc.collect()
    _flush_others()
    _take_apart(warm)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            _clean_stack.call(functools.partial(stream.flush))
    return failed


def _report_ignored(problem: Optional[BaseException], where: object) -> None:
    if problem is not None:
        _clean_stack.hand_over(problem, functools.partial(ctypes.PyDLL(None).PyErr_WriteUnraisable, ctypes.py_object(where)))


def _flush() -> bool:
    failed = False
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if stream is None or getattr(stream, "closed", False):
            continue
        problem = _clean_stack.call(functools.partial(stream.flush))
        if problem is not None:
            failed = True
            if name == "stdout":
                _report_ignored(problem, stream)
    return failed


def _flush_others() -> None:
    """Files that a module keeps that is not taken apart. What was loaded before the launch is not among these objects."""
    for found in gc.get_objects():
        if isinstance(found, (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)):
            try:
                found.flush()
            except (OSError, ValueError):
                pass


def _take_apart(warm) -> None:
    """As finalize_modules() in Python/pylifecycle.c, for __main__ and what the launch has imported."""
    for name in ("path", "argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "last_exc", "path_hooks",
                 "path_importer_cache", "meta_path"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__", None))
    remaining = []
    for name in list(sys.modules):
        if name == "__main__" or name not in warm.modules:
            module = sys.modules[name]
            sys.modules[name] = None
            if type(module) is type(sys):
                remaining.append(weakref.ref(module))
            del module
    gc.collect()
    for reference in reversed(remaining):
        module = reference()
        if module is not None:
            _clear(module.__dict__)
            del module


def _clear(variables: dict) -> None:
    """As _PyModule_Clear() in Objects/moduleobject.c: names with one underscore first, so that a module's own objects find the others."""
    for name in list(variables):
        if name[:1] == "_" and name[1:2] != "_":
            variables[name] = None
    for name in list(variables):
        if name[:1] != "_" or name[1:2] == "_" and name != "__builtins__":
            variables[name] = None
