"""A table beside the agency's others: groups that only one of them has, more stops than people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from test_check_drift import Looked, bad, looked

HERE = {"white": 600, "black": 300, "hispanic": 100}
"""Records of a year."""
PEOPLE = {"white": 6000.0, "black": 3000.0, "hispanic": 1000.0}


def records(of: dict, *, year: int = 2024, race: str = "subject_race", **more):
    """Return one row for each group, which stands for so many records."""
    frame = pd.DataFrame({race: list(of), "weight": list(of.values())})
    frame["date"] = pd.Series(pd.Timestamp(f"{year}-03-01"), frame.index).astype("datetime64[us]")
    return frame.assign(**more)


def beside(tmp_path, of, benchmarks=(PEOPLE,), *, table="stops", frame=None, **context) -> Looked:
    race = "subject_race" if table == "stops" else "race"
    others = {"residents": {f"b{i}": b for i, b in enumerate(benchmarks)}}
    return looked(
        tmp_path, records(of, race=race) if frame is None else frame, table=table,
        **{"groups": (*HERE, "asian", "native"), "others": others} | context,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of", "benchmarks", "named"),
    [
        (HERE, [PEOPLE], []),
        (HERE | {"asian": 20}, [PEOPLE], ["asian: 20 stops, no residents"]),
        (HERE | {"asian": 20}, [PEOPLE | {"asian": 0.0}], ["asian: 20 stops, no residents"]),
        (HERE | {"asian": 20}, [PEOPLE, PEOPLE | {"asian": 500.0}], []),  # one of two knows it
        (HERE | {"asian": 9}, [PEOPLE], []),  # fewer than ten, fewer than 1 %
        (HERE, [PEOPLE | {"native": 500.0}], ["native: 500 residents, no stops"]),
        (HERE, [PEOPLE | {"native": 50.0}], []),  # half a percent
        (HERE, [PEOPLE | {"native": 150.0}], []),  # 1.5 %: fifteen stops could be expected
        (HERE, [{"WHITE": 6000.0, "black": 4000.0}],
         ["WHITE: 6,000 residents, no stops", "hispanic: 100 stops, no residents",
          "white: 600 stops, no residents"]),
    ],
)  # fmt: skip
def test_groups_of_stops_and_residents(tmp_path, of, benchmarks, named):
    seen = beside(tmp_path, of, benchmarks)
    assert sorted(bad(seen).get("groups:residents", [])) == named
    assert seen.found["groups:residents"]


def test_unknown_race_is_no_group(tmp_path):
    seen = beside(tmp_path, HERE, frame=records(HERE | {None: 400}))
    assert bad(seen) == {}
    assert [n for n, _ in seen.found["groups:residents"]] == [
        "black: 3,000 residents, no stops", "hispanic: 1,000 residents, no stops",
        "white: 6,000 residents, no stops",
    ]  # fmt: skip


@pytest.mark.parametrize("benchmarks", [[], [{}]])
def test_without_a_benchmark_there_is_nothing_to_test(tmp_path, benchmarks):
    seen = beside(tmp_path, HERE, benchmarks)
    for key in ("groups:residents", "above residents"):
        assert seen.found[key] == []
        assert seen.rules[key].because == "there is no benchmark by group for this table"


def test_of_a_roster_the_latest_list_is_compared(tmp_path):
    lists = [records(HERE | {"asian": 40}, year=2020, race="race"), records(HERE, race="race")]
    seen = beside(tmp_path, {}, table="workforce", frame=pd.concat(lists))
    assert bad(seen) == {}
    lists = [records(HERE, year=2020, race="race"), records(HERE | {"asian": 40}, race="race")]
    seen = beside(tmp_path, {}, table="workforce", frame=pd.concat(lists))
    assert bad(seen) == {"groups:residents": ["asian: 40 people, no residents"]}


def workforce(tmp_path, of, **more) -> dict[str, Any]:
    return beside(tmp_path, of, [], table="workforce", scheme="stanford", **more).facts


def test_groups_of_stops_and_of_the_workforce(tmp_path):
    staff = {"workforce": workforce(tmp_path, {"white": 300, "black": 100, "asian": 20})}
    seen = beside(tmp_path, HERE, others=staff, scheme="stanford")
    assert bad(seen) == {
        "groups:workforce": ["asian: 20 employees, no stops", "hispanic: 100 stops, no employees"]
    }
    few = {"workforce": workforce(tmp_path, {"white": 30, "black": 10})}
    seen = beside(tmp_path, HERE, others=few, scheme="stanford")
    assert bad(seen) == {}  # of 40 employees four hispanic ones could be expected
    seen = beside(tmp_path, HERE, others=staff, scheme="us1997")
    assert seen.found["groups:workforce"] == []
    assert seen.rules["groups:workforce"].because.endswith("in other groups (scheme)")
    seen = beside(tmp_path, HERE, others={"residents": {}}, scheme="stanford")
    assert seen.rules["groups:workforce"].because == "there is no workforce that can be used"


def test_who_left_is_compared_with_the_workforce(tmp_path):
    staff = {"workforce": workforce(tmp_path, HERE)}
    frame = pd.DataFrame({"race": ["white"] * 60 + ["black"] * 30})
    frame["exit_date"] = pd.Series(pd.Timestamp("2024-03-01"), frame.index)
    frame["exit_date"] = frame["exit_date"].astype("datetime64[us]")
    seen = beside(tmp_path, {}, table="exits", frame=frame, others=staff, scheme="stanford")
    assert bad(seen) == {}  # of 90 who left nine hispanic ones could be expected
    more = pd.concat([frame] * 3)
    seen = beside(tmp_path, {}, table="exits", frame=more, others=staff, scheme="stanford")
    assert bad(seen) == {"groups:workforce": ["hispanic: 100 employees, no people"]}


def test_more_stops_in_a_year_than_residents(tmp_path):
    both = pd.concat([records(HERE, year=2023), records(HERE | {"black": 3001})])
    seen = beside(tmp_path, {}, frame=both)
    assert bad(seen) == {"above residents": ["black, 2024: 3,001 stops, 3,000 residents"]}
    assert len(seen.found["above residents"]) == 6  # three groups in two years
    assert bad(beside(tmp_path, HERE | {"black": 3000})) == {}
    larger = beside(tmp_path, {}, [PEOPLE, PEOPLE | {"black": 9000.0}], frame=both)
    assert bad(larger) == {}  # the county has more
    thousands = beside(tmp_path, HERE, [{g: n / 1000 for g, n in PEOPLE.items()}])
    assert len(bad(thousands)["above residents"]) == 3


def test_the_benchmark_is_read_in_the_groups_of_each_table(tmp_path):
    from equity.agency import read_agency
    from equity.pipeline.accepted import compared

    (tmp_path / "b.csv").write_text(
        "race,n\nWhite,600\nBlack,300\nAsian,60\nPacific Islander,40\n", encoding="utf-8"
    )
    (tmp_path / "equity.toml").write_text(
        """
[agency]
name = "Somewhere"
place = "Somewhere"
timezone = "America/New_York"
[stops]
format = "opp"
files = ["stops.csv"]
[workforce]
format = "roster"
files = ["roster.csv"]
columns = { race = "race" }
[[benchmarks]]
name = "here"
label = "People here"
format = "population"
file = "b.csv"
place = "Somewhere"
columns = { group = "race", n = "n" }
values = { White = "white", Black = "black", Asian = "asian", "Pacific Islander" = "nhpi" }
""",
        encoding="utf-8",
    )
    agency = read_agency(tmp_path)
    told = {
        name: compared(agency, name, tmp_path, ["here"])["others"]["residents"]["People here"]
        for name in ("stops", "workforce")
    }
    assert told["stops"]["asian_pacific"] == 100.0
    assert {k: v for k, v in told["workforce"].items() if v} == {
        "white": 600.0, "black": 300.0, "asian": 60.0, "nhpi": 40.0
    }  # fmt: skip
    assert compared(agency, "stops", tmp_path, [])["others"]["residents"] == {}  # not usable
