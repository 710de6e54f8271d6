"""The result page: what can be used, what to do, and every rule. One file, no outside address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from data_checks.report import ASIDE, STOP, WARN, Report, RuleResult, ShownTable, write_text

__all__ = ["write_page"]

MARKS = {"passed": "✓", "failed": "✕", "could not run": "?", "nothing to test": "–"}
MEANING = {
    STOP: "stops the load",
    ASIDE: "sets the row aside",
    WARN: "warns",
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1a1a1a;--soft:#555;--line:#d6d6d6;--wash:#f5f4f1;
--good:#0b6b4f;--look:#8a5200;--bad:#b3261e;--link:#0b57a4}
@media (prefers-color-scheme:dark){:root{--paper:#121212;--ink:#ececec;--soft:#b4b4b4;
--line:#3d3d3d;--wash:#1d1d1d;--good:#62cfa9;--look:#f2b659;--bad:#ff938a;--link:#8fc1ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,Helvetica,Arial,sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:56rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1,h2,.lead{font-family:Georgia,"Times New Roman",serif;font-weight:700;line-height:1.2}
h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.3rem);margin:.2rem 0 .6rem;text-wrap:balance}
h2{font-size:1.5rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
section.file{border-top:3px solid var(--ink);margin-top:2.5rem;padding-top:1rem}
.kicker{margin:0;color:var(--soft);font-size:.9rem}
.tag{display:inline-block;border:1px solid currentColor;border-radius:3px;padding:0 .4em;
font-weight:600;color:var(--look)}
.verdict{font-size:1.125rem;border-left:.35rem solid;padding:.1rem 0 .1rem .8rem;margin:.6rem 0}
.verdict b{font-weight:650}
.good{color:var(--good)}.look{color:var(--look)}.bad{color:var(--bad)}
.verdict>span{color:var(--ink)}
.mark{font-weight:700}
.note,.small{color:var(--soft);font-size:.875rem}
.small{display:block;margin-top:.15rem}
ol{padding-left:1.4rem;margin:.3rem 0}
ol li{margin:0 0 .9rem;padding-left:.2rem}
ol li p{margin:.15rem 0}
table{border-collapse:collapse;width:100%;table-layout:fixed;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.9rem 0 .3rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .6rem .5rem 0;
border-bottom:1px solid var(--line)}
thead th{font-size:.8125rem;color:var(--soft);font-weight:600;border-bottom-color:var(--soft)}
tbody th{font-weight:400}
th.n,td.n{text-align:right;padding-right:0;padding-left:.6rem}
.state{width:8.5rem}.verdict-word{margin-left:.8rem}.n{width:6.5rem}
details{margin:.8rem 0;border-top:1px solid var(--line)}
summary{cursor:pointer;padding:.6rem 0;font-weight:600}
code{font:.95em ui-monospace,Menlo,Consolas,monospace;background:var(--wash);padding:.05em .25em;
border-radius:3px;overflow-wrap:anywhere}
q{quotes:"“" "”";overflow-wrap:anywhere}
footer{margin-top:3rem;padding-bottom:2rem}
footer p{border-top:1px solid var(--line);padding-top:.8rem}
@media (max-width:36rem){table{font-size:.875rem}th,td{padding-right:.35rem}
.state{width:4.2rem;font-size:.8125rem}.state .mark{display:block;font-size:1rem}
.n{width:4.4rem}th.n,td.n{padding-left:.2rem}.small{font-size:.8125rem}
thead th{font-size:.75rem}.glance .n{width:4.2rem}.verdict-word{display:block;margin-left:0}}
@media print{details:not([open])>*{display:block}section.file{break-before:page}}
"""


def write_page(
    reports: Mapping[str, Report],
    path: Path | str,
    *,
    agency: str = "",
    fictional: bool = False,
    title: str | None = None,
) -> None:
    """Write the reports of several tables on one page that needs nothing else.

    Parameters
    ----------
    reports : what the table is called on the page -> its report, in the order shown.
    path : HTML file to write.
    agency : name of the agency, shown above the headline.
    fictional : whether to say that the data are made up.
    title : the headline; without it, how many of the files can be used.
    """
    fictional = fictional or any(r.fictional for r in reports.values())
    headline = title or _headline(reports)
    kicker = escape(" · ".join(part for part in ("Data checks", agency) if part))
    tag = ' <span class="tag">Fictional data</span>' if fictional else ""
    head = escape(f"{headline} – {agency}" if agency else headline)
    body = "".join(_section(name, report) for name, report in reports.items())
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{head}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><p class="kicker">{kicker}{tag}</p>\n<h1>{escape(headline)}</h1></header>\n'
        f"<main>\n{_overview(reports)}{body}</main>\n{_footer(reports)}</body>\n</html>\n"
    )
    write_text(Path(path), text)


def _headline(reports: Mapping[str, Report]) -> str:
    if not reports:
        return "No file was checked"
    usable = sum(r.usable for r in reports.values())
    if len(reports) == 1:
        title = _title(*next(iter(reports.items())))
        return f"{title} can be used" if usable else f"{title} cannot be used yet"
    total = _number(len(reports))
    if usable == len(reports):
        return "Both files can be used" if usable == 2 else f"All {total} files can be used"
    return f"{_number(usable).capitalize()} of {total} files can be used"


def _overview(reports: Mapping[str, Report]) -> str:
    if len(reports) < 2:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><a href="#{_anchor(name)}">{escape(_title(name, r))}</a> '
        f'<span class="verdict-word {_tone(r)}">{_state(r)}</span></th>'
        f'<td class="n">{r.rows_in:,}</td><td class="n">{r.rows_set_aside:,}</td>'
        f'<td class="n">{len(r.warnings):,}</td></tr>\n'
        for name, r in reports.items()
    )
    return (
        '<table class="glance"><caption>Each file at a glance</caption>\n<thead><tr>'
        '<th scope="col">Table and verdict</th><th scope="col" class="n">Rows</th>'
        '<th scope="col" class="n">Set aside</th><th scope="col" class="n">Warnings</th>'
        f"</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
    )


def _section(name: str, report: Report) -> str:
    anchor = _anchor(name)
    files = f'<p class="note">{_files(report)}</p>\n' if report.data_file else ""
    tone, mark = _tone(report), "✕" if not report.usable else "!" if report.exit_code else "✓"
    more = "" if report.usable else " Nothing of it is used until this is mended."
    return (
        f'<section class="file" aria-labelledby="{anchor}">\n'
        f'<h2 id="{anchor}">{escape(_title(name, report))}</h2>\n{files}'
        f'<p class="verdict {tone}"><span class="mark {tone}" aria-hidden="true">{mark}</span> '
        f"<span><b>{escape(report.sentence)}</b>{more}</span></p>\n"
        f"{_to_do(report)}{''.join(map(_shown, report.tables))}{_rules(name, report)}"
        f"{_where(report)}</section>\n"
    )


def _files(report: Report) -> str:
    names = [f"<code>{escape(n)}</code>" for n in report.data_file.split(", ")]
    return ("From the file " if len(names) == 1 else "From the files ") + ", ".join(names)


def _to_do(report: Report) -> str:
    rules = sorted((r for r in report.rules if r.open), key=_urgency)
    if not rules:
        return "<h3>What to do</h3>\n<p>Nothing. No rule was broken.</p>\n"
    items = "".join(
        f"<li><p><b>{escape(r.says)}</b> {_finding(r)}</p>"
        + (f"<p>{escape(r.do)}</p>" if r.do and r.outcome == "failed" else "")
        + f'<span class="small">{_details(r)}</span></li>\n'
        for r in rules
    )
    return f"<h3>What to do</h3>\n<ol>\n{items}</ol>\n"


def _finding(rule: RuleResult) -> str:
    if rule.outcome == "could not run":
        after = {STOP: "The load stops.", ASIDE: "The load stops.", WARN: ""}[rule.severity]
        return f"<em>Could not be tested: {escape(rule.because)}.</em> {after}"
    unit = rule.unit[:-1] if rule.tested == 1 else rule.unit
    count = f"{rule.bad:,} of {rule.tested:,} {unit}{_share(rule)}"
    if rule.unit == "files":
        return "There is none, and the load stops."
    one = rule.bad == 1
    then = {
        STOP: "the load stops",
        ASIDE: "it is set aside" if one else "they are set aside",
        WARN: "it is kept" if one else "they are kept",
    }[rule.severity]
    return f"{'Exception' if one else 'Exceptions'}: {count}; {then}."


def _share(rule: RuleResult) -> str:
    if rule.unit != "rows" or not rule.share:
        return ""
    return f" ({_percent(rule.share)})"


def _details(rule: RuleResult) -> str:
    parts = [f"Rule {escape(rule.id)}"]
    if rule.columns:
        word = "column" if len(rule.columns) == 1 else "columns"
        parts.append(f"{word} " + ", ".join(f"<code>{escape(c)}</code>" for c in rule.columns))
    parts.append(MEANING[rule.severity])
    if rule.examples:
        parts.append("seen: " + ", ".join(f"<q>{escape(e)}</q>" for e in rule.examples))
    return " · ".join(parts)


def _shown(table: ShownTable) -> str:
    head = "".join(
        f'<th scope="col"{_numeric(i, table)}>{escape(c)}</th>'
        for i, c in enumerate(table.columns)
    )
    body = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>'
        + "".join(
            f"<td{_numeric(i, table)}>{escape(f'{c:,}' if isinstance(c, int) else c)}</td>"
            for i, c in enumerate(rest, start=1)
        )
        + "</tr>\n"
        for first, *rest in table.rows
    )
    return (
        f"<table><caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f'<tbody>\n{body}</tbody></table>\n<p class="note">{escape(table.note)}</p>\n'
    )


def _numeric(place: int, table: ShownTable) -> str:
    return ' class="n"' if any(isinstance(row[place], int) for row in table.rows) else ""


def _rules(name: str, report: Report) -> str:
    groups: list[tuple[str, bool]] = [
        ("failed", True),
        ("could not run", True),
        ("passed", False),
        ("nothing to test", False),
    ]
    out = ["<h3>Every rule</h3>\n"]
    for outcome, shown in groups:
        rules = sorted((r for r in report.rules if r.outcome == outcome), key=_urgency)
        if not rules:
            continue
        said = f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}: {outcome}"
        caption = f"{escape(_title(name, report))}, {said}"
        table = _table(caption, rules)
        if not shown:
            mark = f'<span class="mark" aria-hidden="true">{MARKS[outcome]}</span>'
            table = f"<details><summary>{mark} {said}</summary>\n{table}</details>\n"
        out.append(table)
    return "".join(out)


def _table(caption: str, rules: Sequence[RuleResult]) -> str:
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>"
        '<th scope="col" class="state">Outcome</th><th scope="col">Rule</th>'
        '<th scope="col" class="n">Tested</th><th scope="col" class="n">Exceptions</th>'
        f"</tr></thead>\n<tbody>\n{''.join(map(_row, rules))}</tbody></table>\n"
    )


def _row(rule: RuleResult) -> str:
    tone = {"passed": "good", "nothing to test": ""}.get(rule.outcome) or (
        "" if rule.outcome == "nothing to test" else "look" if rule.severity == WARN else "bad"
    )
    word = "warning" if rule.outcome == "failed" and rule.severity == WARN else rule.outcome
    mark = "!" if word == "warning" else MARKS[rule.outcome]
    because = f'<span class="small">Why: {escape(rule.because)}.</span>' if rule.because else ""
    tested = "–" if not rule.tested else f"{rule.tested:,}"
    if rule.unit != "rows" and rule.tested:
        tested += (
            f"<br><span class='small'>{rule.unit if rule.tested > 1 else rule.unit[:-1]}</span>"
        )
    bad = "–" if not rule.tested or rule.bad is None else f"{rule.bad:,}"
    if rule.tested and rule.bad and rule.unit == "rows":
        bad += f'<span class="small">{_percent(rule.share or 0)}</span>'
    if rule.tested and rule.allowed:
        bad += f'<span class="small">allowed {_percent(rule.allowed)}</span>'
    return (
        f'<tr><td class="state {tone}"><span class="mark" aria-hidden="true">{mark}</span> {word}'
        f'</td><th scope="row">{escape(rule.says)}{because}'
        f'<span class="small">{_details(rule)}</span></th>'
        f'<td class="n">{tested}</td><td class="n">{bad}</td></tr>\n'
    )


def _where(report: Report) -> str:
    if not report.rows_set_aside:
        return ""
    name = f"<code>{escape(report.quarantine_file)}</code>"
    several = report.rows_set_aside > 1
    return (
        f"<h3>The {'rows' if several else 'row'} set aside</h3>\n"
        f"<p>{'They are' if several else 'It is'} in the file {name}, which opens in Excel: the "
        "name of the delivered file, the row number as the spreadsheet shows it, the reasons in "
        "words, and the row as it was delivered. It holds personal records: keep it in the "
        "office. Mend the rows where they come from, export the file again, and check again.</p>\n"
    )


def _footer(reports: Mapping[str, Report]) -> str:
    days = _different(r.checked_on for r in reports.values())
    suites = ", ".join(
        f"{escape(_title(n, r))} {escape(r.suite_version)}"
        for n, r in reports.items()
        if r.suite_version
    )
    engine = _different(r.engine for r in reports.values())
    parts = [
        f"Checked on {escape(days)}" if days else "",
        f"by {escape(engine)}" if engine else "",
        f"under these versions of the rules: {suites}" if suites else "",
    ]
    return (
        f'<footer class="note"><p>{" ".join(p for p in parts if p)}. A rule that could not run, '
        "or had no row to test, is never counted as passed.</p></footer>\n"
    )


def _different(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(v for v in values if v))


def _urgency(rule: RuleResult) -> tuple[int, str]:
    return (STOP, ASIDE, WARN).index(rule.severity), rule.id


def _tone(report: Report) -> str:
    return "bad" if not report.usable else "look" if report.exit_code else "good"


def _state(report: Report) -> str:
    mark = "✕" if not report.usable else "!" if report.exit_code else "✓"
    word = ("good", "usable, see below", "cannot be used")[report.exit_code]
    return f'<span class="mark" aria-hidden="true">{mark}</span> {word}'


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1%"
    if 99.9 < percent < 100:
        return "more than 99.9%"
    return f"{percent:.0f}%" if abs(percent - round(percent)) < 1e-6 else f"{percent:.1f}%"


def _title(name: str, report: Report) -> str:
    """Return what a table is called; "residents: residents" says its name once."""
    kind, _, own = (report.label or name).partition(": ")
    text = kind if own.casefold() == kind.casefold() else report.label or name
    return text[:1].upper() + text[1:]


def _number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def _anchor(name: str) -> str:
    return "table-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
