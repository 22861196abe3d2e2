# SPDX-License-Identifier: Apache-2.0
"""Event loops of asyncio in two threads go on: the module remembers in which process each of them runs."""

import asyncio
import sys
import threading

steps = {"main": 0, "other": 0}
ready = threading.Barrier(3)
go = threading.Event()


async def count(name):
    while True:
        await asyncio.sleep(0.005)
        steps[name] += 1


async def work(name):
    counting = asyncio.create_task(count(name))
    while steps[name] == 0:
        await asyncio.sleep(0.005)
    await asyncio.to_thread(ready.wait)
    await asyncio.to_thread(go.wait)
    wanted = steps[name] + 3
    while steps[name] < wanted:
        if counting.done():
            counting.result()
        await asyncio.sleep(0.005)
    assert asyncio.get_running_loop() is asyncio.get_event_loop()
    result = await asyncio.wait_for(asyncio.gather(asyncio.sleep(0.001, "a"), asyncio.sleep(0, "b")), 30)
    assert result == ["a", "b"], result
    counting.cancel()
    await asyncio.gather(counting, return_exceptions=True)


def run(name, failures):
    try:
        asyncio.run(work(name))
    except BaseException as problem:
        failures.append(f"{name}: {problem!r}")


def main():
    failures = []
    threads = [threading.Thread(target=run, args=(name, failures), daemon=True) for name in steps]
    for thread in threads:
        thread.start()
    ready.wait()
    print("READY", flush=True)
    sys.stdin.readline()
    go.set()
    for thread in threads:
        thread.join(60)
        if thread.is_alive():
            sys.exit("FAIL: an event loop stands still")
    if failures:
        sys.exit("FAIL: " + "; ".join(failures))
    print("PASS", flush=True)


main()
