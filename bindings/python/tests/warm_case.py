# SPDX-License-Identifier: Apache-2.0
"""One warm interpreter, which has to do what a new one does."""
import re
import textwrap
import unittest

from support import PYTHON, Done, environment, make_folder, make_warm, run

IMPORTS = "asyncio,decimal,json,logging,multiprocessing.pool,random,ssl,tempfile,unittest,uuid"
EXPLAINED = "undump: a new interpreter is started: "


class WarmTest(unittest.TestCase):
    """One image for all tests; each has a folder of its own."""

    @classmethod
    def setUpClass(cls):
        cls.made = make_folder(cls.addClassCleanup)
        cls.warm = cls.made / "warm"
        make_warm(cls.warm, "--import", IMPORTS)

    def setUp(self):
        self.folder = make_folder(self.addCleanup)

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
