"""Residents from any table of people: one row for each group, or one column for each; by sex too.

Source : the agency's, the city's or the statistical office's own table (CSV, Parquet or .xlsx).
Checked : Chicago police districts, census 2010: 22 districts, the groups of each add up to its
    total; City of London and the Metropolitan Police area, census 2011: 7,375 and 8,166,566
    people; neighbourhoods of Minneapolis (R, carData): fractions of a total.
Gaps : whoever made the table says what its groups are: that Hispanic people are not counted among
    white and black ones cannot be seen in it. Margins of error are read from a table with one row
    for each group only. Estimates that are rounded need not add up to their total.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from equity import groups as schemes
from equity.sources import _columns, _files, _text, _told_by
from equity.tables import SEXES

__all__ = ["read", "standardize"]

COLUMNS = ("place", "district", "group", "sex", "n", "moe", "total")
"""What `columns` may name."""

TOLERANCE = 0.01
"""So much (of the total) may the groups of a row exceed its total: shares are rounded."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    place: str,
    columns: Mapping[str, str] | None = None,
    groups: Mapping[str, str | Sequence[str]] | None = None,
    values: Mapping[str, str] | None = None,
    scheme: str = "us1997",
    to: str | None = None,
    shares: Literal["fractions", "percents"] | None = None,
    census: bool = False,
    year: int | None = None,
    universe: str = "residents",
    header_row: int = 1,
    sheet: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Read residents by group from any table: CSV, Parquet or .xlsx.

    Who lives here, and in which district? `header_row`, `sheet` and `encoding` say where the
    table stands in the file; for all else see `standardize`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        place=place,
        columns=columns,
        groups=groups,
        values=values,
        scheme=scheme,
        to=to,
        shares=shares,
        census=census,
        year=year,
        universe=universe,
    )


def standardize(
    frame: Any,
    *,
    place: str,
    columns: Mapping[str, str] | None = None,
    groups: Mapping[str, str | Sequence[str]] | None = None,
    values: Mapping[str, str] | None = None,
    scheme: str = "us1997",
    to: str | None = None,
    shares: Literal["fractions", "percents"] | None = None,
    census: bool = False,
    year: int | None = None,
    universe: str = "residents",
) -> pd.DataFrame:
    """Bring a table of people of any engine into the residents table.

    Parameters
    ----------
    frame : one row for each group (name the columns `group` and `n`), or one for each area with
        one column for each group (name these in `groups`).
    place : name of the place. If `columns` names a column of places, only its rows are taken.
    columns : ours -> column of the file: place, district (or other area), group, sex, n, moe
        (90 % margin of error), total (people of all groups; of the row's sex, if `sex` is named).
        With `sex`, in a table with a row for each sex, `group` may be left out.
    groups : group -> its column, or several whose people are added.
    values : word in the column of groups -> group, "" if its rows are left out (such as totals);
        word in the column of sexes -> female, male or nonbinary, "" if its rows are left out.
        "Total" and "Both sexes" in the column of sexes are known.
    scheme : the groups that the table has, see `equity.groups.SCHEMES`.
    to : the groups to return, if others; a coarser scheme.
    shares : "fractions" (0 to 1) or "percents" (0 to 100), if the columns of the groups hold
        shares of `total` and not people.
    census : a full count: its margins of error are 0.
    year : of the count, or the last of the survey.
    universe : who is counted, such as "adults".

    Returns
    -------
    DataFrame place, district (if named), year, universe, race (if the table has groups), sex (if
    named), n (people), moe, controlled, place_n, place_moe: `n` is people also where the file has
    shares; `place_n` is the total of the row, added up over the sexes.

    Raises
    ------
    ValueError
        If a column or place is not there, a word has no meaning, an area is there twice, a number
        cannot be read, a group is told for both sexes together only, or the groups of an area have
        clearly more people than its total.

    What it cannot show: people in no group of the table; a group that the table lacks is lacking,
    and `universe` says so.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["North", "South"], "all": ["1,000", "400"],
    ...                       "white": ["0.4", "0.5"], "black": ["0.6", "0.25"]})
    >>> standardize(table, place="Here", shares="fractions", scheme="stanford",
    ...             columns={"district": "area", "total": "all"},
    ...             groups={"white": "white", "black": "black"},
    ... )[["district", "race", "n"]].values.tolist()
    [['North', 'white', 400.0], ['North', 'black', 600.0], ['South', 'white', 200.0], \
['South', 'black', 100.0]]
    """
    schemes.scheme(scheme)
    columns, wide = dict(columns or {}), dict(groups or {})
    _check(columns, wide, values, scheme, shares)
    source = _text.start(frame)
    cells = {f"{g}\t{i}": n for g, c in wide.items() for i, n in enumerate(_list(c))}
    found = _columns.match_headers(
        source.collect_schema().names(),
        columns | cells,
        what="The population file",
        frame=source,
        called={key: f"the group {key.partition(chr(9))[0]!r}" for key in cells},
    )
    texts = source.select(
        *(_text._as_text(h, source.collect_schema()[h]).alias(ours) for ours, h in found.items())
    )
    table = (texts.collect() if isinstance(texts, nw.LazyFrame) else texts).to_pandas()
    table = table.astype(object).where(table.notna(), None)
    table = _of_place(table, place) if "place" in columns else table
    table = _areas(table, "district" in columns)
    of_groups, of_sexes = _told_by.meanings(values, scheme, sexes="sex" in columns)
    by_race = bool(wide) or "group" in columns
    if by_race and not wide:
        table = _told_by.in_groups(table, of_groups, scheme, found["group"])
    else:
        table = table.assign(race="", label="")
    table = (
        _told_by.by_sex(table, of_sexes, found["sex"])
        if "sex" in columns
        else table.assign(sex="")
    )
    long = _melted(table, wide, shares) if wide else _labelled(table)
    out = long.assign(place=place, year=pd.array([year] * len(long), "Int64"))
    out = out.assign(controlled=pd.array([census or None] * len(out), "boolean"))
    if census:
        out = out.assign(moe=0.0, place_moe=0.0)
    told = [*(["race"] if by_race else []), *(["sex"] if "sex" in columns else [])]
    lost = _lost(out["race"], schemes.scheme(scheme).groups) if by_race else []
    for column, groups_lost in (("race", lost), ("sex", _lost(out["sex"], ("female", "male")))):
        if column in told and groups_lost:
            ordered = (*schemes.scheme(scheme).groups, *SEXES)
            here = ", ".join(schemes.label(g) for g in ordered if g in set(out[column]))
            universe = f"{universe} who are {here} (the file has no others)"
    order = ["place", *(["district"] if "district" in columns else []), "year", "universe"]
    numbers = ["n", "moe", "controlled", "place_n", "place_moe"]
    out = out.assign(universe=universe)[[*order, *told, *numbers]].reset_index(drop=True)
    out = out.astype(dict.fromkeys({*order, *told} - {"year"}, "str"))
    return _regrouped(out, scheme, to, lost) if by_race and to not in (None, scheme) else out


def _lost(found: pd.Series, groups: Sequence[str]) -> list[str]:
    here = set(found)
    return [g for g in groups if g not in here]


def _check(
    columns: Mapping[str, str],
    wide: Mapping[str, Any],
    values: Mapping[str, str] | None,
    scheme: str,
    shares: str | None,
) -> None:
    strangers = [c for c in columns if c not in COLUMNS]
    if strangers:
        raise ValueError(
            f"columns names {strangers[0]!r}, which is not one of: {', '.join(COLUMNS)}."
        )
    if wide:
        _columns.checked_values(
            {g: g for g in wide}, schemes.scheme(scheme).groups, "race (the keys of groups)"
        )
    if bool(wide) == bool({"group", "n"} & set(columns)):
        raise ValueError(
            "Say where the groups are, in one of two ways: `groups`, which names a column for "
            "each group, or `columns` with `group` and `n`, in a table with a row for each group."
        )
    needed = ["n"] if "sex" in columns else ["group", "n"]
    needed = [c for c in needed if not wide and c not in columns]
    if needed or (shares and "total" not in columns):
        raise ValueError(
            f"columns does not name {needed[0] if needed else 'total'!r}"
            + ("." if needed else ", of which the shares are.")
        )
    extra = ["moe"] if wide and "moe" in columns else []
    extra += ["values"] if wide and values else []
    extra += ["shares"] if shares and not wide else []
    if extra:
        raise ValueError(
            f"{extra[0]} is for a table with a {'row' if wide else 'column'} for each group, and "
            f"this one has a {'column' if wide else 'row'} for each. Take {extra[0]} out."
        )
    if shares not in (None, "fractions", "percents"):
        raise ValueError(f"shares={shares!r} is not one of: 'fractions', 'percents'.")


def _of_place(table: pd.DataFrame, place: str) -> pd.DataFrame:
    names = table["place"].map(lambda v: " ".join(str(v or "").split()))
    wanted = " ".join(place.split()).casefold()
    chosen = (names.str.casefold() == wanted).to_numpy(dtype=bool)
    if not chosen.any():
        near = [n for n in names.unique() if n and (wanted in n.casefold())]
        near += _near(wanted, names.unique().tolist()) or [n for n in names.unique() if n]
        raise ValueError(
            f"place={place!r} is not among the {names.nunique()} places of the file. The nearest "
            f"are: {'; '.join(dict.fromkeys(near[:5]))}."
        )
    return table[chosen]


def _near(wanted: str, names: list[str]) -> list[str]:
    import difflib

    folded = {n.casefold(): n for n in names}
    return [folded[n] for n in difflib.get_close_matches(wanted, folded, n=5, cutoff=0.3)]


def _areas(table: pd.DataFrame, by_district: bool) -> pd.DataFrame:
    """Return the table with `district` trimmed, or with one area called "" where it has none."""
    if not by_district:
        return table.assign(district="")
    names = table["district"].map(lambda v: " ".join(str(v or "").split()))
    blank = names.isin(_text.BLANKS).to_numpy()
    if blank.any():
        raise ValueError(
            f"{int(blank.sum())} rows of the population file name no district. Fill it in, or "
            "delete rows of totals in a copy of the file."
        )
    return table.assign(district=names)


def _melted(table: pd.DataFrame, wide: Mapping[str, Any], shares: str | None) -> pd.DataFrame:
    """Return one row for each area (and sex) and group of a table with a column for each group."""
    rows = table[["district", "sex"]]
    if rows.duplicated().any():
        twice = rows[rows.duplicated()].iloc[0]
        which = f"{twice['district']!r} is there" if twice["district"] else "The place is there"
        sex = f" for {twice['sex']}" if twice["sex"] else ""
        raise ValueError(
            f"{which} more than once{sex} ({int((rows == twice).all(axis=1).sum())} rows). Name "
            "the column of the areas as district, that of the places as place, or that of the "
            "sexes as sex, and leave one row for each."
        )
    total = _numbers(table["total"], "total") if "total" in table else None
    parts = []
    for group, names in wide.items():
        cells = [_numbers(table[f"{group}\t{i}"], group) for i in range(len(_list(names)))]
        n = np.sum(cells, axis=0)
        if shares:
            whole = 1.0 if shares == "fractions" else 100.0
            if (n > whole * (1 + TOLERANCE)).any():
                raise ValueError(
                    f"The share of {group!r} is {n.max():g} in a row, which is more than "
                    f"{whole:g}. Say whether these are shares: shares = "
                    f"{'percents' if shares == 'fractions' else 'fractions'!r}, or people: none."
                )
            n = n / whole * total
        parts.append(
            pd.DataFrame(
                {"district": table["district"], "race": group, "sex": table["sex"], "n": n}
            )
        )
    long = pd.concat(parts).assign(order=np.tile(np.arange(len(table)), len(wide)))
    if total is not None:
        added = long.groupby("order")["n"].sum().to_numpy()
        _not_above(added, total, table["district"].tolist())
        in_all = pd.Series(total).groupby(table["district"].to_numpy()).transform("sum")
        long["place_n"] = np.tile(in_all.to_numpy(), len(wide))
    else:
        long["place_n"] = np.nan
    long = long.assign(moe=np.nan, place_moe=np.nan)
    return long.sort_values("order", kind="stable").drop(columns="order")


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each area, sex and group of a table with a row for each label."""
    twice = table.duplicated(["district", "sex", "label"])
    if twice.any():
        at = table[twice].iloc[0]
        where = f" for {at['sex']}" * bool(at["sex"])
        where += f" in {at['district']!r}" * bool(at["district"])
        raise ValueError(
            f"{at['label'] or 'A row'!r} is there more than once{where}. Name the column of the "
            "areas as district, that of the places as place, or that of the sexes as sex, and "
            "leave one row for each group."
        )
    nothing = pd.Series(np.nan, table.index)
    long = table.assign(
        n=_numbers(table["n"], "n"),
        squares=_numbers(table["moe"], "moe", blank=True) ** 2 if "moe" in table else nothing,
        place_n=_numbers(table["total"], "total") if "total" in table else nothing,
        place_moe=np.nan,
    )
    totals = long.groupby(["district", "sex"])["place_n"].max().groupby("district")
    long["place_n"] = long["district"].map(totals.sum(min_count=1))
    parts = long.groupby(["district", "race", "sex"], sort=False)
    out = parts.agg(n=("n", "sum"), place_n=("place_n", "first"), place_moe=("place_moe", "first"))
    out["moe"] = np.sqrt(parts["squares"].sum(min_count=1).to_numpy())
    out.loc[parts["squares"].count().to_numpy() < parts.size().to_numpy(), "moe"] = np.nan
    out = out.reset_index()
    if "total" in table:
        whole = out.groupby("district", sort=False).agg(n=("n", "sum"), total=("place_n", "max"))
        _not_above(whole["n"].to_numpy(), whole["total"].to_numpy(), whole.index.tolist())
    return out


def _numbers(column: pd.Series, name: str, *, blank: bool = False) -> np.ndarray:
    """Return a column of text as numbers, or raise saying how many cannot be read."""
    text = column.map(lambda v: re.sub(r"[,\s]", "", str(v or "")).removeprefix("+/-"))
    number = pd.to_numeric(text.str.removesuffix("%"), errors="coerce").to_numpy(dtype=float)
    wrong = np.isnan(number) & ~(blank & text.isin(_text.BLANKS).to_numpy())
    if wrong.any() or (number < 0).any():
        problem = "negative" if not wrong.any() else "blank or no numbers"
        raise ValueError(
            f"{int(wrong.sum() or (number < 0).sum())} of {len(column)} values of {name!r} in the "
            f"population file are {problem}. Fill them in: 0 where nobody of the group lives."
        )
    return number


def _not_above(added: np.ndarray, total: np.ndarray, areas: list[str]) -> None:
    over = added > total * (1 + TOLERANCE) + 0.5
    if over.any():
        at = int(np.flatnonzero(over)[0])
        where = f" in {areas[at]!r}" if areas[at] else ""
        raise ValueError(
            f"The groups have more people than the total in {int(over.sum())} of {len(areas)} "
            f"areas:{where} {added[at]:,.0f} and {total[at]:,.0f}. Look whether a column is "
            "counted in two groups, or Hispanic people are among white and black ones as well."
        )


def _regrouped(table: pd.DataFrame, scheme: str, to: str, lost: list[str]) -> pd.DataFrame:
    mapping = schemes.crosswalk(scheme, to)
    torn = {mapping[g] for g in lost} & {mapping[g] for g in mapping if g not in lost}
    if torn:
        raise ValueError(
            f"to={to!r} needs {', '.join(lost)} for {', '.join(sorted(torn))}, and the file has "
            f"no such group. Name its column in groups, or say scheme = {to!r} if that is what it "
            "has."
        )
    return schemes.regroup(table, source=scheme, to=to).astype({"controlled": "boolean"})


def _list(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
