"""The headline of the chart of who stays: how far two groups are apart, or that none can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from equity.charts import _hidden, _words
from equity.charts._durations import span_of

__all__ = ["headline"]


def headline(
    rows: list[dict],
    *,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
    alpha: float,
) -> str:
    """Return the clear difference that concerns most months of service, or that none is clear."""
    if not rows:
        return "There are no figures to show"
    last = _last(rows)
    compared = {k: r for k, r in last.items() if r["group"] != r["reference"]}
    if not compared:
        return "There is only one group, and nothing to compare it with"
    if none := _hidden.none_shown(rows, "survival", what="The share still in service"):
        return none
    told = {k: r for k, r in compared.items() if _words.given(_p(r))}
    gone = {k for k, r in compared.items() if k not in told and _hidden.row_hidden(r)}
    if gone and len(gone) == len(compared):
        return "Whether groups differ in who stays in service is hidden"
    shown = [r for r in rows if _words.given(r["survival"])]
    if not shown or not told:
        few = any(r["too_few"] for r in rows if not _hidden.row_hidden(r))
        text = "Who stays in service cannot be compared from these numbers"
        return "Too few people to tell who stays in service" if few else text
    clear = {k: r for k, r in told.items() if _p(r) < alpha}
    if not clear:
        return "No clear difference in who stays in service can be told from these numbers"
    ways = {k: _gap(rows, r) for k, r in clear.items()}

    def size(k: tuple[str, str]) -> float:
        gap = clear[k]["lost_difference"]
        return (
            abs(gap) * clear[k]["n"] if _words.given(gap) and _words.given(clear[k]["n"]) else 0.0
        )

    best = max(clear, key=size)
    row, pair = clear[best], ways[best]
    group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
    sooner = "sooner" if pair is None or pair[1] <= pair[2] else "later"
    number = len({k[0] for k in told})
    if number > 1:
        same = [k for k in told if k[1] == best[1]]
        count = sum(
            k in clear and (p := ways[k]) is not None and (p[1] <= p[2]) == (sooner == "sooner")
            for k in same
        )
        parts = _words.for_parts(count, len(same), strata)
        return f"{parts}, {group} left clearly {sooner} than {other}"
    if pair is None:
        return f"{_words.sentence(group)} and {other} left at different times, more than by chance"
    months, own, theirs = pair
    since = row.get("since") or 0
    first = f"Of those who completed {span_of(since)}, " if since else f"After {span_of(months)}, "
    after = f" after {span_of(months)}" if since else ""
    text = (
        f"{first}{_words.percent(own)} of {group} were still in service{after}, "
        f"against {_words.percent(theirs)} of {other}"
    )
    gap = row["lost_difference"]
    if _words.given(gap) and gap:
        less = "more" if gap > 0 else "fewer"
        text += f": {abs(gap):.1f} {less} months of service lost on average"
    others, also = len(told) - 1, len(clear) - 1
    large = f" that {'is' if others == 1 else 'are'} large enough"
    large = large if len(told) < len(compared) - len(gone) else ""
    if also:
        text += f"; {also} other group{'s differ' if also > 1 else ' differs'} clearly too"
    elif others:
        rest = "the other group" if others == 1 else f"any of the {others} other groups"
        text += f"; no clear difference can be told for {rest}{large}"
    return text


def _p(row: Mapping) -> Any:
    """Return the p-value that allows for all comparisons, or the most it can be if hidden."""
    return row["p_adjusted"] if _words.given(row["p_adjusted"]) else row.get("p_most", math.nan)


def _last(rows: list[dict]) -> dict[tuple[str, str], dict]:
    """Return a row of each group, by part and group; those not known are no part.

    The comparison of a group is the same at all times: it is taken from the last row in which it
    is shown, since the last row of all may be hidden.
    """
    parts = {r["stratum"] for r in rows}
    several = len(parts - {"not known"}) > 1
    out: dict[tuple[str, str], dict] = {}
    for r in rows:
        key = (r["stratum"], r["group"])
        if several and r["stratum"] == "not known":
            continue
        if key not in out or _words.given(_p(r)) or not _words.given(_p(out[key])):
            out[key] = r
    return out


def _gap(rows: list[dict], row: dict) -> tuple[float, float, float] | None:
    """Return the last time at which both have a share, and the two shares."""
    own = {r["months"]: r["survival"] for r in rows if r["stratum"] == row["stratum"]
           and r["group"] == row["group"] and _words.given(r["survival"])}  # fmt: skip
    other = {r["months"]: r["survival"] for r in rows if r["stratum"] == row["stratum"]
             and r["group"] == row["reference"] and _words.given(r["survival"])}  # fmt: skip
    both = sorted(own.keys() & other.keys())
    return (float(both[-1]), own[both[-1]], other[both[-1]]) if both else None
