"""From when a list of people is: days and years in titles, names of files and names of sheets."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from equity.proposal._look import Looked
from equity.proposal._names import Match
from equity.proposal._page import Page
from equity.sections import FORMATS
from equity.sources import _snapshots

__all__ = ["said_day", "write_when"]

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_MONTH = rf"(?P<name>{'|'.join(f'{m[:3]}(?:{m[3:]})?' for m in _MONTHS)}|sept)\.?"
_DAYS = (
    r"(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?!\d)",
    r"(?<!\d)(?P<m>\d\d?)[-/.](?P<d>\d\d?)[-/.](?P<y>(?:19|20)\d\d)(?!\d)",
    rf"{_MONTH} (?P<d>\d\d?)(?:st|nd|rd|th)?,? (?P<y>(?:19|20)\d\d)(?!\d)",
    rf"(?<!\d)(?P<d>\d\d?)(?:st|nd|rd|th)? {_MONTH},? (?P<y>(?:19|20)\d\d)(?!\d)",
)
_AS_OF = re.compile(r"(?:as of|as at|effective|status on|snapshot(?: of| date)?)\W{0,3}$", re.I)


def said_day(title: str) -> tuple[dt.date | None, str, bool]:
    """Return the day that a title says, its words, and whether it says "as of" before it.

    Nothing if it says several days and not of one alone that the list is as of it.
    """
    found: list[tuple[dt.date, str, bool]] = []
    for pattern in _DAYS:
        for hit in re.finditer(pattern, title, re.I):
            part = hit.groupdict()
            name = (part.get("name") or "").lower()[:3]
            month = next((i for i, m in enumerate(_MONTHS, 1) if m[:3] == name), 0)
            try:
                day = dt.date(int(part["y"]), month or int(part["m"]), int(part["d"]))
            except ValueError:
                continue
            before = _AS_OF.search(title[: hit.start()])
            words = (before.group().strip() + " " if before else "") + hit.group()
            found.append((day, words, before is not None))
    for some in ([f for f in found if f[2]], found):
        if len({day for day, _, _ in some}) == 1:
            return some[0]
    return None, "", False


def write_when(
    page: Page, files: Sequence[Looked], matched: Mapping[str, Match], form: str, table: str
) -> None:
    """Write from where the date of a list is known, or ask for it."""
    keys = FORMATS[form].keys
    if {"date", "year"} & set(matched) or not {"date", "year"} & keys:
        return
    if "date_from" in keys:
        lists, where = _lists(files)
        if len(lists) > 1:
            _several(page, lists, where, files)
        else:
            _single(page, files[0], *lists[0])
    elif table in ("applicants", "promotions"):
        _year(page, files, table)
    else:
        _single(page, files[0], files[0].path.name, "".join(files[0].titles.values()), plain=True)


def _lists(files: Sequence[Looked]) -> tuple[list[tuple[str, str]], str]:
    """Return the name and the title of each list, and whether these are sheets or files."""
    if len(files) == 1 and len(files[0].titles) > 1:
        return list(files[0].titles.items()), "sheet"
    return [(f.path.name, " | ".join(f.titles.values())) for f in files], "file"


def _single(page: Page, looked: Looked, name: str, title: str, plain: bool = False) -> None:
    year, day = _snapshots._when(name)
    told, words, sure = said_day(title)
    if day and not plain:
        page.say(f'date_from = "file"    # the name of the file says {day}')
        if told and sure and told != day:
            page.remark(f"But a title in the file says {words!r}. Which is right?")
        return
    if told and sure:
        page.say(f'date = "{told}"    # a title above the names says "{words}"')
        return
    if isinstance(looked.sheet, str) and year is None:
        year = _snapshots._when(looked.sheet)[0]
    year = year or _one_year(title)
    if told:
        known = (
            f"A title of {looked.path.name} says {words}, which may be the day of the list or "
            f"only the day on which it was printed. If it is the day, write {told}."
        )
    elif year:
        known = f"The year {year} is named and no day. Write the day, such as {year}-12-31."
    else:
        known = "No column, title or name of a file says it. Write the day, such as 2025-07-01."
    page.decide(
        f"Who works there changes: as of which day is the list {looked.path.name}? {known} If "
        f"nobody knows the day, write the middle of the year, {year or 2025}-07-01.",
        'date = "?"',
    )


def _several(
    page: Page, lists: Sequence[tuple[str, str]], where: str, files: Sequence[Looked]
) -> None:
    """Several lists: their names must say the day; the year alone counts as its middle."""
    said = [_snapshots._when(name) for name, _ in lists]
    titles = [said_day(title) for _, title in lists]
    if all(day for _, day in said):
        days = ", ".join(str(day) for _, day in said)
        page.say(f'date_from = "{where}"    # the names of the {where}s say {days}')
        return
    years = ", ".join(str(day or year) for year, day in said)
    every = all(year for year, _ in said)
    because = f"the names of the {where}s say {years}" if every else f"once the {where}s are named"
    page.say(f'date_from = "{where}"    # {because}')
    known = [f"{name}: {words}" for (name, _), (_, words, _) in zip(lists, titles, strict=True)
             if words]  # fmt: skip
    days = [
        str(day or told or f"{year or 2025}-12-31")
        for (year, day), (told, _, _) in zip(said, titles, strict=True)
    ]
    ends = [name.rpartition(".")[2] for name, _ in lists]
    new = [f"roster_{d}.{e}" for d, e in zip(days, ends, strict=True)] if where == "file" else days
    listed = files[0].sheet if where == "sheet" else [f.path.name for f in files]
    then = "Nothing else has to be changed." if listed == "*" else (
        f"Then write the new names in the line {'files' if where == 'file' else 'sheet'}."
    )  # fmt: skip
    page.decide(
        f"As of which day is each list? The names of the {where}s "
        + (f"say {years} only, and a year alone counts as 1 July: who left " if every else
           "do not all say it. A year alone would count as 1 July: who left ")
        + "after that day, before the list was made, would be put at the wrong time. "
        + (f"Titles in the {where}s say {'; '.join(known)}. " if known else "")
        + f"Rename the {where}s{' in Excel' if where == 'sheet' else ''} so that they say "
        + "the day, "
        + f"such as {', '.join(new[:4])}. {then} Write here, after the #, which days you took.",
        "# days: ?",
    )  # fmt: skip


def _one_year(title: str) -> int | None:
    bare = title
    for pattern in _DAYS:
        bare = re.sub(pattern, " ", bare, flags=re.I)
    return _snapshots._when(bare)[0]


def _year(page: Page, files: Sequence[Looked], table: str) -> None:
    """Applicants: the year is that of the application, or of the exam."""
    of = "candidates tried" if table == "promotions" else "people applied"
    by_name = {_snapshots._when(f.path.name)[0] for f in files}
    by_title = {_one_year(" | ".join(f.titles.values())) for f in files}
    for years, words in ((by_name, "the name of the file"), (by_title, "a title in the file")):
        if len(years) == 1 and None not in years:
            page.say(f"year = {next(iter(years))}    # {words} says so. Correct it if not right.")
            return
    if len(files) > 1:
        page.decide(
            f"In which year is each file? A year stands for all rows of [{table}]. Add a column "
            "called Year to each file, in your spreadsheet, and write in it the year in which "
            f"the {of}. Then run equity init again: it finds the column.",
            "# the column Year was added: ?",
        )
        return
    page.decide(
        f"No column, title or name of a file says of when these people are. Write the year in "
        f"which the {of}, such as 2025.",
        'year = "?"',
    )
