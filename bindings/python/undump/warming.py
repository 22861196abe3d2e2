# SPDX-License-Identifier: Apache-2.0
"""Warms an interpreter up and takes its checkpoint."""
from __future__ import annotations

import atexit
import contextvars
import ctypes
import gc
import importlib
import os
import runpy
import signal
import sys
import threading
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Tuple

from . import _checkpoint, _surroundings, _warm_ending, _warm_launch
from ._command_line import COMMAND, MODULE, SCRIPT, Invocation, read
from ._library import UndumpError

FAILED = 1


def make(description: Dict[str, Any], environ: Dict[str, str], plain: FrozenSet[str]) -> None:
    """Returns in no process: the one that is captured ends with its checkpoint, a launch with its script."""
    path = list(sys.path)
    for name in description["imports"]:
        _import(name)
    sys.path[:] = path
    if description["arguments"]:
        before = frozenset(sys.modules)
        _warm_up(description["arguments"])
        _forget_folders_of_the_run(path, before)
    sys.argv[:] = [""]
    warm = _warm_launch.Warm(description["command"], _surroundings.look(environ, plain), path, frozenset(sys.modules), plain)
    _warm_launch.prepare_signals()
    _settle_memory()
    try:
        _checkpoint.checkpoint(path=description["checkpoint"], end=True, allow=description["allow"])
    except UndumpError as problem:
        _fail(f"taking the checkpoint: {problem.strerror}")
    launch = _checkpoint.launch()
    _warm_launch.serve(warm, list(launch.argv), launch.environ)


def _settle_memory() -> None:
    """What is tidied now does not have every launch touch, and so copy, the pages that it lies in."""
    gc.collect()
    gc.freeze()  # launches need not look through what they share
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc: joins what has been freed, which a later call would do
    if trim is not None:
        trim(ctypes.c_size_t(0))


def _fail(sentence: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"undump: {sentence}\n")
    sys.stderr.flush()
    os._exit(FAILED)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except BaseException as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
        _fail(f"importing {name}: {type(problem).__name__}: {problem}")


# ---- a run beforehand ----

def _warm_up(arguments: List[str]) -> None:
    """Runs what the arguments say, as a launch will; what it did not import but defined is forgotten again."""
    invocation = read(arguments)
    if invocation is None or invocation.kind not in (SCRIPT, COMMAND, MODULE) or invocation.options:
        _fail(f"a run to warm up is a script, -c or -m with arguments: {' '.join(arguments)}")
    endings, settings, input_ = _Endings(), _Settings(), _take_no_input()
    try:
        # In a context of its own: what it sets there is not for the launches.
        status = contextvars.copy_context().run(_status_of, lambda: _run(invocation))
        _join_threads()
        endings.run()
    finally:
        endings.stop()
        os.dup2(input_, 0)
        os.close(input_)
        settings.set_again()
    if status != 0:
        _fail(f"the run to warm up ended with status {status}: {' '.join(arguments)}")


def _take_no_input() -> int:
    """Input is at its end for the run; the descriptor that is returned is that of the launches."""
    kept, none = os.dup(0), os.open("/dev/null", os.O_RDONLY)
    os.dup2(none, 0)
    os.close(none)
    return kept


def _run(invocation: Invocation) -> None:
    sys.argv[:] = invocation.argv
    if invocation.kind == COMMAND:
        sys.path.insert(0, "")
        _warm_launch._new_main()
        exec(compile(invocation.target, "<string>", "exec"), sys.modules["__main__"].__dict__)
    elif invocation.kind == MODULE:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(invocation.target, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.realpath(invocation.target)))
        runpy.run_path(invocation.target, run_name="__main__")


def _status_of(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as end:
        return _warm_ending.status_of(end.code)
    except BaseException as problem:
        sys.excepthook(type(problem), problem, problem.__traceback__)
        return 1
    return 0


def _join_threads() -> None:
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()


class _Endings:
    """Keeps apart what the run registers with atexit for itself from what libraries register when they are imported."""

    def __init__(self):
        self.own: List[Tuple[Callable, tuple, dict]] = []
        self.register = atexit.register
        atexit.register = self._register

    def _register(self, function: Optional[Callable] = None, *arguments, **options):
        if sys._getframe(1).f_globals.get("__name__") == "__main__":
            self.own.append((function, arguments, options))
        else:
            self.register(function, *arguments, **options)
        return function

    def run(self) -> None:
        while self.own:
            function, arguments, options = self.own.pop()
            function(*arguments, **options)

    def stop(self) -> None:
        atexit.register = self.register


class _Settings:
    """What a script may set for the interpreter that it runs in, as it was before."""

    _ATTRIBUTES = {"sys": ("stdin", "stdout", "stderr", "excepthook", "unraisablehook", "displayhook", "breakpointhook"),
                   "threading": ("excepthook",), "tempfile": ("tempdir",)}
    _LISTS = {"sys": ("path", "argv", "meta_path", "path_hooks", "warnoptions"), "warnings": ("filters",)}

    def __init__(self):
        self.directory, self.main = os.getcwd(), sys.modules["__main__"]
        self.handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
        self.limits = sys.getrecursionlimit(), sys.getswitchinterval()
        self.values = [(sys.modules[module], name, getattr(sys.modules[module], name))
                       for module, names in self._ATTRIBUTES.items() if module in sys.modules for name in names]
        self.lists = [(found, list(found)) for module, names in self._LISTS.items() if module in sys.modules
                      for found in (getattr(sys.modules[module], name) for name in names)]
        root = getattr(sys.modules.get("logging"), "root", None)
        self.logging = root and (list(root.handlers), root.level)

    def set_again(self) -> None:
        os.chdir(self.directory)
        sys.modules["__main__"] = self.main
        for number, handler in self.handlers.items():
            if handler is not None and signal.getsignal(number) != handler:
                signal.signal(number, handler)
        sys.setrecursionlimit(self.limits[0])
        sys.setswitchinterval(self.limits[1])
        for module, name, value in self.values:
            setattr(module, name, value)
        for found, contents in self.lists:
            found[:] = contents
        self._quieten()

    def _quieten(self) -> None:
        root = getattr(sys.modules.get("logging"), "root", None)
        if root is not None:
            handlers, level = self.logging or ([], 30)  # WARNING
            root.handlers[:] = handlers
            root.setLevel(level)


def _forget_folders_of_the_run(path: List[str], before: FrozenSet[str]) -> None:
    """Modules beside the script of that run: the next one may have others of the same names."""
    folders = tuple(os.path.join(os.path.abspath(folder), "") for folder in path)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        places = [file] if file else list(getattr(module, "__path__", ()))
        if name not in before and not all(os.path.abspath(place).startswith(folders) for place in places):
            del sys.modules[name]
    importlib.invalidate_caches()
