"""The headline of the robust outcome test: what search rate and hit rate together point to."""

from __future__ import annotations

from collections.abc import Mapping

from equity.charts import _findings, _hidden, _words

__all__ = ["TOO_FEW", "WAYS", "few", "headline"]

_ENOUGH = 30
"""Searches: a headline does not state what rests on fewer, of the group or of the reference."""
TOO_FEW = "fewer than 30 counted searches"
WAYS = {"lower bar for this group": "lower", "higher bar for this group": "higher"}


def few(row: dict) -> bool:
    """Return whether the hit rates rest on too few searches for a headline."""
    if _hidden.lost(row, "searches"):
        return False  # how many is not known: what it concludes is published all the same
    if not _words.given(row["searches"]) or row["searches"] < _ENOUGH:
        return True
    return TOO_FEW in str(row.get("reason"))


def headline(
    rows: list[dict],
    *,
    what: str,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
) -> str:
    """Return what the test concludes, and for how many groups or strata it does not."""

    def people(row: dict, key: str = "group") -> str:
        return _words.people(row[key], labels, who)

    if not rows:
        return "There are no figures to show"
    parts = {r["stratum"] for r in rows} - {"not known"}
    if len(parts) > 1:
        rows = [r for r in rows if r["stratum"] != "not known"]
    told = [r for r in rows if isinstance(r["conclusion"], str)]
    lost = [_hidden.lost(r, "conclusion") for r in rows]
    gone = _hidden.part_of(lost, "comparison")
    if gone and not told:
        return f"What search rate and hit rate point to is not shown: {gone}"
    if gone and len(parts) < 2:
        there = [r for r, own in zip(rows, lost, strict=True) if not own]
        said = headline(there, what=what, who=who, labels=labels, strata=strata)
        return f"{_hidden.others_shown(said)}; {gone}"
    if not told:
        return "Search rate and hit rate cannot be compared from these numbers"
    if all(few(r) for r in told):
        total = sum(float(r["searches"]) for r in told if _words.given(r["searches"]))
        one = len({r["group"] for r in told}) == 1
        who_they_are = people(told[0]) if one else "the groups compared"
        return f"Too few searches to say more: {total:,.0f} of {who_they_are}"
    rows = [r | {"conclusion": "inconclusive"} if r in told and few(r) else r for r in rows]
    told = [r for r in rows if isinstance(r["conclusion"], str)]
    found = [r for r in told if r["conclusion"] in WAYS]
    if len(parts) > 1:
        if not found:
            return (
                f"In none of {len(parts)} {_words.plural(strata, len(parts))} do search rate and "
                f"hit rate together lead to a conclusion{f'; {gone}' if gone else ''}"
            )
        return _findings.over_parts(
            rows,
            [_side(r) for r in rows],
            phrase=lambda r, side: f"{_points(side)} for {people(r)}",
            words={side: _points(side) for side in ("above", "below")},
            name=people,
            strata=strata,
        ).replace("no clear difference can be told", "the test is inconclusive")
    if not found:
        return "Search rate and hit rate together lead to no conclusion for any group"
    best = max(found, key=lambda r: float(r["x_known"]) if _words.given(r["x_known"]) else 0.0)
    lower = WAYS[best["conclusion"]] == "lower"
    one, other = ("more", "less") if lower else ("less", "more")
    searched, hit = (best[f"{k}_ratio"] for k in ("search", "hit"))
    both = _words.given(searched) and _words.given(hit)
    than = people(best, "reference")
    if both:
        one, other = (_words.plain_ratio(v) for v in (searched, hit))
        text = (
            f"{_words.sentence(people(best))} were searched {one} times as often as {than}, and "
            f"{what} was found {other} times as often"
        )
    else:
        text = (
            f"{_words.sentence(people(best))} were searched {one} often than {than}, and {what} "
            f"was found {other} often"
        )
    text += f": together this points to a {'lower' if lower else 'higher'} bar"
    rest = [r for r in found if r is not best]
    if rest:
        names = [f"a {WAYS[r['conclusion']]} one for {people(r)}" for r in rest]
        text += f"; also to {_words.listed(names)}"
    without = len(told) - len(found)
    if without:
        others = "the other group" if len(rows) == 2 else f"{without} other groups"
        others = "1 other group" if without == 1 and len(rows) > 2 else others
        text += f"; for {others} the test is inconclusive"
    return text


def _points(side: str) -> str:
    bar = "lower" if side == "above" else "higher"
    return f"the two rates together point to a {bar} bar"


def _side(row: dict) -> str:
    if not isinstance(row["conclusion"], str):
        return "hidden" if _hidden.row_hidden(row) else "missing"
    return {"lower": "above", "higher": "below"}.get(WAYS.get(row["conclusion"], ""), "unclear")
