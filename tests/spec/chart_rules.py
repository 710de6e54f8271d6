"""What every chart keeps to, whatever it shows: said once, and run for each room of charts."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pandas as pd
import pytest

from equity import charts
from equity.charts._style import INK

Case = tuple[Callable[..., Any], Callable[[], pd.DataFrame]]
"""A chart, and what makes a table for it."""


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Give every key of a specification with its value, however deep."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def marks(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the layers that draw something, also those of panels."""
    for layer in spec["layer"]:
        yield from (marks(layer) if "layer" in layer else [layer])


def said(chart: Any) -> str:
    """Return the lines below the title."""
    return " ".join(chart.title.subtitle)


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """Return the rows of the only data set."""
    return chart.to_dict()["datasets"]["table"]


def svg_of(chart: Any, width: int = 860, dark: bool = False) -> str:
    """Return the chart as a picture."""
    import vl_convert

    spec = charts.print_version(chart, width=width, dark=dark).to_dict()
    return vl_convert.vegalite_to_svg(spec)


@functools.cache
def _made(make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    return make()


class ChartRules:
    """The rules; a room says its `cases`, and what is special about them."""

    cases: ClassVar[dict[str, Case]]
    pages: ClassVar[tuple[tuple[int, bool], ...]] = ((320, False), (860, True))
    nothing: ClassVar[dict[str, str]] = {}
    """Cases whose title without rows is not the usual one, with theirs."""
    measures: ClassVar[dict[str, str]] = {}
    """Charts that are not called as the measure whose table they draw, with that measure."""
    settings: ClassVar[tuple[str, ...]] = ()
    """Columns of numbers that are no figures, but say how a row was made."""
    letters: ClassVar[int] = 1000
    """So long the text alternative may be."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a rule for every case, and on every page."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases)
        if "width" in metafunc.fixturenames:
            metafunc.parametrize(("width", "dark"), self.pages)

    def table(self, case: str) -> pd.DataFrame:
        """Return a table of one's own; it is computed once."""
        return _made(self.cases[case][1]).copy(deep=True)

    def drawn(self, case: str) -> Any:
        """Return the chart of a case."""
        return self.cases[case][0](self.table(case))

    def test_the_specification_is_valid_and_has_one_named_data_set(self, case: str) -> None:
        """Valid for Altair, valid JSON, no data hidden in the layers, as wide as its page."""
        spec = self.drawn(case).to_dict()
        assert spec["data"] == {"name": "table"} and list(spec["datasets"]) == ["table"]
        assert [v for k, v in walk(spec["layer"]) if k == "data"] == []
        assert spec["width"] == "container"
        text = json.dumps(spec, allow_nan=False)
        assert "NaN" not in text and '"nan"' not in text

    def test_other_figures_of_the_same_groups_give_the_same_specification(self, case: str) -> None:
        """No figure stands in the specification: a page can put other rows in."""
        first, other = self.table(case), self.table(case)
        for column in other.select_dtypes("float").columns.difference(self.settings):
            other[column] = other[column] * 0.9
        specs = [self.cases[case][0](t).to_dict() for t in (first, other)]
        for spec in specs:
            for key in ("datasets", "title", "description"):
                spec.pop(key)
        assert specs[0] == specs[1]

    def test_the_table_given_is_not_changed(self, case: str) -> None:
        """A chart works on a copy."""
        given = self.table(case)
        before = given.copy(deep=True)
        self.cases[case][0](given)
        pd.testing.assert_frame_equal(given, before)

    def test_it_can_be_drawn_and_fits(self, case: str, width: int, dark: bool) -> None:
        """In a picture, on narrow and wide pages, light and dark; no ink of the other page."""
        svg = svg_of(self.drawn(case), width, dark)
        assert float(re.search(r'width="([\d.]+)"', svg)[1]) <= width + 25  # type: ignore[index]
        assert INK[not dark]["ink"] not in svg

    def test_every_mark_that_stands_for_a_figure_has_a_description(self, case: str) -> None:
        """And the rest is hidden from a screen reader."""
        for layer in marks(self.drawn(case).to_dict()):
            assert "description" in layer["encoding"] or layer["mark"].get("aria") is False

    def test_no_colour_is_outside_the_palette_and_no_words_are_small(self, case: str) -> None:
        """Ink of words comes from the page."""
        spec = self.drawn(case).to_dict()
        allowed = {*charts.PALETTE.values(), "transparent"}
        for key, value in walk(spec):
            if isinstance(value, str) and (value.startswith("#") or key in ("fill", "stroke")):
                assert value in allowed
            if key.lower().endswith("fontsize"):
                assert float(value) >= 12
        for key, value in walk(spec["layer"]):
            if key == "color" and isinstance(value, str):
                assert value in allowed
        for layer in marks(spec):
            if layer["mark"]["type"] == "text":
                assert not {"color", "fill"} & {*layer["mark"], *layer["encoding"]}

    def test_an_empty_table_is_worded(self, case: str) -> None:
        """A choice that leaves nothing says so, and can be drawn."""
        made = self.cases[case][0](self.table(case).head(0))
        assert made.title.text == self.nothing.get(case, "There are no figures to show")
        assert rows_of(made) == []
        assert "<svg" in svg_of(made)

    def test_the_text_alternative_begins_with_the_finding(self, case: str) -> None:
        """And is not longer than can be listened to."""
        made = self.drawn(case)
        assert made.description.startswith(made.title.text)
        assert len(made.description) <= self.letters

    def test_a_table_of_another_measure_is_refused(self, case: str) -> None:
        """The error names the columns."""
        with pytest.raises(ValueError, match="no column .*"):
            self.cases[case][0](pd.DataFrame({"stratum": ["all"], "group": ["g"]}))

    def test_every_column_has_a_heading(self, case: str) -> None:
        """A page and a download can name all of them, once each."""
        chart = self.cases[case][0]
        name = getattr(chart, "func", chart).__name__
        name = self.measures.get(name, name)
        named = [c[0] for c in charts.COLUMNS[name]]
        assert sorted(named) == sorted(self.table(case).columns)
        assert set(charts.ON_PAGE[name]) <= set(named)
