"""Residents from any table: long or wide, people or shares, by place and district."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from equity.sources import population

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "population"

WIDE = {
    "District": ["North", "South "],
    "All": ["1,000", "2000"],
    "White": ["400", "900"],
    "Black": ["300", "500"],
    "Latino": ["200", "400"],
    "Asian": ["50", "120"],
    "Native": ["20", "30"],
    "Else": ["30", "50"],
}
GROUPS: dict[str, Any] = {
    "white": "White",
    "black": "Black",
    "hispanic": "Latino",
    "asian_pacific": "Asian",
    "other": ["Native", "Else"],
}
CALL: dict[str, Any] = {
    "place": "Here",
    "columns": {"district": "District", "total": "All"},
    "groups": GROUPS,
    "scheme": "stanford",
}
LONG = """
area  group              people moe
North White~alone        400    40
North Black              300    30
North Latino             200    -
North Asian              30     3
North Native~Hawaiian~or~Pacific~Islander 20 4
North American~Indian~or~Alaska~Native    10 1
North Two~or~more~races  25     1
North Some~other~race    15     1
North Total              1000   0
South White~alone        100    10
"""


def long(text: str = LONG) -> pd.DataFrame:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    cells = [[None if c == "-" else c.replace("~", " ") for c in row] for row in rows]
    return pd.DataFrame(cells, columns=head)


def figures(table: pd.DataFrame, column: str = "n") -> dict[Any, float]:
    keys = [k for k in ("district", "race") if k in table]
    return {
        (row[0] if len(keys) == 1 else tuple(row[:-1])): row[-1]
        for row in table[[*keys, column]].itertuples(index=False, name=None)
    }


@pytest.mark.parametrize(
    "engine",
    [
        pd.DataFrame,
        pl.DataFrame,
        pl.LazyFrame,
        lambda rows: duckdb.from_arrow(pl.DataFrame(rows).to_arrow()),
    ],
    ids=["pandas", "polars", "polars lazy", "duckdb"],
)
def test_a_column_for_each_group(engine: Any) -> None:
    table = population.standardize(engine(WIDE), **CALL)
    assert list(table.columns) == [
        "place", "district", "year", "universe", "race", "n", "moe", "controlled", "place_n",
        "place_moe",
    ]  # fmt: skip
    assert figures(table)["North", "other"] == 50
    assert figures(table)["South", "white"] == 900
    assert table["place_n"].tolist() == [1000.0] * 5 + [2000.0] * 5
    assert table["moe"].isna().all() and table["controlled"].isna().all()
    assert set(table["place"]) == {"Here"} and set(table["universe"]) == {"residents"}


def test_a_census_has_no_margin_of_error() -> None:
    table = population.standardize(pd.DataFrame(WIDE), **CALL, census=True, year=2020)
    assert (table["moe"] == 0).all() and table["controlled"].all()
    assert table["year"].tolist() == [2020] * 10


@pytest.mark.parametrize(("shares", "whole"), [("fractions", 1), ("percents", 100)])
def test_shares_become_people(shares: Any, whole: int) -> None:
    rows = pd.DataFrame(
        {"D": ["A"], "All": ["200"], "w": [str(0.25 * whole)], "b": [f"{0.5 * whole}"]}
    )
    table = population.standardize(
        rows, place="Here", columns={"district": "D", "total": "All"}, shares=shares,
        groups={"white": "w", "black": "b"}, scheme="stanford",
    )  # fmt: skip
    assert figures(table) == {("A", "white"): 50, ("A", "black"): 100}
    assert set(table["universe"]) == {"residents who are White, Black (the file has no others)"}


def test_a_row_for_each_group() -> None:
    table = population.standardize(
        long(),
        place="Here",
        columns={"district": "area", "group": "group", "n": "people", "moe": "moe"},
        values={"Total": ""},
        scheme="stanford",
    )
    n, moe = figures(table), figures(table, "moe")
    assert n["North", "white"] == 400 and n["South", "white"] == 100
    assert n["North", "asian_pacific"] == 50
    assert moe["North", "asian_pacific"] == 5  # the root of 3² + 4²
    assert moe["North", "other"] == pytest.approx(math.sqrt(3))
    assert math.isnan(moe["North", "hispanic"])


def test_a_coarser_scheme_is_made_from_a_finer_one() -> None:
    rows = long(LONG.rsplit("\n", 2)[0])  # without South
    call: dict[str, Any] = {
        "place": "Here",
        "columns": {"group": "group", "n": "people"},
        "values": {"total": ""},
    }
    fine = population.standardize(rows, **call)
    assert len(fine) == 8
    coarse = population.standardize(rows, **call, to="stanford")
    assert figures(coarse) == {
        "white": 400, "black": 300, "hispanic": 200, "asian_pacific": 50, "other": 50,
    }  # fmt: skip
    some = rows[~rows["group"].str.startswith("Native Ha")]
    with pytest.raises(ValueError, match="to='stanford' needs nhpi for asian_pacific"):
        population.standardize(some, **call, to="stanford")


def test_british_groups_are_known_by_their_own_names() -> None:
    rows = pd.DataFrame({"g": ["White", "Mixed", "Asian", "Black", "Other"], "n": list("54321")})
    table = population.standardize(
        rows, place="There", columns={"group": "g", "n": "n"}, scheme="uk5", universe="adults"
    )
    assert figures(table) == {"white": 5, "mixed": 4, "asian": 3, "black": 2, "other": 1}
    assert set(table["universe"]) == {"adults"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"groups": None}, "in one of two ways"),
        ({"columns": {"n": "All"}}, "in one of two ways"),
        ({"columns": {"people": "All"}}, "'people', which is not one of: place, district"),
        ({"groups": {"latino": "Latino"}}, "leads to 'latino'"),
        ({"groups": {"white": "Whit"}}, r"no column 'Whit' for the group 'white' .*near: 'White'"),
        ({"groups": None, "columns": {"group": "District"}}, "does not name 'n'"),
        ({"shares": "fractions", "columns": {"district": "District"}}, "'total', of which"),
        ({"shares": "fractions"}, "The share of 'white' is 900.*'percents'"),
        ({"shares": "permille"}, "'fractions', 'percents'"),
        ({"columns": {"district": "District", "moe": "All"}}, "Take moe out"),
        ({"columns": {"total": "All"}}, r"The place is there more than once \(2 rows\)"),
        ({"columns": {"place": "District"}}, "place='Here' is not among the 2 places.*North"),
        ({"groups": GROUPS | {"black": ["Black", "White"]}}, "more people than the total in 2"),
        ({"scheme": "us1789"}, "scheme='us1789' is not known"),
    ],
)
def test_what_cannot_be_is_said(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        population.standardize(pd.DataFrame(WIDE), **CALL | change)


@pytest.mark.parametrize(
    ("cell", "says"),
    [("many", "1 of 2 values of 'white' .*blank or no numbers"), ("-4", "negative")],
)
def test_a_number_that_is_none_is_refused(cell: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        population.standardize(pd.DataFrame(WIDE | {"White": ["400", cell]}), **CALL)


def test_a_word_or_an_area_twice_or_without_a_name_is_refused() -> None:
    call: dict[str, Any] = {"place": "x", "columns": {"group": "group", "n": "people"}}
    with pytest.raises(ValueError, match=r"'Total'.*\[benchmarks.values\]"):
        population.standardize(long(), **call)
    with pytest.raises(ValueError, match="'White alone' is there more than once"):
        population.standardize(long(), **call, values={"Total": ""})
    with pytest.raises(ValueError, match="1 rows of the population file name no district"):
        population.standardize(pd.DataFrame(WIDE | {"District": ["North", " "]}), **CALL)


SEXED = """
group    sex         people moe
Black    Both~sexes  700    50
Black    Women       400    40
Black    Men         300    30
White    F           100    6
White    male        200    -
White    Total       300    10
"""
BY_SEX: dict[str, Any] = {
    "place": "Here",
    "columns": {"group": "group", "sex": "sex", "n": "people", "moe": "moe"},
    "scheme": "stanford",
}


def test_a_row_for_each_group_and_sex() -> None:
    """Rows of both sexes are left out; margins of error stay with their rows."""
    table = population.standardize(long(SEXED), **BY_SEX)
    assert table[["race", "sex", "n"]].values.tolist() == [
        ["black", "female", 400], ["black", "male", 300],
        ["white", "female", 100], ["white", "male", 200],
    ]  # fmt: skip
    assert table["moe"].tolist()[:3] == [40, 30, 6] and math.isnan(table["moe"][3])


def test_groups_become_coarser_within_each_sex() -> None:
    rows = pd.DataFrame(
        {
            "group": ["Asian", "Native Hawaiian or Other Pacific Islander"] * 2,
            "sex": ["F", "F", "M", "M"],
            "people": ["5", "2", "4", "3"],
            "moe": ["3", "4", "0", "5"],
        }
    )
    others = [
        "White",
        "Black",
        "Hispanic",
        "Two or more races",
        "Other",
        "American Indian or Alaska Native",
    ]
    more = pd.DataFrame({"group": others * 2, "sex": list("F" * 6 + "M" * 6), "people": "1"})
    table = population.standardize(
        pd.concat([rows, more]), **BY_SEX | {"scheme": "us1997", "to": "stanford"}
    )
    asian = table[table["race"] == "asian_pacific"].set_index("sex")
    assert asian["n"].to_dict() == {"female": 7, "male": 7}
    assert asian["moe"].to_dict() == {"female": 5, "male": 5}  # the root of 3² + 4²; of 0 + 5²


def test_a_row_for_each_sex_alone() -> None:
    rows = pd.DataFrame({"s": ["Persons", "Females", "Males"], "n": ["10", "6", "4"]})
    call: dict[str, Any] = {"place": "Here", "columns": {"sex": "s", "n": "n"}}
    table = population.standardize(rows, **call, year=2020)
    assert "race" not in table and table[["sex", "n"]].values.tolist() == [
        ["female", 6], ["male", 4],
    ]  # fmt: skip
    assert set(table["universe"]) == {"residents"}
    women = population.standardize(rows[:2], **call)
    assert set(women["universe"]) == {"residents who are Women (the file has no others)"}


def test_a_column_for_each_group_and_a_row_for_each_sex() -> None:
    """The total of a row is that of its sex; that of the place is the sum, 1,000 + 2,000."""
    rows = pd.DataFrame(WIDE | {"District": ["North", "North"], "Sex": ["Female", "Male"]})
    call: dict[str, Any] = CALL | {
        "columns": {"district": "District", "sex": "Sex", "total": "All"}
    }
    table = population.standardize(rows, **call)
    assert table["place_n"].eq(3000).all() and len(table) == 10
    assert table.groupby("sex")["n"].sum().to_dict() == {"female": 1000, "male": 2000}
    with pytest.raises(ValueError, match=r"'North' is there more than once for female \(2 rows\)"):
        population.standardize(rows.assign(Sex="F"), **call)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Women", "Ladies", r"'sex' holds values.*'Ladies'.*Groups: female, male, nonbinary"),
        ("Women", "-", r"'sex' holds values .*: ''\. Say"),
        ("Women", "Not~stated", "'Not stated'"),
        ("Women", "Men", "'Black' is there more than once for male"),
        (
            "Women",
            "F 400 40\nHispanic Total 9 1\nBlack X",
            "The people of 'Hispanic' are told for",
        ),
    ],
)
def test_what_a_column_of_sexes_says_must_be_known(old: str, new: str, says: str) -> None:
    """Nothing is left out because nobody knew the word."""
    text = SEXED.replace(f"Black    {old}", f"Black    {new}")
    with pytest.raises(ValueError, match=says):
        population.standardize(long(text), **BY_SEX)


def test_words_of_sex_can_be_given_a_meaning() -> None:
    text = SEXED.replace("Women", "Ladies").replace("Total", "-").replace("Both~sexes", "Everyone")
    meaning = {"Ladies": "female", "": "", "everyone": ""}
    table = population.standardize(long(text), **BY_SEX, values=meaning)
    assert table["n"].tolist() == [400, 300, 100, 200]
    with pytest.raises(ValueError, match="'female'"):  # a sex where no column of sexes is named
        population.standardize(
            long(), place="x", columns={"group": "group", "n": "people"}, values={"a": "female"}
        )


@pytest.mark.real
@pytest.mark.skipif(not DATA.exists(), reason="the real files are not beside this repository")
class TestRealFiles:
    def test_chicago_districts(self) -> None:
        table = population.read(
            DATA / "chicago_district_population_census2010.csv",
            place="Chicago",
            columns={"district": "district", "total": "total"},
            groups={
                "white": "nl_white",
                "black": "nl_black",
                "hispanic": "latino",
                "asian_pacific": "nl_asian",
                "other": ["nl_native_american", "nl_other"],
            },
            scheme="stanford",
            year=2010,
            census=True,
        )
        assert table["district"].nunique() == 22
        assert table["n"].sum() == 2_695_598  # as the file's totals add up
        assert table.groupby("race")["n"].sum()["black"] == 872_286
        assert figures(table)["001", "other"] == 95 + 1726

    def test_minneapolis_neighbourhoods_in_fractions(self) -> None:
        table = population.read(
            DATA / "minneapolis_neighbourhoods.csv",
            place="Minneapolis",
            columns={"district": "neighborhood", "total": "population"},
            groups={"white": "white", "black": "black"},
            shares="fractions",
            scheme="stanford",
        )
        assert table["district"].nunique() == 84
        # 8,247 people, .464 of them black
        assert figures(table)["Cedar Riverside", "black"] == pytest.approx(8247 * 0.464)
        assert table.drop_duplicates("district")["place_n"].sum() == 401_606

    @pytest.mark.parametrize(
        ("place", "total"), [("City of London", 7_375), ("Metropolitan", 8_166_566)]
    )
    def test_british_forces(self, place: str, total: int) -> None:
        named = "Ethnic Group: {}; measures: Value"
        table = population.read(
            DATA / "uk_census2011_force-demographics.csv",
            place=place,
            columns={"place": "PFA16NM", "total": named.format("All categories: Ethnic group")},
            groups={
                g: named.format(g.title()) for g in ("white", "mixed", "asian", "black", "other")
            },
            scheme="uk5",
            year=2011,
            census=True,
        )
        assert table["n"].sum() == table["place_n"][0] == total
