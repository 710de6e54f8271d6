"""Chart of exits by recorded reason and group, per 100 years of service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _marks, _words
from equity.charts._common import (
    allowance,
    alternative,
    block_names,
    cannot,
    group_words,
    level,
    reference_words,
    unknown_words,
)
from equity.charts._durations import (
    TOO_FEW,
    axis_number,
    left_out,
    per,
    read_out,
    reference_at,
    too_few_words,
)
from equity.charts.rates import reference_line

if TYPE_CHECKING:
    import altair as alt

__all__ = ["exits"]

_NEEDED = (
    *("stratum", "exit_reason", "group", "reference", "n", "x", "person_years"),
    *("rate", "rate_low", "rate_high", "ratio", "ratio_low", "ratio_high"),
)
_ANY, _NOT_STATED = "any reason", "not stated"
NOBODY = "nobody of this group"


def exits(
    table: pd.DataFrame,
    *,
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    most: int = 5,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw exits per 100 years of service, by reason, a dot with its interval for each group.

    Parameters
    ----------
    table : what `equity.exits` returns.
    most : so many reasons are drawn, those with most exits; the others are in the table.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why people left: the reason is the one that was recorded.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    everyone = _draw.rows_of(frame)
    reasons = [r for r in dict.fromkeys(frame["exit_reason"]) if r not in (_ANY, _NOT_STATED)]
    size = frame.groupby("exit_reason")["x"].sum()
    shown = sorted(reasons, key=lambda r: -size[r])[:most]
    fewer = len(reasons) - len(shown)
    keep = [_ANY, *shown, _NOT_STATED]
    frame = frame[frame["exit_reason"].isin(keep)].reset_index(drop=True)
    missing = _draw.apply(lambda r: _missing(r) in (TOO_FEW, NOBODY), frame).astype(bool)
    lost = missing.groupby(frame["group"]).transform("all")
    few = list(dict.fromkeys(frame["label"][lost]))
    if not lost.all():  # a row for each reason would say nothing but that
        frame = frame[~lost].reset_index(drop=True)
    place = [keep.index(r) for r in frame["exit_reason"]]
    strata = pd.factorize(frame["stratum"])[0]
    frame = frame.assign(_s=strata, _r=place).sort_values(["_s", "_r"], kind="stable")
    frame = frame.drop(columns=["_s", "_r"]).reset_index(drop=True)
    frame["stage"] = frame["exit_reason"]
    interval = level(confidence_level)
    alpha = 1 - confidence_level
    ratio = _words.ratio

    def value(row: dict) -> str | None:
        if not _words.given(row["rate"]):
            return None
        return f"{per(row['rate'])} {_words.span(row['rate_low'], row['rate_high'], per)}"

    def note(row: dict) -> str | None:
        if row["is_reference"]:
            return "the comparison"
        if not _words.given(row["rate"]):
            return None
        if not _words.given(row["ratio"]) and _hidden.row_hidden(row):
            return "ratio hidden"
        if not _words.given(row["ratio"]):
            return (
                f"ratio {ratio(row['ratio_low'])} or more" if _findings.size(row) else "no ratio"
            )
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"ratio {ratio(row['ratio'])} {ends}".strip()

    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["n_text"] = _draw.apply(
        lambda r: (
            "number hidden"
            if _hidden.lost(r, "x")
            else f"{_words.whole(r['x'])} exit{'s' * (r['x'] != 1)}"
        ),
        frame,
    )
    frame["years"] = _draw.apply(lambda r: _hidden.count(r, "person_years"), frame)
    frame["missing"] = _draw.apply(_missing, frame)
    heads = block_names(frame, ("stratum", "stage"), {"stage": _words.stage_name})
    frame["aria"] = read_out(frame, heads)
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame))
    frame = _draw.clip(frame, "rate", "rate_low", "rate_high", log=False)
    frame["reference_rate"] = reference_at(frame, "rate")
    frame, height = _draw.place(frame, heads, page, room=6 if any(heads) else _draw.AXIS_ROOM)
    several = frame["stratum"].nunique() > 1
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * several),
        alt.Tooltip("exit_reason:N", title="Recorded reason"),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Exits per 100 years of service ({interval})"),
        alt.Tooltip("n_text:N", title="Exits"),
        alt.Tooltip("years:N", title="Years of service"),
        alt.Tooltip("note:N", title="Compared with the reference"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=False),
        axis=axis_number("Exits per 100 years of service"),
    )
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 1),
        *reference_line(page, height, x, "", named=False),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    title = _title(everyone, who, labels, strata_label, alpha)
    drawn = _draw.rows_of(frame)
    title = _hidden.with_closing(title, drawn, "rate")
    reference = reference_words(frame, labels)
    total = [r for r in everyone if r["exit_reason"] == _ANY]
    subtitle = [
        f"Exits per 100 years of service by recorded reason; lines show the {interval}"
        + _sizes(total),
        reference + "; a dashed line marks its rate",
        *_by_reason(everyone, labels, alpha),
        *too_few_words(few),
        *allowance(_findings.side(r, alpha) for r in everyone),
        *([_unseen(fewer)] if fewer > 0 else []),
        *left_out(total, "their months of service are not known"),
        *filter(None, [unknown_words(frame.assign(stage="all"), "people")]),
        *_hidden.legend(frame),
        "The reason is the one recorded, and one rate stands for all years of service: it does "
        "not show why people left",
    ]
    intro = f"Exits per 100 years of service, {group_words(frame)}, {interval}. {reference}."
    intro += _hidden.named(drawn, "rate")
    return _draw.assemble(
        frame.drop(columns=["stage"]),
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _sizes(total: list[dict]) -> str:
    """Return how many exits there are in how many years of service, as far as it is shown."""
    if any(_hidden.lost(r, "x", "person_years") for r in total):
        known = _hidden.shown(total, "x", "person_years")
        return _said(known) + ", without those hidden" if known else ""
    return _said(total)


def _said(total: list[dict]) -> str:
    left, years = (
        sum(float(r[c]) for r in total if _words.given(r[c])) for c in ("x", "person_years")
    )
    return f", n = {left:,.0f} exits in {years:,.0f} years of service"


def _unseen(number: int) -> str:
    if number == 1:
        return "1 reason with fewer exits is in the table only"
    return f"{number} reasons with fewer exits are in the table only"


def _missing(row: dict) -> str | None:
    if _words.given(row["rate"]):
        return None
    if _hidden.row_hidden(row):
        return _hidden.WORD
    why = str(row.get("reason"))
    if TOO_FEW in why:
        return TOO_FEW
    return NOBODY if NOBODY in why else cannot(row, "rate")


def _title(
    rows: list[dict],
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
    alpha: float,
) -> str:
    def two(row: dict) -> tuple[str, str]:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        return group, other

    def say(row: dict) -> str:
        group, other = two(row)
        if row["ratio"] == 0:
            return f"{_words.sentence(group)}: nobody left, clearly less often than {other}"
        return f"Per 100 years served, {group} left {_findings.size(row)} as often as {other}"

    def more(row: dict, word: str) -> str:
        group, other = two(row)
        return f"{group} left {word} often than {other}"

    overall = [r for r in rows if r["exit_reason"] == _ANY]
    told = _hidden.shown(overall, "rate")
    if told and all(TOO_FEW in str(r.get("reason")) for r in told if r["n"]):
        return "Too few people to tell how often each group leaves"
    return _findings.finding(
        overall, say=say, more=more, name=lambda r: two(r)[0], alpha=alpha, strata=strata
    )


def _by_reason(rows: list[dict], labels: Mapping[str, str] | None, alpha: float) -> list[str]:
    """Return the clear differences in one reason, those with most exits first."""
    if len({r["stratum"] for r in rows}) > 1:
        return []
    clear = [
        r
        for r in rows
        if r["exit_reason"] not in (_ANY, _NOT_STATED)
        and r["group"] != r["reference"]
        and _findings.side(r, alpha) in ("above", "below")
        and _findings.size(r)
    ]
    clear.sort(key=lambda r: -(r["x"] if _words.given(r["x"]) else 0))
    said = [
        f"{r['exit_reason']}, {_words.name(r['group'], labels)} {_findings.size(r)} as often"
        for r in clear[:4]
    ]
    rest = f" and {len(clear) - 4} more" if len(clear) > 4 else ""
    return [f"Clear differences by reason: {'; '.join(said)}{rest}"] if said else []
