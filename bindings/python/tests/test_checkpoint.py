# SPDX-License-Identifier: Apache-2.0
"""Programs that take their own checkpoint, and the images made of it."""
import errno
import subprocess
import textwrap
import unittest

from support import PATIENCE_SECONDS, PYTHON, environment, make_folder, make_image, run, run_or_raise, with_package


class CheckpointTest(unittest.TestCase):

    def setUp(self):
        self.folder = make_folder(self.addCleanup)

    def program(self, text, *arguments, **changes):
        """Runs a program that writes warm.ckpt, and returns what became of it."""
        (self.folder / "program.py").write_text(textwrap.dedent(text))
        return run([PYTHON, "program.py", *arguments], env=with_package(**changes), cwd=self.folder)

    def image(self, text, *arguments, **changes):
        done = self.program(text, *arguments, **changes)
        self.assertTrue((self.folder / "warm.ckpt").exists(), done.err)
        return done, make_image(self.folder / "warm.ckpt", self.folder / "image", "--fd", "0=inherit")


class Commands(CheckpointTest):

    def test_launch_hasItsOwnArgumentsEnvironmentDirectoryAndStreams(self):
        done, image = self.image("""
            import os, sys, undump
            print("before", end=" ")
            outcome = undump.checkpoint(path="warm.ckpt")
            print(outcome.name, bool(outcome), undump.is_launch(), undump.is_resume(), sys.argv[1:], os.environ.get("MARK"), os.getcwd())
            sys.stdout.flush()
            os.system("echo $MARK")
            if outcome:
                launch = undump.launch()
                print(launch.argv == tuple(sys.argv), launch.environ == dict(os.environ), launch.directory, launch.generation, input())
                print(sys.stdout.line_buffering, os.environb[b"MARK"])
            sys.stdout.flush()
            sys.exit(len(sys.argv))
            """, "x", MARK="made")
        self.assertEqual(done.out, f"before RESUME False False True ['x'] made {self.folder}\nmade\n")
        self.assertEqual(done.status, 2)
        other = self.folder / "other"
        other.mkdir()
        launched = run([image, "a", "b c"], env=environment(MARK="launched"), cwd=other, stdin="typed\n")
        lines = launched.out.splitlines()
        self.assertEqual(lines, [f"LAUNCH True True False ['a', 'b c'] launched {other}", "launched", f"True True {other} 1 typed",
                                 "False b'launched'"], launched.err)
        self.assertEqual(launched.status, 3)

    def test_manyLaunchesAtOnce_andChance(self):
        _, image = self.image("""
            import random, ssl, secrets, sys, uuid, undump
            random.random(); ssl.RAND_bytes(1)
            undump.checkpoint(path="warm.ckpt", end=True)
            print(sys.argv[1], undump.launch().nonce.hex(), random.random(), ssl.RAND_bytes(8).hex(), secrets.token_hex(), uuid.uuid4(), uuid.uuid1())
            """)
        processes = [subprocess.Popen([image, str(n)], stdout=subprocess.PIPE, text=True, env=environment()) for n in range(10)]
        outputs = [process.communicate(timeout=PATIENCE_SECONDS)[0].split() for process in processes]
        self.assertEqual([words[0] for words in outputs], [str(n) for n in range(10)])
        for values in zip(*outputs):
            self.assertEqual(len(set(values)), 10, values)

    def test_reseedFalse_goesOnWithTheGenerator(self):
        done, image = self.image("""
            import random, undump
            random.seed(5)
            undump.checkpoint(path="warm.ckpt", reseed=False)
            print(random.random())
            """)
        self.assertEqual([run_or_raise([image]).out for _ in range(2)], [done.out] * 2)

    def test_end_leavesNoPythonBehind(self):
        done, image = self.image("""
            import undump
            print("flushed")
            print("launched" if undump.checkpoint(path="warm.ckpt", end=True) else "never")
            """)
        self.assertEqual(done.out, "flushed\n")
        self.assertEqual(run_or_raise([image]).out, "launched\n")

    def test_hooks_inOrder(self):
        done, image = self.image("""
            import undump
            for name in "ab":
                undump.hooks(before=lambda n=name: print("before", n), after_resume=lambda n=name: print("resume", n),
                             after_launch=lambda n=name: print("launch", n, undump.launch().argv[1:]))
            undump.checkpoint(path="warm.ckpt")
            """)
        self.assertEqual(done.out, "before b\nbefore a\nresume a\nresume b\n")
        self.assertEqual(run_or_raise([image, "x"]).out, "launch a ('x',)\nlaunch b ('x',)\n")

    def test_secondGeneration(self):
        _, image = self.image("""
            import sys, undump
            undump.checkpoint(path="warm.ckpt", end=True)
            if undump.checkpoint(path="second.ckpt").is_resume():
                print("went on", sys.argv[1:])
            else:
                print("second", undump.launch().generation, sys.argv[1:])
            """)
        self.assertEqual(run_or_raise([image, "first"], cwd=self.folder).out, "went on ['first']\n")
        second = make_image(self.folder / "second.ckpt", self.folder / "second")
        self.assertEqual(run_or_raise([second, "later"]).out, "second 2 ['later']\n")

    def test_threadsAndLoopsGoOn(self):
        for cow in (False, True):
            done, image = self.image(f"""
                import asyncio, os, threading, undump
                go, stop = threading.Event(), threading.Event()
                seen = []
                def work():
                    go.wait()
                    seen.append((threading.get_native_id() == threading.current_thread().native_id, threading.current_thread().name))
                worker = threading.Thread(target=work, name="worker"); worker.start()
                other = asyncio.new_event_loop()
                looper = threading.Thread(target=other.run_forever); looper.start()
                async def in_other():
                    return asyncio.get_running_loop() is other
                async def main():
                    loop = asyncio.get_running_loop()
                    outcome = undump.checkpoint(path="warm.ckpt", cow={cow})
                    await asyncio.sleep(0.01)
                    print(outcome.name, asyncio.get_running_loop() is loop, asyncio.run_coroutine_threadsafe(in_other(), other).result())
                asyncio.run(main())
                go.set(); worker.join(); other.call_soon_threadsafe(other.stop); looper.join()
                print(seen, threading.main_thread().native_id == os.getpid())
                """)
            with self.subTest(cow=cow):
                self.assertEqual(done.out, "RESUME True True\n[(True, 'worker')] True\n", done.err)
                self.assertEqual(run_or_raise([image]).out, "LAUNCH True True\n[(True, 'worker')] True\n")

    def test_fromAnotherThread(self):
        done, image = self.image("""
            import threading, undump
            thread = threading.Thread(target=lambda: print(undump.checkpoint(path="warm.ckpt").name))
            thread.start(); thread.join()
            """)
        self.assertEqual((done.out, run_or_raise([image]).out), ("RESUME\n", "LAUNCH\n"))


class Failures(CheckpointTest):

    def test_childProcess_isRefusedByName(self):
        done = self.program("""
            import subprocess, undump
            child = subprocess.Popen(["sleep", "100"])
            try:
                undump.checkpoint(path="warm.ckpt")
            except undump.UndumpError as problem:
                print(problem.errno, str(child.pid) in problem.strerror)
            finally:
                child.kill(); child.wait()
            print(undump.checkpoint(path="warm.ckpt").name)
            """)
        self.assertEqual(done.out, f"{errno.ENOTSUP} True\nRESUME\n", done.err)

    def test_commandMissing(self):
        done = self.program("""
            import undump
            try:
                undump.checkpoint(path="warm.ckpt")
            except undump.UndumpError as problem:
                print(problem.errno, problem.strerror)
            """, UNDUMP_CKPT="/nowhere/ckpt")
        self.assertIn(f"{errno.ENOENT} /nowhere/ckpt is to be the ckpt command", done.out)

    def test_folderMissing(self):
        done = self.program("""
            import undump
            try:
                undump.checkpoint(path="no/such/folder/warm.ckpt")
            except undump.UndumpError as problem:
                print(problem.errno)
            """)
        self.assertEqual(done.out, f"{errno.ENOENT}\n", done.err)


if __name__ == "__main__":
    unittest.main()
