"""Which figures are drawn first after a choice, and how counts are held and read ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest

import equity as eq
from equity import widgets
from equity.counts import CountTable
from equity.widgets import _stage


def _drawing(figures: int) -> tuple[widgets.Choice, list, list[str]]:
    """Return a choice, the figures that follow it, and a list to which each drawing is added."""
    year = widgets.choice("Year", [2023, 2024, 2025])
    table = pd.DataFrame({"year": [2023, 2024, 2025], "n": [10, 20, 30]})
    counts = CountTable(table, ("year",), (), pd.DataFrame())
    drawn: list[str] = []

    def shown(name: str):
        def measure(counts: CountTable) -> pd.DataFrame:
            drawn.append(f"{name} {counts.table['n'].sum()}")
            return counts.table

        return widgets.show(counts, measure, _chart, where={"year": year}, filename=name)

    panels = [shown(f"figure {i}") for i in range(figures)]
    drawn.clear()
    return year, panels, drawn


def _chart(table: pd.DataFrame) -> dict:
    return {"mark": "bar", "title": "Stops", "data": {"values": table.to_dict("records")}}


def run(page: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a loop of its own: a browser of another test may hold that of this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, page).result()


def _from_page(choice: widgets.Choice, index: int) -> None:
    choice.set_state({"index": index})


def test_what_is_looked_at_is_drawn_at_once_and_the_rest_afterwards():
    year, panels, drawn = _drawing(4)
    panels[2].in_view = True

    async def page() -> tuple[list[str], list[bool]]:
        _from_page(year, 1)
        at_once, busy = list(drawn), [p.busy for p in panels]
        while len(drawn) < 4:
            await asyncio.sleep(0)
        return at_once, busy

    at_once, busy = run(page())
    assert at_once == ["figure 2 20"]
    assert busy == [True, True, False, True]
    assert drawn == [f"figure {i} 20" for i in (2, 0, 1, 3)]
    assert not any(p.busy for p in panels)
    assert all(p.rows[0]["n"] == 20 for p in panels)


def test_a_second_choice_and_a_figure_that_came_into_view_do_not_wait():
    year, panels, drawn = _drawing(4)

    async def page() -> None:
        _from_page(year, 1)
        while not drawn:
            await asyncio.sleep(0)
        panels[3].in_view = True  # the reader scrolls on
        _from_page(year, 2)
        panels[2].in_view = True
        while any(p.rows[0]["n"] != 30 for p in panels):
            await asyncio.sleep(0)

    run(page())
    # nothing is drawn for the year that nobody asks for any more
    assert drawn == ["figure 0 20", "figure 3 30", "figure 2 30", "figure 1 30", "figure 0 30"]


def test_a_choice_that_a_notebook_makes_is_followed_by_its_next_line():
    year, panels, drawn = _drawing(3)

    async def cell() -> list[str]:
        year.value = 2025
        return list(drawn)

    assert run(cell()) == [f"figure {i} 30" for i in range(3)]


@pytest.fixture
def stops(tmp_path):
    rows = pd.DataFrame({
        "race": ["white", "black", None, "hispanic", "white", "black"] * 40,
        "district": ["North", "South", "North", None, "South", "North"] * 40,
        "year": [2024, 2025, 2024, 2025, 2025, 2024] * 40,
        "searched": ([True, False, None, True, False, True] * 7 + [False] * 18) * 4,
    })  # fmt: skip
    rows["searched"] = rows["searched"].astype("boolean")
    counts = eq.count(rows, by=["race", "district", "year"], of=["searched"])
    return counts.write(tmp_path / "stops.parquet")


def test_counts_held_as_categories_give_the_same_figures(stops):
    plain, coded = eq.read_counts(stops), eq.read_counts(stops, coded=True)
    kinds = {str(coded.table[c].dtype) for c in ("race", "district")}
    assert kinds == {"category"} and str(plain.table["race"].dtype) == "str"
    pd.testing.assert_frame_equal(
        coded.table.astype({"race": "str", "district": "str"}), plain.table
    )
    for one in (plain, coded):
        assert one.values("race") == ["black", "hispanic", "white"]
        assert one.where(district="North").values("race") == ["black", "white"]
    part = {"district": ["North", "South"], "year": 2024}
    asked = {"of": "searched", "group": "race", "reference": "white", "within": "district"}
    for choice in ({}, part):
        figures = [eq.rates(one.where(**choice), **asked) for one in (plain, coded)]
        pd.testing.assert_frame_equal(*figures)
    with pytest.raises(ValueError, match="There are: North, South"):
        coded.where(district="West")


@pytest.mark.parametrize("about", [{"measure": {"name": "officers"}}, {"table": "residents"}])
def test_only_counts_are_held_as_categories(stops, about):
    """Columns of what a measure gave are compared with each other, which categories are not."""
    made = eq.read_counts(stops)
    CountTable(made.table, made.by, made.of, made.ledger, about).write(stops)
    assert str(eq.read_counts(stops, coded=True).table["race"].dtype) == "str"


def test_counts_that_were_read_ahead_are_there_until_their_file_changes(stops, monkeypatch):
    monkeypatch.setattr(_stage, "_read", {})
    folder = stops.parent
    (folder / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert _stage.read_ahead(folder)
    first = widgets.load(folder, "stops")
    assert first is not None and widgets.load(folder, "stops") is first
    with pytest.raises(ValueError, match="is not a count file"):
        widgets.load(folder, "broken")  # the page says so, as ever
    fewer = first.where(race="white")
    fewer.write(stops)
    found = widgets.load(folder, "stops")  # no page shows what the file no longer says
    assert found is not None and found.values("race") == ["white"]
    assert _stage.read_ahead(folder)
    assert [path.rsplit("/", 1)[-1] for path, _, _ in _stage._read] == ["stops.parquet"]
