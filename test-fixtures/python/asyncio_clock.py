# SPDX-License-Identifier: Apache-2.0
"""asyncio's loop keeps absolute times of CLOCK_MONOTONIC in its memory: its timers must end on time after a launch."""
import asyncio
import signal
import sys
import time

WAIT = 2
LATE = 20

loop = asyncio.new_event_loop()
fired = []
last = time.monotonic()
started = None


def read_line():
    global started
    if not sys.stdin.readline():
        sys.exit("FAIL: stdin ended")
    loop.remove_reader(sys.stdin)
    started = time.time()
    if time.monotonic() < last:
        sys.exit(f"FAIL: the monotonic clock went from {last} back to {time.monotonic()}")
    loop.call_at(last + WAIT + 0.5, finish)


def finish():
    took = time.time() - started
    if fired != ["timer"]:
        sys.exit(f"FAIL: fired {fired}")
    if took > LATE:
        sys.exit(f"FAIL: the timers took {took} s")
    print("PASS", flush=True)
    loop.stop()


signal.alarm(60)
loop.call_at(last + WAIT, fired.append, "timer")
loop.add_reader(sys.stdin, read_line)
loop.call_soon(lambda: print("READY", flush=True))
loop.run_forever()
