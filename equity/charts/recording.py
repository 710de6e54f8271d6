"""Chart of the share of yes by year, for every flag, with the jumps marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import alternative
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["recording"]

_NEEDED = (
    *("flag", "year", "n", "x", "x_known", "rate", "low", "high", "share_known"),
    *("times", "jump"),
)
_WITH: dict[str, tuple[str, str, str]] = {
    # flag: "the share of ...", "how ... are recorded", "... of the stops say whether ..."
    "search_conducted": ("stops with a search", "searches", "there was a search"),
    "frisk_performed": ("stops with a frisk", "frisks", "there was a frisk"),
    "arrest_made": ("stops with an arrest", "arrests", "there was an arrest"),
    "citation_issued": ("stops with a citation", "citations", "there was a citation"),
    "warning_issued": ("stops with a warning", "warnings", "there was a warning"),
    "contraband_found": ("searches that found contraband", "searches and what they find", ""),
    "force_used": ("stops with force used", "uses of force", "force was used"),
    "body_camera_on": ("stops with a body camera on", "body cameras", "a body camera was on"),
    "complaint_made": ("stops with a complaint", "complaints", "there was a complaint"),
}
_CHANGED = "the way of recording may have changed"  # so ends the reason of a share that jumps


def recording(
    table: pd.DataFrame, *, unit: str = "stops", labels: Mapping[str, str] | None = None
) -> alt.LayerChart:
    """Draw the share of yes of each flag by year; years that jump are orange diamonds.

    Parameters
    ----------
    table : what `equity.recording` returns.
    unit : what one record is, in the plural.
    labels : flag -> words for it, such as "stops with a search".

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why a share jumps: that is a question to those who keep the records.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    frame["gone"] = _draw.apply(lambda r: _hidden.lost(r, "rate", "jump"), frame).astype(bool)
    frame = _hidden_stops.verdicts(frame, "jump")
    calm = ~frame["flag"].isin(frame.loc[frame["jump"], "flag"])  # those with a jump come first
    frame = frame.iloc[calm.argsort(kind="stable")].reset_index(drop=True)
    heads = [_words.sentence(_share_of(f, unit, labels)) for f in frame["flag"]]
    years = [str(y) for y in frame["year"]]

    def note(row: dict) -> str | None:
        if not row["jump"]:
            return None
        why = str(row["reason"])
        if _words.given(row["times"]) and "known in" not in why:
            if found := re.search(r"(\d+) points (above|below)", why):
                return f"{found[1]} points {found[2]} the year before"
            return f"{_words.times(row['times'])} times the year before"
        return "jump: see table"

    frame = frame.assign(
        label=years,
        short=years,
        colour=[PALETTE["orange" if j else "grey"] for j in frame["jump"]],
        shape=["diamond" if j else "circle" for j in frame["jump"]],
        n_text=_draw.apply(lambda r: _hidden.counts(r, "x", "x_known"), frame),
        value=_draw.apply(
            lambda r: (
                _words.share(r["rate"], r["low"], r["high"]) if _words.given(r["rate"]) else None
            ),
            frame,
        ),
        note=_draw.apply(note, frame),
        missing=_draw.apply(
            lambda r: (
                None
                if _words.given(r["rate"])
                else _hidden.WORD
                if _hidden.row_hidden(r)
                else "not known in this year"
            ),
            frame,
        ),
    )
    columns = ("label", "value", "missing", "n_text", "note")
    frame["aria"] = [
        ", ".join([head, *(str(r[c]) for c in columns if r[c])])
        for head, r in zip(heads, _draw.rows_of(frame), strict=True)
    ]
    told = frame["jump"] | frame["gone"]
    sentences = frame.loc[told, "aria"].tolist() or frame["aria"].tolist()
    page = _draw.Page(["2000"], len(frame))
    frame = _draw.clip(frame, "rate", "low", "high", log=False)
    frame, height = _draw.place(frame, heads, page, room=6)
    shown = f"Share of {unit}, by year"
    tips = [
        alt.Tooltip("label:N", title="Year"),
        alt.Tooltip("value:N", title="Share (95% interval)"),
        alt.Tooltip("n_text:N", title=_words.sentence(unit)),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=_axes.axis_percent(shown))
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 0.02),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    title = headline(frame, unit=unit, labels=labels)
    least = [r for r in _draw.rows_of(frame) if _words.given(r["share_known"])]
    known = min((r["share_known"] for r in least), default=None)
    subtitle = [
        f"{shown}, all groups together; lines show the 95% interval",
        *(
            ["Orange diamonds: a jump from the year before, larger than chance makes"]
            if frame["jump"].any()
            else []
        ),
        *_hidden.legend(frame),
        *(
            [_known_words(known, all(_words.given(v) for v in frame["share_known"]))]
            if known
            else []
        ),
        "A jump does not show its cause: ask those who keep the records",
    ]
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, f"{shown}, all groups together.", sentences),
        page=page,
    )


def _known_words(least: float, whole: bool) -> str:
    """Return in how many records the flags are known at least."""
    years = "every year" if whole else "every year that is shown"
    if least == 1:
        return f"Known in all records of {years}"
    return f"Known in at least {_words.percent(least)} of records in {years}"


def _known(before: dict, row: dict, whether: str, unit: str) -> str:
    """Return in how many records of a year the flag is known, and in how many of the year before.

    "No search in 2011 has a recorded result, against 98.0% in 2010".
    """
    now, then = (
        _words.percent(r["share_known"]) if _words.given(r["share_known"]) else "0%"
        for r in (before, row)[::-1]
    )
    if not whether:
        text = f"{now} of searches in {row['year']} have a recorded result"
        text = f"No search in {row['year']} has a recorded result" if now == "0%" else text
    else:
        text = f"In {row['year']}, {'none' if now == '0%' else now} of the {unit} "
        text += f"say{'s' if now == '0%' else ''} whether {whether}"
    return f"{text}, against {then} in {before['year']}"


def _share_of(flag: str, unit: str, labels: Mapping[str, str] | None) -> str:
    """Return what a share is of: "stops with a search"."""
    if labels and flag in labels:
        return labels[flag]
    if flag in _WITH:
        words = _WITH[flag][0]
        return words.replace("stops", unit, 1) if words.startswith("stops") else words
    return f"{unit} with “{flag.replace('_', ' ')}”"


def headline(frame: pd.DataFrame, *, unit: str, labels: Mapping[str, str] | None) -> str:
    """Return the largest jump and what to look at, or that there is none."""
    if frame.empty:
        return "There are no figures to show"
    jumps = frame[frame["jump"]]
    years = frame["year"].nunique()
    if years == 1:
        return "There is only one year, and nothing to compare it with"
    gone = _hidden.part_of(frame["gone"].tolist(), "figure")
    tail = f"; {gone}" if gone else ""
    if frame["gone"].all():
        return f"Nothing can be said of jumps from one year to the next{tail}"
    if jumps.empty:
        which = "No share that is shown" if gone else "No share"
        return f"{which} jumps from one year to the next, over {years} years{tail}"
    rows = _draw.rows_of(frame)
    before = row = rows[0]
    most = -1.0
    for one, two in zip(rows, rows[1:], strict=False):
        if two["jump"] and one["flag"] == two["flag"] and not (one["gone"] or two["gone"]):
            both = _words.given(two["rate"]) and _words.given(one["rate"])
            size = abs(two["rate"] - one["rate"]) if both else 0.0
            if size > most:
                before, row, most = one, two, size
    share = _share_of(row["flag"], unit, labels)
    named = row["flag"].replace("_", " ")
    _, how, whether = _WITH.get(row["flag"], ("", f"“{named}”", f"“{named}” was so"))
    advice = f"look at how {how} are recorded before comparing groups"
    lost = [_hidden.lost(r, "rate", "share_known") for r in (before, row)]
    if most < 0 or most == 0 and any(lost):
        number = "A share jumps" if len(jumps) == 1 else f"{len(jumps)} shares jump"
        return (
            f"{number} from one year to the next, by how much is hidden: look at how they are "
            f"recorded before comparing groups{tail}"
        )
    changed = _CHANGED in str(row["reason"]) or _hidden.row_hidden(row)
    if most <= 0 or not changed:
        text = f"{_known(before, row, whether, unit)}: {advice}"
    else:
        verb = "jumped" if row["rate"] > before["rate"] else "fell"
        text = (
            f"The share of {share} {verb} from {_words.percent(before['rate'])} in "
            f"{before['year']} to {_words.percent(row['rate'])} in {row['year']}: {advice}"
        )
    others = len(jumps) - 1
    if others:
        text += f"; {others} other jump{'s are' if others > 1 else ' is'} marked"
    return text + tail
