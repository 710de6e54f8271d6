"""The words of a trend: its headline, which months are marked or hidden, its figures by year."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from equity.charts import _draw, _findings, _hidden, _hidden_stops, _words
from equity.charts._common import reference_words, unknown_words

__all__ = ["FEW", "by_year", "subtitle", "title"]

FEW = 20
"""A point that rests on fewer known outcomes would be all over the place: the table has it."""


def _tally(frame: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return for each group in how many months it was clearly above or below the reference."""
    rows = [r for r in _draw.rows_of(frame) if not r["is_reference"] and not r["missing"]]
    sides = pd.DataFrame(
        [(r["group"], _findings.side(r, alpha)) for r in rows], columns=["group", "side"]
    )
    out = pd.crosstab(sides["group"], sides["side"])
    out = out.reindex(columns=["above", "below", "unclear"], fill_value=0)
    size = pd.to_numeric(frame["x_known"]).astype(float).groupby(frame["group"]).sum()
    out = out.assign(months=out.sum(axis=1), clear=out["above"] + out["below"], size=size)
    return out.sort_values(["clear", "size"], ascending=False, kind="stable")


def title(
    frame: pd.DataFrame, verb: str | None, who: str, labels: Mapping | None, alpha: float
) -> str:
    """Return in how many months the group that differs most often differs clearly."""
    if frame.empty:
        return "There are no figures to show"
    tally = _tally(frame, alpha)
    rows = [r for r in _draw.rows_of(frame) if not r["is_reference"]]
    gone = _hidden.closing(rows, "ratio_low" if _compared(rows) else "rate")
    tail, only = (f"; {gone}", " that is shown") if gone else ("", "")
    if tally.empty:
        if rows:
            return f"No month can be compared from these numbers{tail}"
        return "There is only one group, and nothing to compare it with"
    if not tally["months"].any():
        if gone:
            return f"No comparison between groups is shown{tail}"
        return "No comparison between groups can be computed from these numbers"
    if not tally["clear"].any():
        return f"In no single month{only} can a clear difference between groups be told{tail}"
    best = tally.iloc[0]
    group = _words.people(str(tally.index[0]), labels, who)
    other = _words.people(str(frame["reference"].iloc[0]), labels, who)
    above, below, months = (int(best[c]) for c in ("above", "below", "months"))
    ways = [("more", above), ("less", below)]
    (word, number), (opposite, fewer) = ways if above >= below else ways[::-1]
    text = f"{_words.sentence(group)} were {verb or 'recorded'} clearly {word} often than {other}"
    some = " that are shown" if gone else ""
    text += f" in {number} of {months} months{some}" if months > 1 else f" in this month{some}"
    return text + (f", and clearly {opposite} often in {fewer}" if fewer else "") + tail


def _compared(rows: list[dict]) -> bool:
    return any(_words.given(r["ratio_low"]) for r in rows)


def _others(frame: pd.DataFrame, labels: Mapping | None, alpha: float) -> list[str]:
    """Return in how many months the groups that the title does not name differ clearly."""
    tally = _tally(frame, alpha)
    if not tally["clear"].any():
        return []
    parts = []
    for group, row in zip(tally.index[1:], _draw.rows_of(tally.iloc[1:]), strict=True):
        ways = [
            f"{word} often in {row[column]}"
            for column, word in (("above", "more"), ("below", "less"))
            if row[column]
        ]
        if ways:
            months = f" of {row['months']} months"
            months += " that are shown" if frame["hidden_here"].any() else ""
            parts.append(f"{_words.name(str(group), labels)}, {' and '.join(ways)}{months}")
    return [f"Clearly so of other groups: {'; '.join(parts)}"] if parts else []


def subtitle(
    frame: pd.DataFrame,
    shown: str,
    interval: str,
    unit: str,
    labels: Mapping[str, str] | None,
    confidence_level: float,
) -> list[str]:
    """Return the lines below the title: what is drawn, what is not, and what that may mean."""
    total = _hidden.n_words(frame, unit, "x_known")
    out = [
        ", ".join(filter(None, [f"{shown}; light bands show the {interval}", total])),
        reference_words(frame, labels),
        *_hidden.legend(frame),
        *_lost_months(frame),
    ]
    months = frame[frame["first"]]
    for column, words in (
        ("missing", "No records (orange crosses)"),
        ("thin", "Few records, or not a whole month (grey strips)"),
    ):
        names = months.loc[months[column].astype(bool), "name"].tolist()
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            listed = ", ".join(names[:8]) if more else _words.listed(names)
            out.append(f"{words}: {listed}{more}")
    out += _others(frame, labels, 1 - confidence_level) if len(frame) else []
    known = frame[frame["rate"].notna()]
    lines = set(known.loc[known["at"].notna(), "label"])
    small = [x for x in dict.fromkeys(known["label"]) if x not in lines]
    if small:
        some = " that are shown" if frame["hidden_here"].any() else ""
        out.append(
            f"Too few {unit} in most months{some} to be drawn, but in the table: "
            f"{_words.listed(small)}"
        )
    left = int((known["at"].isna() & known["label"].isin(lines)).sum())
    if left:
        points = "points that rest" if left > 1 else "point that rests"
        out.append(f"Not drawn: {left} {points} on fewer than {FEW} {unit}")
    number = int((~frame["is_reference"] & frame["ratio_low"].notna()).sum())
    if number > 20:
        chance = number * (1 - confidence_level)
        out.append(
            f"Of {number} comparisons of single months, about {chance:.0f} would look clear by "
            "chance alone"
        )
    by_month = months.assign(stratum=months["name"])
    out += filter(None, [unknown_words(by_month, unit)])
    out.append("A change can come from the way of recording as well as from what was done")
    return out


def _lost_months(frame: pd.DataFrame) -> list[str]:
    """Return which months of which group are hatched below the lines."""
    parts = []
    for label, rows in frame[frame["hidden_here"]].groupby("label", sort=False):
        whole = len(rows) == int((frame["label"] == label).sum()) > 1
        where = "every month" if whole else _hidden_stops.some(rows["name"].tolist(), 3)
        parts.append(f"{label}, {where}")
    return [f"Hatched below the lines, hidden: {'; '.join(parts)}"] if parts else []


def by_year(frame: pd.DataFrame) -> list[str]:
    """Return for each group its rate in each year."""
    out = []
    for label, rows in frame.groupby("label", sort=False):
        parts = []
        for year, part in rows.groupby("year"):
            there = part[part["x"].notna() & part["x_known"].notna()]
            x, known = float(there["x"].sum()), float(there["x_known"].sum())
            gone = part["hidden_here"].any() or len(there) < len(part)
            if known > 0:
                some = ", without what is hidden" if gone else ""
                parts.append(
                    f"{_words.percent(x / known)} in {year} ({x:,.0f} of {known:,.0f}{some})"
                )
            elif gone:
                parts.append(f"{_hidden.WORD} in {year}")
        out.append(f"{label}, {', '.join(parts) or 'no figures'}")
    return out
