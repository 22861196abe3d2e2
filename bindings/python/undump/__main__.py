# SPDX-License-Identifier: Apache-2.0
"""python -m undump: the sessions of programs that took checkpoints by name.

exit status: 0 done, 1 failed, 2 usage
"""
import argparse
import os
import sys

from . import UndumpError, remove, restore, sessions


def _list() -> None:
    found = sessions()
    width = max([len(session.name) for session in found] + [len("session")])
    print(f"{'session':<{width}}  {'taken':<19}  {'MiB':>8}  image")
    for session in found:
        image = "made" if os.access(session.image, os.X_OK) else "not yet"
        print(f"{session.name:<{width}}  {session.time:%Y-%m-%d %H:%M:%S}  {session.bytes / 2**20:8.1f}  {image}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m undump", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="sessions, oldest first")
    commands.add_parser("restore", help="go on where the session was taken").add_argument("name", metavar="NAME")
    commands.add_parser("remove", help="delete a session's files").add_argument("name", metavar="NAME")
    options = parser.parse_args()
    try:
        if options.command == "list":
            _list()
        elif options.command == "restore":
            restore(options.name)
        else:
            remove(options.name)
    except UndumpError as problem:
        print(f"undump: {problem.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
