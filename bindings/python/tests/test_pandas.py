# SPDX-License-Identifier: Apache-2.0
"""A warm interpreter with numpy and pandas: same output as a new one, many at once, and chance that differs."""
import subprocess
import unittest

from support import PATIENCE_SECONDS, PYTHON, ROOT, environment, make_folder, make_warm, run, run_or_raise, with_package

EXAMPLE = ROOT / "examples" / "python"
COPIES = 20


def is_installed() -> bool:
    return run([PYTHON, "-c", "import numpy, pandas"]).status == 0


@unittest.skipUnless(is_installed(), "numpy and pandas are not installed for " + PYTHON)
class PandasTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = make_folder(cls.addClassCleanup)
        cls.warm = cls.folder / "warm"
        cls.made = make_warm(cls.warm, "--import", "numpy,pandas", "--", EXAMPLE / "report.py", EXAMPLE / "sales.csv")

    def test_warmUp_showsItsOutput(self):
        self.assertIn("spread", self.made.err)

    def test_report_isTheSame(self):
        command = [EXAMPLE / "report.py", EXAMPLE / "sales.csv"]
        plain = run_or_raise([PYTHON, *command])
        self.assertIn("north", plain.out)
        self.assertEqual(run([self.warm, *command], env=environment(UNDUMP_WARM_EXPLAIN="1")), plain)

    def test_report_errorIsTheSame(self):
        command = [EXAMPLE / "report.py", "missing.csv"]
        plain = run([PYTHON, *command], cwd=self.folder)
        self.assertIn("FileNotFoundError", plain.err)
        self.assertEqual(run([self.warm, *command], cwd=self.folder, env=environment(UNDUMP_WARM_EXPLAIN="1")), plain)

    def test_manyAtOnce_eachWithItsOwnFile(self):
        expected = []
        processes = []
        for number in range(COPIES):
            path = self.folder / f"{number}.csv"
            path.write_text("day,region,amount\n" + "".join(f"2024-01-01,r{n % 3},{n * number}.5\n" for n in range(50)))
        for number in range(COPIES):
            processes.append(subprocess.Popen([self.warm, EXAMPLE / "report.py", f"{number}.csv"], cwd=self.folder, env=environment(),
                                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        found = []
        for process in processes:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
            found.append((process.returncode, out, err))
        code = ("import runpy, sys\nfor n in range(%d):\n sys.argv[1:] = [f'{n}.csv']\n runpy.run_path(%r); print('====')" %
                (COPIES, str(EXAMPLE / "report.py")))
        expected = run_or_raise([PYTHON, "-c", code], cwd=self.folder).out.split("====\n")[:-1]
        self.assertEqual(found, [(0, text, "") for text in expected])
        self.assertEqual(len(set(expected)), COPIES)

    def test_numpy_chanceDiffers(self):
        code = "import numpy; print(numpy.random.rand(), numpy.random.default_rng().random(), numpy.random.get_state()[1][:3])"
        self.assertEqual(len({run_or_raise([self.warm, "-c", code]).out for _ in range(5)}), 5)

    def test_numpy_worksWithItsThreads(self):
        code = """if True:
            import numpy as np
            a = np.arange(250000.0).reshape(500, 500) / 1e5 + np.eye(500)
            print(np.allclose(np.linalg.inv(a) @ a, np.eye(500)), (a @ a).sum().round(3))
            with np.errstate(divide="ignore"): print(np.float64(1) / 0)
            np.float64(1) / 0"""
        plain = run([PYTHON, "-c", code])
        self.assertEqual(run([self.warm, "-c", code]), plain)
        self.assertIn("RuntimeWarning", plain.err)


@unittest.skipUnless(is_installed(), "numpy and pandas are not installed for " + PYTHON)
class Making(unittest.TestCase):

    def setUp(self):
        self.folder = make_folder(self.addCleanup)

    def make(self, *arguments):
        return run([PYTHON, "-m", "undump.warm", "--out", self.folder / "warm", *arguments], env=with_package(), cwd=self.folder)

    def test_import_thatFails(self):
        done = self.make("--import", "json,no_such_module")
        self.assertEqual(done.status, 1)
        self.assertIn("undump: importing no_such_module: ModuleNotFoundError", done.err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_run_thatFails(self):
        done = self.make("--", "-c", "import sys; sys.exit(3)")
        self.assertEqual(done.status, 1)
        self.assertIn("ended with status 3", done.err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_usage(self):
        self.assertEqual(self.make().status, 2)

    def test_whatTheRunLeaves_isGone(self):
        (self.folder / "helper.py").write_text("value = 'of the run'\n")
        (self.folder / "script.py").write_text("import helper, atexit, sys, signal, json\natexit.register(print, 'ending of the run')\n"
                                               "signal.signal(signal.SIGTERM, print)\nmine = 5\nprint(repr(sys.stdin.read()))\n"
                                               "import logging, warnings, decimal\nlogging.basicConfig(level=0)\nwarnings.simplefilter('error')\n"
                                               "decimal.getcontext().prec = 3\nsys.stdout = sys.excepthook = None\n")
        done = self.make("--", "script.py", "x")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("''\n", done.err)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "helper.py").write_text("value = 'of the launch'\n")
        (elsewhere / "next.py").write_text("import helper, signal, sys\nprint(helper.value, 'mine' in globals(), "
                                           "signal.getsignal(signal.SIGTERM).name, 'json' in sys.modules, sys.stdin.read())\n"
                                             "import logging, warnings, decimal\nprint(logging.root.handlers, logging.root.level, warnings.filters[0][0], "
                                             "decimal.getcontext().prec)\n")
        launched = run_or_raise([self.folder / "warm", "elsewhere/next.py"], cwd=self.folder, stdin="input")
        self.assertEqual((launched.out, launched.err), ("of the launch False SIG_DFL True input\n[] 30 default 28\n", ""))


if __name__ == "__main__":
    unittest.main()
