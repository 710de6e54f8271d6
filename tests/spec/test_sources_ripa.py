"""RIPA: both sets of columns, bases in their order, groups that no crosswalk divides."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from equity import groups
from equity.sources import ripa


def stops(**columns: Any) -> pd.DataFrame:
    rows = max((len(v) for v in columns.values() if isinstance(v, list)), default=1)
    return pd.DataFrame({"DATE_OF_STOP": ["2022-01-03"] * rows, "RAE_FULL": "7"} | columns)


def one(column: str, **columns: Any) -> Any:
    value = ripa.standardize(stops(**columns))[column].astype(object).iloc[0]
    return None if pd.isna(value) else value


def test_the_eight_groups() -> None:
    got = ripa.standardize(stops(RAE_FULL=list("12345678")))
    assert got["subject_race"].tolist() == list(ripa.RACES.values())
    assert set(ripa.RACES.values()) == set(groups.scheme("ripa").groups)


def test_no_crosswalk_divides_middle_eastern_and_south_asian_people() -> None:
    for other in groups.SCHEMES:
        if other != "ripa":
            for pair in (("ripa", other), (other, "ripa")):
                with pytest.raises(ValueError, match="no crosswalk"):
                    groups.crosswalk(*pair)


def test_another_scheme_needs_a_decision() -> None:
    frame = stops(RAE_FULL=["4", "6"])
    with pytest.raises(ValueError, match="'RAE_FULL' holds values that no rule maps .*: '4'"):
        ripa.standardize(frame, scheme="stanford")
    got = ripa.standardize(frame, scheme="stanford", values={"subject_race": {"4": "other"}})
    assert got["subject_race"].tolist() == ["other", "asian_pacific"]
    fine = ripa.standardize(frame, scheme="us1997", values={"subject_race": {"4": ""}})
    assert fine["subject_race"].astype(object).where(lambda s: s.notna(), None).tolist() == [
        None,
        "nhpi",
    ]


@pytest.mark.parametrize(
    ("person", "prop", "searched"),
    [("1", "0", True), ("0", "1", True), ("0", "0", False), ("", "0", None), ("", "", None)],
)
@pytest.mark.parametrize(
    "names",
    [
        ("ADS_SEARCH_PERSON", "ADS_SEARCH_PROPERTY"),
        ("ads_searched_per", "ads_searched_prop"),
        ("NFA_SEARCH_PERSON", "NFA_SEARCH_PROPERTY"),
    ],
)
def test_a_search_is_of_person_or_property(
    names: tuple[str, str], person: str, prop: str, searched: bool | None
) -> None:
    assert one("search_conducted", **dict(zip(names, (person, prop), strict=True))) is searched


def test_of_files_of_two_years_each_is_asked_for_its_own_columns() -> None:
    """No means that all columns of that year say no; empty ones of another year do not count."""
    got = ripa.standardize(
        stops(
            ADS_SEARCH_PERSON=["0", "0", "", "", ""],
            ADS_SEARCHED_PROP=["0", "", "", "", ""],
            NFA_SEARCH_PERSON=["", "", "0", "0", "?"],
            NFA_TERRY_FRISK=["", "", "0", "", "0"],
            ADS_HANDCUFFED=["0", "1", "", "", ""],
            OFA_HANDCUFFED=["", "", "0", "1", "?"],
        )
    )
    for column, said in {
        "search_conducted": [False, None, False, None, None],
        "handcuffed": [False, True, False, True, None],
    }.items():
        assert [None if pd.isna(v) else v for v in got[column].tolist()] == said


def test_numbers_are_flags_too() -> None:
    assert one("search_conducted", ADS_SEARCH_PERSON=[1], ADS_SEARCH_PROPERTY=[0]) is True
    assert one("arrest_made", ROS_CUSTODIAL_WARRANT=[0.0]) is False


@pytest.mark.parametrize(
    ("marked", "basis"),
    [
        (("BFS_CONSENT_GIVEN", "BFS_SEARCH_WARRANT"), "warrant"),
        (("BFS_CONSENT_GIVEN", "BFS_PAROLE"), "other"),
        (("BFS_OFFICER_SAFETY", "BFS_ODOR_CONTRABAND"), "probable cause"),
        (("BFS_OFFICER_SAFETY", "BFS_CONSENT_GIVEN"), "frisk"),
        (("BFS_CANINE_DETECT", "BFS_VEHICLE_INVENT"), "inventory"),
        (("BFS_CONSENT_GIVEN",), "consent"),
        ((), None),
    ],
)
def test_one_basis_of_several(marked: tuple[str, ...], basis: str | None) -> None:
    flags = {name: "1" if name in marked else "0" for name, _ in ripa.BASES}
    assert one("search_basis", ADS_SEARCH_PERSON="1", **flags) == basis
    assert one("search_basis", ADS_SEARCH_PERSON="0", **flags) is None


def test_bases_are_in_the_vocabulary() -> None:
    from equity.tables import STOPS

    assert {ours for _, ours in ripa.BASES} <= set(STOPS["search_basis"].allowed)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"CED_NONE_CONTRABAND": "1", "CED_DRUGS": "0"}, False),
        ({"CED_NONE_CONTRABAND": "1"}, False),
        ({"CED_NONE_CONTRABAND": "0", "CED_STOLEN_PROPERTY": "1"}, True),
        ({"CED_NONE_CONTRABAND": "", "CED_DRUGS": ""}, None),
    ],
)
def test_contraband(columns: dict[str, str], found: bool | None) -> None:
    assert one("contraband_found", ADS_SEARCH_PERSON="1", **columns) is found


def test_contraband_without_a_search_is_kept_apart() -> None:
    columns = {"ADS_SEARCH_PERSON": "0", "CED_DRUGS": "1"}
    assert one("contraband_found", **columns) is None
    assert one("contraband_recorded", **columns) is True


@pytest.mark.parametrize(
    ("column", "force"),
    [
        ("ADS_FIREARM_POINT", True),
        ("OFA_ELECT_DEVICE_DART", True),
        ("OFA_REMOVED_VEHICLE_PHYCONTACT", True),
        ("OFA_HANDCUFFED", False),
        ("OFA_BATON_DRAWN", False),
        ("ADS_REMOVED_VEHICLE_ORDER", False),
    ],
)
def test_force(column: str, force: bool) -> None:
    assert one("force_used", ADS_BATON="0", **{column: "1"}) is force


def test_columns_that_are_not_there_are_lacking() -> None:
    got = ripa.standardize(stops())
    assert set(got) == {"date", "subject_race", "raw_date"}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"RAE_FULL": "9"}, "'RAE_FULL' holds values that no rule maps to a group: '9'"),
        ({"G_FULL": "7"}, "'G_FULL' holds values that no rule"),
        ({"REASON_FOR_STOP": "11"}, "[stops.values.reason_for_stop]"),
    ],
)
def test_codes_that_are_not_known(columns: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        ripa.standardize(stops(**columns))
    assert words in str(caught.value)


def test_a_file_of_another_layout() -> None:
    with pytest.raises(ValueError, match=r"no column 'DATE_OF_STOP' .*'RAE_FULL'"):
        ripa.standardize(pd.DataFrame({"stop_id": ["1"], "race": ["White"]}))
