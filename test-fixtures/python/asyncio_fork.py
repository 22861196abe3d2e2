# SPDX-License-Identifier: Apache-2.0
"""undump_fork() while an event loop of asyncio runs: in the child it runs on, with all threads. CPython 3.7 to 3.11 keep the
process id beside the running loop, and know of no loop in another process.

Both loops have one epoll set and one socket pair by which other threads would wake them: this one waits for times only."""
import asyncio
import ctypes
import os
import pathlib
import sys
import threading

NATIVE = pathlib.Path(__file__).resolve().parents[2] / "native-stub" / "target" / "native"
library = ctypes.CDLL(os.environ.get("UNDUMP_LIBRARY", str(NATIVE / "libundump.so")))
library.undump_error.restype = ctypes.c_char_p
if "CKPT" in os.environ:
    library.undump_set_commands(os.environ["CKPT"].encode(), None)
forked = threading.Event()
child = None


def fork_when_told():
    global child
    print("READY", flush=True)
    sys.stdin.readline()
    child = library.undump_fork()
    forked.set()


async def tick(number):
    """Each sleep asks for the running loop."""
    while not forked.is_set():
        await asyncio.sleep(0.01)
    for _ in range(20):
        await asyncio.sleep(0.01)
    return number


async def main():
    if await asyncio.gather(*(tick(i) for i in range(5))) != list(range(5)):
        sys.exit("FAIL: a task has lost its number")


thread = threading.Thread(target=fork_when_told)
thread.start()
asyncio.run(main())
thread.join()
if child < 0:
    sys.exit(f"FAIL: undump_fork gave {child}: {library.undump_error().decode()}")
if child == 0:
    os._exit(7)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if status != 7:
    sys.exit(f"FAIL: the child ended with {status}")
print("PASS", flush=True)
