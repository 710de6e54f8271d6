"""Great Expectations' own pages (Data Docs), made to open without internet and to show no value.

Their pages load 17 files from other hosts. Without those the Status column is blank and the list
of runs is empty. Here their page is drawn by their own templates, then every outside address,
script and picture is taken out, and our outcome, severity and numbers are put into each row.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from data_checks.page_parts import columns, document, mark
from data_checks.report import Report, RuleResult, write_text

__all__ = ["write_data_docs"]

HOME = "Great Expectations Data Docs"
WORDS = ("passed", "failed", "warning", "could not run", "nothing to do", "nothing to test")
UNREAD = "The file cannot be used yet. The result page of the load says why."
HEAD = columns([("Result", "state"), ("Rule", ""), ("Found", "")])
PLAIN = {"code", "h2", "p", "span", "strong", "table", "tbody", "td", "th", "thead", "tr"}
EXCEPTION = ("exception_message", "exception_traceback")
EXPLAINED = (
    "<p>Great Expectations ran these rules. What it says of a rule stands below our own words. "
    "The outcome, the severity and the numbers are those of the result page of the load, which "
    "also says what to do. No value of a row is shown here.</p>\n"
)


def write_data_docs(found: Sequence[Any], report: Report, path: Path | str) -> None:
    """Write Great Expectations' own page of one check, and name it in the index beside it.

    Parameters
    ----------
    found : what Great Expectations returned for this table (`ExpectationSuiteValidationResult`),
        one for each view. They are not changed. Nothing, if the file cannot be used as it is.
    report : what the same check found: its outcomes, severities and numbers are shown.
    path : HTML file to write. `index.html` in the same folder lists every page written there.

    Errors: ValueError if Great Expectations judged a rule that the report does not have.

    What it cannot show: values of rows. Great Expectations does not know which columns identify
    people, so it is given none to print. Rules that it did not run (a column is not there) are
    named at the end of the page.

    Source: renderers and templates of Great Expectations 1.24 (`great_expectations.render`).
    """
    path = Path(path)
    rules = {r.id: r for r in report.rules}
    ran = [_rule(result) for run in found for result in run.results]
    if unknown := sorted(set(ran) - set(rules)):
        raise ValueError(f"The report has no rule {', '.join(unknown)}.")
    title = report.label or report.table.capitalize()
    sections = [section for run in found if run.results for section in _sections(run, rules)]
    if others := [r for r in report.rules if r.id not in ran]:
        sections.append(("Not run by Great Expectations", _others(others)))
    links = "".join(
        f'<li><a href="#part-{n}">{escape(name)}</a></li>\n'
        for n, (name, _) in enumerate(sections, start=1)
    )
    parts = "".join(
        f'<section class="file" id="part-{n}">\n{inside}</section>\n'
        for n, (_, inside) in enumerate(sections, start=1)
    )
    main = (
        f'<nav aria-label="Up"><a href="index.html">{HOME}</a></nav>\n{EXPLAINED}'
        f"{_overview(report)}<details>\n<summary>Columns on this page</summary>\n"
        f'<nav aria-label="Columns"><ul>\n{links}</ul></nav>\n</details>\n{parts}'
    )
    write_text(path, _page(f"{title}: every rule", report, main))
    _list_run(path, title, report)


def _sections(run: Any, rules: Mapping[str, RuleResult]) -> list[tuple[str, str]]:
    """Return name and HTML of each section of their page after its overview."""
    # Their rows do not say which rule they are. The same page drawn once more, with the rule's id
    # for a description, has the same rows in the same order.
    named = [rules[_wording(row).get_text(strip=True)] for row in _rows(_draw(run, named=True))]
    page = _draw(run, named=False)
    for row, rule in zip(_rows(page), named, strict=True):
        _fill(row, rule)
    return [_cleaned(section) for section in _bodies(page)]


def _draw(run: Any, *, named: bool) -> BeautifulSoup:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    run = copy.deepcopy(run)
    run.meta = {}
    for result in run.results:
        # Their results quote values, their messages too, and a traceback names folders of this
        # machine. Nothing of it is shown: outcome and numbers are put in from the report.
        result.success, result.result = True, {}
        result.exception_info = dict.fromkeys(EXCEPTION, "") | {"raised_exception": False}
        result.expectation_config.description = _rule(result) if named else None
    drawn = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(run))
    return BeautifulSoup(drawn, "html.parser")


def _bodies(page: BeautifulSoup) -> list[Tag]:
    return page.select("div.ge-section")[1:]


def _rows(page: BeautifulSoup) -> list[Tag]:
    return [row for section in _bodies(page) for row in section.select("tbody > tr")]


def _wording(row: Tag) -> Tag:
    """Return the element that holds their words for a rule."""
    words = row.select_one("td:nth-of-type(2) span")
    if words is None:
        raise ValueError("Great Expectations draws the rows of its pages in another way.")
    return words


def _rule(result: Any) -> str:
    return result.expectation_config.meta["rule"]


def _fill(row: Tag, rule: RuleResult) -> None:
    """Put our outcome, words and numbers into a row of their page; keep their words."""
    words = _wording(row).extract()
    for badge in words.find_all(True):
        badge.name, badge.attrs = "code", {}
    inside = f"Great Expectations: {words.decode_contents().strip()}"
    row.clear()
    row.append(BeautifulSoup(_cells(rule, inside), "html.parser"))


def _cells(rule: RuleResult, words: str = "") -> str:
    """Return the three cells of a rule; `words` is HTML."""
    theirs = f'<span class="small">{words}</span>' if words else ""
    return (
        f'<td class="state">{mark(rule.word)}</td><td><strong>{rule.id}</strong> '
        f'{escape(rule.says)}<span class="small">If not: {rule.severity}.</span>{theirs}</td>'
        f"<td>{escape(_counted(rule))}</td>"
    )


def _counted(rule: RuleResult) -> str:
    if rule.share is None:
        return rule.because
    allowed = f", {100 * rule.allowed:.4g}\u00a0% are let through" if rule.allowed else ""
    share = f"{100 * rule.share:.4g}\u00a0%{allowed}"
    return f"{rule.bad:,} of {rule.tested:,} {rule.unit} break it ({share})"


def _cleaned(section: Tag) -> tuple[str, str]:
    """Return name and HTML of a section: no script, style, picture, address or frame of theirs."""
    for tag in section.select("script, style, img, link"):
        tag.decompose()
    heading = section.select_one("h5")
    if heading is None:
        raise ValueError("Great Expectations draws the headings of its pages in another way.")
    heading.name, heading.string = "h2", heading.get_text(" ", strip=True)
    for head in section.select("thead"):
        head.replace_with(BeautifulSoup(HEAD, "html.parser"))
    ours = {id(tag) for tag in section.select("thead *, tbody > tr *")}
    for tag in section.find_all(True):
        if tag.name not in PLAIN:
            tag.unwrap()
        elif id(tag) not in ours:
            tag.attrs = {}
    lines = (line.strip() for line in section.decode_contents().splitlines())
    return heading.get_text(), "\n".join(filter(None, lines)) + "\n"


def _others(rules: Sequence[RuleResult]) -> str:
    """Return a section for the rules that Great Expectations was not given."""
    rows = "".join(f"<tr>{_cells(rule)}</tr>\n" for rule in rules)
    return f"<h2>Not run by Great Expectations</h2>\n{_table(rows)}"


def _overview(report: Report) -> str:
    counted = Counter(r.word for r in report.rules)
    facts = {"Result": escape(_sentence(report)), "File": escape(report.data_file)}
    facts |= {"Checked on": report.checked_on}
    facts |= {f"Rules: {mark(word)}": f"{counted[word]}" for word in WORDS}
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{fact}</td></tr>\n' for name, fact in facts.items()
    )
    return f"<table><caption>Overview</caption>\n<tbody>\n{rows}</tbody></table>\n"


def _sentence(report: Report) -> str:
    """Return the verdict; why a file cannot be used may quote what is in it, so that is not."""
    return UNREAD if report.unreadable else report.sentence


def _list_run(path: Path, title: str, report: Report) -> None:
    """Put one line for this page into the index beside it; the other lines stay."""
    index = path.with_name("index.html")
    old = index.read_text(encoding="utf-8") if index.exists() else ""
    lines = BeautifulSoup(old, "html.parser").select("tbody > tr")
    kept = [str(row) for row in lines if row.a is None or row.a["href"] != path.name]
    counted = Counter(r.word for r in report.rules)
    rules = ", ".join(f"{counted[word]} {word}" for word in WORDS if counted[word])
    kept.append(
        f'<tr><td><a href="{escape(path.name)}">{escape(title)}</a></td>'
        f"<td>{escape(_sentence(report))}</td><td>{rules}</td></tr>"
    )
    head = columns([("File", ""), ("Result", ""), ("Rules", "")])
    up = '<nav aria-label="Up"><a href="../index.html">Result page of the load</a></nav>\n'
    rows = "\n".join(kept) + "\n"
    write_text(index, _page(HOME, report, up + EXPLAINED + _table(rows, head, "Checked files")))


def _table(rows: str, head: str = HEAD, caption: str = "") -> str:
    over = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{over}{head}\n<tbody>\n{rows}</tbody></table>\n"


def _page(title: str, report: Report, main: str) -> str:
    by = f" with {report.engine}" if report.engine else ""
    foot = escape(f"Checked on {report.checked_on}{by}.")
    return document(title, ["Data checks", HOME], fictional=report.fictional, main=main, foot=foot)
