"""Worked examples: known cases as ready counts, shown by the same measures as an agency's own."""

from __future__ import annotations

from typing import Any

from equity import charts, measures
from equity.widgets._choices import Choice, Part, choice
from equity.widgets._panel import Panel
from equity.widgets._show import note, show

__all__ = ["about_case", "choose_case", "show_case"]


def _cases() -> Any:
    from equity.case_studies import CASES

    return CASES


def choose_case(label: str = "Worked example") -> Choice:
    """Return a choice among the cases of `equity.case_studies` that are pipelines with stages."""
    there = {name: case.title for name, case in _cases().items() if case.stages}
    return choice(label, list(there), labels=there)


def show_case(case: Choice, **more: Any) -> Panel:
    """Show selection rates and impact ratios of the case that is chosen."""
    told = {name: one for name, one in _cases().items() if one.stages}

    def of(attribute: str) -> Part:
        return Part(case, {name: getattr(one, attribute) for name, one in told.items()})

    return show(
        of("table"),
        measures.adverse_impact,
        charts.adverse_impact,
        stages=of("stages"),
        group=of("group"),
        reference=of("reference"),
        **more,
    )


def about_case(case: Choice) -> Any:
    """Say where the counts of the chosen case are from, and how to read them."""

    def words(name: str) -> str:
        one = _cases()[name]
        return f"**{one.title}.** {one.about}\n\n{one.what}\n\nSource: {one.citation}."

    return note(words, name=case)
