# SPDX-License-Identifier: Apache-2.0
"""Tests of the command benchmarks/run with tiny sizes; they need the built checkout."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

RUN = pathlib.Path(__file__).resolve().parent.parent / "run"
ROW_KEYS = {"name", "value", "unit", "bar", "verdict", "quartiles", "runs", "command", "detail", "noise", "series"}
SERIES_KEYS = {"median", "unit", "quartiles", "runs", "samples"}


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, RUN, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)


class Quick(unittest.TestCase):
    """One quick run of everything, looked at from several sides."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            results, drawing = pathlib.Path(folder, "results.json"), pathlib.Path(folder, "chart.svg")
            cls.done = run("--quick", "--json", results, "--chart", drawing, "--date", "2001-02-03", "--dir", folder)
            cls.left = sorted(path.name for path in pathlib.Path(folder).iterdir())
            cls.json = json.loads(results.read_text()) if results.exists() else {}
            cls.svg = drawing.read_text() if drawing.exists() else ""

    def test_ends_well_with_a_line_for_each_row(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)
        names = [line.split()[0] for line in run("--list").stdout.splitlines()]
        printed = [line.split()[0] for line in self.done.stdout.splitlines()]
        self.assertEqual([name for name in printed if name in names], names)

    def test_every_row_is_measured_or_skipped_with_a_reason(self):
        for row in self.json["rows"]:
            with self.subTest(row["name"]):
                self.assertEqual(set(row), ROW_KEYS)
                if row["value"] is None:
                    self.assertEqual(row["verdict"], "skipped")
                    self.assertTrue(row["detail"])
                else:
                    self.assertIn("measured", row["series"])
                    self.assertTrue(row["command"])
                for series in row["series"].values():
                    self.assertEqual(set(series), SERIES_KEYS)
                    self.assertEqual(series["runs"], len(series["samples"]))

    def test_launches_stand_beside_eager_and_cold(self):
        for row in self.json["rows"]:
            if row["name"].startswith("launch-") and row["value"] is not None and row["unit"] != "MiB":
                with self.subTest(row["name"]):
                    self.assertLessEqual({"eager", "cold"}, set(row["series"]))

    def test_json_tells_machine_versions_and_date(self):
        self.assertEqual((self.json["schema"], self.json["date"], self.json["quick"]), (1, "2001-02-03", True))
        self.assertLessEqual({"kernel", "cpu", "cpu_count", "page_size", "memory_mebibytes", "file_system"},
                             set(self.json["machine"]))
        self.assertRegex(self.json["versions"]["undump"], "^undump ")
        self.assertRegex(self.json["versions"]["ckpt"], "^ckpt ")

    def test_chart_has_its_sizes(self):
        self.assertEqual(self.json["chart"]["verdict"], "drawn")
        self.assertEqual([point["mebibytes"] for point in self.json["chart"]["points"]], [1, 4])
        self.assertTrue(ElementTree.fromstring(self.svg).tag.endswith("svg"))

    def test_nothing_else_is_left(self):
        self.assertEqual(self.left, ["chart.svg", "results.json"])


class Usage(unittest.TestCase):

    def test_unknown_row(self):
        done = run("--only", "lunch")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no row is called lunch", done.stderr)

    def test_impossible_sizes(self):
        for arguments in (("-n", 0), ("--mib", -1), ("--chart-mib", "1,x"), ("--chart-mib", "0")):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments, "--list").returncode, 2)

    def test_commands_that_are_not_there_are_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("--quick", "--only", "size-heap", "--bin", folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ckpt is missing: build the project first", done.stdout)


if __name__ == "__main__":
    unittest.main()
