"""The history of loads: an entry for each delivery, what changed in words, and no crash."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from data_checks.loads import read_loads, record
from data_checks.report import ASIDE, STOP, WARN, Report, RuleResult

DAY = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)


def rule(bad: int, *, id: str = "S14", severity=WARN, allowed: float = 0.05, **more) -> RuleResult:
    """Return a rule that `bad` of 1,000 rows break."""
    told = {
        "outcome": "failed" if bad / 1000 > allowed else "passed", "tested": 1000, "bad": bad,
        "share": bad / 1000, "allowed": allowed, **more,
    }  # fmt: skip
    return RuleResult(id, f"Race is missing in few rows ({id}).", severity, **told)


def load(folder: Path, *rules: RuleResult, key: str, days: int = 0, table: str = "stops") -> str:
    """Record a load of one table."""
    aside = sum(r.bad or 0 for r in rules if r.severity == ASIDE and r.outcome == "failed")
    report = Report(table, 1000, 1000 - aside, aside, rules, data_file=f"{table}.csv")
    return record(
        {table: report}, folder, key=key * 64, agency="A&B", now=DAY + dt.timedelta(days=days)
    )


def page(folder: Path, name: str = "loads.html") -> str:
    """Return the words of a page, without its marks."""
    text = (folder / name).read_text(encoding="utf-8").split("</style>")[1]
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_every_load_has_a_place_of_its_own(tmp_path):
    one = load(tmp_path, rule(31), key="a")
    two = load(tmp_path, rule(79), key="b", days=30)
    assert (one, two) == ("20260105T090000Z-aaaaaaaa", "20260204T090000Z-bbbbbbbb")
    for name, share in ((one, 0.031), (two, 0.079)):
        report = Report.from_json(tmp_path / "loads" / name / "stops.json")
        assert (report.load, report.rules[0].share) == (name, share)
        assert (tmp_path / "loads" / name / "index.html").is_file()
    assert Report.from_json(tmp_path / "stops.json").load == two  # the last one lies in front, too
    assert [found.id for found in read_loads(tmp_path)] == [two, one]
    left = {p.name for p in tmp_path.rglob("*") if p.name[0] == "." or p.suffix == ".part"}
    assert left == set()


def test_a_rule_that_came_out_otherwise_is_named_first_in_words(tmp_path):
    load(tmp_path, rule(31), rule(0, id="S22"), key="a")
    load(tmp_path, rule(79), rule(0, id="S22"), key="b", days=30)
    said = page(tmp_path)
    changed, _, rest = said.partition("All loads")
    assert "Stops, S14 Race is missing in few rows (S14). Before: ✓ passed (3.1%)." in changed
    assert "Now: ! warning (7.9%)." in changed
    assert "S22" not in said  # what is always the same is summed up
    assert "1 rule was the same in every load" in rest
    assert "79 of 1,000" in rest and "31 of 1,000" in rest


def test_a_file_that_can_be_used_no_longer_is_named_and_no_old_result_is_called_new(tmp_path):
    load(tmp_path, rule(31), rule(79, id="S22"), key="a")
    unread = Report.unread("stops", "the file is empty.")
    record({"stops": unread}, tmp_path, key="b" * 64, now=DAY + dt.timedelta(days=30))
    changed, _, rest = page(tmp_path).partition("All loads")
    assert (
        "Stops Before: 1,000 of 1,000 rows can be used; none were set aside; 1 warning." in changed
    )
    assert "Now: The file cannot be used yet: the file is empty." in changed
    assert "Now: the file cannot be used yet." in rest
    assert "Last tested 2026-01-05, 09:00 UTC: ! warning (7.9%)." in rest
    assert "Now: ! warning" not in rest and "Now: ✓ passed" not in rest
    load(tmp_path, rule(31), rule(79, id="S22"), key="c", days=60)
    changed, _, rest = page(tmp_path).partition("All loads")
    assert "Before: The file cannot be used yet: the file is empty. Now: 1,000 of" in changed
    assert "Now: the file can be read." in rest
    assert "Now: ! warning (7.9%)." in rest and "No rule came out" not in changed


def test_a_rule_that_has_rows_to_test_again_and_passes_is_no_change(tmp_path):
    load(tmp_path, rule(0, outcome="nothing to test", tested=0, share=None), key="a")
    load(tmp_path, rule(31), key="b", days=30)
    assert "No rule came out otherwise" in page(tmp_path).partition("All loads")[0]


def test_totals_alone_do_not_ask_for_a_look(tmp_path):
    total = rule(2, id="S48", severity=ASIDE, allowed=0.0, expected=True)
    for key, expected, look in (("a", 2, False), ("b", 1, True)):
        report = Report("stops", 1000, 998, 2, (total,), rows_expected=expected)
        record({"stops": report}, tmp_path, key=key * 64, now=DAY)
        (newest, *_) = re.findall(r"all can be used(, look)?", page(tmp_path))
        assert bool(newest) == look


def test_the_same_files_are_not_a_load_of_their_own(tmp_path):
    one = load(tmp_path, rule(31), key="a")
    assert load(tmp_path, rule(31), key="a", days=3) == one
    (found,) = read_loads(tmp_path)
    assert (found.first[:10], found.last[:10]) == ("2026-01-05", "2026-01-08")
    assert "the same files again on 2026-01-08" in page(tmp_path)
    assert "Checked again: 2026-01-08, 09:00 UTC; the files were the same." in page(
        tmp_path, "index.html"
    )
    load(tmp_path, rule(31), key="b", days=4)
    load(tmp_path, rule(31), key="a", days=5)  # an old delivery again, after another one
    assert len(read_loads(tmp_path)) == 3


DAMAGE = {
    "no JSON": ("load.json", "{"),
    "another form": ("load.json", '{"format": 99}'),
    "a list": ("load.json", "[1]"),
    "no report": ("stops.json", None),
    "a report cut short": ("stops.json", '{"table": "stops"'),
    "a number that is none": ("stops.json", ("0.031", '"x"')),
    "a count that is none": ("load.json", ('"rows": 1000', '"rows": "<b>"')),
    "an outcome that is none": ("stops.json", ('"passed"', '"fine"')),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_load_that_cannot_be_read_is_named_and_stops_nothing(tmp_path, case):
    one = load(tmp_path, rule(31), key="a")
    name, text = DAMAGE[case]
    path = tmp_path / "loads" / one / name
    if text is None:
        path.unlink()
    elif isinstance(text, str):
        path.write_text(text, encoding="utf-8")
    else:
        whole = path.read_text(encoding="utf-8")
        assert text[0] in whole
        path.write_text(whole.replace(*text), encoding="utf-8")
    two = load(tmp_path, rule(79), key="b", days=30)
    assert [bool(found.problem) for found in read_loads(tmp_path)] == [False, True]
    said = page(tmp_path)
    assert f"{one} This load cannot be read" in said
    assert "2 loads" in said and "This is the first load" in said
    assert (tmp_path / "loads" / two / "index.html").is_file()


def test_a_new_table_a_new_rule_and_a_rule_without_rows_are_no_change(tmp_path):
    load(tmp_path, rule(31), key="a")
    empty = rule(0, outcome="nothing to test", tested=0, share=None)
    load(tmp_path, empty, rule(99, id="S70"), key="b", days=30)
    changed = page(tmp_path).partition("All loads")[0]
    assert "S14" in changed and "nothing to test" in changed
    assert "S70" not in changed  # it was not there before
    load(tmp_path, rule(5, id="W17"), key="c", days=60, table="workforce")
    changed = page(tmp_path).partition("All loads")[0]
    assert "No rule came out otherwise" in changed


def test_the_pages_stand_alone_and_hold_no_place_of_a_record(tmp_path):
    where = rule(3, severity=ASIDE, allowed=0.0, rows=("row 17", "row 23", "row 512"))
    for days, key in enumerate("abc"):
        load(tmp_path, where, key=key, days=days)
    text = (tmp_path / "loads.html").read_text(encoding="utf-8")
    assert "row 17" not in text
    assert not re.search(r"https?:|src=|@import|url\(", text)
    assert "A&amp;B" in text
    assert text.count("<h1") == 1 and "<svg" in text and 'aria-hidden="true"' in text
    for table in re.findall(r"<table.*?</table>", text, flags=re.S):
        assert "<caption>" in table and 'scope="col"' in table and 'scope="row"' in table
    style, body = text.split("</style>")
    used = {c for group in re.findall(r'class="([^"]+)"', body) for c in group.split()}
    assert {c for c in used if f".{c}" not in style} == set()
    for link in re.findall(r'href="([^"#]+)"', text):
        assert (tmp_path / link).is_file(), link
    for link in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{link}"' in text
    old = tmp_path / "loads" / "20260105T090000Z-aaaaaaaa" / "index.html"
    assert "Those of this load are not kept" in old.read_text(encoding="utf-8")


def test_a_check_that_was_interrupted_leaves_nothing_half(tmp_path, monkeypatch):
    load(tmp_path, rule(31), key="a")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def broken(*_, **__):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("data_checks.loads.write_page", broken)
        with pytest.raises(OSError, match="the disk is full"):
            load(tmp_path, rule(79), key="b", days=1)
    shown = {
        p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and ".new-" not in str(p)
    }
    assert shown == before
    load(tmp_path, rule(79), key="b", days=2)
    assert len(read_loads(tmp_path)) == 2
    assert not [p for p in (tmp_path / "loads").iterdir() if p.name[0] == "."]


def test_the_json_names_its_form(tmp_path):
    name = load(tmp_path, rule(31), rule(1, id="S01", severity=STOP, allowed=0.0), key="a")
    for path in ("stops.json", f"loads/{name}/stops.json", f"loads/{name}/load.json"):
        assert json.loads((tmp_path / path).read_text(encoding="utf-8"))["format"] == 1
