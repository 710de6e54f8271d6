"""The stages of hiring in a file: one column of outcomes, columns of yes and no, or of dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from equity.proposal._look import Column, Looked
from equity.proposal._names import PERSONAL, Match
from equity.proposal._outcomes import STAGES, Ending, ending_of
from equity.proposal._page import Page, text
from equity.sources.applicants import WORDS
from equity.tables import APPLICANTS

__all__ = ["full_dates", "write_stages"]

_OUTCOME = re.compile(r"(?:.* )?(?:disp(?:osition)?|outcome|result|final status)(?: .*)?"
                      r"|.*appli\w+ status.*")  # fmt: skip
_LESS_SURE = re.compile(r"(?:.* )?(?:status|stage|step|reason)(?: .*)?")
_NOISE = {"date", "of", "flag", "yn", "passed", "pass", "met", "result", "status", "completed"}
MOST_WORDS = 60
LONGEST = 80
"""A longer text in a column of outcomes is not shown: it may be about somebody."""
EVERY_ROW = 0.995
"""A column of dates that is filled in so many rows says nothing of how far people came."""


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
    free = [c for c in looked.columns.values() if c.name not in taken]
    stages = _stages(free)
    outcome = _outcome(free)
    flags = [s for s in stages if s.column.share("date") < 0.95]
    if outcome and len(flags) < 2:
        return _dispositions(page, table, outcome, [s for s in stages if s not in flags])
    if stages:
        page.remark(
            "The stages in their order. Proposed are the columns of yes and no, or of dates that "
            "some people have and others have not, from the stage that most people reached to "
            f"the one that fewest did: {', '.join(f'{s.label} {s.reached:.0%}' for s in stages)}. "
            "Take out what is no stage."
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
    page.decide(
        "No column says clearly how far people came. Write the name of a stage (small "
        "letters, such as written or hired) and the column that says yes or no, or the date, "
        "of it; repeat the block for each stage, in order.",
        f"[[{table}.stages]]",
        'name = "?"',
        'column = "?"',
    )
    return set()


def full_dates(looked: Looked, matched: Mapping[str, Match]) -> list[str]:
    """Return the columns with a date in every row that may be the day of the application."""
    taken = {m.column.name for m in matched.values()}
    return [
        c.name
        for c in looked.columns.values()
        if c.name not in taken
        and c.share("date") >= 0.95
        and c.filled >= EVERY_ROW
        and not PERSONAL.fullmatch(c.words)
        and not _no_stage(c)
        and not re.search(r"hire|appoint|offer", c.words)
    ]


def _outcome(free: list[Column]) -> Column | None:
    """Return the column whose words say how it ended; words before codes before other names."""
    some = [
        c
        for c in free
        if 2 <= len(c.labels) <= MOST_WORDS
        and c.share("date") < 0.5
        and sum(s for v, s in c.labels if v.casefold() in WORDS) < 0.95
        and not PERSONAL.fullmatch(c.words)
    ]
    told = {c.name: sum(s for v, s in c.labels if ending_of(v).how) for c in some}
    named = [c for c in some if _OUTCOME.fullmatch(c.words)]
    named += [c for c in some if _LESS_SURE.fullmatch(c.words) and told[c.name] >= 0.5]
    if named:
        return max(named, key=lambda c: (told[c.name] >= 0.3, told[c.name], -c.position))
    return next((c for c in some if _LESS_SURE.fullmatch(c.words) and not _stages(free)), None)


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
        elif column.filled < EVERY_ROW:
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
                  r"|internal|resident|\bdisp|outcome|eligible for rehire|convict|licen[sc]e",
                  column.words)
    )  # fmt: skip


def _slug(words: str) -> str:
    name = re.sub(r"\bdate\b|\bof\b|\bflag\b|\by n\b|\byn\b", " ", words)
    name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
    name = name if re.match("[a-z]", name) else f"stage_{name}".strip("_")
    return f"{name}_stage" if name in APPLICANTS.names else name


def _dispositions(page: Page, table: str, column: Column, dated: list[Stage]) -> set[str]:
    """Write the stages that the words of an outcome name, and what each word means, to be decided.

    Nothing is counted until the lines are taken over: a word that is not named is an error.
    """
    ends = {label: ending_of(label) for label, _ in column.labels if len(label) <= LONGEST}
    last = "promoted" if table == "promotions" else "hired"
    names = [s for s in STAGES if s != "hired" and s in {e.stage for e in ends.values()}]
    if not names and not any(e.how for e in ends.values()):
        names = ["written", "oral"]
        page.remark(
            f"The column {column.name!r} says in codes how far each person came. The stages "
            "below are an example: put your own in their place, in their order."
        )
    else:
        page.remark(
            f"The column {column.name!r} says how far each person came, in {len(column.labels)} "
            "words. The stages below are those that its words name, in the order that many "
            "offices have. Change the order to yours; add a stage if one is missing."
        )
    if dated:
        page.remark(
            "Columns of dates that may belong to a stage; to use one, write it below the label, "
            f"such as date = {text(dated[0].column.name)}: "
            f"{', '.join(repr(s.column.name) for s in dated)}."
        )
    for stage in [*names, last]:
        label = "Promoted" if stage == "promoted" else STAGES[stage][0]
        page.say(f"[[{table}.stages]]")
        page.say(f'name = "{stage}"')
        page.say(f"label = {text(label)}")
        page.say()
    page.say(f"[{table}.disposition]")
    page.say(f"column = {text(column.name)}")
    page.remark("Each word is named once. An example, finished:")
    for line, means in (
        ('passed = ["Hired"]', "passed every stage"),
        (f'failed."Failed exam" = "{[*names, last][0]}"', "came to this stage, did not pass it"),
        (f'withdrew."Declined offer" = "{last}"', "went away here; from here on not known"),
        (f'pending."In process" = "{last}"', "not yet decided"),
    ):
        page.remark(f"  {line:<40}{means}")
    _words(page, column, ends, names, last)
    return {column.name} | {s.column.name for s in dated}


def _words(
    page: Page, column: Column, ends: dict[str, Ending], names: list[str], last: str
) -> None:
    """Ask of each word what it means; those that say it themselves are asked together."""
    stages = ", ".join([*names, last])
    shares = dict(column.labels)
    whole = {label: e for label, e in ends.items() if e.whole}
    passed = [label for label, e in whole.items() if e.how == "passed"]
    if whole:
        lines = [f"passed = [{', '.join(map(text, passed))}]"] if passed else []
        said = [f"{_said(v, shares)}: passed every stage" for v in passed]
        for label, end in whole.items():
            if label not in passed:
                stage = last if end.stage == "hired" else end.stage
                lines.append(f'{end.how}.{text(label)} = "{stage}"')
                said.append(f"{_said(label, shares)}: {end.how} at {stage}")
        page.decide(
            "How far did people come? This is proposed from the words: "
            + "; ".join(said)
            + f". The stages are {stages}. Where it is right, only take `# DECIDE: ` away before "
            "the line. Where it is wrong, change failed, withdrew or pending, or the stage.",
            *lines,
        )
    if not passed:
        page.decide(
            f"Which words of {column.name!r} mean that somebody passed every stage and was "
            f'{last}? Write them between the quotation marks; several as ["090", "091"].',
            'passed = ["?"]',
        )
    for label, share in column.labels:
        if label in whole:
            continue
        if label not in ends:
            page.decide(
                f"A cell of {column.name!r} holds a text of {len(label)} letters, which is not "
                "shown here. Copy it between the first quotation marks, and write after it the "
                f"stage at which it ended ({stages}).",
                'failed."?" = "?"',
            )
            continue
        how = ends[label].how
        if how and how != "passed":
            page.decide(
                f"{_said(label, {label: share})}: at which stage? Write one of {stages}."
                + (f" If the file does not say, write {[*names, last][0]}: then nothing is known "
                   "of these people from there on, and they are counted as unknown."
                   if how == "withdrew" else ""),
                f'{how}.{text(label)} = "?"',
            )  # fmt: skip
            continue
        page.decide(
            f"{_said(label, {label: share})}: how far did these people come? Write the stage that "
            f"they did not pass, one of {stages}. Change failed into withdrew if they withdrew "
            "there, into pending if it is still open. If they passed every stage, write the word "
            "in the list passed, and take this line out.",
            f'failed.{text(label)} = "{ends[label].stage or "?"}"',
        )


def _said(label: str, shares: Mapping[str, float]) -> str:
    return (
        f"{label!r} ({shares[label]:.0%})" if shares[label] >= 0.01 else f"{label!r} (under 1 %)"
    )
