# SPDX-License-Identifier: Apache-2.0
"""A warm interpreter does what a new one does: same output, same errors, same end, for every way to start it."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import textwrap
import unittest

from support import PATIENCE_SECONDS, PYTHON, Done, environment, make_warm, run
from terminal import Terminal

IMPORTS = "asyncio,decimal,json,logging,multiprocessing.pool,random,ssl,tempfile,unittest,uuid"
EXPLAINED = "undump: a new interpreter is started: "


class WarmTest(unittest.TestCase):
    """One image for all tests; each has a folder of its own."""

    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="undump-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.made)
        cls.warm = cls.made / "warm"
        make_warm(cls.warm, "--import", IMPORTS)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="undump-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def script(self, text: str, name: str = "script.py") -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return name

    def both(self, *arguments: str, stdin: str = "", anew: bool = False, **variables) -> Done:
        """Runs a new and the warm interpreter; they have to agree. anew: the warm one has to call for a new one."""
        env = environment(**variables)
        plain = run([PYTHON, *arguments], stdin=stdin, cwd=self.folder, env=env)
        warm = run([self.warm, *arguments], stdin=stdin, cwd=self.folder, env={**env, "UNDUMP_WARM_EXPLAIN": "1"})
        explained = [line for line in warm.err.splitlines() if line.startswith(EXPLAINED)]
        self.assertEqual(bool(explained), anew, warm.err)
        err = "".join(line for line in warm.err.splitlines(True) if not line.startswith(EXPLAINED))
        self.assertEqual(comparable(Done(warm.status, warm.out, err.replace(str(self.warm), PYTHON))), comparable(plain))
        return plain

    def both_print(self, expected: str, *arguments: str, **options) -> None:
        done = self.both(*arguments, **options)
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.out, expected)


def comparable(done: Done) -> Done:
    """Addresses of objects differ from run to run."""
    hide = re.compile(r"0x[0-9a-f]{6,}").sub
    return Done(done.status, hide("0x…", done.out), hide("0x…", done.err))


class WaysToStart(WarmTest):

    def test_script_itsArgumentsAndNames(self):
        self.script("""
            import sys
            print(sys.argv, __name__, __file__, __package__, __spec__, __doc__, sorted(globals()), type(__loader__).__name__)
            print(sys.path[0], sys.executable, sys.flags, sys.modules["__main__"].__dict__ is globals())
            """)
        for name in ("script.py", "./script.py", "../" + self.folder.name + "/script.py"):
            with self.subTest(name):
                self.assertIn("'--x', '-c', 'ä', ''", self.both(name, "--x", "-c", "ä", "").out)

    def test_script_inAnotherFolder_importsFromThere(self):
        self.script("import neighbour; print(neighbour.__file__, __file__)", "sub/script.py")
        self.script("", "sub/neighbour.py")
        os.symlink("sub/script.py", self.folder / "link.py")
        self.both("sub/script.py")
        self.both("link.py")

    def test_script_missing(self):
        self.assertEqual(self.both("missing.py").status, 2)

    def test_script_isFolder(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(self.both("empty").status, 1)

    def test_script_folderAndZipWithMain(self):
        self.script("import sys, other; print(sys.argv, sys.path[0], __name__, other.x, __spec__.name)", "app/__main__.py")
        self.script("x = 5", "app/other.py")
        shutil.make_archive(str(self.folder / "packed"), "zip", self.folder / "app")
        self.assertEqual(self.both("app", "a").status, 0)
        self.assertEqual(self.both("packed.zip", "a").status, 0)

    def test_script_withoutEndingOrInOtherEncoding(self):
        (self.folder / "latin").write_bytes("# coding: latin-1\nprint(ascii('ä'))".encode("latin-1"))
        self.both_print("'\\xe4'\n", "latin")

    def test_script_compiled_isForANewOne(self):
        self.script("print(5)")
        import_ = "import py_compile; py_compile.compile('script.py', 'script.pyc')"
        run([PYTHON, "-c", import_], cwd=self.folder)
        self.both("script.pyc", anew=True)

    def test_code(self):
        for arguments in (["-c", "import sys; print(sys.argv, repr(sys.path[0]), sorted(globals()))", "a", "-b"],
                          ["-cprint(5)"], ["-uBc", "print(6)"], ["-c", ""], ["-c", "x = 'ä'\nprint(x)\n# end"]):
            with self.subTest(arguments):
                self.assertEqual(self.both(*arguments).status, 0)

    def test_module(self):
        self.script("""
            import sys
            print(sys.argv, sys.path[0], __name__, __package__, __spec__.name)
            """, "package/__main__.py")
        self.script("print('package', __name__)", "package/__init__.py")
        self.script("import sys; print(sys.argv, __name__, sorted(globals()))", "single.py")
        for arguments in (["-m", "package", "a"], ["-msingle", "b"], ["-m", "json.tool", "--help"], ["-m", "missing"],
                          ["-m", "package.missing"]):
            with self.subTest(arguments):
                self.both(*arguments)

    def test_stdin(self):
        code = "import sys; print(sys.argv, __name__, __file__, repr(sys.path[0])); print(sys.stdin.read())\n"
        self.both(stdin=code)
        self.both("-", "a", stdin=code)
        self.both(stdin="")

    def test_stdin_readByTheScript(self):
        self.script("import sys; print(input(), sys.stdin.readline(), list(sys.stdin.buffer))")
        self.both("script.py", stdin="one\ntwo\nthree")

    def test_options_thatAreFollowed(self):
        for options in (["-u"], ["-B"], ["-q"], ["-uB"], ["-q", "-u"]):
            with self.subTest(options):
                self.both(*options, "-c", """if True:
                    import sys, io
                    print(sys.flags, sys.dont_write_bytecode)
                    for stream in (sys.stdin, sys.stdout, sys.stderr):
                        print(type(stream.buffer), stream.line_buffering, stream.write_through, stream.newlines)""")

    def test_options_thatNeedANewOne(self):
        for options in (["-O"], ["-I"], ["-E"], ["-s"], ["-S"], ["-W", "error"], ["-Wignore"], ["-X", "dev"], ["-v", "-h"], ["-V"],
                        ["--version"], ["-bb"], ["-c"], ["-m"], ["-?"], ["-x"]):
            with self.subTest(options):
                arguments = options if options in (["-c"], ["-m"], ["-V"], ["-?"]) or options[0] == "-v" else [*options, "-c", "print(__debug__)"]
                self.both(*arguments, anew=True)

    def test_options_inspectAfterwards(self):
        self.both("-i", "-c", "x = 5", stdin="print(x)\n", anew=True)


    def test_terminal(self):
        (self.folder / "start.py").write_text("started = 5\n")
        ends = []
        for program in (PYTHON, self.warm):
            shell = Terminal([program], environment(HOME=str(self.folder), TERM="xterm", PYTHONSTARTUP="start.py"), self.folder)
            self.addCleanup(shell.close)
            shell.expect(r"(?s)Python 3.* on linux\nType \"help\".*\n>>> $")
            for line in ("import sys; sys.argv, sys.flags.interactive, __name__, sys.path[0], started", "undefined", "x = [1]", "x", "_",
                         "def f():", "  return 1/0", "", "f()", "raise SystemExit(3)"):
                shell.send(line)
                if not line.startswith("raise"):
                    shell.expect(r"(>>>|\.\.\.) $")
            ends.append((shell.wait(), shell.text()))
        self.assertEqual(ends[0], ends[1])
        self.assertEqual(ends[0][0], 3)
        self.assertIn("ZeroDivisionError", ends[0][1])


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


class Surroundings(WarmTest):

    def test_environmentAndDirectory(self):
        self.script("""
            import os, posix, sys
            print(sorted(os.environb.items()) == sorted(posix.environ.items()), os.getcwd(), os.environ.get("MARK"))
            print(sorted(name for name in os.environ if name != "UNDUMP_WARM_EXPLAIN"))
            sys.stdout.flush(); os.system("echo $MARK $0; pwd"); os.putenv("MARK", "put"); os.system("echo $MARK")
            """)
        self.both("script.py", MARK="a=b ä")
        self.both("script.py", MARK=None)

    def test_streams(self):
        code = ("import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr): "
                "print(s.encoding, s.errors, s.line_buffering, s.mode, s.name, s.buffer, s.buffer.raw, s.seekable())")
        self.both("-c", code)
        self.script(code)
        for target in ("file", "null"):
            outputs = []
            for program in (PYTHON, self.warm):
                path = self.folder / "out" if target == "file" else pathlib.Path("/dev/null")
                with open(path, "w+b") as out, open("/dev/zero" if target == "null" else self.folder / "script.py", "rb") as given:
                    subprocess.run([program, "script.py"], stdin=given, stdout=out, stderr=out, cwd=self.folder, env=environment(), check=True)
                outputs.append(path.read_bytes() if target == "file" else b"")
            self.assertEqual(outputs[0], outputs[1])

    def test_streams_closed(self):
        self.script("import sys, os\nopen('result', 'w').write(repr([sys.stdin, sys.stdout, sys.__stderr__, os.path.exists('/dev/fd/0')]))")
        for closing in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            found = []
            for program in (PYTHON, self.warm):
                done = run(["sh", "-c", f'exec "$0" script.py {closing}', program], cwd=self.folder)
                found.append((comparable(done), (self.folder / "result").read_text()))
            with self.subTest(closing):
                self.assertEqual(found[0], found[1])

    def test_notText(self):
        for locale in ("C.UTF-8", "C", "POSIX", None):
            with self.subTest(locale):
                self.script("import sys, os; print(ascii(sys.argv), sys.stdout.errors, sys.flags.utf8_mode, os.environ.get('LC_CTYPE'))")
                env = environment(LC_ALL=locale, LANG=None, LC_CTYPE=None)
                found = [run([program, b"script.py".decode(), "\udcff"], cwd=self.folder, env=env) for program in (PYTHON, self.warm)]
                self.assertEqual(found[0], found[1])

    def test_zone(self):
        code = "import time; print(time.tzname, time.timezone, time.localtime(0)[:6], time.strftime('%Z', time.localtime(0)))"
        for zone in ("UTC", "XYZ-3", "Europe/Berlin", None):
            with self.subTest(zone):
                self.both("-c", code, TZ=zone)

    def test_variables_thatNeedANewOne(self):
        (self.folder / "more").mkdir()
        for variables in ({"PYTHONPATH": str(self.folder / "more")}, {"PYTHONHASHSEED": "5"}, {"PYTHONOPTIMIZE": "1"},
                          {"PYTHONWARNINGS": "error"}, {"PYTHONUTF8": "1"}, {"PYTHONIOENCODING": "latin-1"}):
            with self.subTest(variables):
                self.both("-c", "import sys; print(sys.path, sys.flags, sys.warnoptions, sys.stdout.encoding, "
                          "hash('x') if sys.flags.hash_randomization == 0 else 0)", anew=True, **variables)

    def test_variables_thatAreFollowed(self):
        for variables in ({"PYTHONUNBUFFERED": "1"}, {"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONSTARTUP": "/nowhere"}):
            with self.subTest(variables):
                self.both("-c", "import sys; print(sys.flags, sys.stdout.write_through)", **variables)

    def test_packagesOfAnotherHome(self):
        home = self.folder / "home"
        code = "import site, os; print(os.path.relpath(site.getusersitepackages(), os.path.expanduser('~')))"
        packages = home / run([PYTHON, "-c", code]).out.strip()
        packages.mkdir(parents=True)
        (packages / "mine.py").write_text("print('mine')")
        self.both("-c", "import mine", HOME=str(home), anew=True)
        self.both("-c", "print(5)", HOME=str(self.folder))

    def test_moduleBesideTheScript_comesBeforeAWarmOne(self):
        self.script("import json; print(json.__file__)")
        self.both("script.py")
        self.script("", "json.py")
        self.both("script.py", anew=True)
        os.remove(self.folder / "json.py")
        (self.folder / "json.txt").touch()
        (self.folder / "json").mkdir()
        self.both("script.py")

    def test_newModules_areFound(self):
        self.script("import sys, importlib\nopen('fresh.py','w').write('x=1')\nimport fresh\nprint(fresh.x, 'fresh' in sys.modules)")
        self.both("script.py")

    def test_mask(self):
        found = [run(["sh", "-c", 'umask 027; exec "$0" -c "import os; print(oct(os.umask(0)))"', program]) for program in (PYTHON, self.warm)]
        self.assertEqual(found[0], found[1])

    def test_ignoredSignals(self):
        code = "import signal; print([signal.getsignal(n) for n in (1, 2, 3, 13, 15, 25)])"
        found = [run(["sh", "-c", "trap '' HUP INT; exec \"$0\" -c \"$1\"", program, code]) for program in (PYTHON, self.warm)]
        self.assertEqual(found[0], found[1])


class Processes(WarmTest):

    def test_fork(self):
        self.both("-c", """if True:
            import os, sys
            print("before", flush=True)
            pid = os.fork()
            if pid:
                os.waitpid(pid, 0)
            print("child" if pid == 0 else "parent")
            if pid == 0:
                sys.exit(3)""")

    def test_multiprocessing(self):
        for method in ("fork", "spawn", "forkserver"):
            self.script(f"""
                import multiprocessing, os, sys
                def square(n): return n * n, os.path.basename(sys.executable)
                if __name__ == "__main__":
                    multiprocessing.set_start_method("{method}")
                    with multiprocessing.Pool(3) as pool:
                        print(pool.map(square, range(8)))
                    queue = multiprocessing.Queue()
                    process = multiprocessing.Process(target=queue.put, args=("from the child",))
                    process.start(); print(queue.get()); process.join(); print(process.exitcode)
                """)
            with self.subTest(method):
                self.assertIn("from the child", self.both("script.py").out)

    def test_subprocessOfItself(self):
        self.both("-c", "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, check=True).stdout)")

    def test_asyncioThreadsAndSignals(self):
        self.script("""
            import asyncio, concurrent.futures, signal, threading, os
            async def main():
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGUSR1, print, "signal")
                os.kill(os.getpid(), signal.SIGUSR1)
                process = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE)
                print(await process.stdout.read(), await process.wait())
                print(await asyncio.to_thread(lambda: threading.current_thread() is threading.main_thread()))
            asyncio.run(main())
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                print(sum(pool.map(lambda n: n * n, range(100))))
            signal.signal(signal.SIGALRM, lambda *a: print("alarm", threading.current_thread().name))
            signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()
            print(threading.main_thread().native_id == os.getpid(), threading.current_thread() is threading.main_thread())
            """)
        self.both("script.py")

    def test_contextAndThreadLocals(self):
        self.both("-c", "import decimal, asyncio; print(decimal.getcontext()); decimal.getcontext().prec = 5; print(decimal.Decimal(1) / 3)")

    def test_manyAtOnce(self):
        self.script("import sys, os; print(sys.argv[1], len(sys.stdin.read()))")
        processes = [subprocess.Popen([self.warm, "script.py", str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      cwd=self.folder, env=environment()) for n in range(20)]
        for number, process in enumerate(processes):
            out, _ = process.communicate("x" * number, timeout=PATIENCE_SECONDS)
            self.assertEqual((process.returncode, out), (0, f"{number} {number}\n"))


class Chance(WarmTest):

    def test_randomness_differsBetweenLaunches(self):
        self.script("""
            import random, secrets, ssl, uuid, tempfile, os, hashlib, multiprocessing
            for value in (random.random(), random.SystemRandom().random(), secrets.token_hex(16), ssl.RAND_bytes(16).hex(), uuid.uuid4(), uuid.uuid1(),
                          os.urandom(16).hex(), next(tempfile._get_candidate_names()), multiprocessing.current_process().authkey.hex()
                          if hasattr(bytes(multiprocessing.current_process().authkey), "hex") else ""):
                print(value)
            """)
        launches = [run([self.warm, "script.py"], cwd=self.folder).out.splitlines() for _ in range(4)]
        self.assertEqual({len(lines) for lines in launches}, {9})
        for values in zip(*launches):
            self.assertEqual(len(set(values)), len(values), values)

    def test_randomness_withTheSameProcessId(self):
        """In a container a launch may have the number of the captured process, and OpenSSL looks at nothing else."""
        command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--", self.warm, "-c",
                   "import os, ssl, random, uuid; print(os.getpid(), ssl.RAND_bytes(16).hex(), random.random(), uuid.uuid1())"]
        if run(["unshare", "--user", "--map-root-user", "--pid", "--fork", "true"]).status != 0:
            self.skipTest("no process id namespaces here")
        launches = [run(command).out.split() for _ in range(3)]
        self.assertEqual({words[0] for words in launches}, {"1"})
        for values in list(zip(*launches))[1:]:
            self.assertEqual(len(set(values)), 3, values)


if __name__ == "__main__":
    unittest.main()
