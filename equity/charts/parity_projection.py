"""Chart of a group's expected share of the workforce, year by year, up to a target."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _draw, _hidden, _marks, _words
from equity.charts._common import alternative, level, unknown_words
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["parity_projection"]

_NEEDED = (
    *("year", "ahead", "group", "n", "x", "share", "low", "high", "target", "years_to_target"),
    *("years_low", "years_high", "steady_share", "by_year", "share_needed", "hire_share"),
    *("exit_rate_focal", "exit_rate_others", "hires"),
)
_HEIGHT = 260
_SAYS = ("share", "target", "hire_share")


def parity_projection(
    table: pd.DataFrame,
    *,
    what: str = "workforce",
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the expected share as a line with its band, the target as a dashed line.

    Parameters
    ----------
    table : what `equity.parity_projection` returns.
    what : the body of people whose share is shown, for titles: "workforce", "sworn officers".
    labels, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show what will happen, but what follows from the rates that are assumed.
    """
    interval = level(confidence_level).replace(" interval", "")
    frame = _placed(_draw.prepare(table, _NEEDED, labels))
    rows = _draw.rows_of(frame)
    title = headline(rows, what=what, labels=labels)
    title = _hidden.with_closing(title, rows, "share", noun="year", by="none")
    subtitle = _subtitle(rows, interval, labels)
    sentences = [
        f"{r['when']}, {r['value']}" for i, r in enumerate(rows) if i % 5 == 0 or r["crossing"]
    ]
    return _draw.assemble(
        frame.drop(columns=["method", "reason", "why"], errors="ignore"),
        [layer.copy(deep=False) for layer in _layers(interval, bool(frame["gone"].notna().any()))],
        height=_HEIGHT,
        title=title,
        subtitle=subtitle,
        description=alternative(title, " ".join(f"{s}." for s in subtitle[:3]), sentences),
    )


@lru_cache(maxsize=8)
def _layers(interval: str, hidden: bool = False) -> tuple[alt.Chart, ...]:
    """Return what is drawn; the same for all figures, so it is made once and not at each step."""
    import altair as alt

    x = alt.X(
        "year:Q",
        scale=alt.Scale(zero=False, nice=False, padding=0),
        axis=alt.Axis(
            title=None, format="d", grid=False, ticks=True, domain=True, tickMinStep=1,
            labelOverlap="greedy", labelFlush=True,
            tickCount=alt.ExprRef("width < 500 ? 4 : 8"),
        ),
    )  # fmt: skip
    percent = alt.Axis(title=None, tickCount=5, labelExpr="format(100 * datum.value, '~r') + '%'")
    y: Any = alt.Y("share:Q", scale=alt.Scale(zero=True, nice=True), axis=percent)
    tips = [
        alt.Tooltip("when:N", title="Year"),
        alt.Tooltip("value:N", title=f"Share ({interval} band)"),
        alt.Tooltip("n_text:N", title="Expected people"),
    ]
    words = alt.condition("width < 400", alt.value("Target"), alt.Text("target_text:N"))
    ends = {"color": _marks.GREY, "aria": False}
    return (
        _marks.layer("area", color=PALETTE["blue"], opacity=0.18, aria=False, line=False).encode(
            x=x, y=_on("low", y), y2=alt.Y2("high:Q")
        ).transform_filter("isValid(datum.low)"),
        _marks.layer("line", strokeDash=[2, 3], strokeWidth=1.5, **ends)
        .encode(x=x, y=_on("steady_share", y))
        .transform_filter("isValid(datum.steady_share)"),
        _marks.layer("line", color=PALETTE["orange"], strokeDash=[7, 4], strokeWidth=2, aria=False)
        .encode(x=x, y=_on("target", y)),
        _marks.layer("line", color=PALETTE["blue"], strokeWidth=3, aria=False)
        .encode(x=x, y=y)
        .transform_filter("isValid(datum.share)"),
        _marks.layer("point", color=PALETTE["blue"], filled=True, size=160, opacity=1, aria=False)
        .encode(x=x, y=y)
        .transform_filter("datum.crossing"),
        _marks.layer("text", align="left", baseline="bottom", dx=4, dy=-4, fontSize=13,
                     fontWeight="bold", aria=False)
        .encode(x=x, y=_on("target", y), text=words)
        .transform_filter("datum.ahead == 0"),
        # what is pointed at: a year is as wide as its strip
        _marks.layer("point", size=300, opacity=0, filled=True)
        .encode(x=x, y=y, tooltip=tips, description=alt.Description("aria:N"))
        .transform_filter("isValid(datum.share)"),
        *([
            *_hidden.columns(x, alt.YValue(_HEIGHT / 2), "gone", _HEIGHT, tips),
        ] if hidden else []),
    )  # fmt: skip


def headline(
    rows: list[dict[str, Any]], *, what: str, labels: Mapping[str, str] | None = None
) -> str:
    """Return when the target is reached under these rates, or where the share levels off."""
    if none := _hidden.none_shown(rows, "share", noun="year", by="none", what="The share"):
        return none
    if not any(_words.given(r["share"]) for r in rows):
        return "There are no figures to show"
    row, last = rows[0], rows[-1]
    if _hidden.row_hidden(row) and not all(_words.given(row[c]) for c in _SAYS):
        return f"A part of the expected share of {_who(row, labels)} is shown"
    if _hidden.lost(last, "share"):
        last = _hidden.shown(rows, "share")[-1]
    if not _words.given(last["share"]):
        return f"With these exits and hires nobody is left in the {what} {_in(last['when'], row)}"
    who, target = _who(row, labels), _percent(row["target"])
    there = row["years_to_target"]
    if _words.given(there) and there == 0:
        return (
            f"{_words.sentence(who)} are {_percent(row['share'])} of the {what} today, "
            f"at or above the target of {target}"
        )
    hired = f"With {_percent(row['hire_share'])} of {_hires(row)}, {who}"
    if _words.given(there):
        year = rows[int(there)]["when"]
        return f"{hired} are expected to be {target} of the {what} {_in(year, row)}"
    steady = row["steady_share"]
    if _words.given(steady) and abs(steady - row["target"]) < 1e-9:
        share = f"{_percent(last['share'])} {_in(last['when'], row)}"
        return f"{hired} approach {target} of the {what} and do not get there: {share}"
    if _words.given(steady) and steady < row["target"]:
        return f"{hired} do not reach {target} of the {what}: they level off at {_percent(steady)}"
    return (
        f"{hired} are expected to be {_words.percent(last['share'])} of the {what} "
        f"{_in(last['when'], row)}, short of {target}"
    )


def _hires(row: Mapping[str, Any]) -> str:
    """Return what those who enter are called: some came from other posts and were not hired."""
    moved = row.get("moved_n")
    return "those who enter" if _words.given(moved) and moved else "hires"


def _on(field: str, channel: Any) -> Any:
    return _marks.on(field, channel)


def _percent(value: Any) -> str:
    """Return a share as percent, a whole number without decimals: what is assumed is round."""
    return _words.percent(value).replace(".0%", "%")


def _who(row: Mapping[str, Any], labels: Mapping[str, str] | None) -> str:
    words = _words.people(row["group"], labels)
    return {"Women people": "women", "Men people": "men"}.get(words, words)


def _those(row: Mapping[str, Any]) -> str:
    who = _hires(row)
    return "the hires of" if who == "hires" else f"{who} in"


def _in(when: str, row: Mapping[str, Any]) -> str:
    return f"in {when}" if row["year"] else when


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the words of each year, and which year is the first with the target."""
    frame = frame.sort_values("ahead", kind="stable", ignore_index=True)
    start = int(frame["year"].iloc[0]) if len(frame) else 0

    def when(row: dict) -> str:
        if start:
            return str(int(row["year"]))
        ahead = int(row["ahead"])
        return "now" if not ahead else "in 1 year" if ahead == 1 else f"in {ahead} years"

    def value(row: dict) -> str:
        if not _words.given(row["share"]):
            return _hidden.WORD if _hidden.row_hidden(row) else "nobody"
        if not row["ahead"]:
            return _words.percent(row["share"])
        return _words.share(row["share"], row["low"], row["high"])

    reached = pd.to_numeric(frame["years_to_target"]).astype("Float64")
    frame["crossing"] = (frame["ahead"] == reached).fillna(False).astype(bool)
    rows = _draw.rows_of(frame)
    frame["when"] = [when(r) for r in rows]
    frame["value"] = [value(r) for r in rows]
    frame["n_text"] = [_hidden.counts(r, "x", "n") for r in rows]
    frame["target_text"] = [
        f"Target {_percent(t) if _words.given(t) else _hidden.WORD}" for t in frame["target"]
    ]
    lost = [_hidden.lost(r, "share") for r in rows]
    frame["gone"] = pd.Series(
        [("first" if i == lost.index(True) else "more") if own else None
         for i, own in enumerate(lost)], index=frame.index, dtype=object,
    )  # fmt: skip
    frame["aria"] = [f"{w}, {v}" for w, v in zip(frame["when"], frame["value"], strict=True)]
    return frame


def _subtitle(
    rows: list[dict[str, Any]], interval: str, labels: Mapping[str, str] | None
) -> list[str]:
    if not rows:
        return []
    row = rows[0]
    who = _who(row, labels)
    percent = _percent
    fixed = "hires: fixed number" in str(row.get("method"))
    every = "a year" if fixed else "in the first year"
    new = "the number of hires is hidden"
    if _words.given(row["hires"]):
        number = f"{row['hires']:,.1f}".removesuffix(".0")  # as the slider has it
        new = f"{number} {_hires(row).removeprefix('those who ')} {every}"
    now = f"Now {percent(row['share'])}, {_hidden.counts(row, 'x', 'n')}; "
    if _hidden.lost(row, "share"):
        now = "The share now is hidden; "
    leave = (
        f"; {percent(row['exit_rate_focal'])} of this group and "
        f"{percent(row['exit_rate_others'])} of the others leave in a year"
    )
    if _hidden.lost(row, "exit_rate_focal", "exit_rate_others"):
        leave = "; how many leave in a year is hidden"
    out = [f"{now}{new}{leave}"]
    if _words.given(row["by_year"]):
        by = int(row["by_year"])
        if _words.given(row["share_needed"]):
            out.append(
                f"To reach {percent(row['target'])} "
                f"{f'by {by}' if row['year'] else f'within {by} years'}, "
                f"{percent(row['share_needed'])} of {_those(row)} every year until then would "
                "have to be of this group"
            )
    out += _hidden.legend(pd.DataFrame(rows))
    if isinstance(row.get("reason"), str) and not _hidden.row_hidden(row):
        parts = [part.strip() for part in row["reason"].split(";")]
        out += [_words.sentence(p) for p in parts if not p.startswith("the target is ")]
    if any(_words.given(r["low"]) for r in rows):
        text = f"Blue line: expected share of {who}; light band: {interval} of drawn futures"
        open_ = _hidden.lost(row, "years_low", "years_high")
        if _words.given(row["years_to_target"]) and row["years_to_target"] and not open_:
            text += f", which reach the target {_range(rows)}"
        out.append(text)
    out.append("Dashed orange: the target. Dotted grey: where the share levels off")
    method = row.get("method")
    if isinstance(method, str) and "goal " in method:
        out.append(_words.sentence(method[method.index("goal ") :]))
    out += filter(None, [unknown_words(pd.DataFrame(rows[:1]), "people")])
    out.append("It follows from these rates; it cannot show what will happen")
    return out


def _range(rows: list[dict[str, Any]]) -> str:
    """Return between which years the ends of the band reach the target."""
    row, words = rows[0], [r["when"] for r in rows]
    low, high = row["years_low"], row["years_high"]
    early = words[int(low)] if _words.given(low) else None
    if _words.given(high):
        late = words[int(high)]
        return f"between {early} and {late}" if early != late else f"{_in(late, row)}"
    return f"{_in(str(early), row)} at the earliest and after {words[-1]} at the latest"
