"""What `equity count` writes: which files, the same stops in each, every row accounted for."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from equity import measures, read_counts
from equity.agency import read_agency
from equity.pipeline import PLAN, check_agency, is_current
from equity.pipeline import count_agency as only_count

COUNTS = [
    "applicants", "daylight", "officers", "promotions", "residents_applicants", "residents_stops",
    "residents_workforce", "retention", "stops", "stops_by_age", "stops_by_area", "stops_by_hour",
    "stops_by_month", "stops_by_reason", "threshold_test", "waits", "workforce",
]  # fmt: skip
WHOLE = [
    "stops", "stops_by_age", "stops_by_area", "stops_by_hour", "stops_by_month", "stops_by_reason"
]  # fmt: skip


def count_agency(agency, **told):
    """Check an agency's files, and count them."""
    check_agency(agency)
    return only_count(agency, **told)


def quick_fit(counts, *, group, reference, within, tell=None):
    """Stand in for the threshold test, which takes minutes."""
    if tell:
        tell("Fitting")
    groups = counts.values(group)
    return pd.DataFrame(
        {"stratum": "all", "group": groups, "reference": reference, "threshold": 0.1,
         "reason": pd.Series([None] * len(groups), dtype="str")}
    )  # fmt: skip


def failing_fit(counts, **_):
    """Stand in for a fit that fails."""
    raise RuntimeError("row 17: Jane Doe")


@pytest.fixture(scope="module")
def folder(riverton, tmp_path_factory) -> Path:
    """The sample, counted."""
    path = tmp_path_factory.mktemp("counted") / "riverton"
    shutil.copytree(riverton, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measures, "threshold_test", quick_fit, raising=False)
        count_agency(read_agency(path))
    return path


@pytest.fixture(scope="module")
def tables(folder) -> dict:
    """Every count file."""
    return {p.stem: read_counts(p) for p in sorted((folder / "counts").glob("*.parquet"))}


@pytest.fixture(scope="module")
def truth(folder) -> dict:
    """What truth.json says."""
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def test_these_files_and_no_others(tables) -> None:
    assert list(tables) == COUNTS


@pytest.mark.parametrize("name", WHOLE)
def test_the_same_stops_are_in_every_file(tables, truth, name) -> None:
    rows = truth["stops"]["drawn"]["rows"]
    assert tables[name].table["n"].sum() == rows
    assert tables[name].ledger["rows"].iloc[-1] == rows


def test_columns_and_flags_are_those_of_the_plan(tables) -> None:
    """The sample has every column, so nothing is left out."""
    plan = {step.file: step for step in PLAN}
    for name in (*WHOLE, "daylight", "workforce", "waits"):
        assert tables[name].by == plan[name].by, name
        assert tables[name].of == plan[name].of, name
    wide = tables["stops"].table
    for name in ("stops_by_month", "stops_by_reason", "stops_by_age"):
        for flag in tables[name].of:
            for column in (flag, f"{flag}_known"):
                assert tables[name].table[column].sum() == wide[column].sum(), (name, column)
    assert {"force_used", "body_camera_on", "complaint_made"} < set(tables["stops"].of)
    assert wide["force_used"].sum() > 100


def test_periods_of_service_are_those_of_the_roster_and_the_exits(tables, truth) -> None:
    """Nobody is lost between the files and the counts: what cannot be used says why."""
    service = tables["retention"]
    assert service.ledger["because"].tolist() == [
        "all periods of service in the roster and the list of those who left",
        "left before being hired",
    ]
    assert service.ledger["left_out"].tolist() == [0, truth["exits"]["drawn"]["hired_again"]]
    assert service.table["n"].sum() == service.ledger["rows"].iloc[-1]
    assert (service.table["left_known"] == service.table["n"]).all()


def test_waits_are_of_those_who_reached_a_stage_or_are_still_in_it(tables) -> None:
    waits, applicants = tables["waits"], tables["applicants"]
    reached = waits.table.groupby("stage")["reached"].sum()
    assert reached.to_dict() == {s: applicants.table[s].sum() for s in applicants.of}
    assert waits.ledger["because"].iloc[0] == "a step for each applicant and stage"


def test_promotions_are_a_pipeline_of_their_own(tables, truth) -> None:
    assert tables["promotions"].of == ("written", "oral", "promoted")
    assert tables["promotions"].table["n"].sum() == truth["promotions"]["drawn"]["rows"]


def test_area_is_the_column_that_the_agency_names(tables, truth) -> None:
    areas = tables["stops_by_area"]
    beats = [b for beats in truth["stops"]["beats"].values() for b in beats]
    assert sorted(areas.values("area")) == sorted(beats)
    assert areas.provenance["area"] == "beat"


def test_keys_have_words_in_the_order_in_which_they_are_shown(tables) -> None:
    bands = ["under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over"]
    assert tables["stops_by_age"].values("age_band") == bands
    hours = tables["stops_by_hour"]
    assert hours.values("hour") == list(range(24))
    assert hours.labels("hour")[7] == "7:00 to 7:59"
    dark = tables["daylight"].labels("is_dark")
    assert dark == {True: "After dusk", False: "Before sunset"}


def test_every_stop_that_is_not_around_dusk_is_left_out_with_a_reason(tables, truth) -> None:
    daylight = tables["daylight"]
    ledger = daylight.ledger
    assert ledger["rows"].iloc[0] == truth["stops"]["drawn"]["rows"]
    assert (ledger["rows"].shift().iloc[1:] - ledger["left_out"].iloc[1:]).tolist() == ledger[
        "rows"
    ].iloc[1:].tolist()
    assert ledger["rows"].iloc[-1] == daylight.table["n"].sum()
    left = dict(zip(ledger["because"], ledger["left_out"], strict=True))
    assert left["time not known"] == pytest.approx(0.003 * ledger["rows"].iloc[0], rel=0.3)
    assert left["outside the hours that are sometimes light and sometimes dark"] > 30_000
    frame = daylight.table
    twilight = frame["is_dark"].isna()
    assert 0.05 < frame.loc[twilight, "n"].sum() / frame["n"].sum() < 0.3  # kept: the gap
    assert (frame.loc[twilight, "minutes_since_dusk"] < 0).all()
    assert (frame.loc[frame["is_dark"].fillna(False), "minutes_since_dusk"] >= 0).all()


def test_benchmarks_stand_side_by_side_with_their_districts(tables, truth) -> None:
    stops, workforce = tables["residents_stops"], tables["residents_workforce"]
    assert len(stops.values("benchmark")) == 3
    table = stops.table
    register = table[table["benchmark"].str.contains("register") & table["district"].notna()]
    assert register["district"].nunique() == 6
    assert (register["moe"] == 0).all()
    of_adults = sum(sum(d.values()) for d in truth["residents"]["adults"].values())
    told_by_sex = "Adults by sex, city register"  # meant for people, not for stops
    assert told_by_sex not in stops.values("benchmark")
    for label, where in (("Adults, city register", table), (told_by_sex, workforce.table)):
        adults = where[where["benchmark"] == label]
        assert adults["universe"].str.startswith("adults").all()
        assert adults["n"].sum() == of_adults
    assert "district" not in workforce.table.columns  # a workforce is that of the whole place
    assert not workforce.table.duplicated(["benchmark", "race", "sex"]).any()
    by_sex = workforce.split("benchmark")["Adults by sex, city register"]
    women = by_sex[by_sex["sex"] == "female"].set_index("race")["n"]
    said = truth["residents"]["adults_by_sex"]
    assert women.to_dict() == {group: people["female"] for group, people in said.items()}
    everyone = workforce.table.groupby("benchmark")["n"].sum()
    assert everyone["Residents, city register"] == pytest.approx(180_010)


def test_stop_rates_against_the_register_find_the_truth_of_every_district(tables, truth) -> None:
    register = tables["residents_stops"].split("benchmark")
    people = register["Residents, city register"]
    table = measures.stop_rates(
        tables["stops"], people, group="subject_race", reference="white", within="district"
    )
    said = truth["stops"]["stop_rate_ratio_by_district"]
    here = table[table["stratum"].isin(said) & table["group"].isin(["black", "hispanic"])]
    assert len(here) == 12
    for row in here.itertuples():
        true = said[row.stratum][row.group]
        se = np.log(row.ratio_high / row.ratio_low) / 2 / 1.96
        assert abs(np.log(row.ratio / true)) < 4 * se, (row.stratum, row.group)


def test_results_say_what_was_computed_when_and_from_what(tables) -> None:
    fit, officers = tables["threshold_test"], tables["officers"]
    said = fit.provenance["measure"]
    assert said["name"] == "threshold_test"
    assert said["arguments"] == [{"group": "subject_race", "reference": "white", "within": "area"}]
    assert said["computed"][:4].isdigit()
    assert said["failed"] == []
    assert said["hash"]
    assert fit.of == officers.of == ()
    assert fit.table["threshold"].eq(0.1).all()
    groups = [call["of_group"] for call in officers.provenance["measure"]["arguments"]]
    assert groups == ["black", "hispanic"]  # the others are too rare among stops
    assert officers.provenance["title"] == "Officers compared with their colleagues"


def test_officers_are_numbers_and_the_list_stays_private(folder, tables, truth) -> None:
    officers = tables["officers"].table
    assert sorted(officers["officer"].unique()) == list(range(1, 121))
    path = folder / "private/officers.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (folder / "private/.gitignore").read_text(encoding="utf-8") == "*\n"
    with path.open(encoding="utf-8", newline="") as file:
        numbers = {row["officer_id"]: int(row["number"]) for row in csv.DictReader(file)}
    assert sorted(numbers.values()) == list(range(1, 121))
    for file in (folder / "counts").iterdir():  # no key in any file of counts
        raw = file.read_bytes()
        assert not any(key.encode() in raw for key in numbers), file.name
    assert list(numbers) != sorted(numbers)  # nor does their order tell which is which


def test_the_three_officers_who_differ_are_found_and_no_other(folder, tables, truth) -> None:
    with (folder / "private/officers.csv").open(encoding="utf-8", newline="") as file:
        numbers = {row["officer_id"]: int(row["number"]) for row in csv.DictReader(file)}
    planted = {numbers[key] for key in truth["stops"]["drawn"]["officers"]["differ"]}
    officers = tables["officers"].table
    black = officers[officers["group"] == "black"]
    assert set(black.loc[black["differs"].fillna(False), "officer"]) == planted
    found = black[black["officer"].isin(planted)]
    assert (found["odds_low"] < np.exp(0.95)).all()
    assert (found["odds_high"] > np.exp(0.65)).all()
    assert black["reason"].notna().sum() <= 5
    assert black["balance_after"].max() < 0.1


def test_counted_again_only_when_something_has_changed(folder, monkeypatch) -> None:
    agency = read_agency(folder)
    assert is_current(agency)
    called = []

    def fit(counts, **arguments):
        called.append(1)
        return quick_fit(counts, **arguments)

    monkeypatch.setattr(measures, "threshold_test", fit, raising=False)
    monkeypatch.setattr(measures, "officers", failing_fit)
    before = read_counts(folder / "counts/officers.parquet")
    told = []
    count_agency(agency, tell=told.append)  # the counts are as they were: nothing is fitted
    assert called == []
    assert "Threshold test: the counts have not changed, so the result stays" in told
    after = read_counts(folder / "counts/officers.parquet")
    pd.testing.assert_frame_equal(before.table, after.table)
    assert after.provenance["measure"] == before.provenance["measure"]


def small(folder: Path, header: str, *lines: str, more: str = "") -> Path:
    """An agency of a few lines."""
    folder.mkdir()
    text = "\n".join(["date,time,subject_race,subject_sex" + header, *lines]) + "\n"
    (folder / "stops.csv").write_text(text, encoding="utf-8")
    (folder / "equity.toml").write_text(
        '[agency]\nname = "A"\nplace = "B"\ntimezone = "America/New_York"\n'
        f'[stops]\nformat = "opp"\nfiles = ["stops.csv"]\n{more}',
        encoding="utf-8",
    )
    return folder


def test_a_row_counts_for_as_many_stops_as_its_weight_says(tmp_path) -> None:
    folder = small(
        tmp_path / "a", ",type,number",
        "2024-01-05,10:00,white,male,vehicular,30",
        "2024-02-05,23:00,black,female,vehicular,12",
        "2024-03-05,11:00,black,female,pedestrian,1",
        more='[stops.columns]\ndate = "date"\nsecond_of_day = "time"\ntype = "type"\n'
        'subject_race = "subject_race"\nweight = "number"\n'
        '[[stops.keep]]\ncolumn = "type"\nvalues = ["vehicular"]\nbecause = "drivers only"\n',
    )  # fmt: skip
    text = (folder / "equity.toml").read_text(encoding="utf-8")
    text = text.replace('format = "opp"', 'format = "stops"\nscheme = "stanford"')
    (folder / "equity.toml").write_text(text, encoding="utf-8")
    count_agency(read_agency(folder))
    counts = read_counts(folder / "counts/stops.parquet")
    assert counts.table.set_index("subject_race")["n"].to_dict() == {"white": 30, "black": 12}
    assert counts.ledger[["rows", "left_out"]].to_numpy().tolist() == [[43, 0], [42, 1]]
    assert counts.ledger["because"].tolist() == [
        "all stops; 3 records of the file stand for them", "drivers only",
    ]  # fmt: skip


def test_what_a_file_does_not_have_is_left_out(tmp_path) -> None:
    """No place, no reason, no age, no officer, no latitude: no such count files."""
    folder = small(
        tmp_path / "a", "", "2024-01-05,10:00,white,male", "2024-01-06,11:00,black,male"
    )
    count_agency(read_agency(folder))
    found = sorted(p.stem for p in (folder / "counts").glob("*.parquet"))
    assert found == ["stops", "stops_by_hour", "stops_by_month"]
    assert read_counts(folder / "counts/stops_by_month.parquet").by == (
        "subject_race", "year", "month",
    )  # fmt: skip


def test_an_area_that_the_file_does_not_have_is_refused(tmp_path) -> None:
    folder = small(tmp_path / "a", "", "2024-01-05,10:00,white,male", more='area = "beat"\n')
    with pytest.raises(ValueError, match=r"\[stops\] area = 'beat': this agency's file has no"):
        count_agency(read_agency(folder))
    assert not (folder / "counts").exists()


def test_a_fit_that_fails_stops_nothing_and_shows_no_record(tmp_path, monkeypatch) -> None:
    folder = small(
        tmp_path / "a", ",district,officer_id_hash,search_conducted,contraband_found",
        "2024-01-05,10:00,white,male,x,k1,TRUE,TRUE",
        "2024-01-06,11:00,black,male,x,k2,FALSE,NA",
    )  # fmt: skip
    monkeypatch.setattr(measures, "threshold_test", failing_fit, raising=False)
    count_agency(read_agency(folder))
    fit = read_counts(folder / "counts/threshold_test.parquet")
    assert fit.table["group"].tolist() == ["white", "black"]
    assert fit.table["reason"].eq("The computation stopped (RuntimeError).").all()
    assert fit.provenance["measure"]["failed"] == ["The computation stopped (RuntimeError)."]
    assert b"Jane Doe" not in (folder / "counts/threshold_test.parquet").read_bytes()
    officers = read_counts(folder / "counts/officers.parquet").table
    assert officers["reason"].eq("fewer than 50 stops that can be compared").all()
    # what failed is tried again, though the counts are the same
    monkeypatch.setattr(measures, "threshold_test", quick_fit, raising=False)
    count_agency(read_agency(folder))
    fit = read_counts(folder / "counts/threshold_test.parquet")
    assert fit.table["threshold"].eq(0.1).all()


def test_an_officer_keeps_their_number(tmp_path) -> None:
    lines = [f"2024-01-05,10:00,{r},male,x,k{i}" for i in range(9) for r in ("white", "black")]
    folder = small(tmp_path / "a", ",district,officer_id_hash", *lines)
    count_agency(read_agency(folder))
    path = folder / "private/officers.csv"
    before = path.read_text(encoding="utf-8").splitlines()
    with (folder / "stops.csv").open("a", encoding="utf-8") as file:
        file.write("2024-01-07,10:00,white,male,x,aaa\n")
    count_agency(read_agency(folder))
    assert path.read_text(encoding="utf-8").splitlines() == [*before, "10,aaa"]


def test_counts_are_there_before_the_long_work_and_current_only_after(tmp_path, monkeypatch):
    folder = small(
        tmp_path / "a", ",district,search_conducted,contraband_found",
        "2024-01-05,10:00,white,male,x,TRUE,TRUE", "2024-01-06,11:00,black,male,x,FALSE,NA",
    )  # fmt: skip
    agency = read_agency(folder)

    def interrupted(counts, **_):
        assert (folder / "counts/stops.parquet").is_file()
        assert not is_current(agency)
        raise KeyboardInterrupt

    monkeypatch.setattr(measures, "threshold_test", interrupted, raising=False)
    with pytest.raises(KeyboardInterrupt):
        count_agency(agency)
    assert (folder / "counts/stops.parquet").is_file()
    assert not is_current(agency)
    # without the long work nothing is interrupted, and the counts are not complete
    paths = count_agency(agency, fits=False)
    assert "threshold_test.parquet" not in {p.name for p in paths}
    assert not is_current(agency)
    monkeypatch.setattr(measures, "threshold_test", quick_fit, raising=False)
    count_agency(agency)
    assert is_current(agency)
    assert (folder / "counts/threshold_test.parquet").is_file()


def test_an_agency_of_california_is_checked_and_counted_in_the_groups_of_its_file(tmp_path):
    """With no scheme named: code 4, Middle Eastern or South Asian, is a group of its own."""
    lines = [
        "DOJ_RECORD_ID,PERSON_NUMBER,DATE_OF_STOP,TIME_OF_STOP,CLOSEST_CITY,RAE_FULL,G_FULL,AGE,"
        "REASON_FOR_STOP,ADS_SEARCH_PERSON,ADS_SEARCH_PROPERTY,CED_NONE_CONTRABAND,CED_DRUGS",
        "A,1,2022-01-05,10:05:00,Davis,4,1,20,1,1,0,0,1",
        "A,2,2022-01-05,10:05:00,Davis,7,2,31,1,0,0,0,0",
        "B,1,2022-02-07,22:15:00,Davis,2,1,44,2,1,1,1,0",
    ]
    (tmp_path / "stops.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "equity.toml").write_text(
        '[agency]\nname = "A"\nplace = "Davis"\ntimezone = "America/Los_Angeles"\n'
        '[stops]\nformat = "ripa"\nfiles = ["stops.csv"]\narea = "city"\n',
        encoding="utf-8",
    )
    count_agency(read_agency(tmp_path), fits=False)
    counts = read_counts(tmp_path / "counts/stops.parquet")
    assert counts.table.groupby("subject_race")["n"].sum().to_dict() == {
        "mesa": 1, "black": 1, "white": 1,
    }  # fmt: skip
    assert counts.provenance["scheme"]["name"] == "ripa"
    assert counts.labels("subject_race")["mesa"] == "Middle Eastern or South Asian"
    sums = counts.table[["search_conducted", "contraband_found", "contraband_found_known"]].sum()
    assert sums.tolist() == [2, 1, 2]
