"""data.police.uk: London time, finds by outcome, two kinds of ethnicity; time zones by name."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pandas as pd
import pytest

from equity.groups import scheme
from equity.sources import _text, _utc, police_uk

SEARCHES = pd.DataFrame(
    {
        "Date": ["2018-06-30T23:30:00+00:00", "2018-12-31T23:30:00+00:00"],
        "Self-defined ethnicity": ["Asian/Asian British - Chinese", None],
        "Outcome": ["Khat or Cannabis warning", "A no further action disposal"],
        "Policing operation": [None, None],
        "Removal of more than just outer clothing": [float("nan")] * 2,
    }
)


def lists(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def test_summer_and_winter() -> None:
    got = police_uk.standardize(SEARCHES)
    assert [str(d)[:10] for d in got["date"]] == ["2018-07-01", "2018-12-31"]
    assert got["second_of_day"].tolist() == [1800, 84_600]


def test_without_the_word_of_a_link_the_outcome_decides() -> None:
    got = police_uk.standardize(SEARCHES, file="2018-06-kent-stop-and-search.csv")
    assert lists(got, "contraband_found", "outcome", "department_name") == [
        [True, "warning", "kent"],
        [False, None, "kent"],
    ]


def test_empty_columns_are_kept_with_their_types() -> None:
    got = police_uk.standardize(SEARCHES)
    assert got["operation"].isna().all() and str(got["operation"].dtype) == "str"
    assert got["clothing_removed"].isna().all()
    assert str(got["clothing_removed"].dtype) == "boolean"


def test_every_label_leads_into_the_scheme() -> None:
    groups = {*scheme("uk5").groups, None}
    for _, labels in police_uk.ETHNICITIES.values():
        assert {*labels.values()} <= groups
        assert all(label == label.casefold() for label in labels)
    assert sum(v is not None for v in police_uk.SELF_DEFINED.values()) == 19  # 18, and Roma


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"Outcome": "Sent home"}, {}, "'Outcome' holds values that no rule maps"),
        ({"Self-defined ethnicity": "W1"}, {}, "[stops.values.subject_race]"),
        ({}, {"ethnicity": "perceived"}, "not one of: 'self-defined', 'officer-defined'"),
        ({}, {"ethnicity": "officer-defined"}, "no column 'Officer-defined ethnicity'"),
    ],
)
def test_errors(changes: dict[str, str], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        police_uk.standardize(SEARCHES.assign(**changes), **options)
    assert words in str(caught.value)


def test_further_labels() -> None:
    frame = SEARCHES.assign(**{"Self-defined ethnicity": "W1", "Gender": "Other"})
    got = police_uk.standardize(
        frame, values={"subject_race": {"w1": "white"}, "subject_sex": {"Other": "nonbinary"}}
    )
    assert lists(got, "subject_race", "subject_sex") == [["white", "nonbinary"]] * 2


def test_a_time_zone_that_is_not_known() -> None:
    with pytest.raises(ValueError, match=r"timezone='Europe/Londn' .* nearest are: .*London"):
        _utc.zone("Europe/Londn")
    with pytest.raises(ValueError, match="is not a name of the time-zone database"):
        _utc.zone("../etc/passwd")


def test_a_column_without_times() -> None:
    frame = _text.start(pd.DataFrame({"n": [1]}))
    with pytest.raises(ValueError, match="'n' is of the type Int64, which has no time of day"):
        _utc.to_local(frame, "n", "Europe/London")


def test_changes_of_a_year() -> None:
    """Directive 2000/84/EC: the last Sundays of March and October, at 01:00 UTC."""
    place = zoneinfo.ZoneInfo("Europe/London")
    assert [(at.isoformat(), offset) for at, offset in _utc.changes(place, [2018])] == [
        ("2018-01-01T00:00:00", 0),
        ("2018-03-25T01:00:00", 3600),
        ("2018-10-28T01:00:00", 0),
    ]
