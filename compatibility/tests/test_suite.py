# SPDX-License-Identifier: Apache-2.0
"""Tests of the parts of compatibility/run."""
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from suite import packages, table  # noqa: E402
from suite.description import BadDescription, read  # noqa: E402
from suite.packages import Installer, Missing  # noqa: E402
from suite.running import plain  # noqa: E402
from suite.trial import NOT_RUN, REFUSED, WORKS, Result, put_back  # noqa: E402

GOOD = '''
title = "t"
packages = { p = "sh" }
command = ["sh"]
version = ["sh"]
terminal = true
prompt = "> "
before = [{ type = "a", expect = "1", what = "b" }]
after = [{ type = "c", expect = "2", what = "d" }]
'''
NOWHERE = {"no-such-package": "/no/such/file"}


class Descriptions(unittest.TestCase):
    def read(self, text: str):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "one.toml")
            file.write_text(text)
            return read(file)

    def test_good_one_is_read(self):
        program = self.read(GOOD)
        self.assertEqual((program.name, program.after[0].value, program.capture), ("one", "c", "pid"))

    def test_what_is_wrong_is_told(self):
        for change, message in {
            ("title = \"t\"\n", ""): "title is missing",
            ("title", "titel"): "knows no titel",
            ("prompt = \"> \"\n", ""): "without a prompt",
            ("terminal = true\n", ""): "need terminal = true",
            ("expect = \"2\"", "expect = \"c\""): "what is typed matches",
            ("expect = \"2\", ", ""): "could not fail",
            ("expect = \"2\"", "expect = \"(\""): "no regular expression",
            ("what = \"d\"", "get = \"/\""): "needs one of",
            ("type = \"c\", expect = \"2\"", "type = \"c\", exit = 1"): "its answer is timed",
            ("type = \"c\"", "file = \"c\""): "its answer is timed",
            ("title = \"t\"", "title = \"t\"\ncapture = \"x\""): "capture is 'x'",
            ("title = \"t\"", "title = t"): "Invalid value",
        }.items():
            with self.subTest(message), self.assertRaisesRegex(BadDescription, message):
                self.assertIn(change[0], GOOD)
                self.read(GOOD.replace(*change))


class Packages(unittest.TestCase):
    def test_what_is_there_needs_nothing(self):
        with mock.patch.object(Installer, "apt", side_effect=AssertionError):
            Installer().provide({"dash": "sh", "base-files": "/etc"})

    def test_others_than_root_are_told_what_to_install(self):
        with mock.patch("os.geteuid", return_value=1000), \
                self.assertRaisesRegex(Missing, 'run "apt-get install -y --no-install-recommends no-such-package" as root'):
            Installer().provide(NOWHERE)

    def test_root_installs_after_one_update(self):
        installer, told = Installer(), []

        def apt(*words):
            told.append(words[0])
            return subprocess.CompletedProcess(words, 0, "", "")

        with mock.patch("os.geteuid", return_value=0), mock.patch("shutil.which", return_value="/usr/bin/apt-get"), \
                mock.patch.object(Installer, "apt", side_effect=apt), \
                mock.patch.object(packages, "missing", side_effect=[["a"], [], ["b"], []]):
            installer.provide(NOWHERE)
            installer.provide(NOWHERE)
        self.assertEqual(told, ["update", "install", "install"])

    def test_what_apt_says_is_told(self):
        answer = subprocess.CompletedProcess([], 100, "", "E: Unable to locate package no-such-package\n")
        with mock.patch("os.geteuid", return_value=0), mock.patch("shutil.which", return_value="/usr/bin/apt-get"), \
                mock.patch.object(Installer, "apt", return_value=answer), \
                self.assertRaisesRegex(Missing, "did not bring: E: Unable to locate"):
            Installer().provide(NOWHERE)


class Texts(unittest.TestCase):
    def test_control_sequences_are_taken_out(self):
        self.assertEqual(plain(b"\x1b[?2004h\x1b[01;32m> \x1b[0m4\x1b[K2\r\n\x1b]0;title\x07ok\x1b(B\r"), "> 42\nok\n")

    def row(self, result: Result) -> str:
        program = mock.Mock(title="a | b", allow=("children",), before=(), after=(), note="because")
        program.what.side_effect = ["before", "after"]
        return table.row(program, result)

    def test_rows_of_the_table(self):
        self.assertEqual(self.row(Result("n", WORKS, "", "1.0", 2.0, 250.0)),
                         "| a \\| b | 1.0 | before | after | 🟢 works (because) (captured with `--allow children`) | 250 ms | 2.0 ms | 125 x |")
        self.assertIn("| 🔴 refused: ckpt: no (because) (", self.row(Result("n", REFUSED, "ckpt: no", "1.0")))
        self.assertIn("| ⚪ not run: needs it (", self.row(Result("n", NOT_RUN, "needs it")))


class Files(unittest.TestCase):
    def test_files_are_put_back_as_the_same_files(self):
        with tempfile.TemporaryDirectory() as folder:
            saved, work = pathlib.Path(folder, "saved"), pathlib.Path(folder, "work")
            for place in (saved, work):
                (place / "sub").mkdir(parents=True)
                (place / "sub" / "kept").write_text("then")
            (saved / "gone").write_text("then")
            (work / "sub" / "kept").write_text("now")
            (work / "new" / "deep").mkdir(parents=True)
            (work / "new" / "deep" / "file").write_text("now")
            before = (work / "sub" / "kept").stat().st_ino
            put_back(saved, work)
            self.assertEqual((work / "sub" / "kept").stat().st_ino, before)
            self.assertEqual(sorted(str(path.relative_to(work)) for path in work.rglob("*")), ["gone", "sub", "sub/kept"])
            self.assertEqual((work / "sub" / "kept").read_text() + (work / "gone").read_text(), "thenthen")


if __name__ == "__main__":
    unittest.main()
