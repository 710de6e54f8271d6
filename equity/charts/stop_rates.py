"""Chart of stops per resident against a reference group, for one benchmark or several."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _marks, _words
from equity.charts._common import (
    alternative,
    block_names,
    cannot,
    group_words,
    level,
    reference_words,
    remarks,
    unknown_words,
)

if TYPE_CHECKING:
    import altair as alt

__all__ = ["stop_rates"]

_NEEDED = (
    "stratum", "benchmark", "group", "reference", "n", "population",
    "ratio", "ratio_low", "ratio_high",
)


def stop_rates(
    table: pd.DataFrame,
    *,
    what: str = "stopped",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw stops per resident of each group as a ratio to the reference, on a log axis.

    Parameters
    ----------
    table : what `equity.stop_rates` returns; several benchmarks stand side by side.
    what : what was done to those counted, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show who was on the road: residents are not drivers, and those stopped may live
    elsewhere.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    frame["benchmark"] = frame["benchmark"].astype(object).where(frame["benchmark"].notna(), None)
    interval = level(confidence_level)
    ratio = _words.ratio
    several = frame["benchmark"].nunique() > 1
    strata = frame["stratum"].nunique() > 1

    def value(row: dict) -> str | None:
        if row["is_reference"] and _words.given(row["ratio"]):
            return "1"
        if not _words.given(row["ratio"]):
            return None
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"{ratio(row['ratio'])} {ends}".strip()

    def note(row: dict) -> str | None:
        if not _words.given(row["population"]):
            return None
        return f"{_words.whole(row['population'])} in benchmark"

    frame["value"] = _draw.apply(value, frame)
    frame["value_short"] = _draw.apply(
        lambda r: ratio(r["ratio"]) if _words.given(r["ratio"]) else None, frame)
    frame["n_text"] = _draw.apply(
        lambda r: f"{_words.whole(r['n'])} stops", frame)
    frame["note"] = _draw.apply(note, frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "ratio"), frame)
    if several and not strata:
        # the benchmarks of one group under one another: the choice of benchmark is the point
        heads = [
            f"{label} · {n}" for label, n in zip(frame["label"], frame["n_text"], strict=True)
        ]
        names = frame["label"].tolist()
        frame["n_text"] = _draw.apply(
            lambda r: f"{_words.whole(r['population'])} people", frame)
        frame["note"] = pd.Series(None, index=frame.index, dtype=object)
        frame["label"] = frame["short"] = frame["benchmark"].astype(str)
        who_is = names
    else:
        heads = block_names(frame, ("stratum", "benchmark"), {})
        who_is = frame["label"].tolist()
    frame["group_label"] = who_is
    frame["aria"] = [
        ", ".join(x for x in (
            str(row["stratum"]) if strata else "", words,
            f"benchmark {row['benchmark']}" if several else "",
            "the comparison" if row["is_reference"] and row["value"] else "",
            f"{row['value']} times" if row["value"] and not row["is_reference"]
            else row["missing"], f"{_words.whole(row['n'])} stops",
            f"{_words.whole(row['population'])} in benchmark"
            if _words.given(row["population"]) else "") if x)
        for words, row in zip(who_is, frame.to_dict("records"), strict=True)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame))
    frame = _draw.clip(frame, "ratio", "ratio_low", "ratio_high", log=True)
    if frame["is_reference"].any():
        frame.loc[frame["is_reference"], ["start", "end"]] = math.nan
    frame, height = _draw.place(frame, heads, page)

    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
          if strata else []),
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("benchmark:N", title="Benchmark"),
        alt.Tooltip("value:N", title=f"Ratio ({interval})"),
        alt.Tooltip("n:Q", title="Stops", format=","),
        alt.Tooltip("population:Q", title="People in the benchmark", format=",.0f"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    other = _words.listed([_words.name(k, labels) for k in dict.fromkeys(frame["reference"])
                           if isinstance(k, str)] or ["the reference"])
    x = alt.X("at:Q", scale=_marks.x_scale(page, log=True),
              axis=_marks.axis_log(f"Stops per head, times {other} (log scale)"))
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0.8, 1.25),
        *_marks.line_at(page, height, x, 1, f"as often as {other}"),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        _marks.dots(page, height, x, tips),
        *_marks.words(page, height, alone=several and not strata),
    ]
    rows = frame.to_dict("records")
    title = headline(rows, what=what, who=who, labels=labels, alpha=1 - confidence_level,
                     strata=strata_label)
    names = [str(b) for b in dict.fromkeys(frame["benchmark"]) if b is not None]
    reference = reference_words(frame, labels)
    benchmark = "Benchmarks: " if several else "Benchmark: "
    benchmark += _words.listed(names) if names else "not named"
    total = pd.to_numeric(frame.drop_duplicates(["stratum", "group"])["n"]).fillna(0).sum()
    subtitle = [
        f"Stops per head of the benchmark, as a ratio; lines show the {interval}, "
        f"n = {total:,.0f} stops",
        f"{reference}. {benchmark}",
        *remarks(frame, "ratio"),
        *filter(None, [unknown_words(frame, "stops")]),
        "The benchmark does not count who was on the road, and those stopped may live elsewhere",
    ]
    intro = f"{group_words(frame, 'group_label')}, {interval}. {reference}. {benchmark}."
    return _draw.assemble(frame, layers, height=height, title=title, subtitle=subtitle,
                          description=alternative(title, intro, sentences))


def headline(
    rows: list[dict],
    *,
    what: str,
    who: str,
    labels: Mapping[str, str] | None,
    alpha: float,
    strata: str | None,
) -> str:
    """Return the finding; with several benchmarks, what all of them say together."""
    def say(row: dict) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        if row["ratio"] == 0:
            return f"Per head, {group} were never {what} here, clearly less often than {other}"
        return (f"Per head of the benchmark, {group} were {what} {_words.times(row['ratio'])} "
                f"times as often as {other}")

    def more(row: dict, word: str) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        return f"{group} were {what} {word} often per head than {other}"

    names = list(dict.fromkeys(r["benchmark"] for r in rows))
    if len(names) < 2 or len({r["stratum"] for r in rows}) > 1:
        wanted = [r for r in rows if r["benchmark"] == names[0]] if names else rows
        text = _words.finding(wanted, say=say, more=more, alpha=alpha, strata=strata)
        return text if len(names) < 2 else f"By the benchmark “{names[0]}”: {text}"
    by_group: dict[str, list[tuple[dict, str]]] = {}
    for row in rows:
        if row["group"] != row["reference"]:
            by_group.setdefault(row["group"], []).append((row, _words.side(row, alpha)))
    if not by_group or all(s == "missing" for g in by_group.values() for _, s in g):
        return _words.finding(rows, say=say, more=more, alpha=alpha, strata=strata)
    opposed = {
        g: pairs for g, pairs in by_group.items() if {"above", "below"} <= {s for _, s in pairs}
    }
    if opposed:
        group = max(opposed, key=lambda g: sum(_words.certain(r) for r, _ in opposed[g]))
        found = [r["ratio"] for r, s in opposed[group] if s in ("above", "below")]
        return (f"The answer depends on the benchmark: {_words.people(group, labels, who)} were "
                f"{what} {_words.times(min(found))} to {_words.times(max(found))} times as often "
                f"per head as {_words.people(opposed[group][0][0]['reference'], labels, who)}")
    agreed = {
        g: pairs for g, pairs in by_group.items()
        if len({s for _, s in pairs}) == 1 and pairs[0][1] in ("above", "below")
    }
    if not agreed:
        if any(s in ("above", "below") for g in by_group.values() for _, s in g):
            return "The answer depends on the benchmark: no clear difference holds by all of them"
        return "No clear difference between groups can be told by any of the benchmarks"

    def least(pairs: list[tuple[dict, str]]) -> tuple[float, float]:
        return min(_words.concerned(r) for r, _ in pairs)

    pairs = agreed[max(agreed, key=lambda g: least(agreed[g]))]
    row = pairs[0][0]
    group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
    low, high = (_words.times(f(r["ratio"] for r, _ in pairs)) for f in (min, max))
    size = low if low == high else f"{low} to {high}"
    word = "either" if len(names) == 2 else f"each of {len(names)}"
    return (f"By {word} benchmark{'' if len(names) == 2 else 's'}, {group} were {what} {size} "
            f"times as often per head as {other}")
