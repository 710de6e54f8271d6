"""The published cells of all margins, and the combinations of groups that they are sums of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from equity.disclosure._body import Margin, Table

NOT_KNOWN = "not known"  # the category of a missing value
WIDEST = 5000  # so many unknown numbers of the full cross product at most; else what occurs
LONGEST = 50_000  # so many cells of one margin at most


def text(value: Any) -> str:
    """Return a value of a `by` column as it is written in `Protection.cells`."""
    return NOT_KNOWN if value is None or value is pd.NA or value != value else str(value)


@dataclass
class Part:
    """One table, with the columns summed out that no margin uses.

    `columns`: the columns used; `values`: of each, its values as text, in order, and `raw`, as
    they are in the frame; `codes`: one row per combination, a number per column; `full`: every
    combination is there, not only those that occur; `quantities`: "n", "f: yes", "f: no" and
    "f: not known", of stages also "f: lost" (by those who passed the one before); `truth`: how
    many, combinations x quantities.
    """

    name: str
    columns: tuple[str, ...]
    values: dict[str, list[str]]
    raw: dict[str, list[Any]]
    codes: np.ndarray
    full: bool
    flags: tuple[str, ...]
    chain: bool
    truth: np.ndarray
    quantities: list[str] = field(default_factory=list)


def _part(name: str, table: Table, margins: Sequence[Margin], full: bool | None) -> Part:
    used = {c for m in margins for c in (*m.by, *m.where)}
    flags = tuple(f for f in table.of if any(f in m.of for m in margins))
    for column in used - set(table.by):
        raise ValueError(f"{column!r} is not a `by` column of the table {name!r}.")
    for flag in {f for m in margins for f in m.of} - set(table.of):
        raise ValueError(f"{flag!r} is not a flag of the table {name!r}.")
    columns = tuple(c for c in table.by if c in used)
    frame, values, raw, codes = table.frame, {}, {}, []
    for column in columns:
        found = {text(v): v for v in frame[column].tolist()}
        known = sorted(k for k in found if k != NOT_KNOWN)
        values[column] = known + [NOT_KNOWN] * (NOT_KNOWN in found)
        raw[column] = [found[k] for k in values[column]]
        place = {k: i for i, k in enumerate(values[column])}
        codes.append([place[text(v)] for v in frame[column].tolist()])
    number = np.array(codes, dtype=np.int64).reshape(len(columns), len(frame)).T
    quantities, counts = ["n"], [frame["n"].to_numpy(np.int64)]
    for flag in flags:
        yes = frame[flag].to_numpy(np.int64)
        known_ = frame[f"{flag}_known"].to_numpy(np.int64)
        quantities += [f"{flag}: yes", f"{flag}: no", f"{flag}: not known"]
        counts += [yes, known_ - yes, counts[0] - known_]
    usual = len(quantities)
    for before, after in itertools.pairwise(flags if table.chain else ()):
        yes, no, yes_next, no_next = (
            counts[quantities.index(f"{flag}: {what}")]
            for flag in (before, after)
            for what in ("yes", "no")
        )
        # those who fail stay on record as not passing: who failed at this stage is the difference
        if (no <= no_next).all() and not (yes_next + no_next <= yes).all():
            quantities.append(f"{after}: lost")
            counts.append(no_next - no)
    every = int(np.prod([len(values[c]) for c in columns], dtype=float))
    if full is None:
        full = every * usual <= WIDEST
    here, of = np.unique(number, axis=0, return_inverse=True)
    truth = np.zeros((len(here), len(quantities)), dtype=np.int64)
    np.add.at(truth, of.reshape(-1), np.stack(counts, axis=1))
    here, truth = here[truth[:, 0] > 0], truth[truth[:, 0] > 0]
    if full:
        grid = np.array(
            list(itertools.product(*(range(len(values[c])) for c in columns))), dtype=np.int64
        ).reshape(every, len(columns))
        at = {tuple(row): i for i, row in enumerate(grid.tolist())}
        wide = np.zeros((every, len(quantities)), dtype=np.int64)
        wide[[at[tuple(row)] for row in here.tolist()]] = truth
        here, truth = grid, wide
    return Part(name, columns, values, raw, here, full, flags, table.chain, truth, quantities)


Key = tuple[str, tuple[tuple[str, str], ...], str]  # table, assignment, quantity


@dataclass
class Cell:
    """One number of a page: `under`: the combinations that it sums (rows of `Part.codes`).

    `margins`: those that it is a number of.
    """

    key: Key
    under: np.ndarray
    quantity: int
    value: int
    margins: list[Margin] = field(default_factory=list)

    @property
    def worth(self) -> float:
        """How much it matters: as much as in the table where it matters most."""
        return max(margin.weight for margin in self.margins)


def words(assignment: tuple[tuple[str, str], ...]) -> str:
    """Return the readable name of a cell: "race=black, year=2024"; of a grand total: "all"."""
    return ", ".join(f"{c}={v}" for c, v in assignment) or "all"


def _wanted(part: Part, column: str, choice: Any) -> list[int]:
    several = isinstance(choice, list | tuple | set | frozenset | np.ndarray | pd.Series)
    asked = sorted({text(v) for v in (choice if several else [choice])})
    places = {v: i for i, v in enumerate(part.values[column])}
    return [places.get(v, -1) for v in asked]


def _margin(part: Part, margin: Margin, cells: dict[Key, Cell]) -> None:
    inside = np.ones(len(part.codes), dtype=bool)
    fixed = {}
    for column, choice in margin.where.items():
        if column in margin.by:
            raise ValueError(f"{column!r} is told apart and chosen at once in a margin.")
        wanted = _wanted(part, column, choice)
        inside &= np.isin(part.codes[:, part.columns.index(column)], wanted)
        names = [part.values[column][i] for i in wanted if i >= 0]
        if not names:
            raise ValueError(
                f"{column}={choice!r} does not occur in the table {part.name!r}. "
                f"There are: {', '.join(part.values[column])}."
            )
        fixed[column] = " + ".join(names)
    by = [c for c in part.columns if c in margin.by]
    places = [0] + [
        part.quantities.index(f"{f}: {what}")
        for f in part.flags
        if f in margin.of
        for what in ("yes", "no", "not known")
    ]
    places += [
        part.quantities.index(f"{after}: lost")
        for before, after in itertools.pairwise(part.flags)
        if {before, after} <= set(margin.of) and f"{after}: lost" in part.quantities
    ]
    rows = np.flatnonzero(inside)
    for size in range(len(by) + 1):
        for columns in itertools.combinations(by, size):
            at = [part.columns.index(c) for c in columns]
            under: dict[tuple[int, ...], list[int]] = {}
            for row, key in zip(rows.tolist(), part.codes[rows][:, at].tolist(), strict=True):
                under.setdefault(tuple(key), []).append(row)
            lengths = [len(part.values[c]) for c in columns]
            if np.prod(lengths, dtype=float) <= LONGEST:
                every = itertools.product(*(range(k) for k in lengths))
            else:
                every = iter(sorted(under))
            for combination in every:
                told = {c: part.values[c][i] for c, i in zip(columns, combination, strict=True)}
                told |= fixed
                assignment = tuple((c, told[c]) for c in part.columns if c in told)
                below = np.array(under.get(tuple(combination), []), dtype=np.int64)
                for q in places:
                    key = (part.name, assignment, part.quantities[q])
                    if key not in cells:
                        value = int(part.truth[below, q].sum())
                        cells[key] = Cell(key, below, q, value)
                    cells[key].margins.append(margin)


def published(
    tables: Mapping[str, Table], margins: Sequence[Margin], full: bool | None = None
) -> tuple[dict[str, Part], list[Cell]]:
    """Return the tables as their margins use them, and every cell once, sorted by its key."""
    parts, cells = {}, {}
    for margin in margins:
        if margin.table not in tables:
            raise ValueError(
                f"There is no table {margin.table!r}. There are: {', '.join(tables)}."
            )
    for name in sorted(tables):
        mine = [m for m in margins if m.table == name]
        if mine:
            parts[name] = _part(name, tables[name], mine, full)
            for margin in mine:
                _margin(parts[name], margin, cells)
    return parts, [cells[k] for k in sorted(cells)]
