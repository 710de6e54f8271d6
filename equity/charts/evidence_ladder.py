"""The ladder of evidence: one row for each test, and on which side it comes down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import alternative, block_names, level
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["evidence_ladder"]

_NEEDED = ("rung", "question", "group", "reference", "figure", "reads", "result", "n", "reason")
_NAMES = {  # rung: its name, what its figure is and which value is equal, in few words
    "stop_rates": ("Stops for each resident", "ratio, 1 is equal"),
    "veil_of_darkness": ("Stops after dark", "odds ratio, 1 is equal"),
    "rates": ("Searches", "ratio, 1 is equal"),
    "standardized_rates": ("Searches at the same age and sex", "ratio, 1 is equal"),
    "hit_rates": ("Finds in searches", "ratio, 1 is equal"),
    "kpt_test": ("Finds, all groups at once", "chance, if all were alike"),
    "robust_outcome_test": ("Searches and finds together", "ratios, 1 is equal"),
    "threshold_test": ("Suspicion before a search", "points, 0 is equal"),
}
_AT = {"points the other way": -1.0, "cannot tell": 0.0, "points to a difference": 1.0}
_LOOK = {
    "points the other way": ("orange", "square"),
    "cannot tell": ("grey", "circle"),
    "points to a difference": ("blue", "diamond"),
}
_DIFFER = "groups differ"
_ALL = "all"


def evidence_ladder(
    table: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw for each test whether it points to a difference, the other way, or cannot tell.

    Parameters
    ----------
    table : what `equity.evidence_ladder` returns, of one group or of several.
    labels : group key -> words.
    confidence_level : the level with which the table was made.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show how large a difference is: the rungs have figures of different kinds, which are
    written beside them. There is no overall score.
    """
    import altair as alt

    table = table.assign(reference=table["reference"].astype(object))
    frame = _draw.prepare(table, _NEEDED, labels)
    groups = [g for g in dict.fromkeys(frame["group"]) if g != _ALL]
    if len(groups) == 1:  # what asks about all groups stands in its place on the ladder
        frame["block"] = groups[0]
        order = frame["rung"].map({r: i for i, r in enumerate(_NAMES)})
        frame = frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    else:
        frame["block"] = frame["group"]
    frame["label"] = [_NAMES.get(r, (r, ""))[0] for r in frame["rung"]]
    frame["short"] = frame["label"]
    frame["value"] = [r if isinstance(r, str) else None for r in frame["result"]]
    frame["note"] = _draw.apply(_about, frame)
    frame["n_text"] = [
        f"{_words.whole(n)} {_unit(r)}" if _words.given(n) else None
        for n, r in zip(frame["n"], frame["rung"], strict=True)
    ]
    gone = [_hidden.lost(r, "n") for r in _draw.rows_of(frame)]
    frame["n_text"] = frame["n_text"].astype(object).mask(pd.Series(gone, dtype=bool), "n hidden")
    frame["at"] = [_AT.get(str(reads), float("nan")) for reads in frame["reads"]]
    frame["missing"] = _draw.apply(_not_computable, frame)
    frame["colour"] = [PALETTE[_LOOK.get(r, ("grey", ""))[0]] for r in frame["reads"]]
    frame["shape"] = [_LOOK.get(r, ("", "circle"))[1] for r in frame["reads"]]
    frame["aria"] = [
        ", ".join(
            str(part)
            for part in (
                r["label"],
                _against(r["figure"]),
                r["reads"],
                _hidden.WORD if r["missing"] == _hidden.WORD else None,
                r["value"],
                r["figure"] if isinstance(r["value"], str) else None,
            )
            if isinstance(part, str) and part
        )
        for r in _draw.rows_of(frame)
    ]
    heads = block_names(frame, ("block",), {"block": lambda g: _name(g, labels)})
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), min(len(frame), 24), right=232, alone=True)
    page.row += 14
    frame, height = _draw.place(frame, heads, page, room=46)
    gaps, page.gaps = page.gaps, False  # why a test cannot be computed needs the whole line

    tips = [
        alt.Tooltip("question:N", title="It asks"),
        alt.Tooltip("reads:N", title="It reads"),
        alt.Tooltip("value:N", title="Result"),
        alt.Tooltip("figure:N", title="In"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    scale = _axes.x_scale(page, log=False)
    scale.padding, scale.zero = 34, False
    scale.domain = [-1, 1]
    x = alt.X("at:Q", scale=scale, axis=None)
    layers = [
        _marks.hover(page, height, tips),
        *(_column(page, height, x, state) for state in _AT),
        *(_heading(x, state) for state in _AT),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
        *([_gap(page, height)] if gaps else []),
        *([_marks._hatched(page, _marks.y_at("y", height))] if page.hidden else []),
    ]
    interval = level(confidence_level)
    title = _title(frame, labels)
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in keys] or ["no group"])
    subtitle = [
        f"Compared with {other}; each test's figure, with its {interval}, stands at the right",
        "“Points to a difference” means: to the disadvantage of the group",
        *_hidden.legend(frame),
        *_doubts(frame),
        "The tests rest on the same stops and ask different things, so they cannot be added up to "
        "a score; none of them shows why",
    ]
    intro = f"One row for each test, compared with {other}."
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _against(figure: object) -> str:
    """Return the benchmark of a figure, where it names one."""
    return "" if not isinstance(figure, str) else figure.partition(", against ")[2]


def _about(row: dict) -> str | None:
    """Return what a figure is, its benchmark where there are several, and its wider scope."""
    if not isinstance(row["value"], str):
        return None
    wider = row["scope"].replace("; ", ", ") if isinstance(row.get("scope"), str) else ""
    unit = _NAMES.get(row["rung"], ("", ""))[1]
    against = _against(row["figure"])
    if against:  # what equal means stands in other rows; there is room for one of the two
        unit = unit.partition(",")[0]
    return ", ".join(part for part in (unit, against, wider) if part)


def _unit(rung: str) -> str:
    if rung in ("hit_rates", "kpt_test", "robust_outcome_test", "threshold_test"):
        return "searches"
    return "stops"


def _name(key: str, labels: Mapping[str, str] | None) -> str:
    return "All groups at once" if key == _ALL else _words.name(key, labels)


def _not_computable(row: dict) -> str | None:
    if row["reads"] in _AT:
        return None
    if _hidden.lost(row, "reads"):
        return _hidden.WORD
    if row["reads"] == _DIFFER:
        return "groups differ; it does not say which"
    why = _words.shorten(row["reason"], 70)
    return f"not computable, because {why}" if why else "not computable"


def _title(frame: pd.DataFrame, labels: Mapping[str, str] | None) -> str:
    """Name the tests on each side: counted they would look like a score."""
    groups = [g for g in dict.fromkeys(frame["group"]) if g != _ALL]
    if len(groups) != 1:
        return "What each test says of each group"
    # a test with several benchmarks is one test: it points where all of its rows do
    said = {
        str(rung): _reading(_draw.rows_of(part))
        for rung, part in frame[frame["group"] != _ALL].groupby("rung", sort=False)
    }

    def those(*states: str) -> list[str]:
        rungs = [rung for rung, reads in said.items() if reads in states]
        return [f"“{_NAMES.get(rung, (rung, ''))[0].lower()}”" for rung in rungs]

    told, none, lost = those(*_AT), those("not computable"), those(_hidden.WORD)
    who = _words.sentence(_words.people(groups[0], labels))
    tail = ""
    if lost:
        tests = "1 test is" if len(lost) == 1 else f"{len(lost)} tests are"
        tail = f"; {tests} hidden"
    if lost and not told:
        return f"{who}: what the tests say is not shown{tail}"
    if not told:
        return f"{who}: no test can be computed"
    clauses = []
    for state, one, more in (
        ("points to a difference", "points to a difference", "point to a difference"),
        ("points the other way", "points the other way", "point the other way"),
    ):
        names = those(state)
        if len(names) == len(told) > 1:
            which = "is shown" if lost else "can be computed"
            clauses.append(f"every test that {which} {one}")
        elif len(told) - len(names) <= 2 < len(names) and not none and not lost:
            but = [name for name in told if name not in names]
            clauses.append(f"all tests but {_words.listed(but)} {more}")
        elif names:
            clauses.append(f"{_words.listed(names)} {one if len(names) == 1 else more}")
    if not clauses:
        unclear = "none of these tests can tell a difference"
        named = f"{_words.listed(told)} cannot tell a difference"
        clauses = [named if none or lost else unclear]
    elif those("cannot tell") and not clauses[0].startswith("all tests but"):
        clauses.append("others cannot tell" if none or lost else "the rest cannot tell")
    if none:
        clauses.append("others cannot be computed" if lost else "the rest cannot be computed")
    return f"{who}: {'; '.join(clauses)}{tail}"


def _reading(rows: list[dict]) -> str:
    """Return what all rows of a test read; "hidden" where one of them is."""
    reads = {r["reads"] if isinstance(r["reads"], str) else None for r in rows}
    if None in reads and any(_hidden.lost(r, "reads") for r in rows):
        return _hidden.WORD
    return str(next(iter(reads))) if len(reads) == 1 else "cannot tell"


def _doubts(frame: pd.DataFrame) -> list[str]:
    """Return why figures that are clear by themselves are not read so."""
    unclear = frame[(frame["reads"] == "cannot tell") & frame["reason"].notna()]
    unclear = unclear[(unclear["group"] != _ALL) & ~_hidden.is_hidden(unclear)]
    parts = [
        f"{_NAMES.get(r, (r, ''))[0]}: {words.split('; ')[0]}"
        for r, words in zip(unclear["rung"], unclear["reason"], strict=True)
    ]
    return list(dict.fromkeys(parts))


def _column(page: _draw.Page, height: int, x: alt.X, state: str) -> alt.Chart:
    """Draw a faint line down the rows at the place of a reading."""
    import altair as alt

    return (
        _marks.layer("rule", color=_marks.GREY, strokeWidth=1, opacity=0.5, aria=False,
                     **_marks.beside(page))
        .encode(
            x=alt.XDatum(_AT[state], scale=x["scale"], axis=None, type="quantitative"),
            y=_marks.y_at("y", height),
            y2=alt.Y2("y:Q"),
        )
        .transform_filter("!isValid(datum.missing)")
    )  # fmt: skip


def _gap(page: _draw.Page, height: int) -> alt.Chart:
    """Write why a test cannot be computed, in the place of its mark."""
    import altair as alt

    right = f"datum.hidden ? {_hidden.HATCH_WIDTH + 22} : 0"
    return (
        _marks.layer("text", align="left", fontSize=12, fontStyle="italic", dy=page.mark_dy,
                     **({"dx": {"expr": right}} if page.hidden else {}),
                     limit=page.where("width", f"width - {page.left}"))
        .encode(
            x=alt.XValue(alt.ExprRef(page.where(0, page.left)["expr"])),
            y=_marks.y_at("y", height),
            text=alt.Text("missing:N"),
            tooltip=[alt.Tooltip("reason:N", title="Why")],
            description=alt.Description("aria:N"),
        )
        .transform_filter("isValid(datum.missing)")
    )  # fmt: skip


def _heading(x: alt.X, state: str) -> alt.Chart:
    """Write a reading above its column, in two lines."""
    import altair as alt

    lines = {
        "points the other way": ["points the", "other way"],
        "cannot tell": ["cannot", "tell"],
        "points to a difference": ["points to a", "difference"],
    }
    return (
        _marks.layer("text", fontSize=12, aria=False, align="center", text=lines[state],
                     baseline="top", fontWeight="bold")
        .encode(
            x=alt.XDatum(_AT[state], scale=x["scale"], axis=None, type="quantitative"),
            y=alt.YValue(4),
        )
        .transform_filter("datum.order == 0")
    )  # fmt: skip
