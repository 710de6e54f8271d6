"""Hit rates area by area: each group against the reference, one circle per area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _draw, _findings, _hidden, _hidden_stops, _outcome, _words
from equity.charts._common import alternative, group_words, level, unknown_words
from equity.charts._marks import GREY

if TYPE_CHECKING:
    import altair as alt

__all__ = ["outcome_scatter"]

_NEEDED = (
    *("stratum", "group", "reference", "n", "x", "x_known", "rate", "low", "high"),
    *("ratio", "ratio_low", "ratio_high"),
)


def outcome_scatter(
    table: pd.DataFrame,
    *,
    what: str = "contraband",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
    minimum: int = 30,
) -> alt.LayerChart:
    """Draw a circle for each area: the reference's hit rate across, the group's upwards.

    On the diagonal both are equal; below it, searches of the group found something less often.
    There is a panel for each group; the area of a circle is the number of searches of the group.

    Parameters
    ----------
    table : what `equity.hit_rates(within=...)` returns.
    what : what searches are for, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.
    minimum : areas with fewer counted searches of the group or of the reference are not drawn;
        how many there are is said. A filled circle is a difference that chance hardly made.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show by which standard searches are made: groups can differ in hit rates although
    everybody is searched by the same standard (infra-marginality), and the reverse.
    """
    import altair as alt

    what = {"contraband_found": "contraband"}.get(what, what)
    interval = level(confidence_level)
    whole = _draw.prepare(table, _NEEDED, labels)
    lost = whole["stratum"] == "not known"  # no place: it would be a circle without a name
    prepared = whole if lost.all() else whole[~lost].reset_index(drop=True)
    frame = _paired(prepared, minimum, 1 - confidence_level)
    areas = _words.plural(strata_label or "area", 2)
    frame["aria"] = _draw.apply(lambda r: _aria(r, labels), frame)
    frame["order"] = range(len(frame))
    parts = _outcome.panels(frame, labels, frame["drawn"])
    frame = _named(frame)
    tips = [
        alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "area")),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Hit rate ({interval})"),
        alt.Tooltip("n_text:N", title="Finds of searches"),
        alt.Tooltip("reference_value:N", title="Hit rate of the comparison"),
        alt.Tooltip("reference_text:N", title="Its finds of searches"),
    ]
    rows = _draw.rows_of(frame)
    others = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    other = _words.listed([_words.name(k, labels) for k in others] or ["the reference"])
    gone = frame["hidden_cell"].tolist()
    frame = _hidden_stops.strip_rows(frame, gone, _words.plural(strata_label or "area", 2))
    layers = [_panel(p, tips, other, several=len(parts) > 1) for p in parts]
    title = headline(rows, what=what, who=who, labels=labels, strata=strata_label)
    drawn = [r for r in rows if r["drawn"]]
    there = [float(r["x_known"]) for r in drawn if _words.given(r["x_known"])]
    total = f", n = {sum(there):,.0f} searches of the groups drawn"
    total += ", without those hidden" if len(there) < len(drawn) else ""
    total = total if drawn or not any(gone) else ""
    subtitle = [
        f"Each circle is one {_words.plural(strata_label or 'area', 1)}: share of searches that "
        f"found {what}, {other} across, the group upwards; on the line both are equal"
        f"{total}",
        "A larger circle has more searches of the group; a filled one differs by more than chance "
        f"explains (by the {interval} and for the number of comparisons), a hollow one may not "
        "differ at all",
        *_hidden.legend(prepared),
        *([f"Hatched below the picture: {areas} that are hidden"] if any(gone) else []),
        *_undrawn(rows, minimum, areas),
        *([_unplaced(whole[lost], strata_label)] if len(prepared) < len(whole) else []),
        *_outcome.left_out(whole),
        *filter(None, [unknown_words(whole, "searches")]),
        _outcome.INFRA_MARGINALITY,
    ]
    rows = _draw.rows_of(frame)
    sentences = [*(r["strip_aria"] for r in rows if r["strip_aria"]), *(r["aria"] for r in drawn)]
    intro = f"{group_words(frame)} against {other}, {interval}."
    if not drawn and not any(gone):
        counted = [
            f"{r['stratum']}, {r['label']}, {_hidden.count(r, 'x_known')} searches" for r in rows
        ]
        return _draw.words_only(
            frame,
            title=title,
            subtitle=subtitle[2:],
            description=alternative(title, intro, counted),
        )
    return _outcome.stack(
        frame,
        layers if drawn else [],
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
    )


def _paired(prepared: pd.DataFrame, minimum: int, alpha: float) -> pd.DataFrame:
    """Return the rows that are compared, each with the reference of its area beside it."""
    own = prepared[prepared["is_reference"]].drop_duplicates("stratum").set_index("stratum")
    frame = prepared[~prepared["is_reference"]].reset_index(drop=True)
    for column in ("x", "x_known", "rate", "low", "high"):
        frame[f"reference_{column}"] = frame["stratum"].map(own[column])
    frame["reference_reason"] = frame["stratum"].map(own["reason"]) if "reason" in own else None
    each = [pd.to_numeric(frame[c]).astype(float) for c in ("x_known", "reference_x_known")]
    enough = (each[0] >= minimum) & (each[1] >= minimum)
    frame["drawn"] = enough & frame["rate"].notna() & frame["reference_rate"].notna()
    # too few where one of both is shown to be; else what is hidden keeps the circle away
    few = (each[0] < minimum) | (each[1] < minimum)
    frame["hidden_cell"] = (
        _draw.apply(_lost, frame).astype(bool) & ~few & ~frame["drawn"]
    ).astype(bool)
    frame["at"] = frame["rate"].where(frame["drawn"])
    frame["reference_at"] = frame["reference_rate"].where(frame["drawn"])
    frame["side"] = _draw.apply(lambda r: _findings.side(r, alpha), frame)
    frame["clear"] = frame["side"].isin(["above", "below"])
    both = pd.concat([frame["at"], frame["reference_at"]])
    frame["most"] = max(1.08 * both.max(), 0.02) if both.notna().any() else 0.02
    frame["least"] = 0.0
    for value, n_text, before in (
        ("value", "n_text", ""),
        ("reference_value", "reference_text", "reference_"),
    ):
        keys = [f"{before}{k}" for k in ("rate", "low", "high", "x", "x_known")]
        rate, low, high, x, known = keys
        frame[value] = _draw.apply(
            lambda r, a=rate, b=low, c=high: (
                _words.share(r[a], r[b], r[c]) if _words.given(r[a]) else None
            ),
            frame,
        )
        frame[n_text] = _draw.apply(lambda r, a=x, b=known: _hidden.counts(r, a, b), frame)
    return frame


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the name of each circle that gets one, and on which side of the circle it stands.

    All have one where there are few, else those that differ clearly. A name goes where it covers
    no circle and no other name, at the width of a usual page.
    """
    own: dict[str, list[Any]] = {
        c: [None] * len(frame) for c in ("name", "name_align", "name_dx", "name_dy")
    }
    drawn = frame["drawn"].to_numpy(bool)
    largest = pd.to_numeric(frame["x_known"]).astype(float).where(drawn).max()
    for panel in dict.fromkeys(frame["panel"][drawn]):
        mine = [i for i in range(len(frame)) if drawn[i] and frame["panel"].iloc[i] == panel]
        circles: dict[int, tuple[float, float, float]] = {}
        for i in mine:
            row = frame.iloc[i]
            radius = _LARGEST * (float(row["x_known"]) / largest) ** 0.5
            at = (_WIDTH * row["reference_at"] / row["most"],
                  _outcome.HEIGHT * (1 - row["at"] / row["most"]))  # fmt: skip
            circles[i] = (*at, radius)
        taken = [(x - r, x + r, y - r, y + r) for x, y, r in circles.values()]
        for i in mine:
            if len(mine) > _FEW and not frame["clear"].iloc[i]:
                continue
            words = str(frame["stratum"].iloc[i])
            spots = [_spot(*circles[i], len(words), side) for side in _SIDES]
            box, spot = min(spots, key=lambda s: sum(_covers(s[0], t) for t in taken))
            taken.append(box)
            for column, value in zip(own, (words, *spot), strict=True):
                own[column][i] = value
    return frame.assign(
        **{c: pd.Series(values, index=frame.index, dtype=object) for c, values in own.items()}
    )


_FEW = 8
_WIDTH, _LARGEST, _LETTER, _TALL = 600, 17.0, 6.4, 14.0
_SIDES = ("left", "right", "above", "below")
_Box = tuple[float, float, float, float]


def _spot(x: float, y: float, radius: float, letters: int, side: str) -> tuple[_Box, Any]:
    """Return the box of a name beside a circle, and how it is aligned and moved."""
    long, off = letters * _LETTER, radius + 4
    align, dx, dy = {
        "left": ("left", off, 0.0),
        "right": ("right", -off, 0.0),
        "above": ("center", 0.0, -off - _TALL / 2),
        "below": ("center", 0.0, off + _TALL / 2),
    }[side]
    start = x + dx - {"left": 0.0, "right": long, "center": long / 2}[align]
    box = (start, start + long, y + dy - _TALL / 2, y + dy + _TALL / 2)
    return box, (align, round(dx, 1), round(dy, 1))


def _covers(a: _Box, b: _Box) -> float:
    """Return how much of a box lies on another, or outside the picture."""
    wide, high = min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])
    out = max(a[1] - _WIDTH, 0) + max(-a[0], 0)
    return max(wide, 0) * max(high, 0) + out


def _unplaced(rows: pd.DataFrame, strata_label: str | None) -> str:
    """Return how many searches are in no circle, since nobody knows where they were."""
    area = _words.plural(strata_label or "area", 1)
    number, told = _hidden.total(rows, "x_known")
    if not told or number is None:
        return f"Not drawn: searches of which the {area} is not known"
    return f"Not drawn: {number:,.0f} searches of which the {area} is not known"


def _lost(row: dict) -> bool:
    """Return whether a figure of the group, or of the reference beside it, is hidden."""
    beside = {"reason": row["reference_reason"]} | {
        k: row[f"reference_{k}"] for k in ("rate", "x_known")
    }
    return _hidden.lost(row, "rate", "x_known") or _hidden.lost(beside, "rate", "x_known")


def _panel(
    panel: _outcome.Panel, tips: list[alt.Tooltip], other: str, *, several: bool
) -> list[alt.Chart]:
    import altair as alt

    def x(field: str | float) -> Any:
        return _outcome.x_of(field, log=False, title=f"Hit rate, {other}")

    def y(field: str | float) -> Any:
        title = f"Hit rate, {panel.name}" if len(panel.name) <= 24 else "Hit rate of the group"
        return panel.y_of(field, log=False, title=title)

    once = "datum.order == 0"
    quiet = _outcome.quiet
    searches = alt.Size(
        "x_known:Q", scale=alt.Scale(type="linear", zero=True, range=[0, 900]), legend=None
    )
    layers: list[Any] = [
        *(
            quiet("point", opacity=0, size=1).encode(x=x(end), y=y(end)).transform_filter(once)
            for end in ("least", "most")
        ),
        quiet("rule", color=GREY, strokeWidth=1.5)
        .encode(x=x("least"), y=y("least"), x2=alt.X2("most:Q"), y2=alt.Y2("most:Q"))
        .transform_filter(once),
        _side_words("equal", x("most"), y("most"), 0, -9, "right", once),
        _corner("found more often", panel.top + 12, left=True),
        _corner("found less often", panel.bottom - 12, left=False),
    ]
    for clear in ("!datum.clear", "datum.clear"):
        layers.append(
            _outcome.dots(
                x("reference_at"),
                y("at"),
                f"{panel.mine} && datum.drawn && {clear}",
                tips,
                size=searches,
                filled=clear == "datum.clear",
                strokeWidth=2,
                opacity=0.75 if clear == "datum.clear" else 1,
            )
        )
    names = (
        _outcome.quiet(
            "text",
            fontSize=12,
            opacity=alt.ExprRef("width < 450 && !datum.clear ? 0 : 1"),  # there they would clash
            align=alt.ExprRef("datum.name_align"),
            dx=alt.ExprRef("datum.name_dx"),
            dy=alt.ExprRef("datum.name_dy"),
        )
        .encode(x=x("reference_at"), y=y("at"), text=alt.Text("name:N"))
        .transform_filter(f"{panel.mine} && isValid(datum.name)")
    )
    return [*layers, names, *(panel.heading() if several else [])]


def _side_words(
    words: str, x: Any, y: Any, dx: float, dy: float, align: Any, keep: str
) -> alt.Chart:
    return (
        _outcome.quiet(
            "text", text=words, fontSize=12, fontStyle="italic", align=align, dx=dx, dy=dy
        )
        .encode(x=x, y=y)
        .transform_filter(keep)
    )


def _corner(words: str, y: float, *, left: bool) -> alt.Chart:
    import altair as alt

    return _side_words(
        words,
        alt.XValue(0 if left else alt.ExprRef("width")),
        alt.YValue(y),
        6 if left else -6,
        0,
        "left" if left else "right",
        "datum.order == 0",
    )


def _aria(row: dict, labels: Mapping[str, str] | None) -> str:
    other = _words.name(str(row["reference"]), labels)
    if row["hidden_cell"]:
        return f"{row['stratum']}, {row['label']}, {_hidden.WORD}"
    if not row["drawn"]:
        return f"{row['stratum']}, {row['label']}, too few searches to be drawn"
    return (
        f"{row['stratum']}, {row['label']} {row['value']}, {row['n_text']}, "
        f"{other} {row['reference_value']}, {row['reference_text']}"
    )


def _undrawn(rows: list[dict], minimum: int, areas: str) -> list[str]:
    """Return how many circles each group lacks, for too few searches."""
    few: dict[str, int] = {}
    for row in rows:
        if not row["drawn"] and not row["hidden_cell"]:
            few[row["label"]] = few.get(row["label"], 0) + 1
    if not few:
        return []
    each = _words.listed([f"{number} for {label}" for label, number in few.items()])
    return [
        f"Not drawn, with fewer than {minimum} counted searches of the group or of the "
        f"comparison: {areas}, {each}"
    ]


def headline(
    rows: list[dict],
    *,
    what: str,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
) -> str:
    """Return in how many areas the group with most searches lies below the line, or above."""
    if not rows:
        return "There are no figures to show"
    shown = [r for r in rows if r["drawn"] and r["stratum"] != "not known"]
    gone = _hidden.part_of([r["hidden_cell"] for r in rows], "comparison")
    if not shown and gone:
        return f"No comparison of hit rates is shown: {gone}"
    if not shown:
        name = _words.plural(strata or "area", 1)
        return f"No {name} has enough searches of two groups to compare their hit rates"
    searches: dict[str, float] = {}
    for row in shown:
        searches[row["group"]] = searches.get(row["group"], 0) + float(row["x_known"])
    lost = [r for r in rows if r["hidden_cell"]]
    lead = max(searches, key=lambda g: searches[g])
    own = [r for r in shown if r["group"] == lead]
    less = [r for r in own if r["rate"] < r["reference_rate"]]
    more = [r for r in own if r["rate"] > r["reference_rate"]]
    side, word, way = (
        (less, "less", "below") if len(less) >= len(more) else (more, "more", "above")
    )
    number = len(own)
    each = f"all {number}" if len(side) == number > 1 else f"{len(side)} of {number}"
    hidden_own = any(r["group"] == lead for r in lost)
    some = f" that {'is' if number == 1 else 'are'} shown" if hidden_own else ""
    group, other = (_words.people(own[0][k], labels, who) for k in ("group", "reference"))
    clear = sum(r["side"] == way for r in side)
    opposite = sum(r["side"] in ("above", "below") for r in own) - clear
    tail = f"; {clear or 'none'} of these differences {'is' if clear == 1 else 'are'} clear"
    if not clear:
        tail = "; none of these differences is clear"
    if opposite:
        tail += f", and {opposite} the other way"
    where = _words.plural(strata or "area", number)
    return (
        f"In {each} {where}{some}, searches of {group} found {what} "
        f"{word} often than searches of {other}{tail}"
    ) + (f"; {gone}" if gone else "")
