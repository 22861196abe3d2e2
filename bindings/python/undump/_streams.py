# SPDX-License-Identifier: Apache-2.0
"""sys.stdin, sys.stdout and sys.stderr on the streams of a launch, made as a new interpreter makes them, in the objects of old."""
from __future__ import annotations

import ctypes
import io
import os
import sys
import threading
from typing import Iterator, Optional

_NAMES = ("<stdin>", "<stdout>", "<stderr>")


def _own() -> Iterator[object]:
    """The standard output streams, and those that the interpreter started with where a program has put others in their place."""
    seen = set()
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        stream = getattr(sys, name, None)
        if stream is not None and id(stream) not in seen:
            seen.add(id(stream))
            yield stream


def flush() -> None:
    """What was printed so far is written, so that it is not written twice. A stream that cannot be flushed stays as it is."""
    for stream in _own():
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    ctypes.CDLL(None).fflush(None)


def is_plain(stream: object, fd: int) -> bool:
    """Whether this is what an interpreter opens on that descriptor, so that it may be opened again."""
    if type(stream) is not io.TextIOWrapper:
        return False
    try:
        buffer = stream.buffer
        raw = buffer if isinstance(buffer, io.FileIO) else buffer.raw
        return type(raw) is io.FileIO and raw.fileno() == fd
    except (AttributeError, ValueError, OSError):
        return False


def is_open(fd: int) -> bool:
    """As an interpreter looks at its start."""
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def reopen(stream: io.TextIOWrapper, fd: int, *, errors: Optional[str] = None, unbuffered: bool = False) -> None:
    """Makes the three layers of a standard stream anew: buffering as a terminal, a pipe or a file wants it, and nothing that was
    remembered of the old stream. Whoever holds the object or its buffer holds the new stream."""
    encoding = stream.encoding
    errors = stream.errors if errors is None else errors
    reading = fd == 0
    old = stream.buffer
    if not isinstance(old, io.FileIO):
        old.detach()
    raw = io.FileIO(fd, "rb" if reading else "wb", closefd=False)
    raw.name = _NAMES[fd]
    buffer = raw
    if reading or not unbuffered:
        kind = io.BufferedReader if reading else io.BufferedWriter
        size = buffer_size(fd)
        if type(old) is kind:
            old.__init__(raw, size)
            buffer = old
        else:
            buffer = kind(raw, size)
    line = fd == 2 or raw.isatty()
    mode = stream.mode
    stream.__init__(buffer, encoding, errors, "\n", line_buffering=line and not unbuffered,
                    write_through=unbuffered)
    stream.mode = mode


def buffer_size(fd: int) -> int:
    size = os.fstat(fd).st_blksize
    return size if size > 1 else io.DEFAULT_BUFFER_SIZE


def adopt(reading_anew: bool) -> None:
    """After a launch of a program: its standard streams are those of the launch. Input that was read ahead is dropped where
    the program reads anew. A stream that another Python thread may be using is only told how to buffer."""
    alone = threading.active_count() == 1
    for fd, name in enumerate(("__stdin__", "__stdout__", "__stderr__")):
        stream = getattr(sys, name, None)
        if not is_plain(stream, fd) or not is_open(fd):
            continue
        if fd == 0:
            if alone and reading_anew:
                reopen(stream, fd)
        elif alone:
            reopen(stream, fd, unbuffered=stream.write_through)
        elif fd == 1:
            stream.reconfigure(line_buffering=os.isatty(1) and not stream.write_through)
