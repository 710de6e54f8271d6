"""The result page: what can be used, what to do, and every rule. One file, no outside address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from data_checks.page_parts import anchor, columns, document
from data_checks.page_rules import every_rule, finding, to_do
from data_checks.report import Report, ShownTable, write_text
from data_checks.verdict import open_rules, title_of

__all__ = ["write_page"]

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FIRST = 10


def write_page(
    reports: Mapping[str, Report],
    path: Path | str,
    *,
    agency: str = "",
    fictional: bool = False,
    title: str | None = None,
    above: str = "",
    extracts: bool = True,
) -> None:
    """Write the reports of several tables on one page that needs nothing else.

    Parameters
    ----------
    reports : what the table is called on the page -> its report, in the order shown.
    path : HTML file to write.
    agency : name of the agency, shown above the headline.
    fictional : whether to say that the data are made up.
    title : the headline; without it, how many of the files can be used.
    above : HTML put before everything else, such as links to other loads.
    extracts : whether the rows set aside still lie there; of earlier loads they do not.
    """
    fictional = fictional or any(r.fictional for r in reports.values())
    headline = title or _headline(reports)
    body = "".join(_section(name, report, extracts) for name, report in reports.items())
    text = document(
        headline,
        ("Data checks", agency),
        fictional=fictional,
        main=above + _first(reports) + _overview(reports) + body,
        foot=_foot(reports),
    )
    write_text(Path(path), text)


def _headline(reports: Mapping[str, Report]) -> str:
    if not reports:
        return "No file was checked"
    usable = sum(r.usable for r in reports.values())
    if len(reports) == 1:
        title = title_of(*next(iter(reports.items())))
        return f"{title} can be used" if usable else f"{title} cannot be used yet"
    total = _number(len(reports))
    if usable == len(reports):
        return "Both files can be used" if usable == 2 else f"All {total} files can be used"
    return f"{_number(usable).capitalize()} of {total} files can be used"


def _first(reports: Mapping[str, Report]) -> str:
    """Return what is wrong in all tables, the gravest first, each with a link to more."""
    found = list(open_rules(reports))
    if not found:
        return "<p>There is nothing to do.</p>\n"
    items = "".join(
        f'<li><a href="#{anchor(name, rule.id)}">{escape(title_of(name, report))}: '
        f'{escape(rule.wrong)}</a><span class="small">{finding(rule)}</span></li>\n'
        for name, report, rule in found[:FIRST]
    )
    more = len(found) - FIRST
    rest = f'<p class="note">And {more:,} more, below at their tables.</p>\n' if more > 0 else ""
    return f'<h2>What to look at first</h2>\n<ol class="first">\n{items}</ol>\n{rest}'


def _overview(reports: Mapping[str, Report]) -> str:
    if len(reports) < 2:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><a href="#{anchor(name)}">{escape(title_of(name, r))}</a> '
        f'<span class="verdict-word {_tone(r)}">{_state(r)}</span></th>'
        f'<td class="n">{r.rows_in:,}</td><td class="n">{_set_aside(r)}</td>'
        f'<td class="n">{len(r.warnings):,}</td></tr>\n'
        for name, r in reports.items()
    )
    head = columns(
        [("Table and verdict", ""), ("Rows", "n"), ("Set aside", "n"), ("Warnings", "n")]
    )
    return (
        '<table class="glance"><caption>Each file at a glance</caption>\n'
        f"{head}\n<tbody>\n{rows}</tbody></table>\n"
    )


def _set_aside(report: Report) -> str:
    others = report.rows_expected
    note = f'<span class="small">{others:,} nothing to do</span>' if others else ""
    return f"{report.rows_set_aside:,}{note}"


def _section(name: str, report: Report, extracts: bool) -> str:
    label = anchor(name)
    files = f'<p class="note">{_files(report)}</p>\n' if report.data_file else ""
    tone, sign = _tone(report), _sign(report)
    more = "" if report.usable else " Nothing of it is used until this is mended."
    return (
        f'<section class="file" aria-labelledby="{label}">\n'
        f'<h2 id="{label}">{escape(title_of(name, report))}</h2>\n{files}'
        f'<p class="verdict {tone}"><span class="mark {tone}" aria-hidden="true">{sign}</span> '
        f"<span><b>{escape(report.sentence)}</b>{more}</span></p>\n"
        f"{to_do(name, report)}{''.join(map(_shown, report.tables))}{every_rule(name, report)}"
        f"{_aside(report, extracts)}</section>\n"
    )


def _files(report: Report) -> str:
    names = [f"<code>{escape(n)}</code>" for n in report.data_file.split(", ")]
    return ("From the file " if len(names) == 1 else "From the files ") + ", ".join(names)


def _shown(table: ShownTable) -> str:
    numeric = [
        any(isinstance(row[i], int) for row in table.rows) for i in range(len(table.columns))
    ]
    head = columns((c, "n" if n else "") for c, n in zip(table.columns, numeric, strict=True))
    body = "".join(
        f'<tr><th scope="row">{escape(str(one))}</th>'
        + "".join(
            ('<td class="n">' if n else "<td>")
            + escape(f"{c:,}" if isinstance(c, int) else c)
            + "</td>"
            for c, n in zip(rest, numeric[1:], strict=True)
        )
        + "</tr>\n"
        for one, *rest in table.rows
    )
    return (
        f"<table><caption>{escape(table.caption)}</caption>\n{head}\n"
        f'<tbody>\n{body}</tbody></table>\n<p class="note">{escape(table.note)}</p>\n'
    )


def _aside(report: Report, extracts: bool) -> str:
    if not report.rows_set_aside:
        return ""
    several = report.rows_set_aside > 1
    mend = "Mend the rows where they come from, export the file again, and check again."
    if not report.rows_to_mend:
        mend = "Nothing need be done: totals, headings and notes are not counted."
    elif report.rows_expected:
        mend += " Totals, headings and notes among them may stay as they are."
    head = f"<h3>The {'rows' if several else 'row'} set aside</h3>\n"
    if not extracts:
        return f"{head}<p>Those of this load are not kept, only those of the last one.</p>\n"
    names = [n for n in (report.workbook_file, report.quarantine_file) if n]
    listed = " and ".join(f"<code>{escape(Path(n).name)}</code>" for n in names)
    note = f" {escape(report.workbook_note)}" if report.workbook_note else ""
    return (
        f"{head}<p>{'They are' if several else 'It is'} in the folder <code>private/set_aside"
        f"</code>, in {listed}: the name of the delivered file, the row number as the spreadsheet "
        f"shows it, the reasons in words, and the row as it was delivered.{note} "
        f"These are personal records: keep them in the office. {mend}</p>\n"
    )


def _foot(reports: Mapping[str, Report]) -> str:
    days = _different(r.checked_on for r in reports.values())
    suites = ", ".join(
        f"{escape(title_of(n, r))} {escape(r.suite_version)}"
        for n, r in reports.items()
        if r.suite_version
    )
    engine = _different(r.engine for r in reports.values())
    parts = [
        f"Checked on {escape(days)}" if days else "",
        f"by {escape(engine)}" if engine else "",
        f"under these versions of the rules: {suites}" if suites else "",
    ]
    said = " ".join(p for p in parts if p)
    return (
        f"{said}{'. ' if said else ''}A rule that could not run, or had no row to test, is never "
        "counted as passed."
    )


def _different(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(v for v in values if v))


def _tone(report: Report) -> str:
    return "bad" if not report.usable else "look" if report.exit_code else "good"


def _sign(report: Report) -> str:
    return "✕" if not report.usable else "!" if report.exit_code else "✓"


def _state(report: Report) -> str:
    word = ("good", "usable, see below", "cannot be used")[report.exit_code]
    return f'<span class="mark" aria-hidden="true">{_sign(report)}</span> {word}'


def _number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)
