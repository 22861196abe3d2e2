# SPDX-License-Identifier: Apache-2.0
"""The package with a stand-in for the library, which answers as a test wants it to."""
import atexit
import ctypes
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from support import ROOT

import undump
from undump import _checkpoint, _library


@functools.cache
def library() -> str:
    """Builds the one library that a process has."""
    folder = tempfile.mkdtemp(prefix="undump-test-")
    atexit.register(shutil.rmtree, folder)
    path = os.path.join(folder, "libundump.so")
    subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation", "-shared", "-fPIC",
                    "-I", str(ROOT / "native-stub" / "runtime"), "-o", path,
                    str(pathlib.Path(__file__).parent / "fake_undump.c")], check=True)
    return path


def strings(*words: str):
    return (ctypes.c_char_p * (len(words) + 1))(*map(os.fsencode, words), None)


class PackageTest(unittest.TestCase):

    def setUp(self):
        self.folder = os.path.dirname(library())
        self.fake = _library.Library(library())
        self.fake.call.fake_seen.restype = ctypes.c_char_p
        self.fake.call.fake_reset()
        for patch in (mock.patch.object(_library, "_loaded", self.fake), mock.patch.object(_checkpoint, "_outcome", None),
                      mock.patch.dict(os.environ), mock.patch.object(sys, "argv", list(sys.argv)),
                      mock.patch.object(sys, "orig_argv", list(getattr(sys, "orig_argv", [])), create=True)):
            patch.start()
            self.addCleanup(patch.stop)
        self.registered = []
        self.addCleanup(lambda: [hooks.remove() for hooks in self.registered])

    def next(self, result, error="", argv=("./tool", "a"), environ=("NAME=value",)):
        self.kept = strings(*argv), strings(*environ)
        self.fake.call.fake_next(result, error.encode(), len(argv), *self.kept)

    def hooks(self, **functions):
        self.registered.append(undump.hooks(**functions))
        return self.registered[-1]
