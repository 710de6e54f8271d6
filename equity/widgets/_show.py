"""Shows a measure as a figure that follows choices, and says which of them it does not follow."""

from __future__ import annotations

import datetime as dt
import html
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets
import pandas as pd

from equity.widgets._choices import Choice, choices_in, resolve, slug, when
from equity.widgets._columns import Columns, describe, records, words_of
from equity.widgets._lacking import NO_RECORDS, elsewhere, lacking, nobody, untold
from equity.widgets._later import later
from equity.widgets._panel import Panel, picture
from equity.widgets._safety import in_voila, report, speaks_for_itself
from equity.widgets._scope import (
    Work,
    applying,
    marked,
    one_reference,
    rounding,
    shown_in,
    unfollowed_in,
)
from equity.widgets._stage import Figure, Part, stage

__all__ = ["is_fictional", "note", "show", "show_result", "source_of", "table"]

_REMEMBERED = 256  # drawn figures kept per panel: going back to a choice costs nothing
_MISSING = "This agency has no such records, so there is nothing to show here."


def show(
    counts: Any,
    measure: Callable[..., pd.DataFrame],
    chart: Callable[..., Any],
    *,
    where: Mapping[str, Any] | None = None,
    unfollowed: Iterable[Choice] = (),
    missing: str = _MISSING,
    residents: Any = None,
    rows: Mapping[str, Any] | None = None,
    columns: Columns = None,
    filename: str | None = None,
    labels: Mapping[Any, str] | None = None,
    chart_options: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Panel:
    """Show a measure of counts as a figure; it is drawn again in place when a choice changes.

    It does ``measure(counts.where(...), [residents], **kwargs)`` and draws the table with
    ``chart(table, labels=...)``. A :class:`Choice` may stand for any argument.

    Parameters
    ----------
    counts : a :class:`~equity.CountTable`; None where the agency has no such table: then the
        panel shows the words of `missing`.
    measure, chart : such as ``eq.hit_rates`` and ``eq.charts.hit_rates``.
    where : column -> value, list of values or choice; None is no filter. A choice for a column
        that these counts lack is not applied; once it is made, the panel says that it is not
        followed here. So every panel can be given all choices of a page.
    unfollowed : further choices of the page that this figure does not follow, to be named once
        they are made: that of a district where the districts are compared.
    missing : why there is nothing to show where `counts` is None.
    residents : the table of residents, or a mapping of several, where the measure takes one.
    rows : column -> value of the measure's table: which of its rows to show (one stage of many);
        the measure still sees everything.
    columns : which columns to list below the figure, see :func:`table`.
    filename : first part of the name of a downloaded file; None: the measure's name.
    labels : key -> words for groups, stages and parts; None: the words that the counts carry.
    chart_options : further arguments of the chart.
    kwargs : arguments of the measure.

    Returns
    -------
    The panel, drawn. Where nothing is left, or a choice breaks a rule, a sentence says so in
    place of the figure.
    What goes wrong otherwise is logged with a reference; outside Voila it is raised.
    """
    from altair.utils.schemapi import debug_mode

    where, rows, chart_options = where or {}, rows or {}, chart_options or {}
    beside = list(unfollowed)
    choices = choices_in(counts, where, residents, rows, kwargs, chart_options)
    every = choices_in(choices, beside)
    measured = str(getattr(measure, "__name__", "figure"))
    heading = measured.replace("_", " ").capitalize().replace("Kpt", "KPT")
    name = filename or slug(measured)
    panel = Panel(filename=name)
    if counts is None:
        return panel.lack(missing)

    def followed(here: Any) -> tuple[dict[str, Any], list[Choice]]:
        """Return the filters that these counts allow, and all choices that change the figure."""
        those = applying(here, where)
        return those, choices_in(counts, those, residents, rows, kwargs, chart_options)

    last: list[Any] = []

    def measured_of(asked: Part, first: list[Any], arguments: dict[str, Any]) -> pd.DataFrame:
        """Return the table of the measure; other rows of the last one are not measured anew."""
        now = marked([asked.counts, asked.where, first, arguments])
        if stage().publishes or not last or last[0] != now:
            # what the mark names is held, so that no other thing can take its place
            table = stage().measured(measure, asked, first, arguments)
            last[:] = [now, table, (asked.counts, first, arguments)]
        return last[1]

    panel.follows = [c.model_id for c in followed(resolve(counts))[1]]
    drawn: dict[tuple[Any, ...], dict[str, Any]] = {}

    def compute() -> dict[str, Any]:
        here = resolve(counts)
        those, led = followed(here)
        if isinstance(residents, Choice) and residents.picked is None:
            raise _Empty(
                "There are no residents to compare with: this agency's file names no benchmark."
            )
        if isinstance(residents, Mapping) and not residents:
            raise _Empty("No benchmark tells how many people of each group live in each district.")
        arguments = resolve(kwargs)
        arguments |= one_reference(measure, kwargs)[0]
        made_of = {k: v for k, v in those.items() if isinstance(v, Choice)}
        if absent := elsewhere(here, made_of) or untold(
            resolve(residents), arguments.get("group")
        ):
            raise _Empty(absent)
        part = here.where(**resolve(those))
        absent = lacking(here, measure, arguments) or nobody(part)
        if absent := absent or lacking(part, measure, arguments):
            raise _Empty(absent)
        first = [] if residents is None else [resolve(residents)]
        asked = Part(here, resolve(those), part)
        result = _only(measured_of(asked, first, arguments), resolve(rows))
        if not len(result):
            raise _Empty(NO_RECORDS)
        words = _words(here, arguments, labels)
        with debug_mode(False):  # Altair would validate each part of a chart that is known to do
            drawing = chart(result, **_options(chart, arguments, words, resolve(chart_options)))
        made = [c for c in led if c.value != c.start]
        said = picture(drawing, result, columns, words, measured)
        return said | {
            "notes": " ".join(filter(None, [said["notes"], rounding(here, result)])),
            "filename": "-".join([name, *(f"{c.name}-{slug(c.words)}" for c in made)]),
            "shown": shown_in(those),
            "source": source_of(here),
            "fictional": is_fictional(here),
        }

    def key() -> tuple[Any, ...]:
        led = followed(resolve(counts))[1]
        return tuple(c.value if c in led else None for c in choices)

    def draw(first: bool = False) -> None:
        try:
            now = key()
            if now not in drawn:
                if len(drawn) >= _REMEMBERED:
                    drawn.clear()
                drawn[now] = compute()
            not_here = [unfollowed_in(resolve(counts), where, beside)]
            not_here.append(one_reference(measure, kwargs)[1])
            panel.show_state(drawn[now] | {"unfollowed": " ".join(filter(None, not_here))})
        except Exception as error:
            if speaks_for_itself(error):
                panel.lack(str(error))
                return
            if first and not in_voila():
                raise
            panel.fail(
                f"This view could not be computed (reference {report(error)}).", title=heading
            )

    if stage().publishes:  # its states are made one by one, by the choices that it follows
        panel.figure = Figure(
            choices,
            lambda: followed(resolve(counts))[1],
            lambda: compute() | {"unfollowed": one_reference(measure, kwargs)[1]},
            filters=choices_in(counts, where, kwargs.get("within")),
            groups=choices_in(kwargs.get("group")),
            within=choices_in(kwargs.get("within")),
            beside=choices_in(where, beside),
            name=measured,
        )
        return panel
    draw(first=True)
    when(every, lambda: later.draw(panel, draw), Work(panel, lambda: key() not in drawn))
    return panel


def show_result(
    result: Any,
    chart: Callable[..., Any],
    *,
    where: Mapping[str, Any] | None = None,
    rows: Mapping[str, Any] | None = None,
    group: Any = None,
    filename: str | None = None,
    **more: Any,
) -> Panel:
    """Show what `equity count` computed once and stored, such as the threshold test.

    Parameters
    ----------
    result : a count file whose table is that of a measure; its provenance says which. None where
        the agency has none: then the panel shows the words of `missing`.
    chart, where, rows, filename : as in :func:`show`; `group` names the column of the groups,
        for their words. A choice of `where` applies only if the stored table has its column.
    more : `unfollowed`, `missing`, `columns`, `labels` and `chart_options` as in :func:`show`.
    """

    def stored(counts: Any, **_: Any) -> pd.DataFrame:
        return counts.table

    about = (getattr(result, "provenance", None) or {}).get("measure") or {}
    stored.__name__ = str(about.get("name") or getattr(chart, "__name__", "figure"))
    words = {"group": group} if group is not None else {}
    return show(result, stored, chart, where=where, rows=rows, filename=filename, **words, **more)


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    columns: Columns = None,
    filename: str,
    labels: Mapping[Any, str] | None = None,
    summary: str = "",
    source: str = "",
    fictional: bool = False,
) -> Panel:
    """Show a table with its caption and a download, without a chart.

    Parameters
    ----------
    frame : a small table of counts or figures.
    caption : what the table shows.
    columns : names; or name -> heading; or name -> (heading, format). None: all. Formats: text,
        whole, number, percent, points, ratio, per_thousand, p, flag.
    filename : name of the downloaded file, without its ending.
    labels : key -> words for whatever text is listed.
    summary, source : a sentence above and one below.
    fictional : whether what is downloaded is to say that it is made up.

    Examples
    --------
    >>> frame = pd.DataFrame({"step": ["start"], "rows": [1200]})
    >>> table(frame, caption="Who is in", filename="who-is-in").columns[1]["format"]
    'whole'
    """
    shown = describe(frame, columns)
    keys = [c["key"] for c in shown]
    words = dict.fromkeys(keys, labels) if labels else None
    reason = ["reason"] if "reason" in frame and "reason" not in keys else []
    return Panel(
        title=caption,
        columns=shown,
        rows=records(frame, [*keys, *reason], words),
        filename=filename,
        summary=summary,
        source=source,
        fictional=fictional,
    )


class Words(ipywidgets.HTML):
    """Words on a page; `figure` is what stands behind them where the page is published."""

    figure: Any = None
    own = False  # written by the notebook itself, not by one of our functions


def note(text: str | Callable[..., str], **choices: Any) -> Words:
    """Show words; words made by a function follow the choices among its arguments.

    Parameters
    ----------
    text : paragraphs parted by an empty line, in which ``**words**`` are bold; or a function that
        returns such text.
    choices : arguments of that function.

    Examples
    --------
    >>> note("Figures are **fictional**.").value
    '<p>Figures are <strong>fictional</strong>.</p>'
    """
    shown = Words()
    shown.add_class("eq-note")

    def write() -> None:
        try:
            words = text(**resolve(choices)) if callable(text) else text
        except Exception as error:
            if not in_voila():
                raise
            words = f"This text could not be computed (reference {report(error)})."
        shown.value = _paragraphs(words)

    led = choices_in(choices)
    if stage().publishes and callable(text):
        make = text
        shown.figure = Figure(
            led, lambda: led, lambda: {"html": _paragraphs(make(**resolve(choices)))}
        )
        return shown
    write()
    when(led, write)
    return shown


class _Empty(ValueError):
    """Nothing is left after the choices."""


def _only(table: pd.DataFrame, rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of a measure's table that are to be shown."""
    for column, wanted in rows.items():
        if wanted is not None:
            values = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
            table = table[table[column].isin(values)]
    return table.reset_index(drop=True)


def _words(counts: Any, arguments: Mapping[str, Any], labels: Any) -> dict[str, dict[Any, str]]:
    """Return for each column of a measure's table the words for its keys."""
    given = dict(labels or {})

    def of(column: Any) -> dict[Any, str]:
        known = words_of(counts, column) if isinstance(column, str) else {}
        return known | given

    groups = of(arguments.get("group"))
    stages = (getattr(counts, "provenance", None) or {}).get("stages") or []
    return {
        **dict.fromkeys(("group", "reference", "lowest", "highest"), groups),
        "stratum": {"all": "All"} | of(arguments.get("within")),
        "stage": {s["name"]: s["label"] for s in stages if isinstance(s, Mapping)} | given,
        "benchmark": given,
    }


def _options(
    chart: Callable[..., Any],
    arguments: Mapping[str, Any],
    words: Mapping[str, Mapping[Any, str]],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments of a chart: what it takes of what the measure was asked, and words."""
    within = arguments.get("within")
    offered = {
        "labels": {**words["stratum"], **words["stage"], **words["group"]} or None,
        "strata_label": within.replace("_", " ") if isinstance(within, str) else None,
        "what": arguments.get("of"),
        "confidence_level": arguments.get("confidence_level"),
    }
    takes = inspect.signature(chart).parameters
    fitting = {k: v for k, v in offered.items() if v is not None and k in takes}
    return fitting | dict(given)


def is_fictional(counts: Any) -> bool:
    """Return whether counts are those of an agency that does not exist."""
    return bool((getattr(counts, "provenance", None) or {}).get("fictional"))


def source_of(counts: Any) -> str:
    """Return the line that names whose records were counted, and which time their file covers."""
    about = dict(getattr(counts, "provenance", {}) or {})
    agency = str(about.get("agency") or "")
    if not agency:
        return ""
    if about.get("fictional"):
        agency += " (fictional sample data)"
    parts = [agency, str(about.get("title") or about.get("table") or "")]
    dates = [d for k in ("first_date", "last_date") if (d := _date(about.get(k)))]
    covers = f"; the file covers {' to '.join(dates)}" if dates else ""
    if len(set(dates)) == 1:
        covers = f"; the file is of {dates[0]}"
    return "Source: " + ", ".join(p for p in parts if p) + covers + "."


def _date(text: Any) -> str:
    try:
        day = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return ""
    return f"{day:%B} {day.day}, {day.year}"


def _paragraphs(text: str) -> str:
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text.strip()))
    return "".join(f"<p>{p.strip()}</p>" for p in re.split(r"\n\s*\n", safe))
