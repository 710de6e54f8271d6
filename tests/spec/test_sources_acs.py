"""Residents out of B03002: layouts, codes for figures that are not there, and broken files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from equity.sources import acs

CELLS = {
    "001": 1000,
    "002": 900,
    "003": 500,
    "004": 200,
    "005": 10,
    "006": 100,
    "007": 5,
    "008": 15,
    "009": 70,
    "012": 100,
}


def wide(**changes: Any) -> pd.DataFrame:
    """One place, 1,000 people, margins of 9."""
    row: dict[str, Any] = {"GEO_ID": "1600000US01", "NAME": "Rivertown city, Ohio"}
    for cell, n in CELLS.items():
        row |= {f"B03002_{cell}E": str(n), f"B03002_{cell}M": "9"}
    return pd.DataFrame([row | changes])


def figures(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {
        r: [n, m, c]
        for r, n, m, c in zip(
            table["race"], table["n"], table["moe"], table["controlled"], strict=True
        )
    }


def test_columns_and_types() -> None:
    table = acs.standardize(wide(), year=2020)
    assert {c: str(t) for c, t in table.dtypes.items()} == {
        "place": "str",
        "place_id": "str",
        "year": "Int64",
        "universe": "str",
        "race": "str",
        "n": "float64",
        "moe": "float64",
        "controlled": "boolean",
        "place_n": "float64",
        "place_moe": "float64",
    }
    assert table["n"].sum() == 1000


def test_the_published_total_and_its_margin_stand_in_every_row() -> None:
    for scheme in ("us1997", "stanford"):
        table = acs.standardize(wide(B03002_001M="*****"), scheme=scheme)
        assert set(table["place_n"]) == {1000} and set(table["place_moe"]) == {0}
    assert set(acs.standardize(wide(B03002_001M="**"))["place_moe"].isna()) == {True}
    part = wide().drop(columns=["B03002_001E", "B03002_001M"])
    assert acs.standardize(part)[["place_n", "place_moe"]].isna().to_numpy().all()


def test_factfinder_by_code_is_the_same() -> None:
    old = wide().rename(
        columns=lambda c: {"GEO_ID": "GEO.id", "NAME": "GEO.display-label"}.get(
            c, f"HD0{1 if c[-1] == 'E' else 2}_VD{c[8:10]}"
        )
    )
    assert acs.standardize(old).equals(acs.standardize(wide()))


@pytest.mark.parametrize(
    ("margin", "moe", "controlled"),
    [
        ("*****", 0, True),
        ("-555555555", 0, True),
        ("", 0, True),
        (None, 0, True),
        ("±1,234", 1234, False),
        ("+/-7", 7, False),
        ("**", None, False),
        ("-222222222", None, False),
        ("-333333333", None, False),
        ("N", None, False),
    ],
)
def test_margins(margin: str | None, moe: float | None, controlled: bool) -> None:
    _, found, flag = figures(acs.standardize(wide(B03002_004M=margin)))["black"]
    assert (None if found != found else found, flag) == (moe, controlled)


@pytest.mark.parametrize("code", ["-666666666", "-222222222", "-999999999", "-888888888", ""])
def test_an_estimate_that_is_not_available(code: str) -> None:
    with pytest.raises(ValueError, match=r"not available \(B03002_004E\) for Rivertown city, Oh"):
        acs.standardize(wide(B03002_004E=code))


@pytest.mark.parametrize(("cell", "total"), [("001", "001"), ("012", "001"), ("003", "002")])
def test_cells_that_do_not_add_up(cell: str, total: str) -> None:
    with pytest.raises(ValueError, match=f"do not add up in 1 of 1 places: .*B03002_{total} is"):
        acs.standardize(wide(**{f"B03002_{cell}E": "77"}))


def test_a_negative_estimate() -> None:
    with pytest.raises(ValueError, match="An estimate is -5, which is neither"):
        acs.standardize(wide(B03002_004E="-5"))


def test_some_cells_only() -> None:
    part = wide()[["NAME", "B03002_001E", "B03002_003E", "B03002_012E"]]
    table = acs.standardize(part)
    assert table["race"].tolist() == ["white", "hispanic"]
    assert table["universe"][0] == "residents who are White, Hispanic (the file has no others)"
    assert table["moe"].isna().all()


def test_schemes() -> None:
    table = figures(acs.standardize(wide(), scheme="us1977"))
    assert table["asian_pacific"][0] == 105
    assert round(table["asian_pacific"][1], 3) == round((81 + 81) ** 0.5, 3)
    with pytest.raises(ValueError, match="no crosswalk"):
        acs.standardize(wide(), scheme="us2024")
    with pytest.raises(ValueError, match="the file has no nhpi"):
        acs.standardize(wide().drop(columns=["B03002_007E", "B03002_002E"]), scheme="us1977")


def test_places() -> None:
    two = pd.concat([wide(), wide(GEO_ID="1600000US02")])
    with pytest.raises(ValueError, match="names 2 places. .*1600000US01; 1600000US02"):
        acs.standardize(two, place="Rivertown city, Ohio")
    assert len(acs.standardize(two, place=["1600000US01", "1600000us02"])) == 16
    with pytest.raises(ValueError, match="nearest are: Rivertown city, Ohio"):
        acs.standardize(wide(), place="Riverton city, Ohio")


def test_another_table() -> None:
    with pytest.raises(ValueError, match="not table B03002 in a layout that is known"):
        acs.standardize(pd.DataFrame({"NAME": ["x"], "B01001_001E": ["1"]}))


def test_the_api_and_its_nulls(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    header = ["NAME", "B03002_003E", "B03002_003M", "state", "place"]
    file.write_text(json.dumps([header, ["Rivertown", "500", None, "39", "01234"]]))
    table = acs.read(file, place="3901234")
    assert figures(table)["white"][0] == 500
    assert table["moe"].isna().all()
    file.write_text('[["NAME"]]')
    with pytest.raises(ValueError, match="not an answer of the Census API"):
        acs.read(file, place=None)


def test_the_year_of_an_official_name(tmp_path: Path) -> None:
    for name, year in [("ACSDT5Y2020.B03002-Data.csv", 2020), ("ACS_17_5YR_B03002.csv", 2017)]:
        wide().to_csv(tmp_path / name, index=False)
        assert acs.read(tmp_path / name, place=None)["year"].tolist() == [year] * 8
        assert set(acs.read(tmp_path / name, place=None, year=1999)["year"]) == {1999}
