"""Chart of yes/no rates as they would be with one mix of age and sex, the crude ones beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _marks, _words
from equity.charts.rates import _draw_rates

if TYPE_CHECKING:
    import altair as alt

__all__ = ["standardized_rates"]

_NEEDED = ("stratum", "group", "rate", "standardized_rate", "ratio", "crude_ratio", "covered")
_SAME = {"subject_sex": "sex", "age_band": "age", "subject_race": "race"}


def standardized_rates(
    table: pd.DataFrame,
    *,
    what: str | None = None,
    who: str = "people",
    by: Sequence[str] = ("subject_sex", "age_band"),
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
    unit: str = "records",
) -> alt.LayerChart:
    """Draw the standardised rate of each group with its interval, and a tick at the crude rate.

    Parameters
    ----------
    table : what `equity.standardized_rates` returns.
    by : the columns whose mix was made equal, for titles.
    what, who, labels, strata_label, confidence_level, unit : as in `equity.charts.rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why rates differ: only what is named in the title was held equal.
    """
    import altair as alt

    absent = [c for c in _NEEDED if c not in table]
    if absent:
        raise ValueError(
            f"The table has no column {', '.join(absent)}: pass what equity.standardized_rates "
            "returns."
        )
    by = [by] if isinstance(by, str) else list(by)
    same = _words.listed([_SAME.get(c, c.replace("_", " ")) for c in by])
    verb = _words.done(what)

    def say(row: dict) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        crude = row.get("crude_ratio")
        beside = ""
        if _words.given(crude) and _words.times(crude) != _words.times(row["ratio"]):  # type: ignore[arg-type]
            beside = f" ({_words.times(crude)} as recorded)"  # type: ignore[arg-type]
        start = f"With the same {same}, {group}"
        if not verb:
            return f"{start} had {_findings.size(row)} the rate of {other}{beside}"
        return f"{start} were {verb} {_findings.size(row)} as often as {other}{beside}"

    def more(row: dict, word: str) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        return f"with the same {same}, {group} were {verb or 'recorded'} {word} often than {other}"

    def name(row: dict) -> str:
        return _words.people(row["group"], labels, who)

    shown = f"Share {verb}, with the same {same}"
    if not verb or len(shown) > 50:  # it is the title of an axis, too
        shown = f"Share, with the same {same}"
    renamed = table.assign(crude=table["rate"], rate=table["standardized_rate"])
    if "reason" in renamed:
        renamed["reason"] = [_plain(r, by, same, labels) for r in renamed["reason"].tolist()]
    shares = pd.to_numeric(table["covered"])[table["standardized_rate"].notna()].dropna()
    least = float(shares.min()) if len(shares) else 1.0
    covered = (
        f"At least {_words.percent(least)} of each group that has a figure is of a {same} that "
        "both groups have"
    )
    chart = _draw_rates(
        renamed,
        say=say,
        more=more,
        name=name,
        shown=shown,
        unit=unit,
        labels=labels,
        strata_label=strata_label,
        confidence_level=confidence_level,
        extra=[
            "Thin upright lines mark the rates as recorded, before this",
            *([covered] if least < 1 else []),
        ],
        limits=f"Nothing but {same} was held equal; groups can differ in all else",
    )
    rows = chart.datasets["table"]
    if not any(_words.given(row["crude"]) and not row["missing"] for row in rows):
        return chart
    page = _draw.Page([row["label"] for row in rows], len(rows))
    x = alt.X("crude:Q", scale=_axes.x_scale(page, log=False), axis=_axes.axis_percent(shown))
    height = int(chart.height)
    tick = (
        _marks.layer("point", shape="stroke", angle=90, size=260, strokeWidth=2,
                     filled=False, opacity=1, yOffset=page.mark_dy, aria=False)
        .encode(x=x, y=_marks.y_at("y", height), color=alt.Color("colour:N", scale=None))
        .transform_filter("isValid(datum.crude) && !isValid(datum.missing)")
    )  # fmt: skip
    chart.layer = [*chart.layer, tick]
    return chart


def _plain(reason: object, by: list[str], same: str, labels: Mapping | None) -> str | None:
    """Return a reason with the words for the columns whose mix was made equal, and for groups."""
    if not isinstance(reason, str):
        return None
    few = re.escape(f"too few outcomes in combinations of {' and '.join(by)} that ")
    reason = re.sub(
        few + "this group and (.+?) both have",
        lambda m: f"too few of the same {same} as {_words.name(m[1], labels)}",
        reason,
    )
    return re.sub(few + "count", f"too few records of one {same}", reason)
