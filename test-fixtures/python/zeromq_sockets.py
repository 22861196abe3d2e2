# SPDX-License-Identifier: Apache-2.0
"""Sockets of ZeroMQ, between threads and over a socket of the system, and the end of their context. The library does nothing in a process that is not the one
whose id it has written down, and calls that wait never end there."""
import os
import sys
import threading

try:
    import zmq
except ImportError:
    print("SKIP: python3-zmq is not installed")
    sys.exit(77)


def answer(socket):
    """Is waiting for its first question when the program is captured."""
    for question in iter(socket.recv, b"end"):
        socket.send(question.upper())
    socket.send(b"ended")
    socket.close()


def expect(socket, sent, expected):
    socket.send(sent)
    if not socket.poll(10_000):
        sys.exit(f"FAIL: nothing came for {sent!r}")
    if (came := socket.recv()) != expected:
        sys.exit(f"FAIL: {came!r} came for {sent!r}")


context = zmq.Context()
sockets = []
threads = []
for number in range(3):
    inner, outer = context.socket(zmq.REP), context.socket(zmq.REQ)
    name = f"ipc://@undump-zeromq-{os.getpid()}-{number}"
    inner.bind(name)
    sockets.append((outer, name))
    threads.append(threading.Thread(target=answer, args=(inner,), daemon=True))
    threads[-1].start()
pair = context.socket(zmq.PAIR)
pair.bind("inproc://pair")
other = context.socket(zmq.PAIR)
other.connect("inproc://pair")
threads.append(threading.Thread(target=answer, args=(other,), daemon=True))
threads[-1].start()
expect(pair, b"before", b"BEFORE")

print("READY", flush=True)
sys.stdin.readline()
for number in range(100):
    expect(pair, b"after %d" % number, b"AFTER %d" % number)
for outer, address in sockets:
    outer.connect(address)
    for number in range(20):
        expect(outer, b"outside %d" % number, b"OUTSIDE %d" % number)
for socket in [pair] + [outer for outer, _ in sockets]:
    expect(socket, b"end", b"ended")
    socket.close()
for thread in threads:
    thread.join(10)
    if thread.is_alive():
        sys.exit("FAIL: a thread still waits")
ending = threading.Thread(target=context.term, daemon=True)
ending.start()
ending.join(10)
if ending.is_alive():
    sys.exit("FAIL: the context does not end")
print("PASS", flush=True)
