# SPDX-License-Identifier: Apache-2.0
"""What a launch of a warm interpreter finds around it, the processes it makes, and that its chance is its own."""
import os
import pathlib
import subprocess
import unittest

from support import PATIENCE_SECONDS, PYTHON, environment, run
from warm_case import WarmTest, comparable


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
