# SPDX-License-Identifier: Apache-2.0
"""What the package makes of the library's answers; the library is a stand-in."""
import ctypes
import errno
import gc
import os
import pathlib
import sys
import threading
import unittest

from package_case import PackageTest, library
from support import PACKAGE_FOLDER, PYTHON, environment, run

import undump
from undump import _library


class Checkpoint(PackageTest):

    def test_checkpoint_goesOn(self):
        self.next(0)
        outcome = undump.checkpoint()
        self.assertFalse(outcome)
        self.assertTrue(outcome.is_resume() and undump.is_resume())
        self.assertFalse(outcome.is_launch() or undump.is_launch())
        self.assertIsNone(undump.launch())

    def test_checkpoint_launched(self):
        self.next(1, argv=("./tool", "a b", "\udcff"), environ=("A=1", "A=2", "B=x=y", "odd", "C="))
        outcome = undump.checkpoint()
        self.assertTrue(outcome)
        self.assertTrue(outcome.is_launch() and undump.is_launch())
        self.assertFalse(undump.is_resume())
        launch = undump.launch()
        self.assertEqual(launch.argv, ("./tool", "a b", "\udcff"))
        self.assertEqual(launch.environ, {"A": "1", "B": "x=y", "C": ""})
        self.assertEqual((launch.nonce, launch.generation, launch.directory), (bytes([1] * 32), 1, "/fake"))
        self.assertEqual(sys.argv, ["./tool", "a b", "\udcff"])
        self.assertEqual(dict(os.environ), launch.environ)
        self.assertEqual(os.environb[b"B"], b"x=y")

    def test_checkpoint_afterALaunch_goesOn(self):
        self.next(1)
        undump.checkpoint()
        self.next(0)
        undump.checkpoint()
        self.assertFalse(undump.is_launch())
        self.assertIsNotNone(undump.launch())

    def test_checkpoint_options_areTheLibrarys(self):
        for options, seen in (({}, "checkpoint - session - flags 0 allow"),
                              ({"path": pathlib.Path("a/b"), "allow": ["children", "file-lock"]}, "checkpoint a/b session - flags 0 allow children file-lock"),
                              ({"session": "s"}, "checkpoint - session s flags 8 allow"),
                              ({"session": "s", "resume": False}, "checkpoint - session s flags 0 allow"),
                              ({"path": b"x", "end": True}, "checkpoint x session - flags 1 allow"),
                              ({"cow": True, "keep_environ": True, "resume": True}, "checkpoint - session - flags e allow")):
            with self.subTest(options):
                self.next(0)
                undump.checkpoint(**options)
                self.assertEqual(self.fake.call.fake_seen().decode(), f"size {ctypes.sizeof(_library.Options)} {seen}")

    def test_checkpoint_resume_keepsArgumentsAndEnvironment(self):
        arguments, variables = list(sys.argv), dict(os.environ)
        for options in ({"session": "s"}, {"resume": True}):
            self.next(1)
            undump.checkpoint(**options)
            self.assertEqual((sys.argv, dict(os.environ)), (arguments, variables))
        self.next(1)
        undump.checkpoint(keep_environ=True)
        self.assertEqual((sys.argv, dict(os.environ)), (["./tool", "a"], variables))

    def test_checkpoint_failure_isAnOSError(self):
        self.next(-errno.ENOTSUP, "cannot checkpoint: descriptor 5")
        with self.assertRaises(undump.UndumpError) as caught:
            undump.checkpoint()
        self.assertIsInstance(caught.exception, OSError)
        self.assertEqual((caught.exception.errno, caught.exception.strerror), (errno.ENOTSUP, "cannot checkpoint: descriptor 5"))
        self.assertFalse(undump.is_resume())

    def test_checkpoint_whileOneIsTaken(self):
        self.next(0)
        problems = []

        def second():
            try:
                undump.checkpoint()
            except undump.UndumpError as problem:
                problems.append(problem.errno)

        def meanwhile():
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        self.hooks(before=meanwhile)
        undump.checkpoint(cow=True)
        self.assertEqual(problems, [errno.EBUSY])

    def test_library_missing_isHarmless(self):
        code = ("import undump, sys\n@undump.before\ndef f(): pass\nprint(undump.is_launch(), undump.launch(), 'ctypes' in sys.modules)\n"
                "try: undump.checkpoint()\nexcept undump.UndumpError as e: print(e.errno, 'UNDUMP_LIBRARY' in e.strerror)")
        done = run([PYTHON, "-c", code], env=environment(PYTHONPATH=str(PACKAGE_FOLDER), UNDUMP_LIBRARY="/nowhere/libundump.so"))
        self.assertEqual((done.out, done.err), ("False None True\n2 True\n", ""))


class HooksInOrder(PackageTest):

    def note(self, *words):
        return lambda: self.calls.append(words)

    def setUp(self):
        super().setUp()
        self.calls = []
        for name in "ab":
            self.hooks(before=self.note("before", name), after_resume=self.note("resume", name), after_launch=self.note("launch", name))

    def test_goesOn(self):
        self.next(0)
        undump.checkpoint()
        self.assertEqual(self.calls, [("before", "b"), ("before", "a"), ("resume", "a"), ("resume", "b")])

    def test_launched_afterTheRefresh(self):
        seen = []
        self.hooks(after_launch=lambda: seen.append(list(sys.argv)))
        self.next(1)
        undump.checkpoint()
        self.assertEqual(self.calls, [("before", "b"), ("before", "a"), ("launch", "a"), ("launch", "b")])
        self.assertEqual(seen, [["./tool", "a"]])

    def test_before_saysNo(self):
        def no():
            raise ValueError("not now")
        self.hooks(before=no, name="mine")
        self.next(0)
        with self.assertRaises(undump.UndumpError) as caught:
            undump.checkpoint()
        self.assertEqual(caught.exception.errno, errno.ECANCELED)
        self.assertIn("mine", caught.exception.strerror)
        self.assertIsInstance(caught.exception.__cause__, ValueError)
        self.assertEqual(self.calls, [])

    def test_after_exceptionsAreReportedAndNoneIsLost(self):
        def fail(problem):
            def hook():
                raise problem
            return hook
        first, second = ValueError("first"), KeyboardInterrupt("second")
        self.hooks(after_launch=fail(first))
        self.hooks(after_launch=self.note("launch", "c"))
        self.hooks(after_launch=fail(second))
        self.next(1)
        with self.assertRaises(undump.HookError) as caught:
            undump.checkpoint()
        self.assertEqual(caught.exception.exceptions, (first, second))
        self.assertIs(caught.exception.outcome, undump.Outcome.LAUNCH)
        self.assertIs(caught.exception.__cause__, first)
        self.assertIn(("launch", "c"), self.calls)
        self.assertTrue(undump.is_launch())
        self.assertIn("first", str(caught.exception))

    def test_removed(self):
        self.registered[0].remove()
        self.next(0)
        undump.checkpoint()
        self.assertEqual(self.calls, [("before", "b"), ("resume", "b")])

    def test_decorators_giveTheFunctionBack(self):
        def function():
            pass
        calls = []
        for decorator in (undump.before, undump.after_resume, undump.after_launch):
            self.assertIs(decorator(function), function)
        undump.before(lambda: calls.append(1))
        gc.collect()  # nobody but the package holds it
        self.next(0)
        undump.checkpoint()
        self.assertEqual(calls, [1])
        with self.assertRaises(ValueError):
            undump.hooks()


class Sessions(PackageTest):

    def test_sessions(self):
        first, second = undump.sessions()
        self.assertEqual((first.name, first.checkpoint, first.image, first.bytes),
                         ("first", pathlib.Path("/s/first.ckpt"), pathlib.Path("/s/first.image"), 3 << 20))
        self.assertEqual(first.time.timestamp(), 1)
        self.assertEqual(second.name, "sec\udcff")

    def test_unknown(self):
        for function in (undump.restore, undump.remove, undump.session_image):
            with self.assertRaises(undump.UndumpError) as caught:
                function("none")
            self.assertEqual(caught.exception.errno, errno.ENOENT)
            self.assertIn("none: no such session", caught.exception.strerror)

    def test_commandLine(self):
        env = environment(PYTHONPATH=str(PACKAGE_FOLDER), UNDUMP_LIBRARY=library(), TZ="UTC")
        command = [PYTHON, "-m", "undump"]
        done = run([*command, "list"], env={**env, "PYTHONIOENCODING": "utf-8:surrogateescape"})
        self.assertEqual([line.split() for line in done.out.splitlines()],
                         [["session", "taken", "MiB", "image"], ["first", "1970-01-01", "00:00:01", "3.0", "not", "yet"],
                          ["sec\udcff", "1970-01-01", "00:00:02", "0.0", "made"]])
        self.assertEqual(run([*command, "remove", "first"], env=env).status, 0)
        done = run([*command, "restore", "none"], env=env)
        self.assertEqual((done.status, done.err), (1, "undump: go back to none: no such session\n"))
        self.assertEqual(run(command, env=env).status, 2)


if __name__ == "__main__":
    unittest.main()
