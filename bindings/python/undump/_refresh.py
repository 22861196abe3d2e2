# SPDX-License-Identifier: Apache-2.0
"""What the interpreter and its standard library remember of the process they run in, and how a launch makes it true again.

Each step knows one module. It touches only modules that are imported already, and a step that fails does not keep the others from being
made. A command takes everything from its launch; a program that goes on keeps its arguments, directory and environment,
so for it only that is refreshed which would be wrong in another process or on another machine.
"""
from __future__ import annotations

import ctypes
import dataclasses
import os
import sys
import threading
import time
from typing import Callable, Dict, List, Optional, Tuple

from . import _streams

flush_streams = _streams.flush


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is asked of the launches of one checkpoint."""

    command: bool       # arguments and directory are the launch's
    take_environ: bool  # so is the environment
    reseed: bool        # generators of pseudo-random numbers start anew


@dataclasses.dataclass
class Snapshot:
    """What has to be compared with the process of a launch."""

    pid: int
    environ: Dict[bytes, bytes]
    local_zone: Optional[Tuple[int, ...]]   # which file /etc/localtime was
    loops: List[object]                     # event loops that run, in whatever thread
    own_loop: Optional[object]              # the one of this thread
    thread_id_offset: Optional[int]         # in the structure of a thread of the C library
    default_folder: bool                    # tempfile.tempdir was found in the environment
    locales: Dict[int, str]                 # categories that follow the environment


def note(plan: Plan) -> Snapshot:
    """Looks at the process as the last thing before its checkpoint."""
    _streams.flush()
    loops, own = _running_loops()
    return Snapshot(os.getpid(), dict(os.environ._data), _local_zone(), loops, own, _thread_id_offset(),
                    _has_default_folder(), _locales_of_environment())


def refresh(plan: Plan, snapshot: Snapshot, launch) -> List[BaseException]:
    """Makes a launch's process out of the one of the snapshot; launch tells what it was given. Returns what went wrong."""
    problems: List[BaseException] = []

    def step(function: Callable[..., None], *arguments: object) -> None:
        try:
            function(*arguments)
        except Exception as problem:
            problems.append(problem)

    if plan.take_environ:
        step(_take_environ, launch.environ)
    if plan.command:
        step(_take_arguments, launch.argv)
        step(_forget_relative_paths)
    step(_streams.adopt, plan.command)
    step(_renew_locale, snapshot)
    step(_renew_zone, snapshot)
    if plan.reseed:
        step(_reseed)
    step(_add_entropy)
    step(_renew_names, snapshot)
    step(_renew_uuid)
    step(_renew_threads, snapshot)
    step(_renew_loops, snapshot)
    step(_renew_multiprocessing, snapshot)
    step(_forget_machine)
    return problems


# ---- arguments, environment, paths ----

def _take_environ(variables: Dict[str, str]) -> None:
    """os.environ and os.environb, which share their data, in the object that others hold. The library has set C's environ."""
    data = {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
    os.environ._data.clear()
    os.environ._data.update(data)
    posix = sys.modules.get("posix")
    if posix is not None:
        posix.environ.clear()
        posix.environ.update(data)


def _take_arguments(argv: Tuple[str, ...]) -> None:
    sys.argv[:] = argv
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = argv


def _forget_relative_paths() -> None:
    """Importers of folders that were found from another working directory, and of those that were not there."""
    for path, importer in list(sys.path_importer_cache.items()):
        if importer is None or not os.path.isabs(path):
            del sys.path_importer_cache[path]


# ---- locale and time zone ----

def _locale_of(category_name: str, environ: Dict[bytes, bytes]) -> bytes:
    """Which locale the environment asks for, locale(7)."""
    for name in (b"LC_ALL", category_name.encode(), b"LANG"):
        if environ.get(name):
            return environ[name]
    return b"C"


_CATEGORIES = ("LC_CTYPE", "LC_COLLATE", "LC_TIME", "LC_NUMERIC", "LC_MONETARY", "LC_MESSAGES")


def _locales_of_environment() -> Dict[int, str]:
    """Categories whose locale has the name that the environment gives; others were chosen by the program."""
    import _locale
    following = {}
    for name in _CATEGORIES:
        category = getattr(_locale, name)
        now = _locale.setlocale(category, None)
        if now == os.fsdecode(_locale_of(name, os.environ._data)) and (now not in ("C", "POSIX") or name == "LC_CTYPE"):
            following[category] = name
    return following


def _renew_locale(snapshot: Snapshot) -> None:
    import _locale
    for category, name in snapshot.locales.items():
        if _locale_of(name, os.environ._data) != _locale_of(name, snapshot.environ):
            try:
                _locale.setlocale(category, "")
            except _locale.Error:
                pass  # not on this machine; an interpreter goes on as well


def _local_zone() -> Optional[Tuple[int, ...]]:
    try:
        status = os.stat("/etc/localtime")
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _renew_zone(snapshot: Snapshot) -> None:
    """The C library reads a zone again only when its name has changed; a machine may have another one under the same name."""
    zone = os.environ._data.get(b"TZ")
    if zone == snapshot.environ.get(b"TZ"):
        if zone is not None or _local_zone() == snapshot.local_zone:
            return
        os.putenv("TZ", "UTC0")
        time.tzset()
        os.unsetenv("TZ")
    time.tzset()


# ---- randomness ----

def _reseed() -> None:
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _add_entropy() -> None:
    """OpenSSL's generators seed themselves anew when the process id has changed, which it has not in every container. Feeding
    the first one makes all others, of every thread, draw from it again: RAND_add(3), EVP_RAND(7)."""
    for name in ("libcrypto.so.3", "libcrypto.so.1.1"):
        try:
            libcrypto = ctypes.PyDLL(name, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
        except OSError:
            continue
        bytes_ = os.urandom(48)
        libcrypto.RAND_add.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_double]
        libcrypto.RAND_add.restype = None
        libcrypto.RAND_add(bytes_, len(bytes_), float(len(bytes_)))


# ---- names that must be this process's own ----

def _has_default_folder() -> bool:
    tempfile = sys.modules.get("tempfile")
    return tempfile is not None and tempfile.tempdir in tempfile._candidate_tempdir_list()


def _renew_names(snapshot: Snapshot) -> None:
    tempfile = sys.modules.get("tempfile")
    if tempfile is None:
        return
    tempfile._name_sequence = None
    if snapshot.default_folder:
        tempfile.tempdir = None
    synchronize = sys.modules.get("multiprocessing.synchronize")
    if synchronize is not None:
        synchronize.SemLock._rand = tempfile._RandomNameSequence()


def _renew_uuid() -> None:
    """uuid1() otherwise goes on with the clock sequence that libuuid keeps, the same in all launches, and with the address of another
    machine's network card. Without libuuid it draws a new sequence for every UUID."""
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        uuid._last_timestamp = None
        uuid._node = None
        uuid._generate_time_safe = None


def _forget_machine() -> None:
    platform = sys.modules.get("platform")
    if platform is not None:
        for name, empty in (("_uname_cache", None), ("_os_release_cache", None), ("_platform_cache", {})):
            if hasattr(platform, name):
                setattr(platform, name, empty)


# ---- threads ----

_THREAD_STRUCTURE_BYTES = 2304


def _thread_id_offset() -> Optional[int]:
    """Where the C library keeps a thread's id behind the address that pthread_self() returns. The launch puts the new ids there,
    Thread.native_id has the old ones. None unless one place holds for all threads."""
    known = [(thread.ident, thread._native_id) for thread in threading.enumerate()
             if getattr(thread, "_native_id", None) and not isinstance(thread, threading._DummyThread)]
    ident, own = threading.get_ident(), threading.get_native_id()
    words = (ctypes.c_int * (_THREAD_STRUCTURE_BYTES // 4)).from_address(ident)
    for number, word in enumerate(words):
        if word == own and all(ctypes.c_int.from_address(other + number * 4).value == native for other, native in known):
            return number * 4
    return None


def _renew_threads(snapshot: Snapshot) -> None:
    if snapshot.thread_id_offset is None:
        return
    for thread in threading.enumerate():
        if getattr(thread, "_native_id", None):
            thread._native_id = ctypes.c_int.from_address(thread.ident + snapshot.thread_id_offset).value


# ---- asyncio ----

def _running_loops() -> Tuple[List[object], Optional[object]]:
    events = sys.modules.get("asyncio.events")
    if events is None:
        return [], None
    import gc
    own = events._get_running_loop()
    loops = [one for one in gc.get_objects() if isinstance(one, events.AbstractEventLoop) and one.is_running()]
    return loops, own


def _renew_loops(snapshot: Snapshot) -> None:
    """A running loop counts as running in the process that started it only. This thread's is told at once, others with
    the first thing that they do."""
    if not snapshot.loops:
        return
    events = sys.modules["asyncio.events"]
    if snapshot.own_loop is not None:
        events._set_running_loop(snapshot.own_loop)
    for loop in snapshot.loops:
        if loop is not snapshot.own_loop:
            loop.call_soon_threadsafe(events._set_running_loop, loop)
            ready = getattr(loop, "_ready", None)
            if ready:
                ready.rotate(1)


# ---- multiprocessing ----

def _renew_multiprocessing(snapshot: Snapshot) -> None:
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return
    config = process.current_process()._config
    if "authkey" in config:
        config["authkey"] = process.AuthenticationString(os.urandom(32))
    folder = config.get("tempdir")
    if folder is not None and not os.path.isdir(folder):
        del config["tempdir"]
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        for finalizer in list(util._finalizer_registry.values()):
            if getattr(finalizer, "_pid", None) == snapshot.pid:
                finalizer._pid = os.getpid()
    heap = sys.modules.get("multiprocessing.heap")
    if heap is not None and heap.BufferWrapper._heap._lastpid == snapshot.pid:
        heap.BufferWrapper._heap._lastpid = os.getpid()
