"""Residents (or another benchmark) folded to the strata and groups of the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from equity import margins
from equity.measures._areas import added_up, area_column, has, is_place, of_counts, people_of
from equity.measures._cells import Cells, key, need
from equity.measures._told_by import counted, of_other_sexes, told_by

SURVEY_YEARS = 5
"""Counts and a survey further apart than this (years) are of clearly different periods."""


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: population and margin of error (90 %) of shape (strata, groups)."""

    name: str
    groups: tuple[str, ...]
    population: np.ndarray
    moe: np.ndarray
    share: np.ndarray
    share_se: np.ndarray
    counted: np.ndarray
    """Which of the groups occur in the counts, shape (groups,)."""
    method: str
    """What a reader must know of it; empty if nothing."""
    remark: str
    """The first of `remarks`; empty if none."""
    no_margin: np.ndarray
    """Where a margin of error is not known and was left out, shape (strata, groups)."""
    refused: np.ndarray
    """Why a stratum cannot be held against it, in words; empty if it can: (strata,)."""
    remarks: np.ndarray
    """What is to be kept in mind of the period of a stratum, in words: (strata,)."""
    areas: str | None = None
    """The column of areas that both tables have, if any."""
    people: dict[str, pd.Series] = field(default_factory=dict)
    """People by (area, group) for each stratum, where there are areas."""

    @property
    def se(self) -> np.ndarray:
        """Standard errors; 0 where the margin is not known (see `no_margin`)."""
        return margins.standard_error(np.where(np.isnan(self.moe), 0.0, self.moe))

    @property
    def total(self) -> np.ndarray:
        """People of all groups, shape (strata, 1)."""
        return self.population.sum(axis=1, keepdims=True)

    def widen(self, values: np.ndarray, folded: Cells) -> np.ndarray:
        """Bring counts to the groups of the benchmark (0 for a group that they lack).

        Left out are people of a sex that the benchmark does not tell; `method` says so.
        """
        shared = [g in self.groups for g in folded.groups]
        out = np.zeros((values.shape[0], len(self.groups)))
        out[:, [self.groups.index(g) for g in folded.groups if g in self.groups]] = values[
            :, shared
        ]
        return out


@dataclass(frozen=True)
class Rules:
    """When a benchmark is of another period or place than the counts.

    remark_after : years apart after which each row says so.
    refuse_after : years apart after which there are no figures; None: never.
    places : whether a stratum that is a place needs residents of its own.
    areas : the column of areas, to add residents up over; None: known by its name.
    """

    remark_after: int = SURVEY_YEARS
    refuse_after: int | None = None
    places: bool = False
    areas: str | None = None


def benchmarks(
    counts: Any,
    frame: pd.DataFrame,
    residents: Any,
    folded: Cells,
    group: str,
    within: str | None,
    rules: Rules | None = None,
) -> list[Benchmark]:
    """Return the benchmarks, in the order given; `residents` is a frame or {name: frame}."""
    if isinstance(residents, Mapping):
        named = {str(k): v for k, v in residents.items()}
    else:
        named = {_own_name(residents): residents}
    if not named:
        raise ValueError("residents is empty: give a table of residents, or {name: table}.")
    rules = rules or Rules()
    tables = [t for t in named.values() if isinstance(t, pd.DataFrame)]
    if rules.areas is not None and not any(has(t, rules.areas) for t in tables):
        raise ValueError(
            f"areas={rules.areas!r}: no benchmark has such a column with values in it. Name a "
            "column of the residents, or leave `areas` out."
        )
    years = _years(counts, frame, folded, within)
    return [
        _fold(name, table, frame, folded, group, within, years, rules)
        for name, table in named.items()
    ]


def _own_name(residents: Any) -> str:
    if isinstance(residents, pd.DataFrame) and "universe" in residents.columns:
        found = residents["universe"].dropna().unique()
        if len(found) == 1:
            return str(found[0])
    return "residents"


def _years(
    counts: Any, frame: pd.DataFrame, folded: Cells, within: str | None
) -> list[tuple[int, int] | None]:
    """Return first and last year of the counts of each stratum, where they say so."""
    if within == "year":
        return [(int(s), int(s)) if s.isdigit() else None for s in folded.strata]
    return [_span(counts, frame)] * len(folded.strata)


def _span(counts: Any, frame: pd.DataFrame) -> tuple[int, int] | None:
    if "year" in frame.columns:
        years = pd.to_numeric(frame["year"], errors="coerce").dropna()
        if len(years):
            return int(years.min()), int(years.max())
    about = getattr(counts, "provenance", None) or {}
    try:
        return int(str(about["first_date"])[:4]), int(str(about["last_date"])[:4])
    except (KeyError, ValueError):
        return None


def _fold(
    name: str,
    table: Any,
    frame: pd.DataFrame,
    folded: Cells,
    group: str,
    within: str | None,
    years: list[tuple[int, int] | None],
    rules: Rules,
) -> Benchmark:
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"residents must be a pandas DataFrame or a dict of them, not {type(table).__name__}."
        )
    need(table, [("n", "n")], what=f"benchmark {name!r}")
    if table.empty:
        raise ValueError(f"The benchmark {name!r} has no rows. Check its filters.")
    _no_negatives(table, name)
    table, column = told_by(table, group, within, name)
    _no_blanks(table, column, name)
    by_area = within is not None and has(table, within) and _is_area(table, within)
    area = within if by_area and (is_place(within) or within == rules.areas) else None
    if area is None and rules.places:
        area = area_column(table, frame, rules.areas, name)
    _one_place(table, name, [c for c in (within if by_area else None, area) if c])
    own = [key(g) for g in table[column]]
    groups = tuple(sorted(set(own)))
    aside = of_other_sexes(folded.groups, groups, group)
    _same_groups(tuple(g for g in folded.groups if g not in aside), groups, name, group)
    stratum = [key(v) for v in table[within]] if by_area else ["all"] * len(table)
    people, part = {}, ""
    if area is not None and area == within:
        people = people_of(table, None, own, [key(v) for v in table[area]], folded.strata)
    elif area is not None:
        kept, part = of_counts(table, frame, area, name)
        stratum, own = np.array(stratum)[kept].tolist(), np.array(own)[kept].tolist()
        table = table[kept]
        places = [key(v) for v in table[area]]
        people = people_of(table, stratum, own, places, folded.strata)
        table, stratum, own = added_up(table, stratum, own, places, name)
    cell = pd.MultiIndex.from_arrays([stratum, own])
    if cell.has_duplicates:
        twice = cell[cell.duplicated()][0]
        raise ValueError(
            f"The benchmark {name!r} has more than one row for group {twice[1]!r}"
            + (f" in {within}={twice[0]!r}" if by_area else "")
            + ". Add the rows up, or choose those that are meant."
        )
    wanted = folded.strata if by_area else ("all",)
    cells = pd.MultiIndex.from_product([wanted, groups])
    shape = (len(wanted), len(groups))

    def spread(values: Any) -> np.ndarray:
        numbers = pd.to_numeric(pd.Series(values), errors="raise").to_numpy(
            dtype=float, na_value=np.nan
        )
        out = pd.Series(numbers, index=cell).reindex(cells).to_numpy().reshape(shape)
        return np.array(np.broadcast_to(out, (len(folded.strata), len(groups))))

    population = spread(table["n"].array)
    moe = spread(table["moe"].array) if "moe" in table else np.zeros_like(population)
    filled = np.where(np.isnan(moe), 0.0, moe)
    share = _shares(population, filled, *(
        spread(table[c].array) if c in table else np.full_like(population, np.nan)
        for c in ("place_n", "place_moe")
    ))  # fmt: skip
    refused, remarks = _periods(table, name, years, rules, by_area and within == "year")
    method = part
    if within is not None and not by_area:
        if rules.places and is_place(within):
            refused[:] = f"{name} has no numbers by {within}, only for the whole"
        else:
            method = "; ".join(filter(None, [f"the same {name} for every {within}", part]))
    if aside:
        left = int(sum(folded["n"][:, folded.groups.index(g)].sum() for g in aside))
        method = "; ".join(
            filter(None, [method, f"without {left:,} {' and '.join(aside)}: not told by {name}"])
        )
    return Benchmark(
        name,
        groups,
        population,
        moe,
        share.value,
        margins.standard_error(share.moe),
        np.array(counted(folded.groups, groups, group)),
        method,
        _widest(remarks),
        np.isnan(moe) & ~np.isnan(population),
        refused,
        remarks,
        area,
        people,
    )


def _no_negatives(table: pd.DataFrame, name: str) -> None:
    if (pd.to_numeric(table["n"], errors="coerce") < 0).any():
        raise ValueError(
            f"The benchmark {name!r} has a negative number of people. Negative codes of the "
            "Census Bureau mean 'not available': read the file with equity.sources.acs."
        )


def _shares(
    population: np.ndarray, moe: np.ndarray, place_n: np.ndarray, place_moe: np.ndarray
) -> margins.Estimate:
    """Return the shares: by the published total and its margin, where it is the total of these.

    A total that is added up here has no margin of its own, and the Bureau's formula for a part of
    a published whole does not hold for it: there the parts' own margins are carried through.
    """
    everyone = population.sum(axis=1, keepdims=True)
    added = margins.shares(population, moe, axis=1)
    exact = (moe == 0).all(axis=1, keepdims=True)  # nothing moves: neither does the total
    published = margins.proportion(population, moe, everyone, np.where(exact, 0.0, place_moe))
    with np.errstate(invalid="ignore"):
        whole = (np.abs(place_n - everyone) < 0.5) & ~np.isnan(place_moe)
    use = whole.all(axis=1, keepdims=True)
    return margins.Estimate(added.value, np.where(use, published.moe, added.moe))


def _no_blanks(table: pd.DataFrame, column: str, name: str) -> None:
    blank = table[column].isna()
    if blank.any():
        people = pd.to_numeric(table["n"], errors="coerce")[blank].sum()
        raise ValueError(
            f"The benchmark {name!r} has {int(blank.sum())} rows without a group (column "
            f"{column!r} is empty), with {people:,.0f} people. Left out, they would raise the "
            "share of every other group. Give them a group of their own, or, if they are a total "
            "or should not count, take those rows out of the table."
        )


def _is_area(table: pd.DataFrame, within: str) -> bool:
    """Tell whether residents are given for each stratum; one survey year serves every stratum."""
    return within != "year" or table[within].nunique() > 1


def _one_place(table: pd.DataFrame, name: str, areas: list[str]) -> None:
    # residents of several places, years or universes must never be mixed
    for column in ("place_id", "place", "year", "universe"):
        if column in areas or column not in table.columns:
            continue
        if areas and (table.groupby(areas)[column].nunique() < 2).all():
            continue  # told at once; only what is to be named is looked for area by area
        parts = [t for _, t in table.groupby(areas)] if areas else [table]
        for part in parts:
            found = sorted({str(v) for v in part[column].dropna()})
            if len(found) > 1:
                more = ", ..." if len(found) > 5 else ""
                raise ValueError(
                    f"The benchmark {name!r} holds more than one {column}: "
                    f"{', '.join(found[:5])}{more}. Keep one of them (filter the table), or name "
                    "the column of areas as `within`."
                )


def _same_groups(ours: tuple[str, ...], theirs: tuple[str, ...], name: str, group: str) -> None:
    strangers = [g for g in ours if g not in theirs]
    if strangers:
        raise ValueError(
            f"The counts and the benchmark {name!r} do not use the same groups ({group}): the "
            f"counts have {', '.join(ours)}; the benchmark has {', '.join(theirs)}; only the "
            f"counts have {', '.join(strangers)}. Bring both to one scheme: "
            "equity.groups.regroup(residents, source=..., to=...), or read the residents with "
            "equity.sources.acs.read(..., scheme=...)."
        )


def _widest(remarks: np.ndarray) -> str:
    return next((r for r in remarks if r), "")


def _periods(
    table: pd.DataFrame,
    name: str,
    years: list[tuple[int, int] | None],
    rules: Rules,
    by_year: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each stratum why its period does not fit, and what to keep in mind; else ""."""
    refused = np.full(len(years), "", dtype=object)
    remarks = refused.copy()
    if by_year or "year" not in table.columns:
        return refused, remarks
    survey = pd.to_numeric(table["year"], errors="coerce").dropna().unique()
    if len(survey) != 1:
        return refused, remarks
    end = int(survey[0])
    for i, span in enumerate(years):
        if span is None:
            continue
        apart = max(end - span[1], span[0] - end)
        when = f"{span[0]}" if span[0] == span[1] else f"{span[0]}-{span[1]}"
        words = f"counts of {when}, {name} of {end}"
        if rules.refuse_after is not None and apart > rules.refuse_after:
            refused[i] = f"more than {rules.refuse_after} years apart: {words}"
        elif apart > rules.remark_after:
            remarks[i] = f"different periods: {words}"
    return refused, remarks
