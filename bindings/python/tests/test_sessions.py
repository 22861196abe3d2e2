# SPDX-License-Identifier: Apache-2.0
"""Working session by session: a program takes checkpoints by name, goes back to one, and is found again from another shell."""
import shutil
import sqlite3
import textwrap
import unittest

from support import PYTHON, make_folder, run, run_or_raise, with_package
from terminal import Terminal

PROMPT = r">>> $"


class SessionsTest(unittest.TestCase):

    def setUp(self):
        self.folder = make_folder(self.addCleanup)
        self.sessions = self.folder / "sessions"
        self.env = with_package(UNDUMP_SESSIONS=str(self.sessions), HOME=str(self.folder), TERM="xterm", MARK="of the start")

    def script(self, text):
        (self.folder / "script.py").write_text(textwrap.dedent(text))
        return [PYTHON, "script.py"]

    def undump(self, *arguments):
        return run([PYTHON, "-m", "undump", *arguments], env=self.env, cwd=self.folder)

    def listed(self):
        return [line.split()[0] for line in self.undump("list").out.splitlines()[1:]]

    def terminal(self, *command, **changes):
        terminal = Terminal(command, {**self.env, **changes}, self.folder)
        self.addCleanup(terminal.close)
        return terminal


class Program(SessionsTest):

    def test_branchInAFunction_andGoBackFromALaterSession(self):
        command = self.script("""
            import os, sys, undump
            rounds = os.environ["ROUNDS"]

            def save(name):
                if undump.checkpoint(session=name).is_launch():
                    print("back in", name, sys.argv[1:], os.environ["MARK"], os.getpid() == pid, undump.launch().generation)
                    return True
                assert undump.is_resume()
                print("saved", name)
                return False

            pid, done = os.getpid(), []
            for name in ("one", "two", "three"):
                done.append(name)
                if save(name):
                    print("state", done)
                    os.remove(rounds + "/" + name)
                    if name == "one":
                        break
            else:
                for name in sorted(os.listdir(rounds), reverse=True):
                    print("leaving for", name, flush=True)
                    undump.restore(name)
            print("end", [session.name for session in undump.sessions()])
            """)
        rounds = self.folder / "rounds"
        rounds.mkdir()
        for name in ("one", "two", "three"):
            (rounds / name).touch()
        done = run_or_raise([*command, "argument"], env={**self.env, "ROUNDS": str(rounds)}, cwd=self.folder)
        back = "back in {} ['argument'] of the start True {}"
        # From three, which goes on to two (whose three is taken anew), and so on; each launch counts those behind it.
        lines = done.out.splitlines()
        self.assertEqual(lines[:5], ["saved one", "saved two", "saved three", "leaving for two", back.format("two", 1)])
        self.assertEqual(lines[-3:], [back.format("one", 1), "state ['one']", "end ['one', 'two', 'three']"])

    def test_unknownAndRemoved(self):
        run_or_raise(self.script("import undump\nundump.checkpoint(session='only')"), env=self.env, cwd=self.folder)
        self.assertEqual(self.listed(), ["only"])
        done = self.undump("restore", "other")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertIn("other", done.err)
        self.assertEqual(self.undump("remove", "only").status, 0)
        self.assertEqual(self.listed(), [])
        self.assertEqual(list(self.sessions.iterdir()), [])
        self.assertEqual(self.undump("remove", "only").status, 1)

    def test_sessionsAreThereForAnotherShell(self):
        run_or_raise(self.script("""
            import undump
            value = 5
            print("again" if undump.checkpoint(session="kept") else "first", value)
            value = 6
            """), env=self.env, cwd=self.folder)
        self.assertEqual(self.listed(), ["kept"])
        done = self.undump("restore", "kept")
        self.assertEqual((done.status, done.out), (0, "again 5\n"))


class Interactive(SessionsTest):

    def test_python_sessionBySession(self):
        shell = self.terminal(PYTHON, "-q")
        for line, shown in (("import undump, os", ""), ("pid = os.getpid()", ""), ("x = 1", ""),
                            ("undump.checkpoint(session='one').name", "'RESUME'"), ("x = 2", ""),
                            ("undump.checkpoint(session='two').name", "'RESUME'"), ("x = 3; undump.is_launch()", "False")):
            shell.expect(PROMPT)
            shell.send(line)
            if shown:
                shell.expect(f"(?m)^{shown}$")
        shell.expect(PROMPT)
        shell.send("undump.restore('one')")
        shell.expect("(?m)^'LAUNCH'$")
        shell.expect(PROMPT)
        shell.send("x, undump.is_launch(), os.getpid() == pid")
        shell.expect(r"(?m)^\(1, True, True\)$")
        shell.expect(PROMPT)
        shell.send("[session.name for session in undump.sessions()]")
        shell.expect(r"(?m)^\['one', 'two'\]$")
        shell.send("exit(4)")
        self.assertEqual(shell.wait(), 4)

        self.assertEqual(self.listed(), ["one", "two"])
        shell = self.terminal(PYTHON, "-m", "undump", "restore", "two")
        shell.expect("(?m)^'LAUNCH'$")
        shell.send("x, undump.is_launch()")
        shell.expect(r"(?m)^\(2, True\)$")
        shell.send("exit()")
        self.assertEqual(shell.wait(), 0)


@unittest.skipUnless(shutil.which("ipython3", path="/usr/bin"), "ipython3 is not installed")
class IPython(SessionsTest):

    def setUp(self):
        super().setUp()
        self.env["IPYTHONDIR"] = str(self.folder / "ipython")
        run_or_raise(["/usr/bin/ipython3", "profile", "create"], env=self.env, cwd=self.folder)
        self.profile = self.folder / "ipython" / "profile_default"
        with open(self.profile / "ipython_config.py", "a") as config:
            config.write("\nc.TerminalInteractiveShell.confirm_exit = False\nc.TerminalInteractiveShell.colors = 'NoColor'\n")
        (self.profile / "startup" / "10-mine.py").write_text("started = 'by my own file'\n")
        self.history = self.profile / "history.sqlite"

    def ipython(self, *command):
        return self.terminal(*(command or ("/usr/bin/ipython3", "--no-banner")))

    def answer(self, shell, number, line, shown=""):
        """Types the line of that number; the prompt is drawn anew with each key."""
        shell.expect(rf"In \[{number}\]:")
        shell.send(line)
        if shown:
            shell.expect(rf"Out\[{number}\]: {shown}")

    def rows(self):
        with sqlite3.connect(self.history) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return (database.execute("SELECT session, line, source FROM history ORDER BY session, line").fetchall(),
                    database.execute("SELECT session, start IS NOT NULL FROM sessions ORDER BY session").fetchall())

    def configuration(self):
        return {path: path.read_bytes() for path in sorted(self.profile.rglob("*"))
                if path.is_file() and "history" not in path.name and "/db/" not in str(path)}

    def test_ipython_sessionBySession_keepsHistoryAndConfiguration(self):
        before = self.configuration()
        shell = self.ipython()
        self.answer(shell, 1, "import undump; x = 1")
        self.answer(shell, 2, "undump.checkpoint(session='one').name", "'RESUME'")
        self.answer(shell, 3, "x = 2")
        self.answer(shell, 4, "undump.checkpoint(session='two').name", "'RESUME'")
        self.answer(shell, 5, "x = 3; written = 'after both'")
        self.answer(shell, 6, "get_ipython().history_manager.writeout_cache(); 6", "6")
        typed, sessions = self.rows()
        self.assertIn("x = 3; written = 'after both'", [source for _, _, source in typed])
        self.answer(shell, 7, "undump.restore('one')")
        shell.expect(r"Out\[2\]: 'LAUNCH'")
        self.answer(shell, 3, "x, undump.is_launch(), started, 'written' in globals()", r"\(1, True, 'by my own file', False\)")
        self.answer(shell, 4, "y = 'typed in the launch'")
        self.answer(shell, 5, "[s.name for s in undump.sessions()]", r"\['one', 'two'\]")
        self.answer(shell, 6, "exit")
        self.assertEqual(shell.wait(), 0)
        self.assertEqual(self.configuration(), before)
        later, later_sessions = self.rows()
        self.assertEqual([row for row in typed if row not in later], [], "rows of before the restore are as they were")
        self.assertEqual(later_sessions[:len(sessions)], sessions)
        self.assertIn("y = 'typed in the launch'", [source for _, _, source in later])

        shell = self.ipython(PYTHON, "-m", "undump", "restore", "two")
        shell.expect(r"Out\[4\]: 'LAUNCH'")
        self.answer(shell, 5, "x, undump.is_launch()", r"\(2, True\)")
        self.answer(shell, 6, "z = 'typed in the second launch'")
        self.answer(shell, 7, "exit")
        self.assertEqual(shell.wait(), 0)
        self.assertEqual(self.configuration(), before)
        last, _ = self.rows()
        self.assertEqual([row for row in later if row not in last], [])
        self.assertIn("z = 'typed in the second launch'", [source for _, _, source in last])


if __name__ == "__main__":
    unittest.main()
