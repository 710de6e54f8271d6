"""The count table as a file, and as the only thing that a dashboard opens."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import equity as eq

PROVENANCE = {"agency": "Riverton", "labels": {"race": {"white": "White", "black": "Black"}}}


@pytest.fixture
def counts() -> eq.CountTable:
    rows = pd.DataFrame(
        {
            "race": ["black", "white", "white", None],
            "year": pd.array([2022, 2022, 2023, None], dtype="Int64"),
            "hired": pd.array([True, False, None, True], dtype="boolean"),
        }
    )
    cohort = eq.Cohort(rows).drop(eq.col("year") == 2021, because="another system")
    return eq.count(cohort, by=["race", "year"], of=["hired"], provenance=PROVENANCE)


def test_a_count_file_gives_back_what_was_written(counts, tmp_path):
    again = eq.read_counts(counts.write(tmp_path / "sub" / "hiring.parquet"))
    pd.testing.assert_frame_equal(again.table, counts.table, check_exact=True)
    pd.testing.assert_frame_equal(again.ledger, counts.ledger)
    assert (again.by, again.of, again.provenance) == (counts.by, counts.of, PROVENANCE)
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["hiring.parquet"]


def test_values_come_in_the_order_in_which_they_are_shown(counts):
    assert counts.values("race") == ["white", "black"]
    assert counts.values("year") == [2022, 2023]


def test_words_for_whole_numbers_and_flags_are_found_after_reading(tmp_path):
    """JSON knows no keys but text; hours stand in their own order, or in that of the words."""
    rows = pd.DataFrame({"hour": [10, 9, None], "dark": pd.array([True, False, None])})
    words = {"hour": {9: "9 to 10", 10: "10 to 11"}, "dark": {"true": "Dark"}}
    table = eq.count(rows.astype({"hour": "Int64"}), by=["hour", "dark"])
    made = eq.CountTable(table.table, table.by, table.of, table.ledger, {"labels": words})
    again = eq.read_counts(made.write(tmp_path / "hours.parquet"))
    assert made.labels("hour") == again.labels("hour") == {9: "9 to 10", 10: "10 to 11"}
    assert again.values("hour") == [9, 10]
    assert again.labels("dark") == {True: "Dark"}


def test_a_part_is_chosen_by_value_or_by_list(counts):
    assert counts.where(race="white").table["n"].sum() == 2
    assert counts.where(race=["white", "black"], year=2022).table["n"].sum() == 2
    assert counts.where(race=None).table["n"].sum() == 4


def test_a_value_that_does_not_occur_is_refused_with_those_that_do(counts):
    with pytest.raises(ValueError, match="race='White' does not occur.*white, black"):
        counts.where(race="White")
    with pytest.raises(ValueError, match="'sex' is not among the columns"):
        counts.where(sex="female")


def test_rows_of_people_are_not_a_count_file(tmp_path):
    pq.write_table(pa.table({"name": ["x"]}), tmp_path / "people.parquet")
    with pytest.raises(ValueError, match=r"people.parquet is not a count file"):
        eq.read_counts(tmp_path / "people.parquet")
    with pytest.raises(FileNotFoundError, match="equity count"):
        eq.read_counts(tmp_path / "nothing.parquet")


def test_race_and_sex_are_compared_at_once():
    rows = pd.DataFrame(
        {"race": ["b", "a", "b", None, "a"], "sex": ["female", "male", None, "male", "male"]}
    )
    words = {"race": {"b": "Black", "a": "Asian"}, "sex": {"female": "Women", "male": "Men"}}
    counts = eq.count(rows, by=["race", "sex"], provenance={"labels": words})
    both = counts.crossed("race", "sex")
    assert both.by == ("race", "sex", "race_sex")
    assert both.table["n"].sum() == 5
    # missing where either is, and in the order of the words of race, then sex
    known = both.table.dropna(subset=["race_sex"])
    assert known.groupby("race_sex")["n"].sum().to_dict() == {"a male": 2, "b female": 1}
    assert both.labels("race_sex") == {"b female": "Black women", "a male": "Asian men"}
    assert both.values("race_sex") == ["b female", "a male"]
    assert counts.by == ("race", "sex")


@pytest.mark.parametrize(
    ("race", "sex", "words"),
    [
        ("asian", "nonbinary", "Nonbinary Asian people"),
        ("multiple", "female", "Women of two or more races"),
        ("mixed", "nonbinary", "Nonbinary people of mixed ethnicity"),
        ("other", "male", "Men of other groups"),
        ("asian", "unheard of", "Asian, unheard of"),
    ],
)
def test_people_of_a_race_and_a_sex_are_called_what_people_call_them(race, sex, words):
    about = {"labels": {"race": {"asian": "Asian"}, "sex": {"female": "Women"}}}
    rows = pd.DataFrame({"race": [race], "sex": [sex]})
    counts = eq.count(rows, by=["race", "sex"], provenance=about)
    assert counts.crossed("race", "sex").labels("race_sex") == {f"{race} {sex}": words}


def test_other_columns_are_named_one_after_the_other():
    rows = pd.DataFrame({"sex": ["female"], "rank": ["Sergeant"]})
    about = {"labels": {"sex": {"female": "Women"}}}
    counts = eq.count(rows, by=["sex", "rank"], provenance=about)
    assert counts.crossed("sex", "rank").labels("sex_rank") == {
        "female Sergeant": "Women, sergeant"
    }


def test_years_of_hiring_are_counted_in_fives():
    days = pd.to_datetime(["2014-12-31", "2015-01-01", "2019-06-30", None])
    rows = pd.DataFrame({"hire_date": days})
    table = eq.count(rows, by=["hire_cohort"]).table
    assert table["hire_cohort"].iloc[:2].tolist() == ["2010-2014", "2015-2019"]
    assert table["hire_cohort"].isna().tolist() == [False, False, True]
    assert table["n"].tolist() == [1, 2, 1]
