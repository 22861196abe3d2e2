# SPDX-License-Identifier: Apache-2.0
"""A timer of timer_create, made by ctypes, whose signal runs a handler of Python's."""

import ctypes
import os
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)


class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("rest", ctypes.c_int * 12)]


class Times(ctypes.Structure):
    _fields_ = [("every_s", ctypes.c_long), ("every_ns", ctypes.c_long), ("first_s", ctypes.c_long), ("first_ns", ctypes.c_long)]


ticks = 0


def on_tick(number, frame):
    global ticks
    ticks += 1


def check(result):
    if result != 0:
        sys.exit("FAIL: " + os.strerror(ctypes.get_errno()))


def main():
    signal.signal(signal.SIGUSR1, on_tick)
    timer = ctypes.c_void_p()
    check(libc.timer_create(1, ctypes.byref(Event(5, signal.SIGUSR1, 0)), ctypes.byref(timer)))
    check(libc.timer_settime(timer, 0, ctypes.byref(Times(0, 20_000_000, 0, 20_000_000)), None))
    print("READY", flush=True)
    sys.stdin.readline()
    wanted = ticks + 5
    while ticks < wanted:
        signal.pause()
    left = Times()
    check(libc.timer_gettime(timer, ctypes.byref(left)))
    if left.every_ns != 20_000_000:
        sys.exit("FAIL: its interval is %d ns" % left.every_ns)
    check(libc.timer_delete(timer))
    print("PASS", flush=True)


main()
