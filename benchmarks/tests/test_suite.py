# SPDX-License-Identifier: Apache-2.0
"""Tests of the runner's own arithmetic and drawing, which need nothing built."""
import pathlib
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from suite import chart, machine, rows  # noqa: E402
from suite.samples import (NOISE, NOT_MEASURED, SKIPPED, STATED, NotMeasured, Row, Series, Skipped,  # noqa: E402
                           absolute_row, milliseconds, quartiles, ratio_row)

SVG = "{http://www.w3.org/2000/svg}"


def series(*values: float, unit: str = "ms") -> Series:
    return Series(list(values), unit)


class Samples(unittest.TestCase):

    def test_quartiles_of_five_are_the_second_and_the_fourth(self):
        self.assertEqual(quartiles([5.0, 1.0, 3.0, 2.0, 4.0]), (2.0, 4.0))

    def test_quartiles_of_one_are_it(self):
        self.assertEqual(quartiles([7.0]), (7.0, 7.0))

    def test_ratio_is_of_the_medians(self):
        row = ratio_row("name", 1.3, series(10, 30, 20), series(10, 10, 40), "a / b")
        self.assertEqual(row.value, 2.0)
        self.assertEqual(row.verdict, "not met")

    def test_value_on_the_bar_is_met(self):
        self.assertEqual(absolute_row("name", 1.5, series(1.5), "a").verdict, "met")

    def test_no_bar_is_stated(self):
        self.assertEqual(absolute_row("name", None, series(1.5), "a").verdict, STATED)

    def test_less_than_equal_runs_differ_is_noise(self):
        row = ratio_row("name", 1.01, series(103, 104, 105), series(101, 100, 99), "a / b", noise=0.05)
        self.assertEqual(row.verdict, NOISE)

    def test_nanoseconds_become_milliseconds(self):
        self.assertEqual(milliseconds([2_500_000.0]).median, 2.5)

    def test_json_holds_every_sample(self):
        row = absolute_row("name", 2, series(3, 1, unit="MiB"), "a", eager=series(9, unit="MiB"))
        self.assertEqual(row.as_json()["series"]["measured"]["samples"], [3, 1])
        self.assertEqual(row.as_json()["series"]["eager"]["median"], 9)


class Groups(unittest.TestCase):

    @staticmethod
    def group(problem: Exception) -> rows.Group:
        def measure(_):
            yield absolute_row("first", 1, series(1), "a")
            raise problem
        return rows.Group(measure, [("first", 1, "ms"), ("second", 2, "ms")])

    def test_what_was_measured_before_a_failure_stays(self):
        first, second = rows.measure(None, self.group(NotMeasured("the reason")))
        self.assertEqual((first.verdict, second.verdict, second.detail), ("met", NOT_MEASURED, "the reason"))

    def test_what_the_machine_lacks_is_skipped(self):
        self.assertEqual(rows.measure(None, self.group(Skipped("too small")))[1].verdict, SKIPPED)

    def test_names_are_unique(self):
        names = [name for group in rows.GROUPS for name, _, _ in group.rows]
        self.assertEqual(len(names), len(set(names)))

    def test_too_little_room_is_skipped_with_numbers(self):
        with self.assertRaisesRegex(Skipped, r"needs 1000000000000 MiB of disk in .*, \d+ MiB are free"):
            machine.require(pathlib.Path("/"), 10 ** 12, 0)
        with self.assertRaisesRegex(Skipped, r"needs 1000000000000 MiB of memory, \d+ MiB are available"):
            machine.require(pathlib.Path("/"), 0, 10 ** 12)


class Chart(unittest.TestCase):

    def test_equal_factors_are_equal_distances(self):
        axis = chart.Axis(1, 100, 0, 200)
        self.assertAlmostEqual(axis.at(10), 100)
        self.assertAlmostEqual(axis.at(100), 200)

    def test_decades_enclose_the_values(self):
        self.assertEqual(chart.decades([0.3, 40]), (0.1, 100))
        self.assertEqual(chart.decades([1, 1]), (1, 10))

    def test_a_curve_for_each_with_a_point_for_each_size(self):
        points = [(size, {"trivial": series(1), "lazy": series(1, 2, 3), "eager": series(float(size))}) for size in (1, 4, 16)]
        drawing = ElementTree.fromstring(chart.svg(points, "a < b"))
        curves = {curve.get("id"): curve.get("points").split() for curve in drawing.iter(SVG + "polyline")}
        self.assertEqual(set(curves), {"trivial", "lazy", "eager"})
        self.assertEqual({len(curve) for curve in curves.values()}, {3})
        heights = [float(point.split(",")[1]) for point in curves["eager"]]
        self.assertEqual(heights, sorted(heights, reverse=True))
        self.assertEqual(len({point.split(",")[1] for point in curves["lazy"]}), 1)

    def test_one_size_is_drawn(self):
        points = [(4, {"trivial": series(1), "lazy": series(1), "eager": series(2)})]
        self.assertEqual(len(list(ElementTree.fromstring(chart.svg(points, "")).iter(SVG + "polyline"))), 3)


class Rows(unittest.TestCase):

    def test_a_row_without_value_says_why(self):
        self.assertRegex(Row("name", 1, "x", detail="no node").line(), r"name .* not measured .*no node")


if __name__ == "__main__":
    unittest.main()
