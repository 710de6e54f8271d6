"""When a table of people was drawn, and which header its column has in which file or sheet."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from equity.sources import _columns

__all__ = ["constants_of", "dates_of", "one_of_several", "with_year"]

_FROM = {"file": "source_file", "sheet": "source_sheet"}
_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})([-_.]?)([0-9]{2})\2([0-9]{2})(?![0-9])")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])")


def constants_of(
    columns: Mapping[str, Any],
    year: int | None,
    date: str | dt.date | None = None,
    date_from: str | None = None,
) -> dict[str, Any]:
    """Return the year and date that all rows get; neither may be said in another way too."""
    given: dict[str, Any] = {}
    if date is not None:
        try:
            given["date"] = dt.date.fromisoformat(str(date)[:10])
        except ValueError:
            raise ValueError(f"date={str(date)!r} is not a date such as 2017-07-01.") from None
    if year is not None:
        if isinstance(year, bool) or not isinstance(year, int) or not 1900 <= year <= 2200:
            raise ValueError(f"year={year!r} is not a year such as 2017.")
        given["year"] = year
    elif "date" in given and "year" not in columns:
        given["year"] = given["date"].year
    for name in given:
        if name in columns:
            raise ValueError(
                f"{name} is given twice: as the column {columns[name]!r} and as {given[name]}. "
                "Keep one."
            )
    if date_from is not None:
        if date_from not in _FROM:
            raise ValueError(
                f'date_from={date_from!r} is not known. It can be "file" or "sheet": the names of '
                "the files, or of the sheets, then say when each snapshot was drawn."
            )
        twice = [name for name in ("date", "year") if name in given or name in columns]
        if twice:
            raise ValueError(f"{twice[0]} is given twice: by itself and by date_from. Keep one.")
    return given


def dates_of(rows: Any, date_from: str | None) -> Any:
    """Add `date` and `year` as the names of the files or sheets say, see `_when`.

    `year` alone is added where no name says the day.
    """
    if date_from is None:
        return rows
    column = _FROM[date_from]
    there = rows.collect_schema().names()
    names = _columns.distinct(rows, [column])[column] if column in there else []
    if not names:
        way = "Give date or year" if date_from == "file" else 'Name the sheets, or sheet = "*"'
        raise ValueError(
            f"date_from={date_from!r}, but these rows do not say from which {date_from} they "
            f"come. {way}."
        )
    said = {name: _when(name) for name in names}
    silent = [name for name, (year, _) in said.items() if year is None]
    if silent:
        raise ValueError(
            f"date_from={date_from!r}, but {', '.join(map(repr, silent))} names no single day or "
            "year. Call it such as 2017-07-01 or 2017, or give date or year instead."
        )
    new = {"year": _by_name(column, {n: y for n, (y, _) in said.items()}, nw.Int64)}
    days = {name: day for name, (_, day) in said.items() if day is not None}
    if days:
        new["date"] = _by_name(column, days, nw.Date)
    return rows.with_columns(**new)


def _when(name: str) -> tuple[int | None, dt.date | None]:
    """Return the year and the day that a name says: 20160401, 2016-04-01, 2016_Q1, FY 2019.

    Of two years that follow each other, such as 2013-2014, it is the first.
    """
    days = set()
    for year, _, month, day in _DAY.findall(name):
        if (
            1 <= int(month) <= 12
            and 1 <= int(day) <= calendar.monthrange(int(year), int(month))[1]
        ):
            days.add(dt.date(int(year), int(month), int(day)))
    if days:
        day = days.pop()
        return (None, None) if days else (day.year, day)
    years = sorted({int(y) for y in _YEAR.findall(name)})
    if len(years) == 1 or (len(years) == 2 and years[1] == years[0] + 1):
        return years[0], None
    return None, None


def _by_name(column: str, said: Mapping[str, Any], kind: Any) -> nw.Expr:
    (first, value), *others = said.items()
    chosen = nw.when(nw.col(column) == first).then(nw.lit(value, dtype=kind))
    for name, value in others:
        chosen = chosen.when(nw.col(column) == name).then(nw.lit(value, dtype=kind))
    return chosen


def with_year(rows: Any) -> Any:
    """Add `year` from `date`, where the table has a date and no year."""
    names = rows.collect_schema().names()
    if "year" in names or "date" not in names:
        return rows
    return rows.with_columns(year=nw.col("date").dt.year().cast(nw.Int64))


def one_of_several(
    source: Any, columns: Mapping[str, str | list[str]]
) -> tuple[Any, dict[str, str], str]:
    """Return a frame in which each of our columns has one header, and these headers.

    Where several headers are named, a row gets the cell under the first that its file, or its
    sheet, has. A file that has none gets nothing, as long as another has one. The third value
    names, for an error, what else was looked for.
    """
    names = source.collect_schema().names()
    single: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    missed: list[str] = []
    for ours, given in columns.items():
        headers = [given] if isinstance(given, str) else [str(h) for h in given]
        if not headers:
            raise ValueError(f"columns names no column of the file for {ours!r}: an empty list.")
        found = [_columns.find_header(names, h) for h in headers]
        there = list(dict.fromkeys(name for name in found if name is not None))
        single[ours] = there[0] if there and len(headers) > 1 else headers[0]
        if len(there) > 1:
            several[ours] = there
        elif not there:
            missed += headers[1:]
    others = f"Nor does it have {', '.join(map(repr, missed))}. " if missed else ""
    keys = [k for k in _FROM.values() if k in names]
    if not several or not keys:
        return source, single, others and f"{others}Check the spelling of the names."
    new = {}
    for ours, first in _first_filled(source, several, keys).items():
        if len(set(first.values())) == 1:
            single[ours] = next(iter(first.values()))
            continue
        single[ours] = " or ".join(several[ours])
        new[single[ours]] = _picked(source, keys, first)
    if new:
        source = source.with_columns(**new)
    return source, single, others and f"{others}Check the spelling of the names."


def _first_filled(
    source: Any, several: Mapping[str, list[str]], keys: list[str]
) -> dict[str, dict[tuple[Any, ...], str]]:
    """Return for each of our columns: file and sheet -> the first header with a cell there."""
    headers = sorted({h for there in several.values() for h in there})
    filled = {
        f"filled {i}": nw.when(nw.col(h).cast(nw.String) != "").then(nw.lit(1))
        for i, h in enumerate(headers)
    }
    tally = (
        source.with_columns(**filled)
        .select(*keys, *filled)
        .group_by(*keys)
        .agg(*(nw.col(f).max() for f in filled))
    )
    tally = tally.collect() if isinstance(tally, nw.LazyFrame) else tally
    out: dict[str, dict[tuple[Any, ...], str]] = {ours: {} for ours in several}
    for row in tally.to_arrow().to_pylist():
        where = tuple(row[k] for k in keys)
        has = {h for i, h in enumerate(headers) if row[f"filled {i}"] == 1}
        for ours, there in several.items():
            out[ours][where] = next((h for h in there if h in has), there[0])
    return out


def _picked(source: Any, keys: list[str], first: Mapping[tuple[Any, ...], str]) -> nw.Expr:
    schema = source.collect_schema()
    same = len({schema[h] for h in first.values()}) == 1
    picked: Any = None
    for where, header in sorted(first.items(), key=str):
        here: Any = None
        for key, value in zip(keys, where, strict=True):
            part = nw.col(key).is_null() if value is None else nw.col(key) == value
            here = part if here is None else here & part
        cell = nw.col(header) if same else nw.col(header).cast(nw.String)
        picked = (nw.when(here) if picked is None else picked.when(here)).then(cell)
    return picked
