# SPDX-License-Identifier: Apache-2.0
"""A launch of a warm interpreter: does what a new one does with the same command line, Modules/main.c."""
from __future__ import annotations

import builtins
import contextvars
import ctypes
import dataclasses
import functools
import importlib.machinery
import os
import runpy
import signal
import stat
import sys
import types
from typing import Callable, FrozenSet, List, Mapping, Optional, Tuple

from . import _clean_stack, _streams
from . import _warm_ending as ending
from ._command_line import COMMAND, MODULE, SCRIPT, STDIN, Invocation, read
from ._surroundings import Surroundings, coerced, stream_errors

_COPYRIGHT = 'Type "help", "copyright", "credits" or "license" for more information.'
_IGNORE_COOKIE = 0x0800  # PyCF_IGNORE_COOKIE
_SYS_RT_SIGACTION = 13    # x86-64
_FILE_INPUT = 257         # Py_file_input
_FLAG_PLACES = {"dont_write_bytecode": 4, "quiet": 10}


@dataclasses.dataclass(frozen=True)
class Warm:
    """The interpreter as it was made."""

    command: List[str]             # that starts a new one of the same kind
    surroundings: Surroundings
    path: List[str]                # sys.path without a script's folder
    modules: FrozenSet[str]        # names in sys.modules
    plain: FrozenSet[str]          # those of a new interpreter


def serve(warm: Warm, argv: List[str], environ: Mapping[str, str]) -> None:
    """Never returns."""
    invocation = read(argv[1:])
    _take_ignored_signals()
    if invocation is None:
        _start_anew(warm, argv, environ, "its options are for a new interpreter")
    if invocation.kind == SCRIPT and invocation.target.endswith(".pyc"):
        _start_anew(warm, argv, environ, "compiled scripts are for a new interpreter")
    interactive = invocation.kind == STDIN and os.isatty(0)
    if interactive and sys.version_info >= (3, 13):
        _start_anew(warm, argv, environ, "an interactive one starts another way")
    _take_streams("u" in invocation.options or bool(environ.get("PYTHONUNBUFFERED")), stream_errors(environ))
    importer_path = _importer_path(invocation)
    path0 = importer_path or _first_folder(invocation)
    difference = warm.surroundings.difference(environ, path0)
    if difference is not None:
        _start_anew(warm, argv, environ, difference)
    os.environ.update(coerced(environ))
    sys.argv[:] = invocation.argv
    sys.path[:] = warm.path
    _set_flags(invocation, environ)
    _new_main()
    if interactive and not sys.flags.isolated:
        _import_readline()
    if path0 is not None:
        sys.path.insert(0, path0)
    if interactive:
        _converse()
    _run(warm, invocation, importer_path, argv[0])


def _start_anew(warm: Warm, argv: List[str], environ: Mapping[str, str], why: str) -> None:
    """A new interpreter takes over: the image becomes it."""
    if environ.get("UNDUMP_WARM_EXPLAIN"):
        os.write(2, os.fsencode(f"undump: a new interpreter is started: {why}\n"))
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(warm.command[0], [*warm.command, *argv[1:]], dict(environ))
    except OSError as problem:
        os.write(2, os.fsencode(f"undump: {argv[0]} needs a new interpreter ({why}), and {warm.command[0]} cannot be started: "
                                f"{problem.strerror}\n"))
        os._exit(1)


# ---- as an interpreter sets itself up ----

def prepare_signals() -> None:
    """Before the checkpoint: a launch ignores SIGINT when its caller does, unless the program has an action for it. One with
    flags is one, and the C library always sets some, so the kernel is asked."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.uname().machine == "x86_64":
        ctypes.CDLL(None).syscall(_SYS_RT_SIGACTION, signal.SIGINT, bytes(32), None, ctypes.c_size_t(8))


def _take_ignored_signals() -> None:
    """SIGHUP, SIGINT and SIGQUIT may be ignored now, and Python is to know of it."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_DFL:
            if libc.signal(number, None) == signal.SIG_IGN:
                signal.signal(number, signal.SIG_IGN)
            elif number == signal.SIGINT:
                signal.signal(number, signal.default_int_handler)


def _take_streams(unbuffered: bool, errors: Optional[str]) -> None:
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, f"__{name}__")
        if not _streams.is_open(fd):
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
        else:
            _streams.reopen(stream, fd, errors=None if fd == 2 else errors, unbuffered=unbuffered)


def _importer_path(invocation: Invocation) -> Optional[str]:
    """A folder or zip file that is run by its __main__."""
    if invocation.kind != SCRIPT:
        return None
    path = _absolute(invocation.target)
    for hook in sys.path_hooks:
        try:
            sys.path_importer_cache[path] = hook(path)
            return path
        except ImportError:
            pass
    return None


def _absolute(path: str) -> str:
    if os.path.isabs(path):
        return path
    try:
        return os.path.join(os.getcwd(), path)
    except OSError:
        return path


def _first_folder(invocation: Invocation) -> Optional[str]:
    """What comes first in sys.path; None: nothing does."""
    if getattr(sys.flags, "safe_path", False) or sys.flags.isolated:
        return None
    if invocation.kind == SCRIPT:
        return os.path.dirname(os.path.realpath(invocation.target))
    if invocation.kind == MODULE:
        try:
            return os.getcwd()
        except OSError:
            return None
    return ""


def _set_flags(invocation: Invocation, environ: Mapping[str, str]) -> None:
    no_bytecode = "B" in invocation.options or bool(environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.dont_write_bytecode = no_bytecode
    set_item = ctypes.pythonapi.PyStructSequence_SetItem
    set_item.argtypes, set_item.restype = [ctypes.py_object, ctypes.c_ssize_t, ctypes.py_object], None
    for name, value in (("dont_write_bytecode", int(no_bytecode)), ("quiet", int("q" in invocation.options))):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))  # the call takes one
        set_item(sys.flags, _FLAG_PLACES[name], value)


def _new_main() -> None:
    main = types.ModuleType("__main__")
    main.__loader__ = importlib.machinery.BuiltinImporter
    main.__annotations__ = {}
    main.__builtins__ = builtins
    sys.modules["__main__"] = main


# ---- running ----

class _CompilerFlags(ctypes.Structure):
    _fields_ = [("cf_flags", ctypes.c_int), ("cf_feature_version", ctypes.c_int)]


def _c(function: str, *arguments: object) -> Callable[[], object]:
    """A call of a function of CPython's."""
    _clean_stack._kept.extend(arguments)
    return functools.partial(getattr(ctypes.PyDLL(None), function), *arguments)


def _run(warm: Warm, invocation: Invocation, importer_path: Optional[str], program: str) -> None:
    """Runs what was asked for, and ends the process as its interpreter would."""
    flags = _CompilerFlags(0, sys.version_info[1])
    caught = _clean_stack.Caught()
    if invocation.kind == COMMAND:
        flags.cf_flags |= _IGNORE_COOKIE
        main = _code("PyRun_StringFlags", (os.fsencode(invocation.target + "\n"),), (), flags)
    elif invocation.kind == MODULE:
        main = functools.partial(runpy._run_module_as_main, invocation.target, True)
    elif importer_path is not None:
        main = functools.partial(runpy._run_module_as_main, "__main__", False)
    elif invocation.kind == SCRIPT:
        name, file = _open_script(invocation.target, program)
        _describe_main(os.fsdecode(name))
        main = _code("PyRun_FileExFlags", (file, name), (1,), flags)
    else:
        _describe_main("<stdin>")
        main = _code("PyRun_FileExFlags", (_c_stdin(), b"<stdin>"), (0,), flags)
    _run_functions([main, caught.take, _clean_stack.untraced(lambda tracing: ending.leave(warm, caught.exception(), tracing))])


def _run_functions(functions: List[Callable[[], object]]) -> None:
    """Runs them as a new interpreter would, in the context that imports have left."""
    functions = [functools.partial(contextvars.copy_context().run, functions[0]), *functions[1:]]
    try:
        _clean_stack.run(functions)
    except _clean_stack.Unsupported:
        _clean_stack.in_turn(functions)


def _code(function: str, before: tuple, after: tuple, flags: _CompilerFlags) -> Callable[[], object]:
    """Runs code as __main__. Nothing but sys.modules may hold that module, or its end is another one."""
    variables = ctypes.c_void_p(id(sys.modules["__main__"].__dict__))
    return _c(function, *before, _FILE_INPUT, variables, variables, *after, ctypes.byref(flags))


def _c_stdin() -> ctypes.c_void_p:
    return ctypes.c_void_p.in_dll(ctypes.PyDLL(None), "stdin")


def _describe_main(file: str) -> None:
    """As PyRun_SimpleFileExFlags() does."""
    main = sys.modules["__main__"]
    main.__file__ = file
    main.__cached__ = None
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", file)


def _open_script(path: str, program: str) -> Tuple[bytes, ctypes.c_void_p]:
    name = os.fsencode(_absolute(path))
    file, error = _fopen(name, b"rbe")
    if file is None:
        sys.stderr.write(f"{program}: can't open file {os.fsdecode(name)!r}: [Errno {error}] {os.strerror(error)}\n")
        ending.exit_with(2)
    if stat.S_ISDIR(os.stat(name).st_mode):
        sys.stderr.write(f"{program}: {os.fsdecode(name)!r} is a directory, cannot continue\n")
        ending.exit_with(1)
    return name, file


def _fopen(name: bytes, mode: bytes) -> Tuple[Optional[ctypes.c_void_p], int]:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fopen.restype = ctypes.c_void_p
    file = libc.fopen(name, mode)
    return (ctypes.c_void_p(file), 0) if file else (None, ctypes.get_errno())


# ---- interactive ----

def _import_readline() -> None:
    try:
        import readline  # noqa: F401
    except ImportError:
        pass


def _converse() -> None:
    """Runs the interactive interpreter to its end."""
    flags = _CompilerFlags(0, sys.version_info[1])
    if not sys.flags.quiet:
        sys.stderr.write(f"Python {sys.version} on {sys.platform}\n" + ("" if sys.flags.no_site else _COPYRIGHT + "\n"))
    _start_up(flags)
    _run_functions([_c("PyRun_AnyFileExFlags", _c_stdin(), b"<stdin>", 0, ctypes.byref(flags)), _c("Py_Exit", 0)])


def _start_up(flags: _CompilerFlags) -> None:
    path = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if path:
        file, error = _fopen(os.fsencode(path), b"re")
        if file is None:
            sys.stderr.write(f"Could not open PYTHONSTARTUP\nFileNotFoundError: [Errno {error}] {os.strerror(error)}: {path!r}\n")
        else:
            _c("PyRun_SimpleFileExFlags", file, os.fsencode(path), 1, ctypes.byref(flags))()
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None and not sys.flags.isolated:
        problem = _clean_stack.call(functools.partial(hook))
        if problem is not None:
            sys.stderr.write("Failed calling sys.__interactivehook__\n")
            sys.excepthook(type(problem), problem, problem.__traceback__)
