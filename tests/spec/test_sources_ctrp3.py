"""CTRP3: codes, Hispanic over race, coordinates in sixtieths, and errors that say the way out."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd
import pytest

from equity.sources import _dms, ctrp3

STOPS = pd.DataFrame(
    {
        "InterventionDateTime": ["1/3/2019 8:54", "1/3/2019 22:10"],
        "SubjectRaceCode": ["I", "W"],
        "SubjectEthnicityCode": ["N", "H"],
        "SearchAuthorizationCode": ["O", "N"],
    }
)


def lists(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def test_the_time_is_taken_from_the_instant_where_it_has_no_column() -> None:
    assert lists(ctrp3.standardize(STOPS), "second_of_day") == [[32_040], [79_800]]


def test_the_authorization_alone_says_whether_there_was_a_search() -> None:
    got = ctrp3.standardize(STOPS)
    assert lists(got, "search_conducted", "search_basis") == [[True, "other"], [False, None]]
    said = ctrp3.standardize(STOPS, values={"search_basis": {"o": "probable cause"}})
    assert said["search_basis"][0] == "probable cause"


def test_contraband_without_any_word_on_searches_stays() -> None:
    frame = STOPS.drop(columns="SearchAuthorizationCode").assign(ContrabandIndicator=["TRUE", ""])
    assert lists(ctrp3.standardize(frame), "contraband_found") == [[True], [None]]


def test_flags_that_are_flags_already() -> None:
    frame = STOPS.assign(VehicleSearchedIndicator=[True, False], ContrabandIndicator=[True, True])
    got = ctrp3.standardize(frame)
    assert lists(got, "contraband_found", "contraband_recorded") == [[True, True], [None, True]]
    assert "raw_contraband_found" not in got


def test_schemes() -> None:
    assert lists(ctrp3.standardize(STOPS), "subject_race") == [["aian"], ["hispanic"]]
    coarse = ctrp3.standardize(STOPS, scheme="stanford")
    assert lists(coarse, "subject_race") == [["other"], ["hispanic"]]
    with pytest.raises(ValueError, match="no crosswalk"):
        ctrp3.standardize(STOPS, scheme="us1997")


def test_types_of_pandas() -> None:
    got = ctrp3.standardize(STOPS.assign(SubjectAge=["38", "x"], ContrabandIndicator="TRUE"))
    assert {c: str(got[c].dtype) for c in ("date", "second_of_day", "subject_age")} == {
        "date": "datetime64[us]",
        "second_of_day": "Int64",
        "subject_age": "Int64",
    }
    assert str(got["contraband_found"].dtype) == "boolean"


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"SubjectRaceCode": "Z"}, {}, "'SubjectRaceCode' holds values that no rule maps"),
        ({"SubjectEthnicityCode": "Q"}, {}, "[stops.values.subject_ethnicity]"),
        ({"SearchAuthorizationCode": "P"}, {}, "'SearchAuthorizationCode' holds values that no"),
        ({}, {"values": {"subject_race": {"I": "purple"}}}, "leads to 'purple'"),
        ({}, {"values": {"rase": {}}}, "values has a map for 'rase'"),
    ],
)
def test_codes_that_are_not_known(
    changes: dict[str, str], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        ctrp3.standardize(STOPS.assign(**changes), **options)
    assert words in str(caught.value)


def test_columns_that_are_missing() -> None:
    with pytest.raises(ValueError, match=r"no column 'SubjectEthnicityCode' for 'subject_ethnic"):
        ctrp3.standardize(STOPS.drop(columns="SubjectEthnicityCode"))
    with pytest.raises(ValueError, match=r"'InterventionDate' for 'date'"):
        ctrp3.standardize(STOPS.drop(columns="InterventionDateTime"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("41.7145", 41.7145),
        ("+41.7145°", 41.7145),
        ("72.5 W", -72.5),
        ("41°42′36″", 41.71),
        ("N 41° 42' 36\"", 41.71),
        ("33 51 36 S", -33.86),
        ("-72 39 18", -72.655),
        ("41° 42.6' N", 41.71),
        ("41 60 00", None),
        ("41 42 61", None),
        ("41 42.5 30", None),
        ("41", 41.0),
        ("4171 N 12", None),
        ("Arrow Rd", None),
        ("", None),
    ],
)
def test_degrees(text: str, value: float | None) -> None:
    frame = nw.from_native(pd.DataFrame({"t": pd.Series([text], dtype="string[pyarrow]")}))
    got = frame.select(d=_dms.degrees(nw.col("t")))["d"].to_list()[0]
    assert (None if pd.isna(got) else round(got, 9)) == value
