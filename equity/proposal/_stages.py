"""The stages of hiring in a file: columns of yes and no, of dates, or one column of outcomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from equity.proposal._look import Column, Looked
from equity.proposal._names import PERSONAL, Match
from equity.proposal._page import Page, text
from equity.sources.applicants import WORDS
from equity.tables import APPLICANTS

__all__ = ["write_stages"]

_OUTCOME = re.compile(r".*(?:disposition|outcome|result|application status|applicant status).*")
_LESS_SURE = re.compile(r"(?:current )?(?:status|stage|step)")
_NOISE = {"date", "of", "flag", "yn", "passed", "pass", "met", "result", "status", "completed"}
MOST_WORDS = 60


@dataclass
class Stage:
    """One stage that is proposed: how many reached it decides its place."""

    name: str
    label: str
    column: Column
    reached: float
    date: str = ""


def write_stages(page: Page, looked: Looked, table: str, matched: Mapping[str, Match]) -> set[str]:
    """Write the stages, or ask for them; return the columns that are used."""
    taken = {m.column.name for m in matched.values()}
    stages = _stages([c for c in looked.columns.values() if c.name not in taken])
    if stages:
        page.remark(
            "The stages in their order. Proposed are all columns of yes and no, or of dates, "
            "from the stage that most people reached to the one that fewest did: "
            f"{', '.join(f'{s.label} {s.reached:.0%}' for s in stages)}. Take out what is no "
            "stage."
        )
        for stage in stages:
            page.say(f"[[{table}.stages]]")
            page.say(f'name = "{stage.name}"')
            page.say(f"label = {text(stage.label)}")
            page.say(f"column = {text(stage.column.name)}")
            if stage.date:
                page.say(f"date = {text(stage.date)}")
            page.say()
        return {s.column.name for s in stages} | {s.date for s in stages if s.date}
    free = [c for c in looked.columns.values() if c.name not in taken and len(c.labels) >= 2]
    outcome = next((c for c in free if _OUTCOME.fullmatch(c.words)), None)
    outcome = outcome or next((c for c in free if _LESS_SURE.fullmatch(c.words)), None)
    if outcome is None or len(outcome.labels) > MOST_WORDS:
        page.decide(
            "No column says clearly how far people came. Write the name of a stage (small "
            "letters) and the column that says whether it was reached; repeat the block for each "
            "stage, in order.",
            f"[[{table}.stages]]",
            'name = "?"',
            'column = "?"',
        )
        return set()
    _dispositions(page, table, outcome)
    return {outcome.name}


def _stages(columns: list[Column]) -> list[Stage]:
    found: list[Stage] = []
    dates: list[Column] = []
    for column in columns:
        if not column.rows or PERSONAL.fullmatch(column.words) or _no_stage(column):
            continue
        flag = sum(s for v, s in column.labels if v.casefold() in WORDS)
        if column.share("date") >= 0.95:
            dates.append(column)
        elif flag >= 0.95:
            yes = sum(s for v, s in column.labels if WORDS.get(v.casefold()))
            name = _slug(column.words)
            found.append(Stage(name, column.name, column, column.filled * yes))
    for column in dates:
        beside = [s for s in found if not s.date and _stem(s.column) == _stem(column)]
        if beside:
            beside[0].date = column.name
        else:
            found.append(Stage(_slug(column.words), column.name, column, column.filled))
    once = {s.name: s for s in reversed(found)}
    return sorted(once.values(), key=lambda s: (-s.reached, s.column.position))


def _stem(column: Column) -> str:
    """Return the first word that tells a stage, without its ending: Hired is Hire Date."""
    words = [w for w in column.words.split() if w not in _NOISE]
    return re.sub(r"(?:ed|ion|ing|e|s)$", "", words[0]) if words else ""


def _no_stage(column: Column) -> bool:
    return bool(
        re.search(r"status|veteran|disab|birth|age\b|created|updated|exempt|posted|clos|opened"
                  r"|internal|resident|eligible for rehire|convict|licen[sc]e", column.words)
    )  # fmt: skip


def _slug(words: str) -> str:
    name = re.sub(r"\bdate\b|\bof\b|\bflag\b|\by n\b|\byn\b", " ", words)
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    name = name if re.match("[a-z]", name) else f"stage_{name}".strip("_")
    return f"{name}_stage" if name in APPLICANTS.names else name


def _dispositions(page: Page, table: str, column: Column) -> None:
    """Ask of each word of an outcome at which stage it ends."""
    page.remark(
        f"The column {column.name!r} says how far each person came, in {len(column.labels)} "
        "words. The last stage is written; add the stages before it, one block for each, in order."
    )
    page.say(f"[[{table}.stages]]")
    page.say('name = "hired"')
    page.say()
    page.say(f"[{table}.disposition]")
    page.say(f"column = {text(column.name)}")
    page.decide(
        "Which words mean that somebody passed every stage? Write them in the list.",
        'passed = ["?"]',
    )
    for label, share in column.labels:
        said = f"{share:.0%}" if share >= 0.01 else "under 1 %"
        page.decide(
            f"{label!r} ({said}): write the stage that these people did not pass. Change failed "
            "into withdrew if they withdrew there, into pending if it is still open. Take the "
            "line out if the word is in the list passed.",
            f'failed.{text(label)} = "?"',
        )
