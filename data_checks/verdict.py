"""What all tables together come to: the verdict in a sentence, and what to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data_checks.report import ASIDE, STOP, Report, RuleResult, no_records

__all__ = ["first", "open_rules", "percent", "title_of", "urgency", "verdict"]


def verdict(reports: Mapping[str, Report]) -> str:
    """Return in one sentence how many files and rows can be used.

    >>> verdict({"stops": Report("stops", 10, 9, 1, ())})
    'The file can be used; 1 of 10 rows was set aside; no warnings.'
    """
    usable = sum(r.usable for r in reports.values())
    if not reports:
        return "No file was checked."
    if len(reports) == 1:
        files = "The file can be used" if usable else "The file cannot be used"
    elif usable == len(reports):
        files = "Both files can be used" if usable == 2 else f"All {usable} files can be used"
    else:
        files = f"{usable} of {len(reports)} files can be used"
    rows = sum(r.rows_in for r in reports.values())
    aside = sum(r.rows_to_mend for r in reports.values())
    were = "was" if aside == 1 else "were"
    set_aside = f"{aside:,} of {rows:,} rows {were} set aside" if aside else "no row was set aside"
    others = sum(r.rows_expected for r in reports.values())
    set_aside = no_records(set_aside if aside else "", others) or set_aside
    warnings = sum(len(r.warnings) for r in reports.values())
    said = f"{warnings:,} warning{'s' if warnings > 1 else ''}" if warnings else "no warnings"
    return f"{files}; {set_aside}; {said}."


def first(reports: Mapping[str, Report]) -> str:
    """Return what to look at first, in a sentence or two; "Nothing to do." if there is nothing."""
    stopped = [(n, r) for n, r in reports.items() if not r.usable]
    if stopped:
        name, report = stopped[0]
        more = ", ".join(title_of(n, r) for n, r in stopped[1:])
        also = f" The same goes for: {more}." if more else ""
        called = title_of(name, report)
        if report.unreadable:
            return f"{called}: {report.sentence[:1].lower()}{report.sentence[1:]}{also}"
        return f"{called} cannot be used. {report.sentence}{also}"
    found = list(open_rules(reports))
    if not found:
        return "Nothing to do."
    name, report, rule = found[0]
    alike = [r for n, _, r in found if n == name and urgency(r)[:2] == urgency(rule)[:2]]
    rule = alike[-1]  # the later says it closer: a date that could not be read is missing, too
    at = f"Look first at {title_of(name, report)}: "
    if rule.outcome == "could not run":
        return f"{at}a rule could not be tested ({rule.because}). {rule.id}: “{rule.says}”"
    wrong = rule.wrong.rstrip(".")
    wrong = wrong[:1].lower() + wrong[1:]
    return f"{at}{wrong} ({rule.bad:,} of {rule.tested:,} {rule.unit}, rule {rule.id})."


def open_rules(reports: Mapping[str, Report]) -> Iterator[tuple[str, Report, RuleResult]]:
    """Give every rule that asks for attention with its table, the gravest first."""
    found = [(n, r, rule) for n, r in reports.items() for rule in r.rules if rule.open]
    yield from sorted(found, key=lambda one: urgency(one[2]))


def urgency(rule: RuleResult) -> tuple[int, float, str]:
    """Return what rules are sorted by: what follows from it, then how many break it."""
    untested = rule.outcome == "could not run"
    if rule.severity == STOP or (rule.severity == ASIDE and untested):
        rank = 0
    else:
        rank = 1 if rule.severity == ASIDE else 2
    return rank, -(rule.share or 0.0), rule.id


def title_of(name: str, report: Report) -> str:
    """Return what a table is called; "residents: residents" says its name once."""
    kind, _, own = (report.label or name).partition(": ")
    text = kind if own.casefold() == kind.casefold() else report.label or name
    return text[:1].upper() + text[1:]


def percent(share: float) -> str:
    """Return a share in percent; what is neither none nor all never reads so."""
    value = 100 * share
    if 0 < value < 0.1:
        return "less than 0.1%"
    if 99.9 < value < 100:
        return "more than 99.9%"
    return f"{value:.0f}%" if abs(value - round(value)) < 1e-6 else f"{value:.1f}%"
