"""The agency file: an invalid one gets an error by key, value and what is allowed."""
# ruff: noqa: E501  (each case is one line of a table)

from __future__ import annotations

import pytest

from equity.agency import AgencyError, read_agency

VALID = """
[agency]
name = "Riverton Police Department"
place = "Riverton city"
latitude = 41.77
longitude = -72.69
timezone = "America/New_York"

[stops]
format = "opp"
files = ["stops-*.csv"]

[workforce]
format = "roster"
files = ["roster.csv"]
scheme = "us1977"
[workforce.columns]
race = "Ethnic Code Description"
[workforce.values.race]
"99" = ""

[[benchmarks]]
name = "residents"
label = "Residents"
file = "acs.csv"
place = "Riverton city"
"""


def write(folder, text):
    path = folder / "equity.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_valid_file_says_what_it_says(tmp_path):
    agency = read_agency(write(tmp_path, VALID))
    assert list(agency.inputs) == ["stops", "workforce"]
    assert agency.scheme("stops") == "stanford"
    assert agency.scheme("workforce") == "us1977"
    assert agency.publish.minimum == 10
    assert agency.counts == tmp_path / "counts"
    assert read_agency(tmp_path) == agency  # the folder may be named instead of the file


def test_a_pattern_names_files_in_alphabetical_order(tmp_path):
    for name in ("stops-2.csv", "stops-1.csv", "other.csv"):
        (tmp_path / name).touch()
    agency = read_agency(write(tmp_path, VALID))
    assert [p.name for p in agency.paths("stops")] == ["stops-1.csv", "stops-2.csv"]


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            "America/New_York",
            "America/New_Yrok",
            r"\[agency\] timezone = 'America/New_Yrok' is not allowed.*'America/New_York'",
        ),
        ('timezone = "America/New_York"', "", r"\[agency\] timezone is missing"),
        (
            "latitude = 41.77",
            "lattitude = 41.77",
            r"\[agency\] lattitude is not a key. Did you mean 'latitude'",
        ),
        (
            "latitude = 41.77",
            "latitude = 141.77",
            r"\[agency\] latitude = 141.77 is not allowed: .*less than or equal to 90",
        ),
        (
            'format = "opp"',
            'format = "oop"',
            r"\[stops\] format = 'oop' is not allowed. Allowed: 'opp'",
        ),
        (
            'format = "opp"',
            'format = "roster"',
            r"\[stops\] format = 'roster': not a format of stops. Allowed: 'opp'",
        ),
        ('["stops-*.csv"]', "[]", r"\[stops\] files = \[\] is not allowed: .*at least 1"),
        (
            'scheme = "us1977"',
            'scheme = "us77"',
            r"\[workforce\] scheme = 'us77' is not allowed. Allowed: one of us1997",
        ),
        (
            'race = "Ethnic Code Description"',
            'sex = "Gender"',
            r"\[workforce.columns\] race is missing",
        ),
        (
            'name = "residents"',
            'name = "The residents"',
            r"\[benchmarks\] 1.name: 'The residents' is not a name",
        ),
        ("[agency]", "[agency", "is not valid TOML"),
        (
            "[[benchmarks]]",
            "[benchmarks]",
            r"benchmarks stands in single brackets. Write \[\[benchmarks\]\]",
        ),
        (
            '["roster.csv"]',
            '"roster.csv"',
            r"files = 'roster.csv' is not a list. Put it in brackets",
        ),
        (
            '["stops-*.csv"]',
            '["stops-*.csv"]\nscheme = "uk5"',
            r"\[stops\] scheme has no effect on the format 'opp'",
        ),
        (
            "[[benchmarks]]",
            '[[stops.leave_out]]\ncolumn = "subject_age"\nvalues = ["3"]\nbecause = "test"\n[[benchmarks]]',
            r"column = 'subject_age' is not allowed. Allowed: .*district",
        ),
        (
            "[[benchmarks]]",
            '[[workforce.leave_out]]\ncolumn = "sworn"\nvalues = ["no"]\nbecause = "test"\n[[benchmarks]]',
            r"which is yes or no. Allowed: 'true', 'false'",
        ),
        (
            "[[benchmarks]]",
            '[[stops.leave_out]]\ncolumn = "type"\nbecause = "test"\n[[benchmarks]]',
            r"chooses nothing",
        ),
        ("[stops]", "[stopps]", r"stopps is not a key. Did you mean 'stops'"),
    ],
)
def test_an_invalid_file_is_refused_by_key_value_and_what_is_allowed(tmp_path, was, now, says):
    assert was in VALID
    with pytest.raises(AgencyError, match=says) as caught:
        read_agency(write(tmp_path, VALID.replace(was, now)))
    assert "\n" not in str(caught.value)


def test_stages_are_required_of_applicants(tmp_path):
    text = VALID + '\n[applicants]\nformat = "applicants"\nfiles = ["a.xlsx"]\n'
    with pytest.raises(AgencyError, match="has no stages"):
        read_agency(write(tmp_path, text + '[applicants.columns]\nrace = "Race"\n'))


def test_a_missing_file_is_named_with_its_near_namesake(tmp_path):
    agency = read_agency(write(tmp_path, VALID))
    (tmp_path / "rooster.csv").touch()
    with pytest.raises(
        FileNotFoundError,
        match=r"\[workforce\] files: there is no file 'roster.csv'.*did you mean that",
    ):
        agency.paths("workforce")


def test_a_missing_agency_file_tells_how_to_start(tmp_path):
    with pytest.raises(AgencyError, match="equity sample riverton"):
        read_agency(tmp_path / "equity.toml")


def test_another_agency_file_in_the_folder_keeps_its_results_apart(tmp_path):
    other = tmp_path / "last_year.toml"
    other.write_text(VALID, encoding="utf-8")
    assert read_agency(other).counts == tmp_path / "last_year" / "counts"
