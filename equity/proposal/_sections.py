"""Writes the section of one table: files, layout, columns, value maps, rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from equity.groups import SCHEMES
from equity.proposal._look import Looked, is_known
from equity.proposal._names import Match, agreed, columns_of, said, unread
from equity.proposal._page import Page, key, text
from equity.proposal._stages import full_dates, write_stages
from equity.proposal._when import write_when
from equity.sections import FORMATS
from equity.sources import _people, peoplesoft

__all__ = ["write_section"]

RANKS = (
    "Officer", "Detective", "Corporal", "Sergeant", "Lieutenant", "Captain", "Major", "Commander",
    "Colonel", "Chief", "Deputy", "Sheriff", "Trooper", "Inspector", "Marshal",
)  # fmt: skip
NOT_SWORN = ("Trainee", "Cadet", "Recruit", "Civilian", "Correctional", "Community Service",
             "Reserve", "Intern")  # fmt: skip
LEAST_HOLDERS = 3
"""A title that fewer people hold is not written down."""
MOST_LABELS = 60
LONGEST = 60
"""A longer text in a column of race or sex is not shown: it may be about somebody."""


def write_section(
    page: Page, table: str, form: str, files: Sequence[Looked], folder: Path
) -> None:
    """Write the section of a table, from files that have nearly the same columns."""
    page.say(f"[{table}]")
    page.say(f'format = "{form}"')
    page.say(f"files = [{', '.join(text(_relative(f.path, folder)) for f in files)}]")
    _layout(page, files)
    _copies(page, files)
    if form not in ("roster", "peoplesoft", "workday", "applicants", "neogov", "stops"):
        page.remark(
            f"The columns are read by their standard names: the format {form!r} knows them."
        )
        if form in ("eeo4",):
            write_when(page, files, {}, form, table)
        page.say()
        return
    parts = [part for f in files for part in f.parts or [f]]
    matched = agreed([columns_of(part, table) for part in parts])
    race = "subject_race" if table == "stops" else "race"
    whole = {ours: m for part in reversed(matched) for ours, m in part.items()}
    codes = ({*peoplesoft.RACES, *peoplesoft.NOT_KNOWN}) if form == "peoplesoft" else set[str]()
    if race in whole:
        _scheme(page, form, files, matched, race)
    pipeline = table in ("applicants", "promotions")
    dates = full_dates(files[0], whole) if pipeline and not {"date", "year"} & set(whole) else []
    if table not in ("stops", "exits") and not dates:
        write_when(page, files, whole, form, table)
    page.say()
    page.say(f"[{table}.columns]")
    _columns(page, matched, table)
    if dates:
        page.decide(
            f"Which column is the day of the application? {_several(dates)} "
            f"{'has' if len(dates) == 1 else 'have'} a date in every row. Write its name.",
            'date = "?"',
        )
    left = whole.get("exit_date")
    if table == "workforce" and left and left.column.filled > 0.5:
        page.remark(
            f"{left.column.filled:.0%} of the rows have a date of leaving: this is a list of "
            "everybody who ever worked there, and not of who works there. Say with "
            "[[workforce.keep]] who is still there, by the column status if there is one."
        )
    if race not in whole:
        page.decide(
            "No column fits race or ethnicity by its name. Write which it is.", f'{race} = "?"'
        )
    if form == "peoplesoft" and race in whole and whole[race].column.known("race") < 0.5:
        page.remark(
            "The numbers of race are read as the format knows them: 1 white, 2 Black, 3 Hispanic, "
            "4 Asian or Pacific Islander, 5 American Indian, 6 not asked, 7 not specified. Ask "
            "whether your system has the same."
        )
    used = {m.column.name: ours for part in matched for ours, m in part.items()}
    page.say()
    for column, kind in ((race, "race"), ("subject_sex" if table == "stops" else "sex", "sex")):
        if column in whole:
            _values(page, matched, table, column, kind, codes)
    if pipeline and form != "neogov":
        used |= dict.fromkeys(write_stages(page, files[0], table, whole), "stage")
    if table == "applicants" and form == "neogov":
        _neogov(page, files[0], used)
    if table == "workforce" and "sworn" not in whole:
        _sworn(page, parts, matched)
    _not_read(page, parts, used)


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _layout(page: Page, files: Sequence[Looked]) -> None:
    if files[0].header_row != 1:
        two = isinstance(files[0].header_row, list)
        why = "two rows hold the names of the columns" if two else "titles stand above the names"
        page.say(f"header_row = {files[0].header_row}    # {why}")
    sheet = next((f.sheet for f in files if f.sheet is not None), None)
    if sheet is not None:
        given = text(sheet) if isinstance(sheet, str) else f"[{', '.join(map(text, sheet))}]"
        several = sheet == "*" or not isinstance(sheet, str)
        page.say(f"sheet = {given}    # {'they hold the same' if several else 'that of people'}")
    for looked in files:
        for name, why in looked.left_out:
            page.decide(
                f"The sheet {name!r} of {looked.path.name} is not read: {why}. If its people "
                "belong here, give it in Excel the same names of columns, in the same row, and "
                "run equity init again. If it is another table, save it as a file of its own and "
                "name that file too. If it is not needed, leave it. Write here, after the #, "
                "what you did.",
                f"# sheet {text(name)}: ?",
            )
    for looked in files[:1]:
        if looked.other_sheets:
            page.remark(f"Not read: the sheets {', '.join(map(repr, looked.other_sheets))}.")
        if looked.encoding not in ("", "utf-8"):
            page.say(f'encoding = "{looked.encoding}"    # the letters of the file are stored so')
        if looked.no_records:
            page.remark(
                f"{looked.no_records} rows are totals, repeated headers, headings or notes. "
                "`equity check` sets them aside and says why."
            )


def _copies(page: Page, files: Sequence[Looked]) -> None:
    for place, looked in enumerate(files):
        for other in files[:place]:
            if looked.fingerprint == other.fingerprint and looked.rows > 1:
                page.decide(
                    f"{looked.path.name} holds exactly the records of {other.path.name}, in the "
                    "same or another order. Ask which is right, and take the other out of files. "
                    "Write here, after the #, which you took out.",
                    "# taken out: ?",
                )


def _scheme(
    page: Page,
    form: str,
    files: Sequence[Looked],
    matched: Sequence[Mapping[str, Match]],
    race: str,
) -> None:
    """Write the finest scheme into which every label can be put, if it is not the usual one."""
    usual = FORMATS[form].scheme
    labels = {v for m in matched if race in m for v, _ in m[race].column.labels}

    def fits(scheme: str) -> bool:
        known = _people.race_labels(scheme, {})
        plain = {v.casefold(): _people.plain(v.casefold(), known) for v in labels}
        return not any(known.get(p or "") == _people._NEEDS_SPLIT for p in plain.values())

    if not labels or fits(usual) or usual not in SCHEMES:
        return
    other = next((s for s in ("us1997", "us1977", "stanford") if fits(s)), None)
    if other:
        page.say(
            f'scheme = "{other}"    # a label such as "Asian or Pacific Islander" is one group'
        )


def _columns(page: Page, matched: Sequence[Mapping[str, Match]], table: str) -> None:
    order = list(dict.fromkeys(ours for part in matched for ours in part))
    for ours in order:
        each = [part[ours] for part in matched if ours in part]
        names = list(dict.fromkeys(m.column.name for m in each))
        names = [f"{n} (1)" if _twice(n, matched, each) else n for n in names]
        given = text(names[0]) if len(names) == 1 else f"[{', '.join(map(text, names))}]"
        why = each[0].why if len(names) == 1 else f"the lists differ; {said(ours, each[0].column)}"
        others = list(dict.fromkeys(o for m in each for o in m.others))
        page.say(f"{ours} = {given}")
        page.remark(f"  {why}" + (f". It could also be {_several(others)}" if others else ""))


def _twice(name: str, matched: object, each: Sequence[Match]) -> bool:
    return any(m.column.name == name and f"{name} (2)" in m.others for m in each)


def _several(names: Sequence[str]) -> str:
    return " or ".join(map(repr, names[:4]))


def _values(
    page: Page,
    matched: Sequence[Mapping[str, Match]],
    table: str,
    column: str,
    kind: str,
    codes: set[str],
) -> None:
    """Ask of each label that is not known what it means."""
    shares: dict[str, float] = {}
    for part in matched:
        for label, share in part[column].column.labels if column in part else ():
            shares[label] = max(share, shares.get(label, 0))
    strange = [
        label
        for label in shares
        if not is_known(label, kind) and not (kind == "race" and label.lstrip("0") in codes)
    ]
    if not strange:
        return
    words = "group of race or ethnicity" if kind == "race" else "sex"
    ours = "white, black, hispanic, asian, nhpi, aian, multiple or other"
    if kind == "sex":
        ours = "female, male or nonbinary"
    page.say(f"[{table}.values.{column}]")
    for label in strange[:MOST_LABELS]:
        if len(label) > LONGEST:
            page.decide(
                f"A cell of the column holds a text of {len(label)} letters, which is not shown "
                "here. Copy it between the first quotation marks, and say as above what it means.",
                '"?" = "?"',
            )
            continue
        share = f"{shares[label]:.0%}" if shares[label] >= 0.01 else "under 1 %"
        page.decide(
            f"Which {words} does {label!r} mean ({share})? Write {ours}, or leave nothing "
            'between the quotation marks ("") if it says that it is not known.',
            f'{key(label)} = "?"',
        )
    page.say()


def _neogov(page: Page, looked: Looked, used: dict[str, str]) -> None:
    from equity.sources.neogov import STAGES

    there = {c.casefold(): c for c in looked.columns}
    for stage, names in STAGES.items():
        column = next((there[n.casefold()] for n in names if n.casefold() in there), None)
        if column:
            page.say("[[applicants.stages]]")
            page.say(f'name = "{stage}"')
            page.say(f"column = {text(column)}")
            page.say()
            used[column] = "stage"


def _sworn(page: Page, files: Sequence[Looked], matched: Sequence[Mapping[str, Match]]) -> None:
    """Propose, commented out, which titles are those of sworn officers."""
    ours = next((c for c in ("title", "rank") if any(c in m for m in matched)), None)
    if ours is None:
        return
    titles = _titles(files, matched, ours)
    found = [w for w in RANKS if any(re.search(rf"\b{w}\b", t, re.I) for t in titles)]
    if not found:
        return
    without = [w for w in NOT_SWORN if any(re.search(rf"\b{w}", t, re.I) for t in titles)]
    page.remark(
        "Who has police powers (sworn)? No column says so. If your people are police officers, "
        "take away `# MAYBE: ` from the next lines and read the words. `equity check` then lists "
        "which titles are counted as sworn. Titles with such a word that at least "
        f"{LEAST_HOLDERS} people hold:",
    )
    named = [t for t in titles if any(re.search(rf"\b{w}\b", t, re.I) for w in found)]
    page.remark("  " + "; ".join(named[:40]) + ("; ..." if len(named) > 40 else ""))
    page.lines += [
        "# MAYBE: [workforce.rules.sworn]",
        f'# MAYBE: column = "{ours}"',
        f"# MAYBE: any_of = [{', '.join(map(text, found))}]",
    ]
    if without:
        page.lines.append(f"# MAYBE: none_of = [{', '.join(map(text, without))}]")
    page.say()


def _titles(
    files: Sequence[Looked], matched: Sequence[Mapping[str, Match]], ours: str
) -> list[str]:
    from equity.sources import _files
    from equity.sources._relation import identifier

    tally: dict[str, int] = {}
    for looked, part in zip(files, matched, strict=True):
        if ours not in part:
            continue
        relation = _files.scan(looked.path, header_row=looked.header_row, sheet=looked.sheet)
        column = f"trim(CAST({identifier(part[ours].column.name)} AS VARCHAR))"
        for title, n in relation.aggregate(f"{column} AS t, count(*) AS n", "t").fetchall():
            if title:
                tally[title] = max(n, tally.get(title, 0))
    often = [(t, n) for t, n in tally.items() if n >= LEAST_HOLDERS]
    return [t for t, _ in sorted(often, key=lambda p: (-p[1], p[0]))]


def _not_read(page: Page, files: Sequence[Looked], used: Mapping[str, str]) -> None:
    who: list[str] = []
    others: list[str] = []
    for looked in files:
        first, rest = unread(looked, used)
        who += [c for c in first if c not in who]
        others += [c for c in rest if c not in others]
    if who:
        page.remark(f"Not read, because they say who somebody is: {', '.join(who)}.")
    if others:
        page.remark(f"Not read, because nothing is counted by them: {', '.join(others)}.")
    page.say()
