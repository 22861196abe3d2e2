# SPDX-License-Identifier: Apache-2.0
"""Tests of the command compatibility/run on programs that do well and programs that do not; they need the built checkout."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parent.parent / "run"

COUNTER = '''
title = "a counting shell"
packages = { dash = "/bin/sh" }
command = ["sh", "-c", "PREPARE n=0; echo begin; while read line; do n=$((n + 1)); echo $n lines; done"]
version = ["echo", "1.2"]
terminal = true
prompt = 'begin|lines'
check = true

[[before]]
type = "one"
expect = '^1 (?=lines)'
what = "counted a line"

[[after]]
type = "two"
expect = '^ANSWER (?=lines)'
what = "counted on"
'''


def counter(prepare: str = "", answer: str = "2") -> str:
    return COUNTER.replace("PREPARE", prepare).replace("ANSWER", answer)


DESCRIPTIONS = {
    "by-ckpt": counter().replace("check = true", 'capture = "ckpt"'),
    "forgetful": counter(answer="[0-9]"),
    "refused": counter(prepare="sleep 100 &"),
    "refused-ckpt": counter(prepare="sleep 100 &").replace("check = true", 'capture = "ckpt"'),
    "right": counter(),
    "wrong": counter(answer="3"),
}


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, RUN, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)


class Verdicts(unittest.TestCase):
    """One run of six programs, looked at from several sides."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            programs, table = pathlib.Path(folder, "programs"), pathlib.Path(folder, "table.md")
            programs.mkdir()
            for name, text in DESCRIPTIONS.items():
                # Wrong answers are waited for.
                (programs / f"{name}.toml").write_text("limit = 4\n" + text)
            cls.done = run("--programs", programs, "--launches", 2, "--colds", 1, "--table", table)
            cls.table = table.read_text()
            cls.checked = run("--programs", programs, "--results", folder, "--check", "right", "forgetful", "by-ckpt")
            cls.counts = pathlib.Path(folder, "tests.txt").read_text()
        cls.lines = {line.split()[0]: line for line in cls.done.stdout.splitlines()}

    def test_a_program_that_goes_on_works(self):
        for name in ("right", "by-ckpt"):
            with self.subTest(name):
                self.assertRegex(self.lines[name], r"^\S+ +1\.2 +works: launch [0-9.,]+ ms, cold [0-9.,]+ ms \(\d+ x\), image")

    def test_a_wrong_answer_fails_and_is_told(self):
        self.assertRegex(self.lines["wrong"], r"fails: .*no /\^3 .* within 4 s, but \"two 2 lines\"")

    def test_steps_that_pass_without_those_before_prove_nothing(self):
        self.assertIn("fails: the steps after the capture pass without those before it", self.lines["forgetful"])

    def test_a_refusal_is_told_in_its_own_words(self):
        for name in ("refused", "refused-ckpt"):
            with self.subTest(name):
                self.assertRegex(self.lines[name], r"refused: ckpt: .*it has 1 child process \(\d+, sleep\)")

    def test_fails_when_one_does_not_work(self):
        self.assertEqual(self.done.returncode, 1, self.done.stdout + self.done.stderr)

    def test_table_is_green_only_where_it_works(self):
        rows = {row.split("|")[5].strip().split(" ", 1)[0] for row in self.table.splitlines() if row.startswith("| a counting")}
        self.assertEqual(rows, {"🟢", "🔴"})
        self.assertEqual(self.table.count("🟢 works"), 2)
        self.assertIn("6 programs: 2 fails, 2 refused, 2 works.", self.table)

    def test_check_counts_its_programs_only(self):
        self.assertEqual(self.counts, "failed forgetful\npassed right\n", self.checked.stdout + self.checked.stderr)
        self.assertEqual(self.checked.stdout.splitlines()[-1], "1 passed, 1 failed, 0 skipped")
        self.assertEqual(self.checked.returncode, 1)


class Usage(unittest.TestCase):
    def test_unknown_name_is_one_line_and_status_2(self):
        done = run("no-such-program")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "compatibility/run: no program is called no-such-program; --list shows them\n"))

    def test_every_description_can_be_read(self):
        done = run("--list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(done.stdout.splitlines()), 20)


if __name__ == "__main__":
    unittest.main()
