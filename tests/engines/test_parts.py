"""Files counted apart and added up give the counts of all their rows, whatever comes and goes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import equity as eq
from equity.agency import read_agency
from equity.pipeline import counting, parts
from equity.pipeline.files import delivered

QUICK = {
    "deadline": None,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
AGENCY = """[agency]
name = "Example"
place = "Example city"
timezone = "America/New_York"
latitude = 41.77
longitude = -72.69

[stops]
files = ["stops-*.csv"]
format = "stops"
area = "beat"

[stops.columns]
date = "date"
subject_race = "race"

[[stops.leave_out]]
column = "type"
values = ["pedestrian"]
because = "another question"
"""
DAYS = [dt.date(2019, 12, 31), dt.date(2020, 3, 7), dt.date(2020, 3, 9), dt.date(2021, 7, 4)]
SCHEMA = pa.schema(
    [
        ("source_file", pa.string()),
        ("source_row", pa.int64()),
        ("date", pa.date32()),
        ("second_of_day", pa.int32()),
        ("subject_race", pa.string()),
        ("subject_age", pa.int16()),
        ("type", pa.string()),
        ("district", pa.string()),
        ("beat", pa.string()),
        ("officer_id", pa.string()),
        ("reason_for_stop", pa.string()),
        ("search_conducted", pa.bool_()),
        ("contraband_found", pa.bool_()),
    ]
)


def maybe(values):
    return st.none() | st.sampled_from(values)


ROW = st.tuples(
    maybe(DAYS),
    maybe([0, 61_000, 63_000, 66_000, 68_000, 72_000]),
    maybe(["black", "white", "ö, 'x'"]),
    maybe([16, 17, 24, 99]),
    maybe(["vehicular", "pedestrian"]),
    *[maybe(["a", "b"]) for _ in range(4)],
    *[st.none() | st.booleans() for _ in range(2)],
)
NAMES = ["stops-1.csv", "stops-2.csv", "stops-3 (new).csv", "o'brien.csv"]
FILES = st.dictionaries(st.sampled_from(NAMES), st.lists(ROW, min_size=1, max_size=15), min_size=1)
DELIVERIES = st.lists(FILES, min_size=1, max_size=3)
"""What the agency's folder holds at one check after the other: files come, go and change."""


def rows_of(files) -> list:
    return [(name, i, *row) for name, rows in files.items() for i, row in enumerate(rows, 2)]


def table(rows) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in SCHEMA]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA)


def agency_in(folder: Path):
    """Return an agency whose rows were checked, as far as counting them can tell."""
    (folder / "private").mkdir(parents=True)
    (folder / "equity.toml").write_text(AGENCY, encoding="utf-8")
    return read_agency(folder)


def deliver(agency, files, *, group: int = 7) -> None:
    pq.write_table(table(rows_of(files)), agency.private / "stops.parquet", row_group_size=group)


def counted(agency, *, verify: bool = False, said: list | None = None) -> dict:
    tell = (said if said is not None else []).append
    digests = {"stops": delivered(agency.private / "stops.parquet")}
    kept = parts.Parts(agency, digests, tell=tell, verify=verify)
    made = counting._together(agency, kept)
    kept.tidy()
    return made


def whole(agency) -> dict:
    """Every step in one pass over all rows, which stores nothing and adds nothing up."""

    class Whole(parts.Parts):
        def count(self, table, asked, cohort, said):
            return eq.count_all(cohort(None), asked)

    return counting._together(agency, Whole(agency, {}, tell=str))


def the_same(found, reference) -> None:
    assert found.keys() == reference.keys()
    for name, counts in found.items():
        wanted = reference[name]
        pd.testing.assert_frame_equal(counts.table, wanted.table, check_exact=True, obj=name)
        pd.testing.assert_frame_equal(counts.ledger, wanted.ledger, check_exact=True, obj=name)
        assert (counts.by, counts.of) == (wanted.by, wanted.of)


@pytest.fixture(autouse=True)
def _every_file_alone(monkeypatch) -> None:
    monkeypatch.setattr(parts, "LEAST", 1)


@settings(max_examples=15, **QUICK)
@given(deliveries=DELIVERIES, least=st.sampled_from([1, 10]))
def test_files_that_come_go_and_change_give_a_full_recount(tmp_path_factory, deliveries, least):
    agency = agency_in(tmp_path_factory.mktemp("parts") / "agency")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "LEAST", least)
        for files in deliveries:
            deliver(agency, files)
            found = counted(agency)
            assert len(found) == 8  # every step of stops, and the officers
            the_same(found, whole(agency))


MAY = [(DAYS[i % 4], 61_000 + 300 * i, "black", 20 + i, "vehicular", *"abab", i % 2 == 0, None)
       for i in range(12)]  # fmt: skip
JUNE = [(DAYS[i % 4], 63_000, "white", 30, "vehicular", *"baba", None, i % 3 == 0)
        for i in range(9)]  # fmt: skip


def test_a_new_month_is_counted_alone_and_a_corrected_file_replaces_its_part(tmp_path):
    agency, said = agency_in(tmp_path / "agency"), []
    deliver(agency, {"stops-1.csv": MAY, "stops-2.csv": JUNE})
    counted(agency, said=said)
    assert sorted(set(said)) == [
        "Counting the stops of stops-1.csv (12 rows)",
        "Counting the stops of stops-2.csv (9 rows)",
    ]
    for files, again in (
        ({"stops-1.csv": MAY, "stops-2.csv": JUNE}, set()),
        ({"stops-1.csv": MAY[::-1], "stops-2.csv": JUNE}, set()),  # the same in another order
        ({"stops-1.csv": MAY, "stops-2.csv": JUNE, "stops-3.csv": MAY[:4]}, {"stops-3.csv (4"}),
        ({"stops-1.csv": MAY[1:], "stops-2.csv": JUNE, "stops-3.csv": MAY[:4]},
         {"stops-1.csv (11"}),
        ({"stops-2.csv": JUNE, "stops-3.csv": MAY[:4]}, set()),  # a file is gone
    ):  # fmt: skip
        deliver(agency, files)
        said.clear()
        found = counted(agency, said=said)
        assert set(said) == {f"Counting the stops of {what} rows)" for what in again}
        the_same(found, whole(agency))
    stored = {path.name.rpartition("-")[0] for path in (agency.private / "parts").iterdir()}
    assert stored == set(found) | {f"{name}-sum" for name in found}
    assert len(list((agency.private / "parts").iterdir())) == 3 * len(found)


def test_another_rule_of_the_agency_counts_every_file_anew(tmp_path):
    agency = agency_in(tmp_path / "agency")
    deliver(agency, {"stops-1.csv": MAY, "stops-2.csv": JUNE})
    counted(agency)
    text = AGENCY.replace('"pedestrian"', '"vehicular"')
    (tmp_path / "agency" / "equity.toml").write_text(text, encoding="utf-8")
    agency = read_agency(tmp_path / "agency")
    found = counted(agency)
    the_same(found, whole(agency))
    assert found["stops"].table["n"].sum() == 0


@pytest.mark.parametrize("after", [1, 5, 9])
def test_an_interrupted_count_leaves_valid_parts(tmp_path, monkeypatch, after):
    agency, written = agency_in(tmp_path / "agency"), []
    deliver(agency, {"stops-1.csv": MAY, "stops-2.csv": JUNE})
    write = eq.CountTable.write

    def stopping(self, path):
        written.append(path)
        if len(written) > after:
            raise KeyboardInterrupt
        return write(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(eq.CountTable, "write", stopping)
        with pytest.raises(KeyboardInterrupt):
            counted(agency)
    assert len(list((agency.private / "parts").iterdir())) == after
    the_same(counted(agency, verify=True), whole(agency))


def test_a_damaged_part_is_counted_again(tmp_path):
    agency = agency_in(tmp_path / "agency")
    deliver(agency, {"stops-1.csv": MAY, "stops-2.csv": JUNE})
    counted(agency)
    for path in (agency.private / "parts").iterdir():
        path.write_bytes(path.read_bytes()[:-20])
    the_same(counted(agency), whole(agency))


def test_a_recount_that_differs_is_refused_and_mended(tmp_path):
    agency = agency_in(tmp_path / "agency")
    deliver(agency, {"stops-1.csv": MAY, "stops-2.csv": JUNE})
    counted(agency)
    for path in (agency.private / "parts").glob("stops_by_hour-sum-*"):
        counts = eq.read_counts(path)
        more = counts.table.assign(n=counts.table["n"] + 1)
        eq.CountTable(more, counts.by, counts.of, counts.ledger, counts.provenance).write(path)
    with pytest.raises(ValueError, match="^stops_by_hour: .* differ from a full recount"):
        counted(agency, verify=True)
    the_same(counted(agency, verify=True), whole(agency))


def test_rows_that_do_not_tell_their_file_are_counted_together(tmp_path):
    agency = agency_in(tmp_path / "agency")
    rows = table(rows_of({"stops-1.csv": MAY})).drop_columns(["source_file"])
    pq.write_table(rows, agency.private / "stops.parquet")
    the_same(counted(agency), whole(agency))


@settings(max_examples=10, **QUICK)
@given(pieces=st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=4))
def test_counts_of_several_engines_add_up(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("add") / "rows.parquet"
    tables = [table([("f", 1, *row) for row in rows]) for rows in pieces]
    makers = [
        lambda t: duckdb.connect().from_arrow(t),
        pl.from_arrow,
        lambda t: t.to_pandas(types_mapper={
            pa.bool_(): pd.BooleanDtype(), pa.int16(): pd.Int16Dtype(),
            pa.int32(): pd.Int32Dtype()}.get).astype({"date": "datetime64[us]"}),
        lambda t: pq.write_table(t, path) or path,
    ]  # fmt: skip
    by, of = ["subject_race", "district", "month", "search_conducted"], ["contraband_found"]

    def cohort(rows):
        return eq.Cohort(rows).keep(eq.col("type") == "vehicular", because="drivers")

    found = eq.add_counts(
        eq.count(cohort(makers[i % 4](part)), by=by, of=of) for i, part in enumerate(tables)
    )
    everything = duckdb.connect().from_arrow(pa.concat_tables(tables))
    reference = eq.count(cohort(everything), by=by, of=of)
    the_same({"all": found}, {"all": reference})


def one(*, by=("race",), because="drivers", **about) -> eq.CountTable:
    rows = pd.DataFrame({"race": ["a", None], "sex": ["f", "m"]})
    some = eq.Cohort(rows).keep(eq.col("race") == "a", because=because)
    return eq.count(some, by=by, provenance=about)


def test_provenance_is_that_of_all():
    may = {"sources": [{"file": "a.csv", "sha256": "1"}], "first_date": "2020-05-01",
           "last_date": "2020-05-31", "rows_in": 2, "labels": {"race": {"a": "A"}}}  # fmt: skip
    june = {"sources": [{"file": "b.csv", "sha256": "2"}], "first_date": "2020-06-01",
            "last_date": "2020-06-30", "rows_in": 3, "labels": {"race": {"b": "B"}}}  # fmt: skip
    about = eq.add_counts([one(**june), one(**may)]).provenance
    assert [s["file"] for s in about["sources"]] == ["b.csv", "a.csv"]
    assert (about["first_date"], about["last_date"]) == ("2020-05-01", "2020-06-30")
    assert about["rows_in"] == 5
    assert about["labels"] == {"race": {"b": "B", "a": "A"}}
    assert json.loads(json.dumps(about)) == about


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([], "There is no table"),
        ([one(), one(by=("sex",))], r"by=\['race'\] and by=\['sex'\]"),
        ([one(), one(because="others")], r"keep: drivers \| start: all records; keep: others"),
        ([one(agency="A"), one(agency="B")], "agency is 'A' in one and 'B' in another"),
        (
            [one(sources=[{"file": "a.csv", "sha256": "1"}])] * 2,
            "a.csv is among the sources of two",
        ),
    ],
)
def test_what_does_not_add_up_says_so(tables, message):
    with pytest.raises(ValueError, match=message):
        eq.add_counts(tables)


def test_estimates_do_not_add_up():
    counts = one()
    odd = eq.CountTable(counts.table.assign(moe=1.0), counts.by, counts.of, counts.ledger)
    with pytest.raises(ValueError, match="moe cannot be added up"):
        eq.add_counts([odd, odd])
