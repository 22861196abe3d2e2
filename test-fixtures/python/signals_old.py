# SPDX-License-Identifier: Apache-2.0
"""Handlers of signals, Ctrl-C's among them, in CPython before 3.8 too, which hears of signals in the process of its id only."""
from __future__ import print_function

import os
import signal
import sys
import time

came = []
signal.signal(signal.SIGUSR1, lambda number, frame: came.append(number))


def wait_for(condition, what):
    end = time.time() + 10
    while not condition():
        if time.time() > end:
            sys.exit("FAIL: " + what)
        time.sleep(0.01)


print("READY")
sys.stdout.flush()
sys.stdin.readline()
pid = int(os.readlink("/proc/self"))
for number in range(1, 21):
    os.kill(pid, signal.SIGUSR1)
    wait_for(lambda: len(came) == number, "signal %d was not noticed" % number)
if hasattr(signal, "setitimer"):
    signal.signal(signal.SIGALRM, lambda number, frame: came.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    wait_for(lambda: signal.SIGALRM in came, "the alarm was not noticed")
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    os.kill(pid, signal.SIGINT)
    time.sleep(10)
    sys.exit("FAIL: Ctrl-C was not noticed")
except KeyboardInterrupt:
    print("PASS")
