# SPDX-License-Identifier: Apache-2.0
"""The interpreter that becomes an image: started by warm.py with a description (JSON) as its only argument."""
import sys

_PLAIN = frozenset(sys.modules)
del sys.path[0]  # this folder

import os  # noqa: E402

_ENVIRON = dict(os.environ)

import json  # noqa: E402


def _import_package(folder: str) -> None:
    sys.path.insert(0, folder)
    try:
        import undump._warm_launch  # noqa: F401
        import undump.warming  # noqa: F401
    finally:
        sys.path.remove(folder)


def main() -> None:
    description = json.loads(sys.argv[1])
    _import_package(description["package"])
    from undump.warming import make
    make(description, _ENVIRON, _PLAIN)


if __name__ == "__main__":
    main()
