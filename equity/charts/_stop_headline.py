"""The headline of stops per resident: the finding, and what several benchmarks say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from equity.charts import _findings, _hidden, _words

__all__ = ["headline", "nothing"]


def nothing(rows: list[dict]) -> str:
    """Return that no ratio can be computed, and why, where the reason is the same for all."""
    text = "No comparison with the benchmark can be computed from these numbers"
    said = {r.get("reason") for r in rows if not r["is_reference"]} - {None}
    if len(said) != 1:
        return text
    why = str(said.pop()).removeprefix("no ratio: ").rstrip(".")
    return f"{text} ({why})"


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

    def people(row: dict, key: str = "group") -> str:
        return _words.people(row[key], labels, who)

    def say(row: dict, benchmark: str = "the benchmark") -> str:
        start = f"For their number in {benchmark}, {people(row)} were"
        if row["ratio"] == 0:
            return f"{start} never {what}, clearly less often than {people(row, 'reference')}"
        return f"{start} {what} {_findings.size(row)} as often as {people(row, 'reference')}"

    def more(row: dict, word: str) -> str:
        return (
            f"{people(row)} were {what} {word} often for their number in "
            f"{single or 'the benchmark'} than "
            f"{people(row, 'reference')}"
        )

    rows = _with_direction(rows)
    names = list(dict.fromkeys(r["benchmark"] for r in rows))
    # a benchmark may be of another place than the one policed: its name says of which
    single = f"“{names[0]}”" if len(names) == 1 and names[0] not in (None, "residents") else ""
    words = {
        **{"say": lambda row: say(row, single or "the benchmark"), "more": more},
        **{"name": people, "alpha": alpha, "strata": strata},
    }
    if len(names) < 2 or len({r["stratum"] for r in rows}) > 1:
        # one that has no residents of these parts gives no figures: the first that does speaks
        none = ("missing", "hidden")
        there = [r["benchmark"] for r in rows if _findings.side(r, alpha) not in none]
        name = next((n for n in names if n in there), names[0] if names else None)
        wanted = [r for r in rows if r["benchmark"] == name] if names else rows
        text = _findings.finding(wanted, **words)
        return text if len(names) < 2 else f"By the benchmark “{name}”: {text}"
    by_group: dict[str, list[tuple[dict, str]]] = {}
    for row in rows:
        if row["group"] != row["reference"]:
            by_group.setdefault(row["group"], []).append((row, _findings.side(row, alpha)))
    if not by_group or all(s in ("missing", "hidden") for g in by_group.values() for _, s in g):
        return _findings.finding(rows, **words)
    compared = [r for r in rows if r["group"] != r["reference"]]
    gone = _hidden.part_of([_findings.side(r, alpha) == "hidden" for r in compared], "comparison")
    text = _over_benchmarks(by_group, names, say=say, people=people, words=words, what=what)
    return f"{text}; {gone}" if gone else text


def _over_benchmarks(
    by_group: dict[str, list[tuple[dict, str]]],
    names: list[str],
    *,
    say: Callable[[dict, str], str],
    people: Callable[..., str],
    words: dict[str, Any],
    what: str,
) -> str:
    """Return what several benchmarks say together; nothing of a comparison that is hidden."""

    def least(pairs: list[tuple[dict, str]]) -> tuple[float, float]:
        return min(_findings.concerned(r) for r, _ in pairs)

    def of_sides(*wanted: set[str]) -> list[tuple[dict, str]] | None:
        found = [pairs for pairs in by_group.values() if {s for _, s in pairs} in wanted]
        return max(found, key=least) if found else None

    opposed = [p for p in by_group.values() if {"above", "below"} <= {s for _, s in p}]
    if opposed:
        pairs = max(opposed, key=lambda p: sum(_findings.certain(r) for r, _ in p))
        clear = [r for r, s in pairs if s in ("above", "below")]
        return (
            f"The answer depends on the benchmark: for their number in it, "
            f"{people(clear[0])} were {what} {_range(clear)} as often as "
            f"{people(clear[0], 'reference')}"
        )
    if pairs := of_sides({"above"}, {"below"}):
        row, way = pairs[0]
        found = [r for r, _ in pairs]
        where = "either benchmark" if len(names) == 2 else f"each of {len(names)} benchmarks"
        if row["ratio"] == 0:
            return say(row, where)
        size = _range(found)
        if size is None:
            word = "more" if way == "above" else "less"
            size, tail = f"{word} often", "than"
        else:
            tail = "as often as"
        return (
            f"For their number in {where}, {people(row)} were {what} {size} {tail} "
            f"{people(row, 'reference')}"
        )
    lacking = ({"missing"}, {"hidden"}, {"missing", "hidden"})
    if pairs := of_sides(*({way, *rest} for way in ("above", "below") for rest in lacking)):
        row = next(r for r, s in pairs if s in ("above", "below"))
        text = f"By the benchmark “{row['benchmark']}”: {_findings.finding([row], **words)}"
        for state, why in (("missing", "none can be computed"), ("hidden", "it is hidden")):
            if gone := [f"“{r['benchmark']}”" for r, s in pairs if s == state]:
                text += f"; by {_words.listed(gone)}, {why}"
        return text
    if any(s in ("above", "below") for g in by_group.values() for _, s in g):
        return "The answer depends on the benchmark: no clear difference holds by all of them"
    return "No clear difference between groups can be told by any of the benchmarks"


def _range(rows: list[dict]) -> str | None:
    """Return the ratios of several benchmarks: "1.8 to 3.4 times", "at least 5 times"."""
    sizes = [_findings.size(r) for r in rows]
    if not all(sizes):
        return None
    if not all(_words.given(r["ratio"]) for r in rows):
        return _findings.size(
            min(rows, key=lambda r: r["ratio"] if _words.given(r["ratio"]) else r["ratio_low"])
        )
    ends = [f(r["ratio"] for r in rows) for f in (min, max)]
    low, high = (_words.plain_ratio(v) for v in ends)  # as beside the marks
    if low == high:
        return f"{_words.times(ends[0])} times"
    return f"{low} to {high} times"


def _with_direction(rows: list[dict]) -> list[dict]:
    """Add the difference of the rates, which has a sign where there is no ratio."""
    own = {(r["stratum"], r["benchmark"]): r.get("rate") for r in rows if r["is_reference"]}
    out = []
    for row in rows:
        rate, other = row.get("rate"), own.get((row["stratum"], row["benchmark"]))
        known = _words.given(rate) and _words.given(other)
        out.append(row | {"difference": rate - other if known else None})  # type: ignore
    return out
