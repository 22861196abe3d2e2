# SPDX-License-Identifier: Apache-2.0
"""Runs a piece of work as the unprivileged user, when root starts it."""
import encodings.idna  # noqa: F401; loaded late by sockets else, when root's own Python cannot be read any more
import json
import os
import traceback

NOBODY = 65534


def user_id() -> int:
    """The user that the programs get: never root."""
    return os.getuid() or NOBODY


def as_user(work) -> dict:
    """Calls work() in a process of that user; gives what it returns, which must be JSON's. RuntimeError when it broke."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            if os.getuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.umask(0o022)
            keep_to_ourselves()
            with os.fdopen(writing, "w") as answer:
                json.dump(work(), answer)
            status = 0
        except BaseException:  # pylint: disable=broad-except; a child must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError(f"its trial ended with {os.waitstatus_to_exitcode(status)}")
    return json.loads(text)


def keep_to_ourselves() -> None:
    """What a shell or build server left open here is no business of the programs'."""
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > 2:
                os.set_inheritable(int(name), False)
        except OSError:
            pass  # that of the listing itself
