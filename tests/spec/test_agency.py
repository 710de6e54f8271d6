"""The agency file: an invalid one gets an error by key, value and what is allowed."""
# ruff: noqa: E501  (each case is one line of a table)

from __future__ import annotations

import typing

import pytest

from equity import sources
from equity.agency import AgencyError, read_agency
from equity.sample.texts import AGENCY, AGENCY_DEFECTS
from equity.sections import BENCHMARKS, FORMATS, Benchmark, Input

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
            r"\[stops\] format = 'roster': not a format of stops. Allowed: 'opp', 'ctrp3', 'police_uk', 'ripa', 'openpolicedata', 'stops'",
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


STOPS = """
[agency]
name = "Riverton Police Department"
place = "Riverton city"
timezone = "America/New_York"

[stops]
format = "stops"
files = ["stops.csv"]
times = "UTC"
area = "beat"
copies = "keep"

[stops.columns]
date = "When"
subject_race = "Race"
search_conducted = ["Person", "Vehicle"]

[stops.values.search_conducted]
"*" = "yes"

[[benchmarks]]
name = "register"
label = "Residents by district"
format = "population"
file = "people.csv"
place = "Riverton city"
scheme = "stanford"
shares = "percents"
census = true
columns = {district = "District", total = "All"}
groups = {white = "White", other = ["Native", "Other"]}
"""


def test_any_table_of_stops_and_any_table_of_people(tmp_path):
    agency = read_agency(write(tmp_path, STOPS))
    assert agency.stops.columns["search_conducted"] == ["Person", "Vehicle"]
    assert (agency.stops.times, agency.stops.area, agency.stops.copies) == ("UTC", "beat", "keep")
    assert agency.benchmarks[0].groups == {"white": "White", "other": ["Native", "Other"]}


@pytest.mark.parametrize(
    ("form", "scheme"),
    [
        ("opp", "stanford"),
        ("ctrp3", "us1977"),
        ("police_uk", "uk5"),
        ("ripa", "ripa"),
        ("openpolicedata", "stanford"),
    ],
)
def test_each_format_has_groups_of_its_own(tmp_path, form, scheme):
    text = STOPS.split("[stops]")[0] + f'[stops]\nformat = "{form}"\nfiles = ["stops.csv"]\n'
    assert read_agency(write(tmp_path, text)).scheme("stops") == scheme


def test_a_benchmark_is_for_the_tables_whose_groups_it_can_be_brought_to(tmp_path):
    text = STOPS + '[workforce]\nformat = "roster"\nfiles = ["r.csv"]\ncolumns = {race = "R"}\n'
    agency = read_agency(write(tmp_path, text))
    assert [b.name for b in agency.benchmarks_of("stops")] == ["register"]
    # Stanford's "Asian or Pacific Islander" cannot be split for the roster
    assert agency.benchmarks_of("workforce") == []


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            'times = "UTC"',
            'times = "utc"',
            r"\[stops\] times = 'utc' is not allowed. Allowed: 'local' or 'UTC'",
        ),
        (
            'copies = "keep"',
            'copies = "drop"',
            r"copies = 'drop' is not allowed. Allowed: 'set aside' or 'keep'",
        ),
        (
            'copies = "keep"',
            'ethnicity = "self-defined"',
            r"\[stops\] ethnicity has no effect on the format 'stops'",
        ),
        ('area = "beat"', 'area = "Beat No."', r"\[stops\] area: 'Beat No.' is not a name"),
        ('date = "When"', "", r"\[stops.columns\] date is missing.*which holds the year"),
        ('subject_race = "Race"', "", r"\[stops.columns\] subject_race is missing"),
        (
            'date = "When"',
            "date = 5",
            r"\[stops\] columns.date = 5 is not allowed. Allowed: the name of a column, or a list",
        ),
        ('["Person", "Vehicle"]', "[]", r"columns.search_conducted = \[\] is not allowed"),
        (
            'format = "stops"',
            'format = "opp"',
            r"\[stops\] (columns|times) has no effect on the format 'opp'",
        ),
        (
            'shares = "percents"',
            'shares = "parts"',
            r"shares = 'parts' is not allowed. Allowed: 'fractions' or 'percents'",
        ),
        (
            "groups = {white",
            "groups = {latino",
            r"\[\[benchmarks\]\] register: groups.latino is not a group of scheme = 'stanford'",
        ),
        (
            'format = "population"',
            "",
            r"\[\[benchmarks\]\] register: census has no effect on the format 'acs'",
        ),
        (
            'scheme = "stanford"',
            'scheme = "uk5"',
            r"its groups are those of 'uk5', from which none of these can be made: \[stops\] 'stanford'",
        ),
        (
            'scheme = "stanford"',
            'scheme = "uk6"',
            r"scheme = 'uk6' is not allowed. Allowed: one of us1997",
        ),
    ],
)
def test_a_wrong_word_about_stops_or_residents_is_refused(tmp_path, was, now, says):
    assert was in STOPS
    with pytest.raises(AgencyError, match=says) as caught:
        read_agency(write(tmp_path, STOPS.replace(was, now)))
    assert "\n" not in str(caught.value)


def test_a_column_may_have_another_name_in_another_file(tmp_path):
    text = VALID.replace('race = "Ethnic Code Description"', 'race = ["Race", "Ethnicity"]')
    found = read_agency(write(tmp_path, text))
    assert found.inputs["workforce"].columns["race"] == ["Race", "Ethnicity"]


EXITS = """
[exits]
format = "roster"
files = ["exits.csv"]
[exits.columns]
race = "Race"
"""
CANDIDATES = """
[promotions]
format = "applicants"
files = ["exam.xlsx"]
header_row = [2, 3]
sheet = ["2024", "2025"]
[promotions.columns]
race = "Race"
[promotions.disposition]
column = "Result"
passed = ["PROMOTED"]
failed = {"W" = "written"}
[[promotions.stages]]
name = "written"
[[promotions.stages]]
name = "promoted"
date = "Promotion Date"
"""


def test_exits_need_the_date_of_leaving(tmp_path):
    with pytest.raises(AgencyError, match=r"\[exits.columns\] exit_date is missing"):
        read_agency(write(tmp_path, VALID + EXITS))
    found = read_agency(write(tmp_path, VALID + EXITS + 'exit_date = "Separated"\n'))
    assert list(found.inputs) == ["stops", "workforce", "exits"]


def test_promotions_are_a_pipeline_told_by_codes(tmp_path):
    found = read_agency(write(tmp_path, VALID + CANDIDATES)).inputs["promotions"]
    assert [s.date for s in found.stages] == [None, "Promotion Date"]
    assert (found.header_row, found.sheet) == ([2, 3], ["2024", "2025"])
    assert found.disposition.failed == {"W": "written"}


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (
            '{"W" = "written"}',
            '{"W" = "writen"}',
            r"failed.W = 'writen' is not a stage. Allowed: 'written', 'promoted'",
        ),
        (
            '[promotions.disposition]\ncolumn = "Result"\npassed = ["PROMOTED"]\nfailed = {"W" = "written"}\n',
            "",
            r"\[\[promotions.stages\]\] written: column is missing.*or add \[promotions.disposition\]",
        ),
        ("passed =", "pased =", r"'?pased'? is not a key. Did you mean 'passed'"),
        (
            "header_row = [2, 3]",
            "header_row = [0, 3]",
            "Allowed: a row number, such as 3, or two below each other",
        ),
        (
            'format = "applicants"',
            'format = "roster"',
            r"\[promotions\] format = 'roster': not a format of promotions. Allowed: 'applicants', 'neogov'",
        ),
    ],
)
def test_what_is_wrong_with_a_pipeline_is_said(tmp_path, was, becomes, words):
    assert was in CANDIDATES
    with pytest.raises(AgencyError, match=words):
        read_agency(write(tmp_path, VALID + CANDIDATES.replace(was, becomes)))


def test_every_format_can_be_named_and_has_an_adapter():
    named = typing.get_args(Input.model_fields["format"].annotation)
    assert set(named) == set(FORMATS) <= set(sources.__all__)
    known = set(Input.model_fields)
    assert all(about.keys <= known for about in FORMATS.values())
    assert set(typing.get_args(Benchmark.model_fields["format"].annotation)) == set(BENCHMARKS)
    assert all(keys <= set(Benchmark.model_fields) for keys in BENCHMARKS.values())


PUBLISH = """
[publish]
minimum = 12
contact = "Office of Data, Anytown"
email = "figures@anytown.example"
licence = "CC0 1.0"
url = "https://www.anytown.example/equity/"
leave_out = ["who-is-promoted"]
together = 2
"""


def test_what_is_published_is_said(tmp_path):
    said = read_agency(write(tmp_path, VALID + PUBLISH)).publish
    assert (said.minimum, said.together, said.leave_out) == (12, 2, ["who-is-promoted"])
    assert said.contact == "Office of Data, Anytown"
    assert said.email == "figures@anytown.example"
    assert (said.licence, said.url) == ("CC0 1.0", "https://www.anytown.example/equity/")
    unsaid = read_agency(write(tmp_path, VALID)).publish
    assert (unsaid.minimum, unsaid.together, unsaid.leave_out) == (10, 1, [])
    assert (unsaid.contact, unsaid.licence, unsaid.url) == ("", "CC BY 4.0", "")
    least = read_agency(write(tmp_path, VALID + "[publish]\nminimum = 5\n"))
    assert least.publish.minimum == 5


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            "minimum = 12",
            "minimum = 4",
            r"\[publish\] minimum = 4 is not allowed. Allowed: a whole number from 5 to 100; where 4 people",
        ),
        (
            "minimum = 12",
            "minimum = 1",
            r"minimum = 1 is not allowed. Allowed: a whole number from 5",
        ),
        ("minimum = 12", "minimum = 101", r"minimum = 101 is not allowed"),
        ("minimum = 12", "minimum = true", r"minimum = True is not allowed"),
        ("minimum = 12", "minimum = 10.5", r"minimum = 10.5 is not allowed"),
        ("minimum =", "minimun =", r"\[publish\] minimun is not a key. Did you mean 'minimum'"),
        (
            '"figures@anytown.example"',
            '"figures"',
            r"\[publish\] email = 'figures' is not allowed. Allowed: an address",
        ),
        (
            "https://",
            "",
            r"\[publish\] url = 'www.anytown.example/equity/' is not allowed. Allowed: a full address",
        ),
        ("https://", "javascript:", r"\[publish\] url = .* is not allowed"),
        (
            '"who-is-promoted"',
            '"Who is promoted?"',
            r"leave_out.1 = 'Who is promoted\?' is not allowed. Allowed: the id of a section",
        ),
        (
            '["who-is-promoted"]',
            '"who-is-promoted"',
            r"leave_out = 'who-is-promoted' is not a list",
        ),
        ("together = 2", "together = 0", r"together = 0 is not allowed"),
        (
            "together = 2",
            "together = 4",
            r"together = 4 is not allowed: .*less than or equal to 3",
        ),
        ('"CC0 1.0"', '""', r"licence = '' is not allowed"),
    ],
)
def test_what_cannot_be_published_so_is_refused(tmp_path, was, now, says):
    assert was in PUBLISH
    with pytest.raises(AgencyError, match=says):
        read_agency(write(tmp_path, VALID + PUBLISH.replace(was, now)))


def test_only_stops_may_be_declared_public_and_only_explicitly(tmp_path):
    assert all(t.people for t in read_agency(write(tmp_path, VALID)).inputs.values())
    stops = VALID.replace('format = "opp"', 'format = "opp"\npeople = false')
    inputs = read_agency(write(tmp_path, stops)).inputs
    assert (inputs["stops"].people, inputs["workforce"].people) == (False, True)
    staff = VALID.replace('format = "roster"', 'format = "roster"\npeople = false')
    with pytest.raises(
        AgencyError, match=r"\[workforce\] people = false is not allowed.*Only \[stops\]"
    ):
        read_agency(write(tmp_path, staff))
    with pytest.raises(
        AgencyError, match=r"\[applicants\] people = false|\[promotions\] people = false"
    ):
        read_agency(
            write(tmp_path, VALID + CANDIDATES.replace("header_row", "people = false\nheader_row"))
        )
    staff = VALID.replace('format = "roster"', 'format = "roster"\npeople = true')
    assert read_agency(write(tmp_path, staff)).inputs["workforce"].people
    for word in ('"no"', "0", '"false"'):  # nothing but the word itself
        with pytest.raises(AgencyError, match=r"\[stops\] people = .* is not allowed"):
            read_agency(write(tmp_path, stops.replace("people = false", f"people = {word}")))


def test_the_sample_declares_its_stops_public_and_says_what_that_means(tmp_path):
    for text in (AGENCY, AGENCY_DEFECTS):
        agency = read_agency(write(tmp_path, text))
        assert not agency.inputs["stops"].people
        assert all(t.people for name, t in agency.inputs.items() if name != "stops")
        assert agency.publish.minimum == 10 and "fictional" in agency.publish.contact
        assert "Riverton declares its stop records public" in text
