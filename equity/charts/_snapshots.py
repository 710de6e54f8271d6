"""Sentences of the chart of shares over snapshots: its finding, its breaks, what is not drawn."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from equity.charts import _draw, _hidden, _words
from equity.charts.representation import not_kept

__all__ = ["because", "breaks", "grey", "headline", "notes", "sizes", "spoken"]

_HOW = ("line", "long dashes", "dots", "dashes and dots")


def at(row: Mapping) -> str:
    """Return "in 2017", "on 2017-07-01"."""
    when = str(row["when"])
    return f"{'in' if when.isdigit() else 'on'} {when}"


def because(reason: object, labels: Mapping[str, str] | None) -> str | None:
    """Return the reason of a break with the words of its groups."""
    if not isinstance(reason, str):
        return None
    parts = []
    for part in reason.split("; "):
        key, _, rest = part.partition(": ")
        name = "group not known" if key == "not known" else _words.name(key, labels)
        parts.append(f"{name}: {rest}")
    return "; ".join(parts)


def breaks(frame: pd.DataFrame) -> list[str]:
    """Return before which snapshots the categories changed, and by which groups that is seen."""
    found = frame[frame["break_before"].fillna(False).astype(bool)].drop_duplicates("when")
    if found.empty:
        return []
    said = [
        f"before {r['when']}" + (f" ({r['break_words']})" if r["break_words"] else "")
        for r in _draw.rows_of(found)[:3]
    ]
    more = f", and {len(found) - 3} more in the table" if len(found) > 3 else ""
    return [
        f"Orange dashes: the categories changed {_words.listed(said)}{more}; no line is joined "
        "across, and a rise or fall there is not a hire or an exit"
    ]


def sizes(frame: pd.DataFrame) -> str:
    """Return how many people there are at a snapshot, least and most."""
    n = pd.to_numeric(frame["n"]).dropna()
    if n.empty:
        return "n = hidden" if _hidden.is_hidden(frame).any() else "n = 0"
    least, most = int(n.min()), int(n.max())
    shown = f"n = {least:,}" if least == most else f"n = {least:,} to {most:,}"
    return shown + ("" if _hidden.total(frame, "n")[1] else " where it is shown")


def grey(names: list[str]) -> str:
    """Return which grey line is which benchmark."""
    if len(names) < 2:
        return f"Grey line: share of the benchmark ({names[0] if names else 'not named'})"
    ways = [f"{how}, {name}" for how, name in zip(_HOW, names, strict=False)]
    return "Grey, shares of the benchmarks: " + "; ".join(ways)


def notes(everyone: pd.DataFrame, drawn: pd.DataFrame) -> list[str]:
    """Return which groups are not drawn, which snapshots repeat, and how many are unknown."""
    there = set(drawn["group"])
    absent = everyone.loc[~everyone["group"].isin(there), "label"].drop_duplicates().tolist()
    out = []
    if absent:
        out.append(
            f"Not drawn, nobody recorded (they may not be kept apart): {_words.listed(absent)}"
        )
    again = ["exactly as large" in str(r) for r in everyone["reason"]]
    if names := everyone["when"][again].drop_duplicates().tolist():
        out.append(
            f"Every group exactly as large as at the snapshot before, perhaps the same file: "
            f"{_words.listed([str(n) for n in names])}"
        )
    unknown = pd.to_numeric(everyone["unknown"]).dropna()
    some = not _hidden.total(everyone, "unknown")[1]
    if len(unknown) and unknown.max() > 0:
        span = f"{unknown.min():,.0f} to {unknown.max():,.0f}"
        span = f"{unknown.max():,.0f}" if unknown.min() == unknown.max() else span
        out.append(
            f"Left out because the group is not known: {span} people at a snapshot"
            + ", where it is shown" * some
        )
    return out


def _ends(rows: list[dict], name: str) -> dict[str, tuple[dict, dict]]:
    """Return for each group its first and last snapshot with a figure, by one benchmark."""
    out: dict[str, tuple[dict, dict]] = {}
    for r in rows:
        if r["benchmark"] == name and _words.given(r["share"]) and not not_kept(r):
            out[r["group"]] = (out.get(r["group"], (r, r))[0], r)
    return out


def spoken(rows: list[dict]) -> list[str]:
    """Return first and last share of each group, and where the categories changed."""
    names = list(dict.fromkeys(r["benchmark"] for r in rows))
    breaks = dict.fromkeys(f"{r['when']}" for r in rows if r["break_before"])
    out = [f"The categories changed before {_words.listed(list(breaks))}"] if breaks else []
    for one, two in _ends(rows, names[0]).values():
        text = f"{one['label']}, {_words.percent(one['share'])} {at(one)}"
        text += f", {_words.percent(two['share'])} {at(two)}, {two['note']}"
        out.append(text)
    return out


def headline(
    rows: list[dict], names: list[str], *, what: str, labels: Mapping[str, str] | None
) -> str:
    """Return first and last share of the groups farthest above and below the benchmark."""
    if not rows:
        return "There are no figures to show"
    if len({r["when"] for r in rows}) == 1:
        return "There is only one snapshot, and nothing to follow over time"
    ends = [
        (a, b)
        for a, b in _ends(rows, names[0]).values()
        if _words.given(b["difference"]) and a["when"] != b["when"]
    ]
    if none := _hidden.none_shown(rows, "share", what="The share"):
        return none
    if not ends:
        return "No share can be followed over time in these numbers"
    one, two = max(ends, key=lambda e: abs(e[1]["difference"]))
    other = [e for e in ends if (e[1]["difference"] > 0) != (two["difference"] > 0)]
    mark = f"the benchmark “{names[0]}”" if len(names) > 1 else "the benchmark"
    shares = [_words.percent(r["share"]) for r in (one, two)]
    people = _words.sentence(_words.people(two["group"], labels))
    text = f"{people} were {shares[0]} of the {what} {at(one)} and {shares[1]} "
    text += f"{at(two)}, against {_words.percent(two['population_share'])} of {mark}"
    if other:
        one, two = max(other, key=lambda e: abs(e[1]["difference"]))
        shares = [_words.percent(r["share"]) for r in (one, two)]
        text += f"; {_words.people(two['group'], labels)}, {shares[0]} and {shares[1]}, against "
        text += _words.percent(two["population_share"])
    if any(r["break_before"] for r in rows):
        text += "; the categories changed in between"
    return text
