"""What a table of impact ratios says: the finding, the words of a row, what could be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pandas as pd

from equity.charts import _findings, _hidden, _words

__all__ = ["BOTTOM_LINE", "could_see", "headline", "people_words", "power_words", "verdict"]

BOTTOM_LINE = "bottom line"
_FEW, _HIDDEN = "there are too few people to tell", "the figures are hidden"


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
    made = _comparisons(rows)
    among = f" among the {made} comparisons made here" if made else ""
    seen = [
        r["detectable_difference"] for r in last if _words.given(r.get("detectable_difference"))
    ]
    blind = sum(could_see(r) is not None for r in last) - len(seen)
    if not (seen or blind):
        return []
    if not seen:
        return [f"With this many {who} no difference below the comparison could be seen{among}"]
    least, most = (_words.percent(f(seen), sign=False) for f in (min, max))
    several = f" to {most}" if most != least else ""
    where = " at the bottom line" if rows[-1]["stage"] == BOTTOM_LINE else ""
    text = f"With this many {who} a difference of {least}{several} points below the comparison "
    text += f"could be seen{where}{among}" + (", depending on the group" if several else "")
    if not blind:
        return [text]
    noun = "group" if len({r["stratum"] for r in last}) == 1 else "comparison"
    return [f"{text}; for {blind} {noun}{'s' * (blind > 1)}, none could"]


def people_words(rows: list[dict], labels: Mapping[str, str] | None) -> list[str]:
    """Return how many people a ratio below four-fifths is, at the last stage that is shown."""
    said = [
        f"{_words.name(r['group'], labels)} {_words.whole(r['shortfall_reference'])}"
        for r in rows
        if r["stage"] == rows[-1]["stage"]
        and r["stratum"] == "all"
        and verdict(r) == "below four-fifths"
        and _words.given(r.get("shortfall_reference"))
    ]
    if not said:
        return []
    where = ", over all stages" if rows[-1]["stage"] == BOTTOM_LINE else ""
    return [
        f"At the rate of the comparison so many more would have passed{where}: {'; '.join(said)}"
    ]


def _comparisons(rows: list[dict]) -> str | None:
    """Return how many comparisons the table allows for, "1,240"; None for one."""
    told = (re.search(r"could be seen: at \.05 / ([\d,]+)", str(r.get("method"))) for r in rows)
    return next((found.group(1) for found in told if found), None)


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
    """Return the finding: the bottom line first, but a clear stage where no bottom line is."""
    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if r["group"] != r["reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    gone = [r for r in compared if _gone(r)]
    if len(gone) == len(compared):
        none = _hidden.none_shown(gone, "impact_ratio", what="The impact ratio")
        return none or "Whether groups are below four-fifths is hidden"
    compared = [r for r in compared if not _gone(r)]
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
    clear = [r for r in told if _clear(r, alpha)]
    if any(r["stage"] == last for r in clear):
        clear = []  # the bottom line leads
    whole = "At the bottom line, " if len(stages) > 1 else ""
    if len(parts) > 1:
        number = len({r["stratum"] for r in bottom})
        noun = _words.plural(strata, len(parts))
        lead = _clear_in(clear, f" of {len(parts)} {noun}", labels)
        if not number:
            return _words.sentence(
                f"{lead}{whole.lower()}no group that is large enough to compare is below "
                f"four-fifths in any of {len(parts)} {noun}"
            )
        text = _words.sentence(
            f"{lead}{whole.lower()}at least one group is below four-fifths in "
            f"{number} of {len(parts)} {noun}"
        )
        sure = len({r["stratum"] for r in bottom if _clear(r, alpha)})
        if sure == number:
            return text
        return f"{text}; a clear difference can be told in {sure or 'none'} of these"

    def say(row: dict) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        if verdict(row) != "below four-fifths":
            tail = "a clear difference"
        elif _clear(row, alpha):
            tail = "below four-fifths"
        else:
            tail = "below four-fifths, though a difference cannot be told from chance"
        if row["impact_ratio"] == 0:
            return f"no {group} were {what} ({_words.whole(row['x_known'])} entered), {tail}"
        return (
            f"{group} were {what} {_words.times(row['impact_ratio'])} times as often as "
            f"{other}: {tail}"
        )

    def first(found: list[dict]) -> dict:
        return min(
            found,
            key=lambda r: (not _clear(r, alpha), r["impact_ratio"]),
        )

    if clear:
        return _stage_first(
            clear, bottom, [r for r in compared if r["stage"] == last], say, labels
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
        stage = _stage(row, labels)
        nobody = _nobody([r for r in compared if r["stage"] == last])
        few = any(r["stage"] == last for r in compared)
        none = (
            f"{nobody} is below four-fifths at the bottom line"
            if nobody
            else f"At the bottom line {_FEW if few else _HIDDEN}"
        )
        return f"{none}; at the stage “{stage}”, {say(row)}"
    at = " at any stage" if len(stages) > 1 else ""
    return f"{_nobody(compared)} is below four-fifths{at}"


def _gone(row: Mapping) -> bool:
    """Return whether the ratio is hidden, or whether it is below four-fifths."""
    return _hidden.lost(row, "impact_ratio") or (
        _hidden.row_hidden(row) and _words.given(row["impact_ratio"]) and verdict(row) is None
    )


def _clear(row: Mapping, alpha: float) -> bool:
    return _findings.side(row, alpha) in ("above", "below")


def _stage(row: Mapping, labels: Mapping[str, str] | None) -> str:
    return (labels or {}).get(row["stage"]) or _words.stage_name(row["stage"])


def _stage_first(
    clear: list[dict],
    bottom: list[dict],
    last: list[dict],
    say: Callable[[dict], str],
    labels: Mapping[str, str] | None,
) -> str:
    """Return the clear stage that concerns most people, then what is left at the bottom line.

    One below four-fifths comes first. Of `last`, the rows of the bottom line, `bottom` are below
    four-fifths; none is clear.
    """
    below = [r for r in clear if verdict(r) == "below four-fifths"]
    row = max(below or clear, key=_findings.concerned)
    nobody = _nobody(last)
    rest = _FEW if last else _HIDDEN
    if bottom:
        rest = "no difference can be told from chance"
    elif nobody:
        rest = f"{nobody[0].lower()}{nobody[1:]} is below four-fifths"
    return f"At the stage “{_stage(row, labels)}”, {say(row)}; at the bottom line {rest}"


def _clear_in(clear: list[dict], of: str, labels: Mapping[str, str] | None) -> str:
    """Return in how many strata a stage is clear, at the stage where it is in most; or ""."""
    if not clear:
        return ""
    parts: dict[str, set[str]] = {}
    for row in clear:
        parts.setdefault(row["stage"], set()).add(row["stratum"])
    best = max(parts, key=lambda s: len(parts[s]))
    told = f"at the stage “{_stage({'stage': best}, labels)}”, a clear difference can be told in "
    return f"{told}{len(parts[best])}{of}; "


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
