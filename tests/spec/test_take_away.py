"""Sliders as arguments of a figure, and the workbook of its table."""

from __future__ import annotations

import io
import time

import openpyxl
import pandas as pd
import pytest
import traitlets

import equity as eq
from equity import charts, measures, widgets

STAFF = pd.DataFrame({"sex": ["female", "male"], "year": [2025, 2025], "n": [45, 378]})


def staff() -> eq.CountTable:
    rows = pd.DataFrame({"sex": ["female"] * 45 + ["male"] * 378}).assign(year=2025)
    labels = {"sex": {"female": "Women", "male": "Men"}}
    about = {"agency": "Scratch", "fictional": True, "labels": labels}
    return eq.count(rows, by=["sex", "year"], provenance=about)


def figure(**kw) -> widgets.Panel:
    usual = {"group": "sex", "focal": "female", "target": 0.3, "hires": 40, "exit_rates": 0.07}
    return widgets.show(
        staff(), measures.parity_projection, charts.parity_projection, **(usual | kw)
    )


# ------------------------------------------------------------ sliders


@pytest.mark.parametrize(
    ("made", "picked", "words", "address"),
    [
        (("Women among hires", 0, 0.6, 0.01, 0.3, "%"), 0.3, "30%", "30"),
        (("Leave in a year", 0, 0.2, 0.005, 0.065, "%"), 0.065, "6.5%", "6.5"),
        (("Hires in a year", 0, 2000, 10, 1200, "people"), 1200, "1,200 people", "1200"),
        (("Target year", 2026, 2060, 1, 2030, "year"), 2030, "2030", "2030"),
    ],
)
def test_a_slider_says_its_number_as_a_reader_has_it(made, picked, words, address) -> None:
    one = widgets.slider(*made)
    assert (one.picked, one.words) == (picked, words)
    assert type(one.picked) is type(picked)
    assert one.addresses[one.value] == address
    assert one.named(address) == pytest.approx(picked)
    assert not one.is_made


@pytest.mark.parametrize("text", ["", "x", "61", "-1", "1e3", "nan", "30%", "9" * 30])
def test_an_address_that_is_no_number_between_the_ends_is_none(text) -> None:
    assert widgets.slider("Women", 0, 0.6, 0.01, 0.3, "%").named(text) is None


def test_a_number_from_a_page_is_kept_on_the_scale() -> None:
    one = widgets.slider("Women", 0, 0.6, 0.01, 0.3, "%")
    for sent, kept in ((0.1 + 0.2, 0.3), (0.2049, 0.2), (7, 0.6), (-1, 0.0)):
        one.value = sent
        assert one.value == kept
    with pytest.raises(traitlets.TraitError, match="needs a number"):
        one.value = float("nan")


@pytest.mark.parametrize(
    ("unit", "step", "counted", "words"),
    [
        ("%", 0.01, 16 / 140, "11.4% as counted"),
        ("%", 0.01, 0.3, "30% as counted"),
        ("%", 0.005, 0.0625, "6.2% as counted"),
        ("", 1, 13.5, "13.5 as counted"),
        ("", 1, 14.0, "14 as counted"),
    ],
)
def test_what_was_counted_may_lie_between_two_steps(unit, step, counted, words) -> None:
    """The slider says the number that the sentence says, until another is set."""
    one = widgets.slider("Hired", 0, 1 if unit else 50, step, 0, unit)
    told = []
    one.observe(lambda change: told.append(change["new"]), names="value")
    one.begin(counted, "as counted")
    assert one.picked == pytest.approx(counted, abs=1e-9) and not one.is_made
    assert (one.words, len(told)) == (words, 1)
    one.value = counted + step
    assert one.is_made and "counted" not in one.words
    assert (one.value / step) == pytest.approx(round(one.value / step))
    one.begin(0.2 if unit else 20)
    assert one.words == ("20.0%" if step == 0.005 else "20%" if unit else "20")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ((1, 0, 0.1, 0.5), "must be below"),
        ((0, 1, 0, 0.5), "must be above 0"),
        ((0, 1, 0.1, 2), "is not between its ends"),
    ],
)
def test_a_slider_that_cannot_be_is_refused(made, says) -> None:
    with pytest.raises(ValueError, match=says):
        widgets.slider("Women", *made)


def test_a_figure_follows_its_sliders_also_inside_a_mapping() -> None:
    share = widgets.slider("Women among hires", 0, 0.6, 0.01, 0.2, "%")
    leave = widgets.slider("Women who leave", 0, 0.2, 0.01, 0.07, "%")
    panel = figure(hire_share=share, exit_rates={"female": leave, "others": 0.07})
    assert set(panel.follows) == {share.model_id, leave.model_id}
    assert "level off at 20%" in panel.title
    spec = panel.spec
    share.value = 0.45
    assert panel.title.startswith("With 45% of hires")
    assert panel.spec == spec, "only the rows are sent"
    assert panel.filename == "parity-projection-women-among-hires-45"
    leave.value = 0.2
    assert "level off" in panel.title
    assert not panel.busy and not panel.problem


def test_a_slider_stands_in_a_row_with_choices() -> None:
    share = widgets.slider("Women among hires", 0, 0.6, 0.01, 0.2, "%")
    bar = widgets.choices_bar(widgets.choice("Year", [2024, 2025]), share)
    address = bar.children[-1]
    assert address.shown == "Shown: Year: 2024; Women among hires: 20%."
    address.asked = {"women-among-hires": "33"}
    assert (share.picked, address.missed) == (0.33, "")
    assert address.chosen == {"year": None, "women-among-hires": "33"}
    address.asked = {"women-among-hires": "90"}
    assert address.missed == "Not available here: women among hires 90. Showing 33%."


def test_a_figure_answers_a_slider_within_a_tenth_of_a_second() -> None:
    share = widgets.slider("Women among hires", 0, 0.6, 0.01, 0.2, "%")
    figure(hire_share=share, by_year=2035)
    took = []
    for step in range(1, 16):
        start = time.process_time()  # whatever else the machine does
        share.value = 0.2 + step / 100
        took.append(time.process_time() - start)
    assert min(took) < 0.1, "40 ms on a quiet machine"


# ------------------------------------------------------------ workbook


def opened(panel) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(panel.workbook()))


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http")', "a\x07b", "plain"]


def test_text_that_begins_like_a_formula_stays_text() -> None:
    frame = pd.DataFrame({"group": HOSTILE, "n": range(8)})
    panel = widgets.table(
        frame, caption="=cmd|' /C calc'!A0", filename="x", columns=["group", "n"]
    )
    book = opened(panel)
    numbers, about = book.worksheets
    for row, text in zip(numbers.iter_rows(min_row=2, max_col=1), HOSTILE, strict=True):
        assert row[0].data_type == "s"
        assert row[0].value == text.replace("\x07", "")
        assert bool(row[0].quotePrefix) == (text[0] in "=+-@\t")
    assert about["B1"].data_type == "s"
    assert not any(c.data_type == "f" for s in book for r in s.iter_rows() for c in r)


def test_numbers_are_numbers_in_their_format_and_words_are_words() -> None:
    frame = pd.DataFrame(
        {
            "group": ["women", "men"],
            "n": [1200, 30],
            "share": [0.12345, None],
            "difference": [-0.031, 0.02],
            "ratio": [0.5, float("inf")],
            "rate": [0.012, 0.5],
            "p_value": [0.00004, 0.4],
            "below": pd.array([True, None], dtype="boolean"),
            "reason": [None, "nobody hired"],
        }
    )
    kinds = {
        "group": ("Group", "text"),
        "n": ("People", "whole"),
        "share": ("Share", "percent"),
        "difference": ("Difference in points", "points"),
        "ratio": ("Ratio", "ratio"),
        "rate": ("Per 1,000", "per_thousand"),
        "p_value": ("p-value", "p"),
        "below": ("Below four-fifths", "flag"),
    }
    panel = widgets.table(frame, caption="Who", columns=kinds, filename="who", summary="All.")
    sheet, about = opened(panel).worksheets
    head, first, second = sheet.iter_rows()
    assert [c.value for c in head] == [*(k[0] for k in kinds.values()), "Why a figure is missing"]
    assert [c.value for c in first] == [
        "women",
        1200,
        0.12345,
        -3.1,
        0.5,
        12,
        0.00004,
        "yes",
        None,
    ]
    assert [c.number_format for c in first][1:4] == ["#,##0", "0.0%", "+0.0;-0.0;0.0"]
    assert [c.value for c in second][2:] == [None, 2, None, 500, 0.4, None, "nobody hired"]
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:I3"
    said = dict(about.iter_rows(values_only=True))
    assert (said["Title"], said["Summary"]) == ("Who", "All.")
    assert said["Notes on figures"] == "nobody hired"
    assert "Fictional" not in said


def test_the_workbook_of_a_figure_says_how_it_was_computed_and_that_it_is_made_up() -> None:
    panel = figure(hire_share=0.2)
    book = opened(panel)
    assert book.sheetnames == ["Numbers (fictional)", "About"]
    sheet, about = book.worksheets
    said = dict(about.iter_rows(values_only=True))
    assert said["Fictional"] == "Fictional sample data: this agency does not exist."
    assert said["How it was computed"].startswith("expected numbers, fixed rates")
    assert "levels off at 20.0%" in said["Notes on figures"]
    assert said["Source"].startswith("Source: Scratch (fictional sample data)")
    assert sheet.max_row == 32, "every year, also the columns that a page has no room for"
    assert "Levels off at" in [c.value for c in sheet[1]]


def test_the_page_asks_and_gets_the_file_of_what_it_shows() -> None:
    panel = figure(hire_share=0.2)
    sent = []
    panel.send = lambda content, buffers=None: sent.append((content, buffers))
    panel._answer(panel, {"type": "xlsx?", "ticket": "7"}, [])
    ((content, buffers),) = sent
    assert content == {"type": "xlsx", "ticket": "7"}
    assert buffers[0][:2] == b"PK"
    panel._answer(panel, "no message of ours", [])
    panel._answer(panel, {"type": "other"}, [])
    assert len(sent) == 1


def test_a_workbook_that_fails_is_told_without_its_words(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EQUITY_LOG", str(tmp_path / "log.txt"))
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    panel = figure(hire_share=0.2)

    def fail() -> bytes:
        raise RuntimeError("secret words")

    panel.workbook = fail
    sent = []
    panel.send = lambda content, buffers=None: sent.append(content)
    panel._answer(panel, {"type": "xlsx?", "ticket": "1"}, [])
    assert sent[0]["problem"].startswith("reference ")
    assert "secret" not in str(sent)
