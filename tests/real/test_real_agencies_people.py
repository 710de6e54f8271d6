"""Workforces and applicants of real agencies, from their files to the figures of the hiring page.

The figures on the right were counted in the raw files without the adapters (csv, pandas,
openpyxl), or stand in DATA.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

import equity as eq
from equity.agency import read_agency
from equity.pipeline import check_agency, count_agency

HERE = Path(__file__).parent
DATA = HERE.parents[1].parent / "shared" / "data"
WORKFORCE = DATA / "workforce"
NOTEBOOK = HERE.parents[1] / "dashboards" / "hiring.ipynb"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="the real files are not beside this repository"),
]


def text_of(name: str, place: str, zone: str, tables: str) -> str:
    """Return an agency file with the residents of the county as its benchmark."""
    return f"""
[agency]
name = "{name}"
place = "{place}"
timezone = "{zone}"
{tables}
[[benchmarks]]
name = "county"
label = "{place.split(",")[0]} (ACS 2013-2017)"
file = "{DATA}/population/acs_2017_county_B03002_factfinder_latin1.csv"
place = "{place}"
year = 2017
"""


METRO = text_of(
    "Metropolitan Government of Nashville",
    "Davidson County, Tennessee",
    "America/Chicago",
    f"""
[workforce]
format = "roster"
files = ["{WORKFORCE}/nashville_metro/*.csv"]
scheme = "us1977"
date_from = "file"

[workforce.columns]
race = "Ethnic Code Description"
sex = "Gender"
title = "Title"
department = ["Current Dept Description", "Current Department"]
job_category = ["EEO Job Cat Desc", "EEO Job Category Description"]
hire_date = "Date Started"
""",
)
BALTIMORE = ("Baltimore Police Department", "Baltimore city, Maryland", "America/New_York")
PEOPLESOFT = text_of(
    *BALTIMORE,
    f"""
[workforce]
format = "peoplesoft"
files = ["{WORKFORCE}/baltimore/2018-*.xlsx"]
date_from = "file"
""",
)
WORKDAY = text_of(
    *BALTIMORE,
    f"""
[workforce]
format = "workday"
files = ["{WORKFORCE}/baltimore/2021-*.xlsx"]
header_row = 2
date_from = "file"
""",
)
PRINCE_GEORGES = text_of(
    "Prince George's County Police Department",
    "Prince George's County, Maryland",
    "America/New_York",
    f"""
[workforce]
format = "roster"
files = ["{WORKFORCE}/prince_georges_pd_sworn_oct2021_deid.xlsx"]
header_row = 2
date = 2021-10-01

[workforce.columns]
race = "Race"
sex = "Gender"
hire_date = "Appointed"
rank = "Rank"
""",
)
CHICAGO = ("Chicago Police Department", "Cook County, Illinois", "America/Chicago")
ROSTER = text_of(
    *CHICAGO,
    f"""
[workforce]
format = "roster"
files = ["{WORKFORCE}/chicago_police_2017-04.csv"]
scheme = "us1977"
date = 2017-04-30

[workforce.columns]
person_id = "roster_1936-2017_2017-04_ID"
race = "race"
sex = "gender"
rank = "current_rank"
hire_date = "appointed_date"
exit_date = "resignation_date"
""",
)
LEAVERS = f"""
[exits]
format = "roster"
files = ["{WORKFORCE}/chicago_police_exits_2015-2024.csv"]
scheme = "us1977"

[exits.columns]
person_id = "person_key"
race = "race"
sex = "gender"
rank = "rank"
hire_date = "appointed_date"
exit_date = "resignation_date"
exit_reason = "vacate_description"
"""
# the number of the roster is not in the list of those who left; the key of both is made of names
# and dates, and finds nineteen in twenty of those who left later
ROSTER_AND_EXITS = ROSTER.replace('"roster_1936-2017_2017-04_ID"', '"person_key"') + LEAVERS
EXITS = text_of(
    *CHICAGO,
    LEAVERS.replace("[exits", "[workforce").replace("us1977", 'us1977"\ndate = "2024-04-30'),
)
LOS_ANGELES = text_of(
    "City of Los Angeles",
    "Los Angeles County, California",
    "America/Los_Angeles",
    f"""
[applicants]
format = "applicant_totals"
files = ["{DATA}/applicants/los_angeles_2013-2015.csv"]
""",
)
NASHVILLE = (HERE / "nashville.toml").read_text(encoding="utf-8").replace("SHARED", str(DATA))


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
            counts = {p.stem: eq.read_counts(p) for p in count_agency(read, fits=False)}
            made[text] = SimpleNamespace(
                folder=folder,
                reports=reports,
                rules={r.id: r for report in reports.values() for r in report.rules},
                counts=counts,
            )
        return made[text]

    return run


def by(counts, column: str, figure: str = "n") -> dict[object, int]:
    table = counts.table.groupby(column, dropna=False)[figure].sum()
    return {None if k != k else k: int(n) for k, n in table.items()}


def left_out(counts) -> dict[str, int]:
    """Return the ledger of a count table: the reason of each step, and how many it left out."""
    steps = counts.ledger.iloc[1:]
    return dict(zip(steps["because"], steps["left_out"].astype(int), strict=True))


def benchmarks(told: SimpleNamespace, table: str = "workforce") -> dict[str, pd.DataFrame]:
    return told.counts[f"residents_{table}"].split("benchmark")


def rows(told: SimpleNamespace) -> pd.DataFrame:
    return pd.read_parquet(told.folder / "private" / "workforce.parquet")


class TestNashvilleMetro:
    KEYS = ("white", "black", "hispanic", "asian_pacific", "aian", "multiple", None)

    def test_races_of_each_year_are_those_of_the_files(self, agency):
        counts = agency(METRO).counts["workforce"]
        published = {
            2016: (6292, 2429, 191, 79, 14, 2, 50),
            2020: (6331, 2638, 260, 92 + 4, 22, 191, 0),
        }
        for year, numbers in published.items():
            found = by(counts.where(year=year), "race")
            assert {k: found.get(k, 0) for k in self.KEYS} == dict(
                zip(self.KEYS, numbers, strict=True)
            )
        # 25 of the 9,522 people of July 2017 were hired after it
        assert by(counts, "year")[2017] == 9522 - 25

    def test_the_last_snapshot_of_a_year_stands_for_it(self, agency):
        """Counted by year, April and July of 2016 would have everybody in twice."""
        told = agency(METRO)
        assert told.reports["workforce"].rows_in == 9057 + 9057 + 9522 + 9538
        ledger = left_out(told.counts["workforce"])
        assert ledger == {
            "records that failed a data check": 25,
            "of an earlier snapshot in the same year: the last one of each year is counted": 9057,
        }

    def test_a_snapshot_that_is_another_once_more_is_told(self, agency):
        told = agency(METRO)
        (rule,) = [r for r in told.rules.values() if r.says.startswith("No two lists")]
        assert (rule.outcome, rule.severity, rule.bad) == ("failed", "warn", 1)
        assert list(rule.examples) == ["2016-07-01 is 2016-04-01 again"]

    def test_the_categories_change_in_july_2017(self, agency):
        told = agency(METRO)
        trend = eq.representation_trend(
            told.counts["workforce"], benchmarks(told), group="race"
        ).drop_duplicates("when")
        assert trend["when"].tolist() == ["2016", "2017", "2020"]
        assert trend["break_before"].tolist() == [False, True, False]
        counts = eq.count(
            rows(told).assign(date=lambda r: r["date"].astype(str)), by=["race", "date"]
        )
        trend = eq.representation_trend(counts, benchmarks(told), group="race", when="date")
        broken = trend[trend["break_before"].astype(bool)]
        assert set(broken["when"]) == {"2017-07-01"}
        assert broken["break_reason"].iloc[0].startswith("multiple: 2 people, then 20")
        again = trend["reason"].str.contains("same file once more", na=False)
        assert set(trend.loc[again, "when"]) == {"2016-07-01"}


class TestBaltimore:
    def test_people_of_both_systems(self, agency):
        before, after = (agency(t).counts["workforce"] for t in (PEOPLESOFT, WORKDAY))
        assert before.table["n"].sum() == 2998
        assert after.table["n"].sum() == 2861
        assert by(before, "race") == {
            "white": 1347,
            "black": 1331,
            "hispanic": 249,
            "asian_pacific": 58,
            "aian": 7,
            None: 6,
        }
        assert by(before, "race_unknown") == {None: 2992, "not asked": 3, "not stated": 3}

    def test_every_race_is_withheld(self, agency):
        told = agency(WORKDAY)
        counts = told.counts["workforce"]
        assert by(counts, "race_unknown") == {"withheld": 2861}
        assert by(counts, "race") == {None: 2861}
        assert by(counts, "sex") == {"female": 748, "male": 2091, None: 22}
        with pytest.raises(ValueError, match="known 'race'"):
            eq.representation(counts, benchmarks(told), group="race")

    @pytest.mark.parametrize("text", [PEOPLESOFT, WORKDAY], ids=["peoplesoft", "workday"])
    def test_no_words_of_the_statute_leave_the_files(self, agency, text):
        statute = re.compile("§|GP [0-9]|U\\.S\\.C|BPD Ofc|withheld under", re.IGNORECASE)
        folder = agency(text).folder
        files = [p for part in ("counts", "checks", "private") for p in (folder / part).rglob("*")]
        read = 0
        for path in (p for p in files if p.is_file()):
            if path.suffix == ".parquet":
                words = pd.read_parquet(path).astype(str).to_csv()
                words += str(pq.read_schema(path).metadata)
            else:
                words = path.read_text(encoding="utf-8")
            read += 1
            assert not statute.search(words), path.name
        assert read > 5


class TestPrinceGeorges:
    def test_every_officer_is_counted(self, agency):
        counts = agency(PRINCE_GEORGES).counts["workforce"]
        assert counts.table["n"].sum() == 1473
        assert by(counts, "sex") == {"female": 216, "male": 1257}
        assert by(counts, "race")["black"] == 646

    def test_the_share_of_residents_is_that_of_the_county(self, agency):
        told = agency(PRINCE_GEORGES)
        table = eq.representation(told.counts["workforce"], benchmarks(told), group="race")
        black = table.set_index("group").loc["black"]
        assert (black["n"], black["x"]) == (1473, 646)
        assert black["population_share"] == pytest.approx(564_173 / 905_161)


def chicago_since_2000(last: str) -> pd.DataFrame:
    """Return the people hired from 2000 on with their years of service, from the raw file."""
    raw = pd.read_csv(WORKFORCE / "chicago_police_2017-04.csv", dtype=str)
    hired, gone = (pd.to_datetime(raw[c]) for c in ("appointed_date", "resignation_date"))
    left = gone.notna() & (gone <= last)
    years = (gone.where(left, pd.Timestamp(last)) - hired).dt.days / 365.25
    people = pd.DataFrame({"race": raw["race"], "years": years, "left": left})
    return people[(hired >= "2000-01-01") & (years >= 0)]


class TestChicago:
    def test_only_those_who_are_still_there_are_staff(self, agency):
        """12,071 have no exit date and are active, 1 left later, 494 are inactive without a date.

        Nothing in the file says when those 494 left, so they count as staff; 36 who are active
        and have an exit date do not.
        """
        counts = agency(ROSTER).counts["workforce"]
        assert counts.table["n"].sum() == 12_071 + 494 + 1
        assert left_out(counts) == {"had left before the date of the snapshot": 19_832}

    def test_periods_of_service(self, agency):
        counts = agency(ROSTER).counts["retention"]
        assert left_out(counts) == {"left before being hired": 10, "no hire date": 6}
        assert counts.table["n"].sum() == 32_398 - 16
        assert counts.table["left"].sum() == 19_832 - 10

    def test_who_stays_of_those_hired_since_2000(self, agency):
        counts = agency(ROSTER).counts["retention"]
        since = [c for c in counts.values("hire_cohort") if c >= "2000-2004"]
        table = eq.retention(counts.where(hire_cohort=since), group="race", reference="white")
        found = table[table["months"] == 60].set_index("group")
        people = chicago_since_2000("2017-04-30")
        for group, label in (("hispanic", "HISPANIC"), ("white", "WHITE")):
            mine = people[people["race"] == label]
            times = sorted(mine.loc[mine["left"] & (mine["years"] < 5), "years"])
            stay = 1.0
            for when in times:
                stay *= 1 - 1 / (mine["years"] >= when).sum()
            assert found.loc[group, "survival"] == pytest.approx(stay, abs=0.002)
        assert (
            found.loc["hispanic", "lost_difference"] < 0 < 0.05 - found.loc["hispanic", "p_value"]
        )

    def test_exits_for_each_year_of_service(self, agency):
        counts = agency(ROSTER).counts["retention"]
        since = [c for c in counts.values("hire_cohort") if c >= "2000-2004"]
        table = eq.exits(counts.where(hire_cohort=since), group="race", reference="white")
        found = table.drop_duplicates("group").set_index("group")
        people = chicago_since_2000("2017-04-30")
        for group, label in (("hispanic", "HISPANIC"), ("white", "WHITE")):
            mine = people[people["race"] == label]
            assert found.loc[group, "x"] == mine["left"].sum()
            assert found.loc[group, "person_years"] == pytest.approx(mine["years"].sum(), rel=0.01)
        assert found.loc["hispanic", "ratio"] == pytest.approx(0.76, abs=0.005)

    def test_those_who_left_before_being_hired_are_named(self, agency):
        told = agency(EXITS)
        assert left_out(told.counts["retention"]) == {
            "left before being hired": 23,
            "no hire date": 2,
        }
        (rule,) = [r for r in told.rules.values() if r.says.startswith("Nobody left before")]
        assert (rule.bad, rule.severity) == (23, "warn")

    def test_a_list_of_those_who_left_gives_the_reasons(self, agency):
        told = agency(ROSTER_AND_EXITS)
        assert told.reports["exits"].rows_in == 6516
        counts = told.counts["retention"]
        reasons = by(counts, "exit_reason", "left")
        most = max((r for r in reasons if r), key=lambda r: reasons[r])
        assert most == "RESIGNED-PENSION(RETIREMENT)"
        ledger = left_out(counts)
        for because in (
            "left before being hired",
            "in service on the date of a roster without them",
            "hired after the last roster: known only because they left",
        ):
            assert ledger[because] > 0


class TestLosAngeles:
    def test_each_applicant_is_in_once_by_race_and_once_by_sex(self, agency):
        counts = agency(LOS_ANGELES).counts["applicants"]
        assert by(counts, "margin") == {"race": 93_448, "sex": 93_448}
        assert len(counts.values("posting")) <= 187
        assert counts.ledger["rows"].iloc[0] == 93_448
        once = eq.widgets.by_margin(counts, "race")
        assert by(once, "race") == {
            "black": 27_027,
            "hispanic": 34_065,
            "asian": 7_032 + 3_671,
            "white": 15_796,
            "aian": 631,
            None: 5_226,
        }
        assert by(eq.widgets.by_margin(counts, "sex"), "race") == {None: 93_448}

    def test_applicants_beside_residents(self, agency):
        told = agency(LOS_ANGELES)
        once = eq.widgets.by_margin(told.counts["applicants"], "race")
        table = eq.representation(once, benchmarks(told, "applicants"), group="race")
        black = table.set_index("group").loc["black"]
        assert (black["n"], black["x"], black["unknown"]) == (93_448 - 5_226, 27_027, 5_226)
        assert black["population_share"] == pytest.approx(0.079, abs=0.0005)


class TestNashvillePolice:
    def test_who_joined_and_who_left_each_year(self, agency):
        counts = agency(NASHVILLE).counts["workforce"]
        raw = pd.read_csv(WORKFORCE / "nashville_police_2010-2021.csv", dtype=str)
        people = raw.groupby("year")["person_key"].agg(set)
        gone = [len(a - b) for a, b in zip(people[:-1], people[1:], strict=True)]
        came = [len(b - a) for a, b in zip(people[:-1], people[1:], strict=True)]
        flows = counts.table.groupby("year")[["joined", "left"]].sum()
        # a key that two people share is in twice
        assert (flows["left"].iloc[:-1] - gone).between(0, 1).all()
        assert (flows["joined"].iloc[1:] - came).between(0, 1).all()

    def test_a_roster_that_was_drawn_later_than_its_year_is_told(self, agency):
        """All 1,902 records of 2010 are in 2012's roster too, with hires up to January 2012."""
        (rule,) = [
            r
            for r in agency(NASHVILLE).rules.values()
            if r.says.startswith("Nobody was hired after the year")
        ]
        assert (rule.bad, rule.severity) == (221, "warn")
        ledger = left_out(agency(NASHVILLE).counts["retention"])
        assert ledger["left before being hired"] == 217

    def test_the_categories_change_in_2018(self, agency):
        told = agency(NASHVILLE)
        sworn = told.counts["workforce"].where(sworn=True)
        trend = eq.representation_trend(sworn, benchmarks(told), group="race")
        broken = trend[trend["break_before"].astype(bool)].drop_duplicates("when")
        assert broken["when"].tolist() == ["2018"]
        assert broken["break_reason"].iloc[0].startswith("multiple: 57 people who stayed")

    def test_retention_and_parity(self, agency):
        told = agency(NASHVILLE)
        table = eq.retention(
            told.counts["retention"].where(sworn=True), group="sex", reference="male"
        )
        five = table[table["months"] == 60].set_index("group")
        assert 0.7 < five.loc["male", "survival"] < 0.9
        # rosters of July show hardly anybody in the first months of service
        assert five.loc["female", "reason"].endswith("too few people to tell")
        path = eq.parity_projection(
            told.counts["workforce"].where(sworn=True),
            group="sex",
            focal="female",
            target=0.3,
            draws=50,
        )
        now = path.iloc[0]
        assert (now["year"], now["n"], now["x"]) == (2021, 1407, 147)
        # 110 enter the sworn ranks in a year, 16 of them women: 65 are hired into them, and 45
        # come from other posts (trainees), who joined before; of those hired 17 in 100 are women
        assert (now["hired_x"], now["hired_n"]) == (178, 1206)
        assert (now["moved_x"], now["moved_n"]) == (58, 493)
        assert round(now["hire_share"], 3) == 0.148
        assert abs(now["steady_share"] - 0.104) < 0.005  # as it has stood for years
        assert path["years_to_target"].isna().all()


EVERY = {
    "nashville-metro": METRO,
    "peoplesoft": PEOPLESOFT,
    "workday": WORKDAY,
    "prince-georges": PRINCE_GEORGES,
    "chicago-roster": ROSTER,
    "chicago-roster-and-exits": ROSTER_AND_EXITS,
    "chicago-exits": EXITS,
    "los-angeles": LOS_ANGELES,
    "nashville-police": NASHVILLE,
}
RUN = """
import ast, json, os, sys
import ipywidgets
from equity.widgets import Panel

def shown(thing):
    if isinstance(thing, Panel):
        keys = ("title", "problem", "absent", "summary", "notes", "description", "source")
        return [{k: getattr(thing, k) for k in keys} | {"rows": len(thing.rows)}]
    if isinstance(thing, ipywidgets.Box):
        return [one for child in thing.children for one in shown(child)]
    text = getattr(thing, "value", None)
    return [{"title": text}] if isinstance(text, str) else []

def run(folder):
    os.environ["EQUITY_COUNTS"] = folder
    names, found, section = {}, [], ""
    for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            section = source.splitlines()[0] if source.startswith("#") else section
            continue
        body = ast.parse(source).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            found += [one | {"section": section} for one in shown(value)]
    return found

print(json.dumps({folder: run(folder) for folder in sys.argv[2:]}))
"""
DEVELOPERS = re.compile(
    r"\b(?:None|NaN|nan|NaT|null|flag|column|dataframe|parquet|Traceback|kwargs|us19[79]7)\b"
    r"|\w=|[a-z]_[a-z]|counts? (?:table|do not say)|row of the counts"
)


@pytest.fixture(scope="module")
def pages(agency):
    """Run the code of the hiring page on the counts of every agency, in a process of its own."""
    folders = {str(agency(text).folder / "counts"): name for name, text in EVERY.items()}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(NOTEBOOK), *folders],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert done.returncode == 0, done.stderr
    return {folders[k]: panels for k, panels in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", list(EVERY))
class TestHiringPage:
    def test_every_section_is_drawn_or_says_why_not(self, pages, name):
        panels = [p for p in pages[name] if "problem" in p]
        assert len(panels) >= 15
        for panel in panels:
            assert not panel["problem"], panel
            assert panel["title"] or panel["absent"], panel["section"]

    def test_it_speaks_to_residents(self, pages, name):
        for panel in pages[name]:
            for key in ("title", "absent", "summary", "notes", "description"):
                said = panel.get(key) or ""
                assert not DEVELOPERS.search(said), (panel["section"], key, said[:300])


def drawn(panels: list[dict], section: str) -> list[dict]:
    return [p for p in panels if section in p["section"] and "problem" in p]


class TestWhatThePageSays:
    def test_it_says_that_race_was_withheld(self, pages):
        for section in ("reflect the community", "as a whole", "How has the workforce changed"):
            (panel,) = drawn(pages["workday"], section)
            assert "(withheld by law or policy)" in panel["absent"]

    def test_without_stages_it_says_who_applied(self, pages):
        panels = pages["los-angeles"]
        (who,) = drawn(panels, "Who applies")
        assert who["title"].startswith("Black people are 30.6% of the applicants and 7.9%")
        assert "n = 88,222" in who["summary"]
        for section in ("Where do we lose people", "Who passes each stage", "unknown race change"):
            (panel,) = drawn(panels, section)
            assert "not how far each of them came" in panel["absent"]

    def test_one_snapshot_tells_nobody_who_joined(self, pages):
        (panel,) = drawn(pages["prince-georges"], "What would it take")
        assert not panel["absent"]
        (said,) = (
            p["title"]
            for p in pages["prince-georges"]
            if "What would it take" in p["section"] and "own rates are" in p["title"]
        )
        assert "own rates are hidden or not known" in said
        (source,) = {p["source"] for p in drawn(pages["prince-georges"], "as a whole")}
        assert source.endswith("; the file is of October 1, 2021.")

    def test_four_files_are_one_number_of_records(self, pages):
        (files,) = [p for p in pages["nashville-metro"] if p["title"] == "Files and data checks"]
        assert files["rows"] == 5  # four rosters, one of residents

    def test_a_break_of_the_categories_is_said(self, pages):
        for name, year in (("nashville-metro", 2017), ("nashville-police", 2018)):
            (panel,) = drawn(pages[name], "How has the workforce changed")
            assert f"the categories changed before {year}" in panel["notes"]
