"""Applicants: dispositions, dates of stages, and the columns of NEOGOV's report."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from equity.sources import applicants, neogov

STAGES = ("screened", "interviewed", "hired")
CODES = {
    "column": "Disposition",
    "passed": ["001"],
    "failed": {"NQ1": "screened", "020": "interviewed", "30": "hired"},
    "withdrew": {"W2": "interviewed"},
    "pending": {"P3": "hired", "P1": "screened"},
}


def flow(codes: list[str | None], **options: Any) -> pd.DataFrame:
    table = pd.DataFrame({"Race": ["White"] * len(codes), "Disposition": codes})
    given = {"columns": {"race": "Race"}, "stages": dict.fromkeys(STAGES, {})}
    return applicants.standardize(table, **({"disposition": CODES} | given | options))


def flags(table: pd.DataFrame, stages: tuple[str, ...] = STAGES) -> list[list[Any]]:
    part = table[list(stages)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def test_a_code_says_how_far_each_came() -> None:
    told = {
        "1": [True, True, True],  # 001 without its zeros
        "nq1": [False, False, False],
        "20": [True, False, False],
        "030": [True, True, False],
        "W2": [True, None, None],  # nobody knows whether who withdrew would have passed
        "P3": [True, True, None],
        "P1": [None, None, None],
        None: [None, None, None],
    }
    assert flags(flow(list(told))) == list(told.values())
    assert list(flow(["1"])) == ["race", "race_unknown", *STAGES]
    got = flow(list(told))["still_open"].astype(object)
    assert dict(zip(told, got.where(got.notna(), None), strict=True)) == {
        "1": None, "nq1": None, "20": None, "030": None,
        "W2": False, "P3": True, "P1": True, None: None,
    }  # fmt: skip


def test_a_column_of_a_stage_comes_before_the_code() -> None:
    table = pd.DataFrame(
        {"Race": ["White"] * 3, "Disposition": ["NQ1", "P1", "1"], "Scr": ["Y", "", "N"]}
    )
    got = applicants.standardize(
        table,
        columns={"race": "Race"},
        stages={"screened": "Scr", "interviewed": {}, "hired": {}},
        disposition=CODES,
    )
    assert flags(got) == [[True, False, False], [None, None, None], [False, True, True]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"disposition": CODES | {"passed": []}}, "dispositions that are not named: '1'"),
        ({"disposition": CODES | {"failed": {"1": "tested"}}}, "'tested', which is not a stage"),
        ({"disposition": CODES | {"pending": {"001": "hired"}}}, "'001' is named twice"),
        ({"disposition": CODES | {"passed": "001"}}, "must be a list of codes"),
        ({"disposition": CODES | {"left": {}}}, "it says 'column', 'passed'"),
        ({"disposition": CODES | {"column": "Code"}}, "has no column 'Code' for the disposition"),
        ({"disposition": None}, "Stage 'screened' must be the name of a column"),
    ],
)
def test_errors_of_dispositions(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        flow(["1"], **options)
    assert words in str(caught.value)


DATED = pd.DataFrame(
    {
        "Race": ["White", "Black", "Asian"],
        "Test": ["Pass", "Fail", "Pass"],
        "Test Date": ["2020-03-01", "3/2/2020", "soon"],
        "Hired": ["2020-05-01", "", None],
    }
)


def test_dates_stand_beside_the_flags() -> None:
    got = applicants.standardize(
        DATED,
        columns={"race": "Race"},
        stages={"tested": {"column": "Test", "date": "Test Date"}, "hired": "Hired"},
    )
    assert list(got)[:6] == [
        "race",
        "race_unknown",
        "tested",
        "tested_date",
        "hired",
        "hired_date",
    ]
    days = [d.date() if d is not pd.NaT else None for d in got["tested_date"]]
    assert days == [dt.date(2020, 3, 1), dt.date(2020, 3, 2), None]
    assert got["raw_tested_date"].tolist()[2] == "soon"
    assert got["hired_date"].notna().tolist() == got["hired"].tolist() == [True, False, False]


def test_a_stage_may_be_its_date_alone() -> None:
    got = applicants.standardize(
        DATED, columns={"race": "Race"}, stages={"hired": {"date": "Hired"}}
    )
    assert got["hired"].tolist() == [True, False, False]
    words = applicants.standardize(DATED, columns={"race": "Race"}, stages={"tested": "Test"})
    assert "tested_date" not in words.columns and "raw_tested_date" not in words.columns


def test_candidates_for_promotion_are_another_table() -> None:
    strange = DATED.assign(Race="Xy")
    with pytest.raises(ValueError, match=r"\[promotions\.values\.race\]"):
        applicants.standardize(
            strange, columns={"race": "Race"}, stages={"hired": "Hired"}, table="promotions"
        )
    with pytest.raises(ValueError, match="must be one of 'applicants', 'promotions'"):
        applicants.standardize(
            DATED, columns={"race": "Race"}, stages={"hired": "Hired"}, table="exits"
        )


REPORT = """Exam Number,Application Date,Ethnicity,Gender,AP,SQ,TE,ELIG,AI,AH
0042,1/5/2020,White,F,Y,Y,Y,Y,Y,Y
0042,1/6/2020,Declined to State,M,Y,Y,N,N,N,N
0042,1/7/2020,,M,Y,N,,,,
"""


def test_the_report_of_neogov(tmp_path: Path) -> None:
    file = tmp_path / "flow.csv"
    file.write_text(REPORT, encoding="utf-8")
    got = neogov.read(file).df()
    assert list(neogov.STAGES) == [c for c in got.columns if c in neogov.STAGES]
    assert flags(got, ("received", "screened", "rated", "eligible", "hired")) == [
        [True] * 5,
        [True, True, False, False, False],
        [True, False, False, False, False],
    ]
    assert got["posting"].tolist() == ["0042"] * 3  # the zeros are part of the number
    assert got["race_unknown"].tolist()[1:] == ["declined", "not stated"]
    assert got["year"].tolist() == [2020] * 3


def test_neogov_by_dispositions_and_by_stages_of_its_own() -> None:
    table = pd.DataFrame({"Race": ["White", "Black"], "Disposition": ["1", "NQ1"]})
    got = neogov.standardize(table, stages=dict.fromkeys(STAGES, {}), disposition=CODES)
    assert flags(got) == [[True] * 3, [False] * 3]
    some = pd.DataFrame({"Race": ["White"], "ELIG": ["Y"], "AH/P": ["2020-02-01"], "Oral": ["N"]})
    got = neogov.standardize(some, stages={"eligible": {}, "oral": "Oral", "hired": {}})
    assert flags(got, ("eligible", "oral", "hired")) == [[True, False, True]]
    with pytest.raises(ValueError, match="None of the columns of a NEOGOV report is here: AP, SQ"):
        neogov.standardize(table)
