"""Stops of real agencies in other formats than Stanford's, from their files to figures.

The figures on the right were counted in the raw files without the adapters.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import equity as eq
from equity.agency import read_agency
from equity.pipeline import check_agency, count_agency

DATA = Path(__file__).parents[2].parent / "shared" / "data"
STOPS, POPULATION = DATA / "stops", DATA / "population"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="the real files are not beside this repository"),
]

MINNEAPOLIS = f"""
[agency]
name = "Minneapolis Police Department"
place = "Minneapolis city, Minnesota"
latitude = 44.98
longitude = -93.27
timezone = "America/Chicago"

[stops]
format = "stops"
files = ["{STOPS}/minneapolis_2017.csv"]
times = "UTC"
area = "beat"

[stops.columns]
stop_id = "idNum"
date = "date"
subject_race = "race"
subject_sex = "gender"
latitude = "lat"
longitude = "long"
district = "policePrecinct"
beat = "neighborhood"
reason_for_stop = "problem"
search_conducted = ["personSearch", "vehicleSearch"]
citation_issued = "citationIssued"

[stops.values.subject_race]
"East African" = "black"
"""

MECKLENBURG = f"""
[agency]
name = "Charlotte-Mecklenburg Police Department"
place = "Mecklenburg County, North Carolina"
timezone = "America/New_York"

[stops]
format = "stops"
files = ["{STOPS}/nc_mecklenburg_weighted.csv"]

[stops.columns]
year = "year"
subject_race = "driver_race"
reason_for_stop = "stop_purpose"
search_conducted = "search_type"
search_basis = "search_type"
contraband_found = "contraband_found"
force_used = "engage_force"
weight = "count"

[stops.values.search_conducted]
"" = "no"                       # no search type: nobody was searched
"*" = "yes"

[[benchmarks]]
name = "county"
label = "Mecklenburg County (ACS 2013-2017)"
file = "{POPULATION}/acs_2017_county_B03002_factfinder_latin1.csv"
place = "Mecklenburg County, North Carolina"
year = 2017
"""

WETHERSFIELD = f"""
[agency]
name = "Wethersfield Police Department"
place = "Wethersfield, Connecticut"
latitude = 41.70
longitude = -72.67
timezone = "America/New_York"

[stops]
format = "ctrp3"
scheme = "stanford"
files = ["{STOPS}/ctrp3_wethersfield_2019q1.csv"]
"""

CITY_OF_LONDON = f"""
[agency]
name = "City of London Police"
place = "City of London"
latitude = 51.515
longitude = -0.092
timezone = "Europe/London"

[stops]
format = "police_uk"
files = ["{STOPS}/police_uk/*-city-of-london-*.csv"]

[[benchmarks]]
name = "residents"
label = "Residents of the City of London (census 2011)"
format = "population"
file = "{POPULATION}/uk_census2011_force-demographics.csv"
place = "City of London"
scheme = "uk5"
year = 2011
census = true

[benchmarks.columns]
place = "PFA16NM"
total = "Ethnic Group: All categories: Ethnic group; measures: Value"

[benchmarks.groups]
white = "Ethnic Group: White; measures: Value"
mixed = "Ethnic Group: Mixed; measures: Value"
asian = "Ethnic Group: Asian; measures: Value"
black = "Ethnic Group: Black; measures: Value"
other = "Ethnic Group: Other; measures: Value"
"""

METROPOLITAN = (
    CITY_OF_LONDON.replace("City of London Police", "Metropolitan Police Service")
    .replace('"City of London"', '"Metropolitan"')
    .replace("*-city-of-london-*", "2018-09-metropolitan-*")
)


@pytest.fixture(scope="module")
def agency(tmp_path_factory):
    """Check and count an agency once; return its reports and its count tables."""
    made: dict[str, SimpleNamespace] = {}

    def run(text: str) -> SimpleNamespace:
        if text not in made:
            folder = tmp_path_factory.mktemp("agency")
            (folder / "equity.toml").write_text(text, encoding="utf-8")
            read = read_agency(folder)
            reports = check_agency(read)
            files = {p.stem: p for p in count_agency(read, fits=False)}
            made[text] = SimpleNamespace(
                folder=folder,
                reports=reports,
                rules={r.id: r for r in reports["stops"].rules},
                counts={n: eq.read_counts(p) for n, p in files.items()},
            )
        return made[text]

    return run


def by(counts, column: str, figure: str = "n") -> dict[object, int]:
    table = counts.table.groupby(column, dropna=False)[figure].sum()
    return {None if k != k else k: int(n) for k, n in table.items()}


class TestMinneapolis:
    def test_every_stop_is_counted_under_its_group(self, agency):
        counts = agency(MINNEAPOLIS).counts["stops"]
        assert by(counts, "subject_race") == {
            "black": 15_220 + 2_188,
            "white": 11_703,
            "hispanic": 1_858,
            "other": 1_516 + 1_348,
            "asian_pacific": 647,
            None: 8_221 + 9_219,
        }

    def test_a_search_is_one_of_the_person_or_of_the_vehicle(self, agency):
        table = agency(MINNEAPOLIS).counts["stops"].table
        # 2,531 both, 2,706 the person alone, 589 the vehicle alone; 8,221 not recorded
        assert table["search_conducted"].sum() == 2_531 + 2_706 + 589
        assert table["search_conducted_known"].sum() == 51_920 - 8_221

    def test_missing_races_and_searches_are_told(self, agency):
        told = agency(MINNEAPOLIS)
        race, search = told.rules["S14"], told.rules["S22"]
        assert (race.outcome, race.bad) == ("failed", 17_440)
        assert (search.outcome, search.bad) == ("failed", 8_221)
        assert told.reports["stops"].rows_set_aside == 0

    def test_utc_becomes_local_time(self, agency):
        counts = agency(MINNEAPOLIS).counts
        # the file begins on January 1 at 06:00:42 UTC, which is 00:00:42 in Chicago
        assert counts["stops"].provenance["first_date"] == "2017-01-01"
        assert counts["stops"].provenance["last_date"] == "2017-12-31"
        hours = by(counts["stops_by_hour"], "hour")
        rarest = sorted(hours, key=lambda h: hours[h])[:2]
        assert set(rarest) == {5, 6}  # in UTC it would be 11 and 12


class TestMecklenburg:
    def test_rows_stand_for_stops(self, agency):
        counts = agency(MECKLENBURG).counts["stops"]
        groups = by(counts, "subject_race")
        assert sum(groups.values()) == 40_297
        assert (groups["black"], groups["white"], groups["hispanic"]) == (19_103, 14_164, 4_843)
        assert by(counts, "year")[2021] == 8_281

    def test_searches_by_the_type_of_search(self, agency):
        table = agency(MECKLENBURG).counts["stops"].table
        assert (table["search_conducted"].sum(), table["contraband_found"].sum()) == (347, 104)
        assert table["search_conducted_known"].sum() == 40_297
        assert table["contraband_found_known"].sum() == 347
        assert table["force_used"].sum() == 9

    def test_alike_rows_are_no_copies_and_years_are_no_dates(self, agency):
        told = agency(MECKLENBURG)
        report = told.reports["stops"]
        assert (report.rows_in, report.rows_set_aside) == (11_171, 0)
        assert told.rules["S11"].outcome == "nothing to test"
        for rule in ("S07", "S08", "S09", "S10"):
            assert told.rules[rule].because == "the file has no column date"
        dates = next(r for r in report.rules if "not its year alone" in r.says)
        assert (dates.outcome, dates.severity) == ("failed", "warn")
        assert report.usable

    def test_stop_rates_can_be_computed(self, agency):
        counts = agency(MECKLENBURG).counts
        table = eq.stop_rates(
            counts["stops"],
            counts["residents_stops"].split("benchmark"),
            group="subject_race",
            reference="white",
        ).set_index("group")
        assert table.loc["black", "n"] == 19_103
        assert table.loc["black", "ratio"] > 1


class TestWethersfield:
    def test_every_stop_is_counted(self, agency):
        told = agency(WETHERSFIELD)
        counts = told.counts["stops"]
        report = told.reports["stops"]
        assert report.rows_in == 901
        assert counts.table["n"].sum() == report.rows_good

    def test_contraband_without_a_search_is_told(self, agency):
        told = agency(WETHERSFIELD)
        (rule,) = [r for r in told.reports["stops"].rules if "No contraband is recorded" in r.says]
        assert (rule.outcome, rule.severity) == ("failed", "warn")
        assert rule.bad
        text = (told.folder / "checks" / "index.html").read_text(encoding="utf-8")
        assert "No contraband is recorded where there was no search." in text

    def test_empty_columns_are_named(self, agency):
        (rule,) = [
            r for r in agency(WETHERSFIELD).rules.values() if r.says.startswith("Every col")
        ]
        assert rule.outcome == "failed"
        assert "InterventionDispositionDate" in rule.do


class TestCityOfLondon:
    def test_every_search_is_counted_in_british_groups(self, agency):
        told = agency(CITY_OF_LONDON)
        assert told.reports["stops"].rows_in == 148 + 128
        counts = told.counts["stops"]
        assert counts.table["n"].sum() == told.reports["stops"].rows_good
        assert set(counts.values("subject_race")) <= {"white", "mixed", "asian", "black", "other"}

    def test_the_benchmark_is_the_census(self, agency):
        residents = agency(CITY_OF_LONDON).counts["residents_stops"]
        assert by(residents, "race") == {
            "white": 5_799,
            "mixed": 289,
            "asian": 940,
            "black": 193,
            "other": 154,
        }

    def test_empty_columns_are_named(self, agency):
        (rule,) = [
            r for r in agency(CITY_OF_LONDON).rules.values() if r.says.startswith("Every column")
        ]
        assert "“Policing operation”" in rule.do


class TestMetropolitan:
    def test_exact_copies_are_told_and_can_be_kept(self, agency):
        told = agency(METROPOLITAN)
        # 11,630 rows, of which 11,342 differ
        assert (told.rules["S11"].bad, told.rules["S11"].severity) == (288, "set the row aside")
        assert "stopped together" in told.rules["S11"].do
        kept = agency(METROPOLITAN.replace("[stops]\n", '[stops]\ncopies = "keep"\n'))
        assert (kept.rules["S11"].bad, kept.rules["S11"].severity) == (288, "warn")
        assert kept.counts["stops"].table["n"].sum() == 11_630
