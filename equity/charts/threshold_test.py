"""Chart of the threshold test: the suspicion on which each group was searched, with its areas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _hidden_stops, _marks, _words
from equity.charts._common import (
    alternative,
    cannot,
    group_words,
    level,
    reference_words,
    unknown_words,
)

if TYPE_CHECKING:
    import altair as alt

__all__ = ["threshold_test"]

_NEEDED = (
    *("stratum", "group", "reference", "prior_scale", "n", "x", "hits", "areas", "converged"),
    *("threshold", "low", "high", "difference", "difference_low", "difference_high"),
)
_WORDS = {"below": "less", "above": "more"}
_AREA_ROOM = 16
"""Below the mark of a group, in pixels: where the dots of its areas stand."""


def threshold_test(
    table: pd.DataFrame,
    *,
    what: str = "contraband",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
    prior_scale: float = 1.0,
) -> alt.LayerChart:
    """Draw the threshold of each group with its interval, and small dots for its areas.

    Parameters
    ----------
    table : what `equity.threshold_test` returns.
    what : what searches are for, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`; `strata_label` is
        what one area is, such as "beat".
    prior_scale : the width of the priors that is drawn; the others are named below the title,
        which says "cannot tell" where fits that converged disagree. Others are left out of that.

    Raises ValueError where the table lacks a column, or has no rows of that `prior_scale`.
    It cannot show a threshold as a fact: it follows from a model that the counts cannot prove.
    """
    import altair as alt

    what = {"contraband_found": "contraband"}.get(what, what)
    missing = [c for c in _NEEDED if c not in table.columns]
    if not missing and len(table) and not (table["prior_scale"] == prior_scale).any():
        there = ", ".join(f"{v:g}" for v in table["prior_scale"].unique())
        raise ValueError(f"prior_scale={prior_scale!r} is not in the table; it has {there}.")
    main = table if missing else table[table["prior_scale"] == prior_scale]
    both = _draw.prepare(main, _NEEDED, labels)
    interval = level(confidence_level)
    frame = both[both["stratum"] == "all"].reset_index(drop=True)

    frame["value"] = _draw.apply(_value, frame)
    frame["n_text"] = _draw.apply(
        lambda r: f"{_hidden.count(r, 'x')} searches, {_hidden.count(r, 'hits')} finds", frame
    )
    frame["note"] = _draw.apply(_note, frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "threshold"), frame)
    frame["aria"] = [
        ", ".join(
            str(x)
            for x in (row["label"], row["value"] or row["missing"], row["note"], row["n_text"])
            if x
        )
        for row in _draw.rows_of(frame)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame), under=_AREA_ROOM)
    page.left = max(page.left, 196)  # for the counts under the label
    frame = _draw.clip(frame, "threshold", "low", "high", log=False)
    frame, height = _draw.place(frame, [""] * len(frame), page)
    parts = both[both["stratum"] != "all"].reset_index(drop=True)
    lost = [_hidden.lost(r, "threshold") for r in _draw.rows_of(parts)]
    parts = _hidden_stops.strip_rows(parts, lost, _words.plural(strata_label or "area", 2))
    parts = parts[parts["hidden_here"]].assign(hidden=True, label=None)
    below, more = _hidden_stops.strip(parts, height)
    height += more
    areas = _areas(both, frame, strata_label)
    rows = _draw.rows_of(frame)
    reference = reference_words(frame, labels)
    names = group_words(frame)
    strips = [w for w in parts["strip_aria"] if w]
    more_rows = [one for one in (areas, parts) if len(one)]
    frame = pd.concat([frame, *more_rows]) if more_rows else frame

    tips = [
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Threshold ({interval})"),
        alt.Tooltip("note:N", title="Compared"),
        alt.Tooltip("n_text:N", title="Counts"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=False),
        axis=_axes.axis_percent(f"Chance of {what} at which officers search"),
    )
    layers = [
        _marks.hover(page, height, tips).transform_filter("isValid(datum.order)"),
        *_marks.at_least(x, 0.0, 0.1),
        *_strip(page, height, x, areas, strata_label),
        *below,
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    title = headline(rows, table, who=who, labels=labels, what=what)
    whole = both[both["stratum"] == "all"]
    counted = " and ".join(
        filter(None, [_hidden.n_words(whole, w, c, before="")
                      for c, w in (("n", "stops"), ("x", "searches"))])
    )  # fmt: skip
    most = both["areas"].max() if len(both) else 0
    number = int(most) if _words.given(most) else 0
    where = f" in {number} {_words.plural(strata_label or 'area', number)}" if number else ""
    where = where if number or len(both) else f" in 0 {_words.plural(strata_label or 'area', 0)}"
    subtitle = [
        f"Chance of {what} above which officers search, as the model infers it; lines show the "
        f"{interval}{f', n = {counted}{where}' if counted else ''}",
        *(
            [f"{reference}. Small dots are {_words.plural(strata_label or 'area', 2)}"]
            if len(areas)
            else [reference]
        ),
        *_hidden.legend(both),
        *_priors(rows, table, prior_scale, labels),
        *_left_out(both),
        *filter(None, [unknown_words(both[both["stratum"] == "all"], "stops")]),
        "It holds only if the model does; another model can give another level, and even another "
        "sign. Read the differences, not the levels: in simulations the interval of a level "
        "mostly missed the truth, that of a difference held it in about 9 of 10",
    ]
    intro = f"{names}, {interval}. {reference}."
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, [*sentences, *strips]),
        page=page,
    )


def _value(row: dict) -> str | None:
    if not _words.given(row["threshold"]):
        return None
    return _words.share(row["threshold"], row["low"], row["high"])


def _points(value: float) -> str:
    if not _words.given(value):
        return _hidden.WORD
    return f"{100 * value:+.1f}".replace("-", "\u2212")


def _note(row: dict) -> str | None:
    if not _words.given(row["threshold"]):
        return None
    if row["is_reference"]:
        return "the comparison"
    if not _words.given(row["difference_low"]):
        return "no comparison"
    ends = " to ".join(_points(row[f"difference_{end}"]) for end in ("low", "high"))
    return f"{_points(row['difference'])} points ({ends})"


def _areas(both: pd.DataFrame, groups: pd.DataFrame, strata_label: str | None) -> pd.DataFrame:
    """Return the rows of the areas, on the row of their group."""
    y = dict(zip(groups["group"], groups["y"], strict=True))
    areas = both[(both["stratum"] != "all") & both["threshold"].notna()].copy()
    areas["area_at"] = areas["threshold"]
    areas["area_y"] = areas["group"].map(y)
    areas["area_text"] = _draw.apply(lambda r: f"{r['label']}, {r['stratum']}", areas)
    areas["value"] = _draw.apply(_value, areas)
    areas["label"] = None
    return areas


def _strip(
    page: _draw.Page, height: int, x: alt.X, areas: pd.DataFrame, strata_label: str | None
) -> list[alt.Chart]:
    """Draw the areas of each group as small dots under its interval."""
    import altair as alt

    if not len(areas):
        return []
    up = page.mark_dy["expr"]
    return [
        _marks.layer(
            "point", filled=True, size=22, opacity=0.45, aria=False,
            yOffset={"expr": f"({up}) + {_AREA_ROOM - 2}"},
        )
        .encode(
            x=_marks.on("area_at", x),
            y=_marks.y_at("area_y", height),
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("area_text:N", title=_words.sentence(strata_label or "area")),
                alt.Tooltip("value:N", title="Threshold"),
                alt.Tooltip("x:Q", title="Searches", format=","),
            ],
        )
        .transform_filter(_marks.valid("area_at"))
    ]  # fmt: skip


def _side(row: Mapping[str, Any]) -> str:
    """Return what the interval of a difference says: "below", "above", "unclear", "missing"."""
    low, high = row["difference_low"], row["difference_high"]
    if not (_words.given(low) and _words.given(high)):
        return "missing"
    return "above" if low > 0 else "below" if high < 0 else "unclear"


def _over_scales(table: pd.DataFrame, group: str) -> dict[float, dict]:
    """Return the row of a group over all areas, by the width of the priors; of converged fits."""
    mine = table[(table["stratum"] == "all") & (table["group"] == group)]
    mine = mine[mine["converged"].fillna(False).astype(bool)]
    return {float(r["prior_scale"]): r for r in _draw.rows_of(mine)}


def headline(
    rows: list[dict],
    table: pd.DataFrame,
    *,
    who: str,
    labels: Mapping[str, str] | None,
    what: str = "contraband",
) -> str:
    """Return what the model says, that it is a model, or why there is nothing to say."""

    def people(row: dict, key: str = "group") -> str:
        return _words.people(row[key], labels, who)

    if not rows:
        return "There are no figures to show"
    compared = [r for r in rows if not r["is_reference"]]
    if not compared:
        return "There is only one group, and nothing to compare it with"
    told = [r for r in compared if _side(r) != "missing"]
    lost = [_side(r) == "missing" and _hidden.row_hidden(r) for r in compared]
    if gone := _hidden.part_of(lost, "comparison"):
        if not told:
            return f"What the model infers is not shown: {gone}"
        there = [r for r in rows if not (r in compared and lost[compared.index(r)])]
        said = headline(there, table, who=who, labels=labels, what=what)
        return f"{_hidden.others_shown(said)}; {gone}"
    if not told:
        why = next((r["reason"] for r in compared if isinstance(r["reason"], str)), "")
        why = why[:1].lower() + why[1:].rstrip(".")
        return f"No threshold can be given{f': {why}' if why else ''}"
    clear = [r for r in told if _side(r) in _WORDS]
    if not clear:
        return "The model cannot tell whether officers searched any group on less suspicion"
    ways = {
        r["group"]: {_side(o) for o in _over_scales(table, r["group"]).values()} - {"missing"}
        for r in clear
    }
    best = max(
        clear, key=lambda r: (len(ways[r["group"]]) == 1, abs(r["difference"]) * (r["x"] or 0))
    )
    if len(ways[best["group"]]) > 1:
        return (
            f"The model cannot tell whether officers searched {people(best)} on less suspicion "
            f"than {people(best, 'reference')}: the answer depends on what it assumes beforehand"
        )
    text = (
        f"Officers searched {people(best)} on {_WORDS[_side(best)]} suspicion than "
        f"{people(best, 'reference')}, if this model holds: at a chance of {what} "
        f"{_points(abs(best['difference'])).lstrip('+')} points "
        f"{'lower' if best['difference'] < 0 else 'higher'}"
    )
    for row in clear:
        if row is not best and len(ways[row["group"]]) == 1:
            text += f"; {people(row)}, on {_WORDS[_side(row)]}"
    rest = len(told) - sum(len(ways[r["group"]]) == 1 for r in clear)
    if rest:
        others = "the other group" if len(told) == 2 else f"{rest} other groups"
        others = "1 other group" if rest == 1 and len(told) > 2 else others
        text += f"; for {others} it cannot tell"
    return text


def _priors(
    rows: list[dict], table: pd.DataFrame, drawn: float, labels: Mapping[str, str] | None
) -> list[str]:
    """Return what narrower and wider priors say of the differences."""
    scales = sorted({float(v) for v in table["prior_scale"]} - {drawn})
    said = []
    for scale in scales:
        parts = []
        for row in rows:
            if row["is_reference"] or _side(row) == "missing":
                continue
            other = _over_scales(table, row["group"]).get(scale)
            if other is None or not _words.given(other["difference"]):
                continue
            parts.append(f"{_words.name(row['group'], labels)} {_points(other['difference'])}")
        said.append(
            f"{_assumed(scale, drawn)}, {', '.join(parts)} points"
            if parts
            else f"{_assumed(scale, drawn)}, no figure, so the title leaves them out"
        )
    if not said or not any(_words.given(r["threshold"]) for r in rows):
        return []
    return [_words.sentence("; ".join(said))]


def _assumed(scale: float, drawn: float) -> str:
    """Return the width of the priors in words, with the number in brackets."""
    word = "narrower" if scale < drawn else "wider"
    return f"with {word} assumptions beforehand (priors {scale:g} times as wide)"


def _left_out(both: pd.DataFrame) -> list[str]:
    """Return which searches and stops do not count, and that all searches do where they must."""
    out = []
    whole = both[both["stratum"] == "all"]
    for column, words in (
        ("left_out_basis", "{} searches of another legal basis count as no search"),
        ("left_out", "{} stops left out: area, search or outcome not known"),
    ):
        if column not in whole:
            continue
        total, known = _hidden.total(whole, column)
        if not known:
            out.append(words.format("How many is hidden:"))
        elif total:
            out.append(words.format(f"{total:,.0f}"))
    methods = whole["method"].dropna().astype(str) if "method" in whole else []
    if len(methods) and all("(their ground is not in the counts)" in m for m in methods):
        out.append("All searches are counted: their legal basis is not in the counts")
    if len(whole) and (share := _fits(whole)) is not None:
        out.append(share)
    return out


def _fits(whole: pd.DataFrame) -> str | None:
    """Return how well the model predicts the hit rates of the areas."""
    if "hit_covered" not in whole or not whole["threshold"].notna().any():
        return None
    least = whole["hit_covered"].min()
    if not _words.given(least) or math.isnan(least):
        return None
    return (
        f"The model predicts the hit rate, within its 95% range, in {100 * least:.0f}% of areas "
        "or more for each group"
    )
