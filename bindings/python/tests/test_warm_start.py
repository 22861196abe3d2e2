# SPDX-License-Identifier: Apache-2.0
"""A warm interpreter starts in all ways that a new one does: scripts, code, modules, standard input, options, a prompt."""
import os
import shutil
import unittest

from support import PYTHON, environment, run
from terminal import Terminal
from warm_case import WarmTest


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


if __name__ == "__main__":
    unittest.main()
