"""Adds up the counts of rows that were counted apart: of two files, of a year's months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.counts._table import CountTable

__all__ = ["add_counts", "summed"]

SAME = ("agency", "table", "scheme", "timezone", "stages", "area")
"""What all tables must say alike of themselves: else a sum would not be of one thing."""


def add_counts(tables: Iterable[CountTable]) -> CountTable:
    """Return the counts of several tables together, as if their rows had been counted at once.

    No row may be in two of the tables, and no fact about a row may depend on rows of another:
    counts of stops, of searches and of applicants add up. Of people at work at several dates,
    who stands in several files, only the numbers of records do.

    Parameters
    ----------
    tables : one or more, with the same `by` and `of` in the same order, and left out by the same
        steps for the same reasons.

    Returns
    -------
    CountTable
        Combinations of any of the tables, each with the sums of its numbers (people or stops);
        the ledger is added up step by step. Its provenance is that of the last table, with the
        sources of all, the numbers of rows added up, and the dates from the first to the last.

    Raises
    ------
    ValueError
        There is no table; the tables are not of one shape, or hold estimates; their ledgers have
        other steps; they are of different agencies, schemes of groups or zones; or a file is
        named among the sources of two of them.

    Notes
    -----
    What it cannot show: that a row is in two files. The data checks find such copies
    (`equity check`); tables without `sources` in their provenance are added as they are.

    Examples
    --------
    >>> from equity.counts import count
    >>> may = count(pd.DataFrame({"race": ["a", "b"]}), by=["race"])
    >>> june = count(pd.DataFrame({"race": ["b", None]}), by=["race"])
    >>> both = add_counts([may, june])
    >>> print(both.table.to_string(index=False))
    race  n
       a  1
       b  2
     NaN  1
    >>> both.ledger["rows"].tolist()
    [4]
    """
    given = list(tables)
    if not given:
        raise ValueError("There is no table to add up. Give at least one.")
    first = given[0]
    for other in given[1:]:
        _of_one_shape(first, other)
    names = [*first.by, "n", *(part for f in first.of for part in (f, f"{f}_known"))]
    for one in given:
        strange = [c for c in one.table.columns if c not in names]
        if strange:
            raise ValueError(
                f"{', '.join(strange)} cannot be added up: only counts can, not estimates and "
                "not what was computed from counts."
            )
    about = _about([one.provenance for one in given])
    if len(given) == 1:
        return CountTable(first.table, first.by, first.of, first.ledger, about)
    parts = _alike([one.table[names] for one in given], first.by)
    table = summed(pd.concat(parts, ignore_index=True), first.by)
    numbers = [one.ledger[["rows", "left_out"]] for one in given]
    ledger = first.ledger.assign(
        **{c: sum(part[c].to_numpy() for part in numbers) for c in ("rows", "left_out")}
    )
    return CountTable(table, first.by, first.of, ledger, about)


def summed(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return one row for each combination of `by`, in their order, with the sums of the others."""
    if not by:
        return pd.DataFrame([table.sum()])
    if table.empty:
        return table.reset_index(drop=True)
    place = np.zeros(len(table), np.int64)
    for name in by:
        codes, found = pd.factorize(table[name], sort=True)
        codes[codes < 0] = len(found)  # not known stands last
        if (int(place.max()) + 1) * (len(found) + 1) >= 1 << 62:
            place = np.unique(place, return_inverse=True)[1]  # those that occur, in their order
        place = place * (len(found) + 1) + codes
    order = place.argsort(kind="stable")
    start = np.flatnonzero(np.diff(place.take(order), prepend=-1))
    first = order.take(start)
    numbers = [c for c in table.columns if c not in by]
    return (
        table[list(by)]
        .take(first)
        .reset_index(drop=True)
        .assign(**{c: np.add.reduceat(table[c].to_numpy().take(order), start) for c in numbers})
    )


def _of_one_shape(one: CountTable, other: CountTable) -> None:
    for what in ("by", "of"):
        ours, theirs = getattr(one, what), getattr(other, what)
        if ours != theirs:
            raise ValueError(
                f"These counts cannot be added up: {what}={list(ours)} and {what}={list(theirs)}. "
                "Count both by the same columns, in the same order."
            )
    steps = [list(t.ledger[["step", "because"]].itertuples(index=False)) for t in (one, other)]
    if steps[0] != steps[1]:
        raise ValueError(
            "These counts cannot be added up: their rows were left out by other steps, or for "
            f"other reasons: {_words(steps[0])} | {_words(steps[1])}. Make both cohorts alike."
        )
    for key in SAME:
        ours, theirs = one.provenance.get(key), other.provenance.get(key)
        if ours != theirs:
            raise ValueError(
                f"These counts cannot be added up: {key} is {ours!r} in one and {theirs!r} in "
                "another."
            )


def _words(steps: Sequence[tuple[Any, ...]]) -> str:
    return "; ".join(f"{step}: {because}" for step, because in steps)


def _alike(parts: list[pd.DataFrame], by: Sequence[str]) -> list[pd.DataFrame]:
    """Return the tables with `by` columns of one type; a column without any value has none."""
    coded = [[c for c in by if p[c].dtype == "category"] for p in parts]
    parts = [p.astype(dict.fromkeys(c, "str")) for p, c in zip(parts, coded, strict=True)]
    kinds: dict[str, Any] = {}
    for name in by:
        found = {str(p[name].dtype): p[name].dtype for p in parts if p[name].notna().any()}
        if len(found) > 1:
            raise ValueError(
                f"{name!r} cannot be added up: its values are {' and '.join(sorted(found))}. "
                "Standardize the rows of all files alike (equity.sources)."
            )
        kinds[name] = next(iter(found.values()), parts[0][name].dtype)
    return [p.astype({n: k for n, k in kinds.items() if p[n].dtype != k}) for p in parts]


def _about(given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    about = dict(given[-1])
    if len(given) == 1:
        return about
    sources = [source for one in given for source in one.get("sources", [])]
    seen: set[str] = set()
    for source in sources:
        mark = str(source.get("sha256") or source.get("file"))
        if mark in seen:
            raise ValueError(
                f"{source.get('file')} is among the sources of two of these tables: its rows "
                "would be counted twice."
            )
        seen.add(mark)
    if sources:
        about["sources"] = sources
    for key, joined in (("rows_in", sum), ("rows_set_aside", sum)):
        if all(key in one for one in given):
            about[key] = joined(one[key] for one in given)
    for key, outermost in (("first_date", min), ("last_date", max), ("made", max)):
        known = [one[key] for one in given if one.get(key) is not None]
        if known:
            about[key] = outermost(known)
    labels: dict[str, dict[Any, str]] = {}
    for one in given:
        for column, words in one.get("labels", {}).items():
            labels.setdefault(column, {}).update(words)
    return about | {"labels": labels} if labels else about
