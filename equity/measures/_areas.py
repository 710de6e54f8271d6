"""Residents by district, beat or another area: which column it is, what the areas add up to."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from equity.measures._cells import key

PLACES = frozenset(
    {"area", "beat", "borough", "city", "county", "department", "district", "division"}
    | {"municipality", "neighborhood", "neighbourhood", "place", "precinct", "region", "sector"}
    | {"station", "town", "township", "tract", "ward", "zone"}
)
"""Words by which a column of places is known: each place has residents of its own."""


def is_place(column: str | None) -> bool:
    """Tell by its name whether a column holds places: "district", "police_precinct", "Beat"."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", column or "")
    return any(w.lower() in PLACES or w.lower().removesuffix("s") in PLACES for w in words)


def has(table: pd.DataFrame, column: str) -> bool:
    """Tell whether a column is there and holds anything: files of several benchmarks share one."""
    return column in table.columns and bool(table[column].notna().any())


def area_column(
    table: pd.DataFrame, frame: pd.DataFrame, named: str | None, name: str
) -> str | None:
    """Return the column of areas of a benchmark: the one named, or one known by its name."""
    if named is not None:
        return named if has(table, named) else None
    found = [
        str(c)
        for c in table.columns
        if is_place(str(c)) and has(table, c) and table[c].nunique() > 1
        and str(c) not in ("place", "place_n", "place_moe", "place_id")
    ]  # fmt: skip
    shared = [c for c in found if c in frame.columns] or found
    if len(shared) > 1:
        raise ValueError(
            f"The benchmark {name!r} has several columns of areas: {', '.join(shared)}. Name the "
            "one that is meant: areas=..."
        )
    return shared[0] if shared else None


def of_counts(
    table: pd.DataFrame, frame: pd.DataFrame, area: str, name: str
) -> tuple[np.ndarray, str]:
    """Return which rows are residents of areas that the counts have, and what was added up."""
    if table[area].isna().any():
        raise ValueError(
            f"The benchmark {name!r} has rows without {area!r} among rows with one: they may be "
            "totals, and would count people twice. Leave them out, or give them as a benchmark "
            "of their own."
        )
    ours = {key(v) for v in frame[area].dropna().unique()} if area in frame.columns else set()
    theirs = table[area].map(key)
    if not ours:
        every = np.ones(len(table), dtype=bool)
        return every, f"{name} added up over {theirs.nunique()} values of {area}"
    there = theirs.isin(ours)
    if not there.any():
        raise ValueError(
            f"The counts and the benchmark {name!r} share no value of {area!r}: the counts have "
            f"{_some(ours)}; the benchmark has {_some(set(theirs))}. Write them alike."
        )
    said = f"{name} added up over {theirs[there].nunique()} of {theirs.nunique()} values of {area}"
    if strangers := ours - set(theirs):
        n = frame.loc[frame[area].map(key, na_action="ignore").isin(strangers), "n"].sum()
        said += f"; {n:,.0f} counted in {_some(strangers)}, without residents"
    return there.to_numpy(), said


def _some(values: set[str], limit: int = 4) -> str:
    shown = sorted(values)
    return ", ".join(shown[:limit]) + (", ..." if len(shown) > limit else "")


def people_of(
    table: pd.DataFrame,
    stratum: list[str] | None,
    own: list[str],
    places: list[str],
    strata: tuple[str, ...],
) -> dict[str, pd.Series]:
    """Return for each stratum the people by area and group; `stratum` None: areas are strata."""
    n = pd.to_numeric(table["n"], errors="raise").to_numpy(dtype=float, na_value=np.nan)
    index = pd.MultiIndex.from_arrays([places, own], names=["area", "group"])
    everyone = pd.Series(n, index=index)
    if stratum is None or set(stratum) == {"all"}:
        return dict.fromkeys(strata, everyone[~everyone.index.duplicated()])
    at = np.array(stratum)
    return {s: everyone[at == s] for s in strata}


def added_up(
    table: pd.DataFrame, stratum: list[str], own: list[str], places: list[str], name: str
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Add the residents of all areas up; margins of error add as the Census Bureau has it."""
    cell = pd.MultiIndex.from_arrays([stratum, places, own])
    if cell.has_duplicates:
        _, place, twice = cell[cell.duplicated()][0]
        raise ValueError(
            f"The benchmark {name!r} has more than one row for group {twice!r} in {place!r}. "
            "Add the rows up, or choose those that are meant."
        )
    n = pd.to_numeric(table["n"], errors="raise").to_numpy(dtype=float, na_value=np.nan)
    moe = (
        pd.to_numeric(table["moe"]).to_numpy(dtype=float, na_value=np.nan)
        if "moe" in table
        else np.zeros_like(n)
    )
    parts = pd.DataFrame({"stratum": stratum, "group": own, "n": n, "square": moe**2})
    if "year" in table:
        parts["year"] = table["year"].to_numpy()
    first = {"year": "first"} if "year" in table else {}
    added = parts.groupby(["stratum", "group"], sort=True).agg(
        n=("n", lambda v: v.sum(skipna=False)),
        square=("square", lambda v: v.sum(skipna=False)),
        **{c: (c, how) for c, how in first.items()},
    )
    added["moe"] = np.sqrt(added.pop("square"))
    added = added.reset_index()
    return added, added["stratum"].tolist(), added["group"].tolist()
