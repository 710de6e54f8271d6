"""Chart of officers against colleagues: one line each, sorted, named by number only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from equity.charts import _draw, _marks, _words
from equity.charts._common import alternative, level
from equity.charts._marks import GREY
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["officers"]

_NEEDED = ("officer", "group", "n", "odds_ratio", "odds_low", "odds_high", "differs", "reason")
HEIGHT = 320
_INSIDE = "datum.value >= domain('y')[0] * 0.999 && datum.value <= domain('y')[1] * 1.001"
REACH = 16  # odds ratios beyond 1/16 and 16 are drawn at the edge


def officers(
    table: pd.DataFrame,
    *,
    of_group: str | None = None,
    labels: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw each officer's odds ratio against colleagues, from the lowest to the highest.

    Parameters
    ----------
    table : what `equity.officers` returns; officers should be numbers here, not keys.
    of_group : the group to show, where the table has several; None: the first.
    labels : key -> words for the groups.
    confidence_level : of the intervals in the table.

    Raises ValueError where the table lacks a column or the group, or has more than 5,000 rows.
    For inside the agency only. It cannot show why an officer differs from colleagues.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    frame = _chosen(frame, of_group)
    group = str(frame["group"].iloc[0]) if len(frame) else ""
    interval = level(confidence_level)
    everybody = len(frame)
    frame = frame[frame["odds_ratio"].notna().to_numpy()]
    frame = frame.sort_values(["odds_ratio", "officer"], kind="stable").reset_index(drop=True)
    frame = _placed(frame)
    people = _words.people(group, labels)
    differ = int((frame["tells"] == "differs").sum())
    out = everybody - len(frame)
    title = headline(differ, len(frame), people, out)
    subtitle = [
        f"Odds that a stop is of {people}, each officer against colleagues in the same places "
        f"and hours, from the lowest to the highest; lines show the {interval}",
        f"{len(frame):,} officers, n = {frame['n'].sum():,.0f} stops. In grey: cannot tell",
        *(["Officers who differ are named, by their number only"] if differ else []),
        *([f"{out:,} officers have no figure; the table says why"] if out else []),
        "For review inside the agency. A difference does not say why",
    ]
    tips = [
        alt.Tooltip("name:N", title="Officer"),
        alt.Tooltip("value:N", title=f"Odds ratio ({interval})"),
        alt.Tooltip("share:Q", title="Share of this officer's stops", format=".0%"),
        alt.Tooltip("benchmark:Q", title="Share of colleagues' stops", format=".0%"),
        alt.Tooltip("n:Q", title="Stops", format=","),
        alt.Tooltip("tells:N", title="Reads"),
    ]
    sentences = frame.loc[frame["tells"] == "differs", "aria"].tolist()
    intro = f"Each officer as a dot with its {interval}, sorted. Those who differ:"
    return _draw.assemble(
        frame,
        _layers(frame, tips) if len(frame) else [],
        height=HEIGHT,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro if sentences else subtitle[0] + ".", sentences),
    )


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Add where each officer is drawn, and what is said of them."""
    numbers = {c: frame[c].to_numpy(dtype=float) for c in ("odds_ratio", "odds_low", "odds_high")}
    differs = frame["differs"].fillna(False).to_numpy(dtype=bool)
    at, start, end = (np.clip(v, 1 / REACH, REACH) for v in numbers.values())
    names = [_number(v) for v in frame["officer"]]
    ratio = _words.ratio
    values = [
        f"{ratio(r['odds_ratio'])} {_words.span(r['odds_low'], r['odds_high'], ratio)}".strip()
        for r in _draw.rows_of(frame)
    ]
    tells = np.where(differs, "differs", "cannot tell")
    return frame.assign(
        place=np.arange(1, len(frame) + 1),
        at=at,
        start=start,
        end=end,
        tells=tells,
        colour=np.where(differs, np.where(at > 1, PALETTE["orange"], PALETTE["blue"]), GREY),
        name=names,
        value=values,
        mark=pd.Series(
            [f"officer {n}" if d else None for n, d in zip(names, differs, strict=True)],
            index=frame.index,
            dtype=object,
        ),
        mark_at=_apart(at, differs, start, end),
        aria=[
            f"Officer {name}: {value} times the odds, {tell}, {_words.whole(n)} stops"
            for name, value, tell, n in zip(names, values, tells, frame["n"], strict=True)
        ],
    )


def _apart(at: np.ndarray, differs: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the heights of the names: outside their dots, where sorted neighbours leave room.

    A name stands beyond its dot, as far off as the name of the one before needs.
    """
    out = np.where(differs, at, np.nan)
    if not differs.any():
        return out
    line = 17 / HEIGHT * float(np.log(high.max() / low.min()))  # of text, in log units
    for side in (np.flatnonzero(differs & (at > 1)), np.flatnonzero(differs & (at <= 1))[::-1]):
        before = None
        for i in side:  # from the nearest outwards
            way = 1 if at[i] > 1 else -1
            y = np.log(at[i]) + way * 0.6 * line
            if before is not None and way * (y - before) < line:
                y = before + way * line
            out[i] = np.exp(y)
            before = y
    return out


def _layers(frame: pd.DataFrame, tips: list[Any]) -> list[Any]:
    import altair as alt

    x = alt.X(
        "place:Q", axis=None, scale=alt.Scale(nice=False, zero=False, padding=10), title=None
    )
    axis = alt.Axis(
        title="Odds ratio to colleagues (log scale)",
        titleAlign="left",
        titleAngle=0,
        titleAnchor="start",
        titleX=0,
        titleY=-12,
        grid=True,
        values=[1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16],
        labelExpr=f"{_INSIDE} ? format(datum.value, '.2~f') : ''",
        gridOpacity={"condition": {"test": _INSIDE, "value": 1}, "value": 0},
        zindex=0,
    )
    scale = alt.Scale(type="log", base=2, nice=False, padding=14)
    y = alt.Y("at:Q", scale=scale, axis=axis)
    colour = alt.Color("colour:N", scale=None)
    marked = "datum.tells == 'differs'"
    layers = [
        _marks.layer("rule", strokeWidth=1.5, color=GREY, aria=False)
        .encode(y=alt.YDatum(1, scale=scale, axis=axis, type="quantitative"))
        .transform_filter("datum.place == 1"),
        _marks.layer("rule", strokeWidth=1, opacity=0.55, aria=False).encode(
            x=x, y=alt.Y("start:Q", scale=scale, axis=axis), y2=alt.Y2("end:Q"), color=colour
        ),
        _marks.layer("point", filled=True, opacity=1).encode(
            x=x,
            y=y,
            color=colour,
            size=alt.condition(marked, alt.value(60), alt.value(18)),
            shape=alt.condition(marked, alt.value("diamond"), alt.value("circle")),
            tooltip=tips,
            description=alt.Description("aria:N"),
        ),
    ]
    high = (frame["mark"].notna() & (frame["at"] > 1)).any()
    low = (frame["mark"].notna() & (frame["at"] <= 1)).any()
    for there, side, align, dx in (
        (high, "datum.at > 1", "right", -8),
        (low, "datum.at <= 1", "left", 8),
    ):
        if there:  # a layer without marks is an empty group to a screen reader
            layers.append(
                _marks.layer("text", align=align, dx=dx, fontWeight=600, aria=False)
                .encode(x=x, y=alt.Y("mark_at:Q", scale=scale, axis=axis), text=alt.Text("mark:N"))
                .transform_filter(f"{marked} && {side}")
            )
    return layers


def headline(differ: int, number: int, people: str, out: int = 0) -> str:
    """Return the finding: how many officers differ from colleagues, and how many have no figure.

    The last only where most have none.
    """
    if not number:
        return "No officer has enough stops to be compared with colleagues"
    start = ""
    if out > number:
        have = "officer has" if number == 1 else "officers have"
        start = f"{number:,} {have} enough stops, {out:,} {'has' if out == 1 else 'have'} not. "
    if not differ:
        return start + (
            f"Of {number} officers, none clearly differs from colleagues in the same places "
            f"and hours in how many of the stops are of {people}"
        )
    return start + (
        f"{differ} of {number} officers {'differs' if differ == 1 else 'differ'} from colleagues "
        f"in the same places and hours in how many of the stops are of {people}"
    )


def _chosen(frame: pd.DataFrame, of_group: str | None) -> pd.DataFrame:
    there = list(dict.fromkeys(frame["group"]))
    if of_group is None:
        return frame[frame["group"] == there[0]] if there else frame
    if of_group not in there:
        raise ValueError(
            f"of_group={of_group!r} is not in the table, which has: {', '.join(map(str, there))}."
        )
    return frame[frame["group"] == of_group]


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, int | float | np.number) else str(value)
