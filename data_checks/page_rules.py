"""The rules of one table on the result page: what to do about each, and the list of all."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from data_checks.page_parts import anchor, columns, mark
from data_checks.report import ASIDE, STOP, WARN, Report, RuleResult
from data_checks.verdict import percent, title_of, urgency

__all__ = ["every_rule", "finding", "to_do"]

MEANING = {STOP: "stops the load", ASIDE: "sets the row aside", WARN: "warns"}
GROUPS = ("failed", "warning", "could not run", "nothing to do", "passed", "nothing to test")
FOLDED = ("passed", "nothing to test")


def to_do(name: str, report: Report) -> str:
    """Return what to do about each rule that asks for attention, the gravest first."""
    rules = sorted((r for r in report.rules if r.open), key=urgency)
    if not rules:
        return "<h3>What to do</h3>\n<p>Nothing.</p>\n"
    items = "".join(_item(name, report, rule) for rule in rules)
    return f"<h3>What to do</h3>\n<ol>\n{items}</ol>\n"


def _item(name: str, report: Report, rule: RuleResult) -> str:
    told = rule.says in rule.wrong
    facts = [
        ("The rule", "" if told else escape(rule.says)),
        ("How many", finding(rule)),
        ("Where", _where(report, rule)),
        ("Column" if len(report.columns_of(rule)) == 1 else "Columns", _columns(report, rule)),
        ("Seen", ", ".join(f"<q>{escape(e)}</q>" for e in rule.examples)),
        ("Then", _then(rule)),
        ("Mend it", escape(rule.do)),
    ]
    listed = "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>\n" for k, v in facts if v)
    title = f"<b>{escape(rule.wrong)}</b>"
    return (
        f'<li id="{anchor(name, rule.id)}"><p>{mark(rule.word)} · {title}</p>\n'
        f'<dl>{listed}</dl><span class="small">Rule {escape(rule.id)}</span></li>\n'
    )


def finding(rule: RuleResult) -> str:
    """Return how many values break a rule, of how many; or why it could not be tested."""
    if rule.outcome == "could not run":
        return f"<em>Could not be tested: {escape(rule.because)}.</em>"
    if rule.unit == "files":
        return f"{escape(rule.because)}." if rule.because else "There is none."
    bad, tested = rule.bad or 0, rule.tested or 0
    unit = rule.unit[:-1] if tested == 1 else rule.unit
    said = f"{'Exception' if bad == 1 else 'Exceptions'}: {bad:,} of {tested:,} {escape(unit)}"
    shares = [percent(rule.share)] if rule.share and rule.unit == "rows" else []
    if rule.allowed and rule.unit == "rows":
        shares.append(f"allowed: {percent(rule.allowed)}")
    return said + (f" ({'; '.join(shares)})" if shares else "")


def _where(report: Report, rule: RuleResult) -> str:
    if not rule.rows:
        return ""
    said = escape(", ".join(rule.rows))
    more = (rule.bad or 0) - len(rule.rows) if rule.unit == "rows" else 0
    if more > 0:
        said += f", and {more:,} more"
        if rule.severity == ASIDE:
            said += f": see {escape(report.workbook_file or report.quarantine_file)}"
    return said


def _columns(report: Report, rule: RuleResult) -> str:
    """Return the columns as the file calls them, and our own names where they differ."""
    said = []
    for ours, theirs in report.columns_of(rule).items():
        also = f" (here called {escape(ours)})" if theirs != ours else ""
        said.append(f"<code>{escape(theirs)}</code>{also}")
    return ", ".join(said)


def _then(rule: RuleResult) -> str:
    if rule.severity == STOP or (rule.severity == ASIDE and rule.outcome == "could not run"):
        return "The load stops: nothing of this table is counted."
    if rule.outcome == "could not run":
        return "Nothing is set aside. What the rule would find is not known."
    one = rule.bad == 1
    if rule.severity == ASIDE:
        return f"{'It is' if one else 'They are'} set aside and not counted."
    if rule.unit == "rows":
        kept = "It is kept and counted" if one else "They are kept and counted"
        return f"{kept}, unless another rule sets {'it' if one else 'them'} aside."
    return "Nothing is set aside; every row is counted."


def every_rule(name: str, report: Report) -> str:
    """Return the tables of all rules, by outcome; what passed is folded away."""
    out = ["<h3>Every rule</h3>\n"]
    for word in GROUPS:
        rules = sorted((r for r in report.rules if r.word == word), key=urgency)
        if not rules:
            continue
        called = "set aside, nothing to be done" if word == "nothing to do" else word
        said = f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}: {called}"
        table = _table(f"{escape(title_of(name, report))}, {said}", report, rules)
        if word in FOLDED:
            table = f"<details><summary>{said}</summary>\n{table}</details>\n"
        out.append(table)
    return "".join(out)


def _table(caption: str, report: Report, rules: Sequence[RuleResult]) -> str:
    head = columns([("Outcome", "state"), ("Rule", ""), ("Tested", "n"), ("Exceptions", "n")])
    rows = "".join(_row(report, rule) for rule in rules)
    return f"<table><caption>{caption}</caption>\n{head}\n<tbody>\n{rows}</tbody></table>\n"


def _row(report: Report, rule: RuleResult) -> str:
    because = f'<span class="small">Why: {escape(rule.because)}.</span>' if rule.because else ""
    tested = "–" if not rule.tested else f"{rule.tested:,}"
    if rule.unit != "rows" and rule.tested:
        unit = rule.unit if rule.tested > 1 else rule.unit[:-1]
        tested += f'<span class="small">{escape(unit)}</span>'
    bad = "–" if not rule.tested or rule.bad is None else f"{rule.bad:,}"
    if rule.tested and rule.bad and rule.unit == "rows":
        bad += f'<span class="small">{percent(rule.share or 0)}</span>'
    if rule.tested and rule.allowed:
        bad += f'<span class="small">allowed {percent(rule.allowed)}</span>'
    return (
        f'<tr><td class="state">{mark(rule.word)}</td>'
        f'<th scope="row">{escape(rule.says)}{because}'
        f'<span class="small">{_details(report, rule)}</span></th>'
        f'<td class="n">{tested}</td><td class="n">{bad}</td></tr>\n'
    )


def _details(report: Report, rule: RuleResult) -> str:
    parts = [f"Rule {escape(rule.id)}"]
    if rule.columns:
        word = "column" if len(report.columns_of(rule)) == 1 else "columns"
        parts.append(f"{word} {_columns(report, rule)}")
    parts.append(MEANING[rule.severity])
    if rule.examples:
        parts.append("seen: " + ", ".join(f"<q>{escape(e)}</q>" for e in rule.examples))
    if rule.expected and rule.rows and rule.outcome == "failed":
        parts.append(f"where: {_where(report, rule)}")
    return " · ".join(parts)
