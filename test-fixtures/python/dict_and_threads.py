# SPDX-License-Identifier: Apache-2.0
"""A dict of a million entries, threads that compute and wait, a timer; captured in the middle."""
import gc
import hashlib
import queue
import sys
import threading
import time

ENTRIES = 1_000_000
table = {f"key {i}": i * i for i in range(ENTRIES)}
stop = threading.Event()
ticks = 0
sums = [0] * 4
work, done = queue.Queue(), queue.Queue()
errors = []


def check(condition, message):
    if not condition:
        print(f"FAIL: {message}", flush=True)
        sys.exit(1)


def compute(index):
    """Adds up digests of its own numbers; every step can be repeated by the checker."""
    step = 0
    while not stop.is_set():
        sums[index] += hashlib.sha256(b"%d %d" % (index, step)).digest()[0]
        step += 1
    done.put((index, step))


def tick():
    global ticks
    while not stop.wait(0.05):
        ticks += 1


def serve():
    while (item := work.get()) is not None:
        done.put(table[item])


def generator():
    for i in range(10):
        yield i


threads = [threading.Thread(target=compute, args=(i,)) for i in range(4)]
threads += [threading.Thread(target=tick), threading.Thread(target=serve)]
for thread in threads:
    thread.start()
numbers = generator()
first = [next(numbers) for _ in range(5)]
while ticks < 3:
    time.sleep(0.01)

print("READY", flush=True)
sys.stdin.readline()

before = ticks
while ticks < before + 3:
    time.sleep(0.01)
for i in range(0, ENTRIES, 9973):
    work.put(f"key {i}")
    check(done.get(timeout=60) == i * i, f"the answer for {i} is wrong")
check(first + list(numbers) == list(range(10)), "a generator lost its place")
stop.set()
work.put(None)
for thread in threads:
    thread.join()
steps = dict(done.get() for _ in range(4))
for index in range(4):
    expected = sum(hashlib.sha256(b"%d %d" % (index, step)).digest()[0] for step in range(steps[index]))
    check(sums[index] == expected, f"thread {index}: {sums[index]} instead of {expected}")
check(len(table) == ENTRIES, f"{len(table)} entries")
check(sum(table.values()) == sum(i * i for i in range(ENTRIES)), "the values add up differently")
check(all(table[f"key {i}"] == i * i for i in range(0, ENTRIES, 101)), "a lookup is wrong")
del table
gc.collect()
print("PASS", flush=True)
