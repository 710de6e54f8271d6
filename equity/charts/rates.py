"""Charts of yes/no rates by group: searches, arrests, any flag; and of hit rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _findings, _hidden, _marks, _outcome, _words
from equity.charts._common import (
    allowance,
    alternative,
    block_names,
    cannot,
    group_words,
    level,
    part_name,
    reference_words,
    remarks,
    unknown_words,
)
from equity.charts._rates_parts import alike, all_alike, in_all, its_rate, rests, small

if TYPE_CHECKING:
    import altair as alt

__all__ = ["hit_rates", "rates"]

_NEEDED = (
    "stratum",
    "group",
    "reference",
    "n",
    "x",
    "x_known",
    "rate",
    "low",
    "high",
    "ratio",
    "ratio_low",
    "ratio_high",
)
_ENOUGH = 30
"""Searches: a headline does not state what rests on fewer, of the group or of the reference."""


def rates(
    table: pd.DataFrame,
    *,
    what: str | None = None,
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
    unit: str = "records",
) -> alt.LayerChart:
    """Draw the rate of each group as a dot with its interval, the reference group in grey.

    Parameters
    ----------
    table : what `equity.rates` returns.
    what : the flag, as a column name (`search_conducted`) or in words (`searched`), for titles.
    who : the people counted, for titles: "people", "drivers".
    labels : group key -> words; ours for the known keys, else the key itself.
    strata_label : what one stratum is, such as "district".
    confidence_level : the level with which the table was made.
    unit : what one record is, in the plural: "stops", "applicants".

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show why rates differ.
    """
    verb = _words.done(what)

    def say(row: dict) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        if row["ratio"] == 0:
            return (
                f"{_words.sentence(group)}: none of {_words.whole(row['x_known'])}"
                f"{f' {verb}' if verb else ''}, clearly less often than {other}"
            )
        if not verb:
            return f"The rate of {group} was {_findings.size(row)} that of {other}"
        return f"{_words.sentence(group)} were {verb} {_findings.size(row)} as often as {other}"

    def more(row: dict, word: str) -> str:
        group, other = (_words.people(row[k], labels, who) for k in ("group", "reference"))
        if not verb:
            return f"{group} were recorded {word} often than {other}"
        return f"{group} were {verb} {word} often than {other}"

    def name(row: dict) -> str:
        return _words.people(row["group"], labels, who)

    shown = f"Share of each group {verb}" if verb else "Share of each group"
    if (same := all_alike(table, what, unit)) is not None:
        return alike(_draw.prepare(table, _NEEDED, labels), same, shown, unit)
    return _draw_rates(
        table,
        say=say,
        more=more,
        name=name,
        shown=shown,
        unit=unit,
        labels=labels,
        strata_label=strata_label,
        confidence_level=confidence_level,
        extra=[],
        limits="A difference in rates does not show why the rates differ",
    )


def hit_rates(
    table: pd.DataFrame,
    *,
    what: str = "contraband",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
) -> alt.LayerChart:
    """Draw the share of searches that found something, by group, with intervals.

    Parameters
    ----------
    table : what `equity.hit_rates` returns.
    what : what searches are for, for titles.
    who, labels, strata_label, confidence_level : as in `rates`.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show by which standard searches are made: groups can differ in hit rates although
    everybody is searched by the same standard (infra-marginality), and the reverse.
    """

    def say(row: dict) -> str:
        group = _words.people(row["group"], labels, who)
        other = _words.people(row["reference"], labels, who)
        if row["ratio"] == 0:
            return (
                f"None of {_words.whole(row['x_known'])} searches of {group} found {what}, "
                f"clearly less often than searches of {other}"
            )
        return (
            f"Searches of {group} found {what} {_findings.size(row)} as often "
            f"as searches of {other}"
        )

    def more(row: dict, word: str) -> str:
        return (
            f"{name(row)} found {what} {word} "
            f"often than searches of {_words.people(row['reference'], labels, who)}"
        )

    def name(row: dict) -> str:
        return f"searches of {_words.people(row['group'], labels, who)}"

    return _draw_rates(
        table,
        say=say,
        more=more,
        name=name,
        shown=f"Share of searches that found {what}",
        unit="searches",
        labels=labels,
        strata_label=strata_label,
        confidence_level=confidence_level,
        extra=_outcome.left_out(table),
        limits=_outcome.INFRA_MARGINALITY,
        minimum=_ENOUGH,
    )


def _draw_rates(
    table: pd.DataFrame,
    *,
    say: Callable[[dict], str],
    more: Callable[[dict, str], str],
    name: Callable[[dict], str],
    shown: str,
    unit: str,
    labels: Mapping[str, str] | None,
    strata_label: str | None,
    confidence_level: float,
    extra: list[str],
    limits: str,
    minimum: int = 0,
) -> alt.LayerChart:
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)
    interval = level(confidence_level)
    ratio = _words.ratio

    def value(row: dict) -> str | None:
        if not _words.given(row["rate"]):
            return None
        return _words.share(row["rate"], row["low"], row["high"])

    def note(row: dict) -> str | None:
        if row["is_reference"]:
            return "the comparison"
        if not _words.given(row["rate"]):
            return None
        if not _words.given(row["ratio"]):
            if _hidden.lost(row, "ratio") and not _findings.size(row):
                return "ratio hidden"
            if _findings.size(row):
                return f"ratio {ratio(row['ratio_low'])} or more"
            way = {"above": "more often", "below": "less often"}
            return (
                f"{way[s]}, no ratio"
                if (s := _findings.side(row, 1 - confidence_level)) in way
                else "no ratio: see table"
            )
        ends = _words.span(row["ratio_low"], row["ratio_high"], ratio)
        return f"ratio {ratio(row['ratio'])} {ends}".strip()

    frame["n_text"] = _draw.apply(lambda r: _hidden.counts(r, "x", "x_known"), frame)
    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(note, frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "rate"), frame)
    heads = block_names(frame, ("stratum",), {"stratum": part_name(strata_label)})
    frame["aria"] = [
        ", ".join(
            x
            for x in (
                head,
                row["label"],
                row["value"] or row["missing"],
                row["n_text"],
                row["note"],
            )
            if x
        )
        for head, row in zip(heads, _draw.rows_of(frame), strict=True)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame))
    frame = _draw.clip(frame, "rate", "low", "high", log=False)
    at_reference = frame[frame["is_reference"]].drop_duplicates("stratum").set_index("stratum")
    frame["reference_rate"] = frame["stratum"].map(at_reference["rate"])
    frame, height = _draw.place(frame, heads, page, room=6 if any(heads) else _draw.AXIS_ROOM)
    other = _words.listed(
        [_words.name(k, labels) for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
        or ["the reference"]
    )

    tips = [
        *(
            [alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))]
            if any(heads)
            else []
        ),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Rate ({interval})"),
        alt.Tooltip("n_text:N", title=_words.sentence(unit)),
        alt.Tooltip("note:N", title="Compared with the reference"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=_axes.axis_percent(shown))
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 0.02),
        *reference_line(page, height, x, f"comparison: {other}", named=not any(heads)),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    total = _hidden.n_words(frame, unit, "x_known")
    kept, few = rests(rows, minimum) if minimum else (rows, [])
    title = tail = small(rows, kept, few, in_all(frame, "x_known"))
    if not tail or tail.startswith(";"):
        said = {"say": say, "more": more, "name": name, "strata": strata_label}
        title = _findings.finding(kept, alpha=1 - confidence_level, **said) + tail
    reference = reference_words(frame, labels)
    subtitle = [
        ", ".join(filter(None, [f"{shown}; lines show the {interval}", total])),
        reference + its_rate(rows),
        *_hidden.legend(frame),
        *extra,
        *allowance(_findings.side(r, 1 - confidence_level) for r in rows),
        *remarks(frame, "rate"),
        *filter(None, [unknown_words(frame, unit)]),
        limits,
    ]
    intro = f"{shown}, {group_words(frame)}, {interval}. {reference}."
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def reference_line(
    page: _draw.Page, height: int, x: alt.X, says: str, *, named: bool
) -> list[alt.Chart]:
    """Draw a dashed line at the rate of each block's reference, named on top if there is one."""
    import altair as alt

    line = (
        _marks.layer(
            "rule",
            color=_marks.GREY,
            strokeWidth=1.5,
            strokeDash=[4, 3],
            aria=False,
            **_marks.beside(page),
        )
        .encode(x=_marks.on("reference_rate", x), y=_marks.y_at("y", height), y2=alt.Y2("y:Q"))
        .transform_filter("isValid(datum.reference_rate) && !isValid(datum.missing)")
    )
    if not named:
        return [line]
    left = "scale('x', datum.reference_rate) > width * 0.6"
    text = (
        _marks.layer(
            "text",
            text=says,
            fontSize=12,
            fontStyle="italic",
            aria=False,
            align={"expr": f"{left} ? 'right' : 'left'"},
            dx={"expr": f"{left} ? 6 : -6"},
        )
        .encode(x=_marks.on("reference_rate", x), y=alt.YValue(12))
        .transform_filter("datum.is_reference && isValid(datum.at)")
    )
    return [line, text]
