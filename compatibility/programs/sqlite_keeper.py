# SPDX-License-Identifier: Apache-2.0
"""Keeps a table in a database file in WAL mode; takes one command per connection."""
import socketserver
import sqlite3
import sys

database = sqlite3.connect(sys.argv[2], isolation_level=None)
database.execute("pragma journal_mode = wal")
database.execute("create table if not exists fruit (name text primary key, value integer)")


def count():
    return database.execute("select count(*) from fruit").fetchone()[0]


def obey(command, *words):
    if command == "put":
        database.execute("insert into fruit values (?, ?)", words)
        return f"ok {count()}"
    if command == "hold":
        database.execute("begin immediate")
        database.execute("insert into fruit values (?, ?)", words)
        return f"held {count()}"
    if command == "held":
        if not database.in_transaction:
            return "no transaction"
        return "{} {}".format(*database.execute("select name, value from fruit order by rowid desc limit 1").fetchone())
    if command == "commit":
        database.execute("commit")
        return f"ok {count()} {database.execute('pragma journal_mode').fetchone()[0]}"
    if command == "check":
        return database.execute("pragma integrity_check").fetchone()[0]
    return " ".join(map(str, database.execute("pragma wal_checkpoint(truncate)").fetchone()))


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            answer = obey(*self.rfile.readline().decode().split())
        except sqlite3.Error as problem:
            answer = f"error: {problem}"
        self.wfile.write(f"{answer}\n".encode())


class Server(socketserver.TCPServer):
    allow_reuse_address = True


Server(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
