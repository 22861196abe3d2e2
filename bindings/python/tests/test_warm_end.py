# SPDX-License-Identifier: Apache-2.0
"""A warm interpreter ends as a new one does: exit status, tracebacks, signals, atexit, broken pipes."""
import os
import signal
import subprocess
import unittest

from support import PATIENCE_SECONDS, PYTHON, environment, run
from warm_case import WarmTest


class Ends(WarmTest):

    def test_exit_allKinds(self):
        for code in ("None", "0", "3", "256", "-1", "'words'", "(1, 2)", "2**70", "True", "1.5"):
            with self.subTest(code):
                self.both("-c", f"import sys; print('out'); sys.exit({code})")
        for code in ("raise SystemExit", "raise SystemExit(4)", "quit(5)", "import os; os._exit(6)", "import os; os.abort()",
                     "class E(SystemExit): pass\nraise E(7)"):
            with self.subTest(code):
                self.both("-c", code)

    def test_exception_tracebackIsThatOfANewOne(self):
        self.script("""
            import traceback, warnings, sys
            class Odd(Exception):
                def __str__(self): return "odd"
            def deep(n):
                if n == 0:
                    warnings.warn("deep", stacklevel=2)
                    warnings.warn("very deep", stacklevel=50)
                    traceback.print_stack()
                    raise Odd
                deep(n - 1)
            try:
                deep(3)
            except Odd as odd:
                try:
                    sys._getframe(1)
                except ValueError as problem:
                    raise KeyError("other") from odd
            """)
        done = self.both("script.py")
        self.assertEqual(done.status, 1)
        self.assertIn("KeyError: 'other'", done.err)

    def test_exception_inModule(self):
        self.script("def f():\n    raise OSError(2, 'text')\nf()", "failing.py")
        self.assertIn("failing.py", self.both("-m", "failing").err)
        self.script("import sys; sys.exit('sorry')", "sorry.py")
        self.both("-m", "sorry")

    def test_syntaxError(self):
        self.script("print(1)\nif True\n  x\n")
        self.both("script.py")
        self.both("-c", "a b")
        self.both(stdin="x = (\n")
        self.both("-m", "script")

    def test_recursionLimit_isReachedAtNearlyTheSameDepth(self):
        code = "def f(n):\n try: return f(n + 1)\n except RecursionError: return n\nprint(f(1))"
        plain, warm = (int(run([program, "-c", code]).out) for program in (PYTHON, self.warm))
        self.assertIn(plain - warm, range(6))

    def test_excepthook_ofTheScript(self):
        self.both("-c", "import sys\nsys.excepthook = lambda *a: print('hook', a[0], a[1])\nraise ValueError(3)")
        self.both("-c", "import sys\ndef hook(*a): raise KeyError\nsys.excepthook = hook\nraise ValueError(3)")
        self.both("-c", "import sys\nsys.unraisablehook = print\nraise SystemExit(3)")
        self.both("-c", "import sys\nsys.excepthook = None\nraise ValueError(3)")

    def test_interrupt(self):
        for code in ("raise KeyboardInterrupt", "import os; os.kill(os.getpid(), 2)",
                     "try:\n    raise KeyboardInterrupt\nfinally:\n    import atexit; atexit.register(print, 'end')"):
            with self.subTest(code):
                self.assertEqual(self.both("-c", code).status, -signal.SIGINT)
        self.script("raise KeyboardInterrupt", "interrupted.py")
        self.both("interrupted.py")
        self.both("-m", "interrupted")

    def test_signal_fromOutside(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            ends = []
            for program in (PYTHON, self.warm):
                process = subprocess.Popen([program, "-c", "import time; print('READY', flush=True); time.sleep(100)"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
                process.stdout.readline()
                process.send_signal(number)
                _, err = process.communicate(timeout=PATIENCE_SECONDS)
                ends.append((process.returncode, err))
            with self.subTest(number):
                self.assertEqual(ends[0], ends[1])

    def test_atexit_threadsAndDestructors(self):
        self.script("""
            import atexit, threading, time, sys, weakref, io, gc
            gc.disable()
            class Noisy:
                def __init__(self, name): self.name = name
                def __del__(self): print("del", self.name, sys is not None, flush=True)
            kept = Noisy("kept")
            _hidden = Noisy("hidden")
            def late():
                time.sleep(0.2)
                print("thread")
            atexit.register(print, "first registered")
            atexit.register(lambda: print("last registered", __name__))
            atexit.register(lambda: 1/0)
            threading.Thread(target=late).start()
            cycle = [Noisy("cycle")]; cycle.append(cycle); del cycle
            weakref.finalize(kept, print, "finalize")
            unclosed = open("unclosed.txt", "w"); unclosed.write("text")
            function_keeps = lambda: kept
            import logging; logging.hidden = open("hidden.txt", "w"); logging.hidden.write("text")
            print("end of script")
            """)
        done = self.both("script.py")
        self.assertIn("del hidden", done.out)
        for name in ("unclosed.txt", "hidden.txt"):
            self.assertEqual((self.folder / name).read_text(), "text")

    def test_destructors_ofImportedModules(self):
        self.script("class D:\n def __del__(self): print('gone', self.__class__.__name__)\nd = D()\ndef f(): return d\n", "mine.py")
        self.script("import mine\nmain = mine.D()\n")
        self.both("script.py")

    def test_tracing_seesWhatItSeesInANewOne(self):
        for setter in ("settrace", "setprofile"):
            self.script(f"""
                import atexit, sys
                def note(frame, event, argument):
                    if frame.f_code.co_filename == late.__code__.co_filename: print(event, frame.f_code.co_name)
                def late(): print(sys.gettrace(), sys.getprofile())
                atexit.register(late)
                sys.{setter}(note)
                late()
                """)
            self.both("script.py")

    def test_brokenPipe(self):
        self.script("print('x' * 100000)\nprint('y')")
        found = []
        for program in (PYTHON, self.warm):
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run([program, "script.py"], stdout=writing, stderr=subprocess.PIPE, cwd=self.folder, env=environment())
            os.close(writing)
            found.append((done.returncode, done.stderr))
        self.assertEqual(found[0], found[1])
        self.script("print('short')")
        for program in (PYTHON, self.warm):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program, "script.py"], stdout=full, stderr=subprocess.PIPE, cwd=self.folder, env=environment())
            found.append((done.returncode, done.stderr))
        self.assertEqual(found[2], found[3])
        self.assertEqual(found[3][0], 120)


if __name__ == "__main__":
    unittest.main()
