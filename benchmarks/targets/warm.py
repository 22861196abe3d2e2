# SPDX-License-Identifier: Apache-2.0
"""A Python with heavy imports: prints READY, then waits until it runs in another process, and says so at once.

With a shared library as argument it loads that instead, which waits and says so in its place.
"""
import argparse, asyncio, csv, ctypes, decimal, email.message, http.client, json, logging, os  # noqa: E401
import random, re, sqlite3, statistics, subprocess, sys, tempfile, threading, unittest, urllib.request, xml.dom.minidom  # noqa: E401

table = {number: json.dumps({"number": number, "text": str(number)}) for number in range(100_000)}
assert re.fullmatch(r'\{"number": 99999, .*\}', table[99_999])

if len(sys.argv) > 1:
    ctypes.CDLL(sys.argv[1])
pid = os.getpid()
os.write(1, b"READY\n")
while os.getpid() == pid:
    pass
os.write(1, b"on\n")
os._exit(0)
