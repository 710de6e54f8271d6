"""What a table of impact ratios says: the finding, the words of a row, what could be seen."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from equity.charts import _findings, _words

__all__ = ["BOTTOM_LINE", "could_see", "headline", "power_words", "verdict"]

BOTTOM_LINE = "bottom line"


def could_see(row: Mapping) -> str | None:
    """Return the smallest difference that so many people could show."""
    if not _words.given(row.get("detectable_difference")):
        few = row.get("too_few") is True and not row["is_reference"]
        return "no difference below, with so few" if few else None
    points = _words.percent(row["detectable_difference"], sign=False)
    return f"{points} points below, a ratio of {_words.ratio(row['detectable_ratio'])} or less"


def power_words(rows: list[dict], who: str) -> list[str]:
    """Return how large a difference could be seen, at the bottom line."""
    last = [r for r in rows if r["stage"] == rows[-1]["stage"] and not r["is_reference"]]
    seen = [
        r["detectable_difference"] for r in last if _words.given(r.get("detectable_difference"))
    ]
    blind = sum(could_see(r) is not None for r in last) - len(seen)
    if not (seen or blind):
        return []
    if not seen:
        return [f"With this many {who} no difference below the comparison could be seen"]
    least, most = (_words.percent(f(seen), sign=False) for f in (min, max))
    several = f" to {most}" if most != least else ""
    where = " at the bottom line" if rows[-1]["stage"] == BOTTOM_LINE else ""
    text = f"With this many {who} a difference of {least}{several} points below the comparison "
    text += f"could be seen{where}" + (", depending on the group" if several else "")
    if not blind:
        return [text]
    noun = "group" if len({r["stratum"] for r in last}) == 1 else "comparison"
    return [f"{text}; for {blind} {noun}{'s' * (blind > 1)}, none could"]


def verdict(row: Mapping) -> str | None:
    """Return the words for one impact ratio, from the table's own columns."""
    if row.get("judged") is False:
        return "too small a share to compare"
    below = row.get("below_four_fifths")
    if below is None or below is pd.NA:
        return None
    # below: one person would reverse it; else: no difference could be seen, of any size
    unseen = "detectable_difference" in row and not _words.given(row["detectable_difference"])
    if row.get("too_few") is True and (below or unseen):
        return "too few people to tell"
    return "below four-fifths" if below else "not below four-fifths"


def headline(
    rows: list[dict],
    *,
    who: str,
    what: str,
    labels: Mapping[str, str] | None,
    alpha: float,
    strata: str | None,
) -> str:
    """Return the finding: first the bottom line, then any stage below four-fifths."""
    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if r["group"] != r["reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    if not any(_words.given(r["impact_ratio"]) for r in compared):
        return _without_ratios(
            compared, who=who, what=what, labels=labels, alpha=alpha, strata=strata
        )
    below = [r for r in compared if verdict(r) == "below four-fifths"]
    told = [r for r in compared if verdict(r) in ("below four-fifths", "not below four-fifths")]
    if not told:
        return "There are too few people in these groups to tell"
    parts = list(dict.fromkeys(r["stratum"] for r in rows))
    stages = list(dict.fromkeys(r["stage"] for r in rows))
    last = BOTTOM_LINE if BOTTOM_LINE in stages else stages[-1]
    bottom = [r for r in below if r["stage"] == last]
    whole = "At the bottom line, " if len(stages) > 1 else ""
    if len(parts) > 1:
        number = len({r["stratum"] for r in bottom})
        noun = _words.plural(strata, len(parts))
        if not number:
            return _words.sentence(
                f"{whole.lower()}no group that is large enough to compare is below four-fifths "
                f"in any of {len(parts)} {noun}"
            )
        text = _words.sentence(
            f"{whole.lower()}at least one group is below four-fifths in "
            f"{number} of {len(parts)} {noun}"
        )
        sure = len(
            {r["stratum"] for r in bottom if _findings.side(r, alpha) in ("above", "below")}
        )
        if sure == number:
            return text
        return f"{text}; a clear difference can be told in {sure or 'none'} of these"

    def say(row: dict) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        clear = _findings.side(row, alpha) in ("above", "below")
        tail = (
            "below four-fifths"
            if clear
            else ("below four-fifths, though a difference cannot be told from chance")
        )
        if row["impact_ratio"] == 0:
            return f"no {group} were {what} ({_words.whole(row['x_known'])} entered), {tail}"
        return (
            f"{group} were {what} {_words.times(row['impact_ratio'])} times as often as "
            f"{other}: {tail}"
        )

    def first(found: list[dict]) -> dict:
        return min(
            found,
            key=lambda r: (_findings.side(r, alpha) not in ("above", "below"), r["impact_ratio"]),
        )

    if bottom:
        more = len(bottom) - 1
        text = _words.sentence(whole + say(first(bottom)))
        if more:
            groups = "group is" if more == 1 else "groups are"
            text += f"; {more} other {groups} also below four-fifths"
        return text
    if below:
        row = first(below)
        stage = (labels or {}).get(row["stage"]) or _words.stage_name(row["stage"])
        nobody = _nobody([r for r in compared if r["stage"] == last])
        none = (
            f"{nobody} is below four-fifths at the bottom line"
            if nobody
            else ("At the bottom line there are too few people to tell")
        )
        return f"{none}; at the stage “{stage}”, {say(row)}"
    at = " at any stage" if len(stages) > 1 else ""
    return f"{_nobody(compared)} is below four-fifths{at}"


def _nobody(rows: list[dict]) -> str | None:
    """Return of whom it may be said that none is below four-fifths; None: of nobody."""
    said = {verdict(r) for r in rows}
    if "not below four-fifths" not in said:
        return None
    if said & {"too few people to tell", "too small a share to compare"}:
        return "No group that is large enough to compare"
    return "No group that can be compared" if None in said else "No group"


def _without_ratios(
    compared: list[dict],
    *,
    who: str,
    what: str,
    labels: Mapping[str, str] | None,
    alpha: float,
    strata: str | None,
) -> str:
    """Return the finding where nobody of the reference was selected: a test, but no ratio."""

    def name(row: dict) -> str:
        return _words.people(row["group"], labels, who)

    def more(row: dict, word: str) -> str:
        return f"{name(row)} were {what} {word} often than " + _words.people(
            row["reference"], labels, who
        )

    def say(row: dict) -> str:
        return _words.sentence(
            f"{name(row)} were {what} {_findings.size(row)} as often as "
            + _words.people(row["reference"], labels, who)
        )

    stages = list(dict.fromkeys(r["stage"] for r in compared))
    last = BOTTOM_LINE if BOTTOM_LINE in stages else stages[-1]
    rows = [r | {"ratio": r["impact_ratio"]} for r in compared if r["stage"] == last]
    return _findings.finding(rows, say=say, more=more, name=name, alpha=alpha, strata=strata)
