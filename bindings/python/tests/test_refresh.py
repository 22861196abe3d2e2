# SPDX-License-Identifier: Apache-2.0
"""What is refreshed in a launch before any hook; the library is a stand-in."""
import io
import os
import random
import sys
import tempfile
import threading
import unittest
from unittest import mock

from package_case import PackageTest

import undump
from undump import _refresh


class Refresh(PackageTest):

    def launched(self, **options):
        self.next(1)
        undump.checkpoint(**options)

    def test_random(self):
        random.seed(5)
        state = random.getstate()
        self.launched(reseed=False)
        self.assertTrue(random.getstate() == state)
        self.launched()
        self.assertTrue(random.getstate() != state)

    def test_goesOn_changesNothing(self):
        random.seed(5)
        state, names = random.getstate(), tempfile._get_candidate_names()
        self.next(0)
        undump.checkpoint()
        self.assertTrue(random.getstate() == state)
        self.assertIs(tempfile._get_candidate_names(), names)

    def test_temporaryFolder_followsTheEnvironment(self):
        with mock.patch.object(tempfile, "tempdir", None), mock.patch.dict(os.environ, TMPDIR=self.folder):
            tempfile.gettempdir()
            self.next(1, environ=("TMPDIR=/",))
            undump.checkpoint()
            self.assertEqual(tempfile.gettempdir(), "/")
            tempfile.tempdir = "/chosen"
            self.launched()
            self.assertEqual(tempfile.gettempdir(), "/chosen")

    def test_zone(self):
        import time
        self.addCleanup(time.tzset)
        os.environ["TZ"] = "UTC"
        time.tzset()
        with mock.patch.object(_refresh, "_local_zone", side_effect=[(1,), (2,)]):
            self.next(1, environ=("TZ=ABC-5",))
            os.environ["TZ"] = "UTC"
            with mock.patch.dict(os.environ):
                undump.checkpoint(keep_environ=True)
                self.assertEqual(time.tzname[0], "UTC")
        os.putenv("TZ", "ABC-5")  # as the library does
        self.next(1, environ=("TZ=ABC-5",))
        undump.checkpoint()
        self.assertEqual((time.tzname[0], time.timezone), ("ABC", -5 * 3600))
        os.putenv("TZ", "UTC")

    def test_uuidAndPlatform(self):
        import platform
        import uuid
        platform.uname()
        uuid.getnode()
        self.launched()
        self.assertIsNone(uuid._node)
        self.assertIsNone(platform._uname_cache)
        self.assertNotEqual(uuid.uuid1(), uuid.uuid1())

    def test_multiprocessing(self):
        from multiprocessing import process, util
        key = process.current_process().authkey
        ran = []
        finalizer = util.Finalize(None, ran.append, args=(1,), exitpriority=0)
        with mock.patch.object(finalizer, "_pid", 7):
            with mock.patch("undump._refresh.note", side_effect=lambda plan: _with_pid(plan, 7)):
                self.launched()
            self.assertEqual(finalizer._pid, os.getpid())
        self.assertNotEqual(process.current_process().authkey, key)
        finalizer.cancel()

    def test_threads_nativeIds(self):
        ready, done = threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: (ready.set(), done.wait()))
        thread.start()
        ready.wait()
        try:
            offset = _refresh._thread_id_offset()
            self.assertIsNotNone(offset)
            native = thread.native_id
            with mock.patch("undump._refresh.note", side_effect=lambda plan: _forget_ids(plan, thread)):
                self.launched()
            self.assertEqual(thread.native_id, native)
        finally:
            done.set()
            thread.join()

    def test_asyncio_theLoopStillRuns(self):
        import asyncio

        async def main():
            loop = asyncio.get_running_loop()
            with mock.patch("undump._refresh.note", side_effect=_without_loop):
                self.launched()
            return asyncio.get_running_loop() is loop
        self.assertTrue(asyncio.run(main()))

    def test_relativeImporters_areForgotten(self):
        sys.path_importer_cache.update({"relative": None, "/gone": None})
        self.launched()
        self.assertFalse({"relative", "/gone"} & set(sys.path_importer_cache))

    def test_aStepThatFails_keepsNoOtherBack(self):
        random.seed(5)
        state = random.getstate()
        with mock.patch.object(_refresh, "_take_arguments", side_effect=RuntimeError("broken")):
            self.next(1)
            with self.assertRaises(undump.HookError) as caught:
                undump.checkpoint()
        self.assertIn("broken", str(caught.exception))
        self.assertTrue(random.getstate() != state)

    def test_output_isFlushedBefore(self):
        stream = io.TextIOWrapper(io.BytesIO())
        with mock.patch.object(sys, "stdout", stream):
            print("text")
            self.next(0)
            undump.checkpoint()
            self.assertEqual(stream.buffer.getvalue(), b"text\n")


_note = _refresh.note


def _with_pid(plan, pid):
    snapshot = _note(plan)
    snapshot.pid = pid
    return snapshot


def _forget_ids(plan, thread):
    snapshot = _note(plan)
    thread._native_id = 1
    return snapshot


def _without_loop(plan):
    import asyncio
    snapshot = _note(plan)
    asyncio._set_running_loop(None)
    return snapshot


if __name__ == "__main__":
    unittest.main()
