# SPDX-License-Identifier: Apache-2.0
"""A SQLite database in WAL mode in the middle of a transaction: its locks, and the memory that it shares by a file."""

import os
import sqlite3
import subprocess
import sys

OTHER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], timeout=0)
assert other.execute("select count(*) from t").fetchone()[0] == 100
try:
    other.execute("begin immediate")
except sqlite3.OperationalError as e:
    sys.exit(0 if "locked" in str(e) else "another error: %s" % e)
other.execute("rollback")
sys.exit("the database is not locked")
"""


def check_locked(path):
    other = subprocess.run([sys.executable, "-c", OTHER, path], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if other.returncode != 0:
        sys.exit("FAIL: " + other.stderr)


def main():
    path = os.path.abspath("database-%d" % os.getpid())
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("create table t (n integer)")
    database.executemany("insert into t values (?)", ((n,) for n in range(100)))
    database.execute("begin immediate")
    database.execute("insert into t values (1000)")
    check_locked(path)
    print("READY", flush=True)
    sys.stdin.readline()
    check_locked(path)
    database.execute("insert into t values (2000)")
    count, total = database.execute("select count(*), sum(n) from t").fetchone()
    if (count, total) != (102, 4950 + 3000):
        sys.exit("FAIL: %d rows, sum %d" % (count, total))
    database.execute("rollback")
    if database.execute("select count(*) from t").fetchone()[0] != 100:
        sys.exit("FAIL: rolled back, but not all")
    print("PASS", flush=True)
    os._exit(0)  # without the end of a last connection, which removes files that a second copy of the image needs


main()
