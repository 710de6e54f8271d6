"""Which of the published counts are hidden, so that no small one can be worked out from the rest.

`protect` decides for all tables of a site at once, checks its own answer by an attack on every
hidden cell, and fails closed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from equity.disclosure._attack import Aims, least_possible
from equity.disclosure._audit import audit, ranges
from equity.disclosure._body import Disclosed, Margin, Table
from equity.disclosure._cells import Cell, published, words
from equity.disclosure._complete import Completer
from equity.disclosure._heuristic import Unprotectable
from equity.disclosure._solver import Stuck
from equity.disclosure._system import System, build
from equity.disclosure._tiers import carried_over, hide, hide_beside, without

__all__ = ["Protection", "protect"]

AGAIN = 6  # rounds in which the audit may ask for more
TIERS = (0.9, 0.4, 0.2, 0.1, 0)  # tables of so much weight are protected before those of less
LESS = 0.25  # of the weight of a cell that tells of no group: see `Table.prized`


@dataclass(frozen=True)
class Protection:
    """What may be published of a body of records, and tables that agree with it.

    Attributes
    ----------
    cells : one row per published number: `table`, `cell` (words such as "race=black, year=2024",
        "all" for a grand total), one column per `by` column (its value as text; "" where summed
        over; "not known" where missing; "a + b" for the sum of a list), `quantity` ("n", "f: yes",
        "f: no", "f: not known", of stages "f: lost": not passed by those who passed the one
        before), `value` (missing where hidden), `hidden`. Sorted. This, and
        nothing else, may be written to a site.
    report : how many `cells`, `primary` (hidden because small), `complementary` (hidden because
        they would give a small one away), `method`, `seconds`, `people` and `share_hidden` (of all
        that the finest numbers count), `narrowest` (the narrowest range of a hidden cell),
        `support` (tables of which the attacker is taken to know which combinations occur),
        `known` (what is taken as known of the stages, in words).
    """

    cells: pd.DataFrame
    report: Mapping[str, Any]
    _completer: Completer = field(repr=False, compare=False)

    def complete(self, draws: int = 3, seed: int = 1) -> list[dict[str, pd.DataFrame]]:
        """Return tables that agree with everything published and differ in what is hidden.

        Parameters
        ----------
        draws : how many; each is a mapping from the names of the tables to frames in the shape of
            `Table.frame`. Combinations with nobody have no row; columns that no margin uses are
            summed out (missing); flags that no margin uses are 0 yes of 0 known. Where two or
            more are asked for, more than `draws` may be returned: as many as it takes that no
            hidden number is the same on all of them.
        seed : the same seed gives the same tables.

        Raises
        ------
        Disclosed
            No whole numbers were found that agree with what is published, or a hidden number
            could not be made to differ: then nothing may be published.

        Notes
        -----
        Whole numbers, yes <= known <= n, stages nested as in the table. They are computed from
        `cells` (and from which combinations may occur), not from the true counts, so they give
        nothing away. They are no estimate of the hidden numbers either: do not publish them, only
        use them to see whether a figure depends on what is hidden.
        """
        return [self._completer.tables(d) for d in self._completer.draw(draws, seed)]


def protect(
    tables: Mapping[str, Table],
    margins: Sequence[Margin],
    *,
    minimum: int = 10,
    known: pd.DataFrame | None = None,
    exact_below: int = 60,
    seconds: float = 60.0,
) -> Protection:
    """Decide which of the published counts are hidden, and that nothing gives them away.

    Parameters
    ----------
    tables : the tables of one body of records, by name. Where totals over their common columns
        agree, everybody is taken to know that.
    margins : every table that is to be published, of all pages.
    minimum : counts of 1 to ``minimum - 1`` are hidden (10: fewer than ten).
    known : `Protection.cells` of the release before this one. What was shown then and is the same
        now is known to everybody and stays; what was shown and changed by 1 to ``minimum - 1`` is
        hidden now.
    exact_below : with at most so many small counts, of at most 90 different ones in all, the least
        possible is hidden (by integer programming); with more, nearly the least (by linear
        programs).
    seconds : how much work goes into showing again what was hidden without need, in seconds of a
        usual machine. Work is counted, not timed: the answer is always the same.

    Returns
    -------
    Protection
        Its `cells` may be published.

    Raises
    ------
    Disclosed
        The numbers cannot be protected by hiding some of them, or the audit of the answer found
        one that is given away. Nothing may be published then.
    ValueError
        A margin asks for a table, column, value or flag that is not there.

    Notes
    -----
    What it cannot do: guard against a reader who knows people in the data, or other publications.
    Weights of what is hidden: the square root of the count, so that few and small numbers go.

    References
    ----------
    Fischetti, M., & Salazar, J. J. (2001). Solving the cell suppression problem on tabular data
    with linear constraints. *Management Science*, 47(7), 1008-1027.
    Hundepool, A., et al. (2012). *Statistical Disclosure Control*, ch. 4. Wiley.
    """
    if minimum < 2:
        raise ValueError(f"minimum={minimum}: there is nothing to hide below 2.")
    start = time.perf_counter()
    carried: dict[Any, bool] = {}
    kept, above = list(margins), np.inf
    prized = {c for table in tables.values() for c in table.prized}
    for least in TIERS:
        if not any(least <= m.weight < above for m in kept):
            continue
        while True:
            parts, cells = published(tables, [m for m in kept if m.weight >= least])
            system = build(parts, cells)
            free = _of_nobody(system, cells, tables)
            aims, primary = _aims(system, cells, minimum, known, free, tables)
            first, held = carried_over(system, cells, primary, aims, carried)
            how = exact_below, seconds
            try:
                hidden, method, lost = hide(system, aims, primary, first, held, *how)
                fewer = without(kept, cells, system, lost, above, prized) if lost else kept
                if lost and fewer == kept:  # then heavier tables give way after all
                    hidden, method, _ = hide(system, aims, primary, hidden, held & False, *how)
            except Unprotectable as stuck:
                raise Disclosed(_coarsen(stuck.group, system, cells)) from stuck
            except Stuck as stuck:
                raise Disclosed(
                    f"The solver gave no answer ({stuck}): nothing may be published. Coarser "
                    "tables are easier to protect."
                ) from stuck
            if fewer == kept:
                break
            kept = fewer
        there = ((c.key, g) for c, g in zip(cells, system.cell_of, strict=True) if g >= 0)
        carried |= {key: bool(hidden[group]) for key, group in there}
        above = least
    margins = kept
    for again in range(AGAIN):
        frame = _frame(parts, cells, system, hidden)
        found = ranges(tables, margins, frame, minimum=minimum, known=known)
        narrow = found[~found["safe"]]
        if narrow.empty:
            break
        # the audit, in whole numbers, sees further than a linear program: these need more room
        named = set(zip(narrow["table"], narrow["cell"], narrow["quantity"], strict=True))
        hidden = hide_beside(system, cells, hidden, aims, named, every=again > 0)
    else:
        frame = _frame(parts, cells, system, hidden)
        found = audit(tables, margins, frame, minimum=minimum, known=known)  # raises Disclosed
    narrowest = (found["most"] - found["least"]).min() if len(found) else None
    report = _report(system, cells, aims, primary, hidden) | {
        "minimum": minimum,
        "method": method,
        "narrowest": None if narrowest is None else int(narrowest),
        "seconds": round(time.perf_counter() - start, 1),
    }
    bare = replace(
        system, parts={n: replace(p, truth=np.zeros((0, 0), int)) for n, p in parts.items()}
    )
    shown = np.where(hidden, -1, aims.values)
    empty = {n: tables[n].frame.iloc[:0] for n in parts}
    unused = {n: tuple(f for f in tables[n].of if f not in p.flags) for n, p in parts.items()}
    completer = Completer(bare, shown, empty, minimum, unused)
    return Protection(frame, MappingProxyType(report), completer)


def _of_nobody(system: System, cells: Sequence[Cell], tables: Mapping[str, Table]) -> np.ndarray:
    """Return the groups of cells that only say of how many people something is not recorded."""
    free = np.ones(system.groups, dtype=bool)
    for cell, group in zip(cells, system.cell_of, strict=True):
        if group >= 0:
            table, assignment, quantity = cell.key
            untold = tables[table].untold
            said = {value == untold[column] for column, value in assignment if column in untold}
            nothing = quantity == "n" and said == {True}
            open_ = tables[table].unresolved and quantity.endswith(": not known")
            free[group] &= nothing or open_
    return free


def _aims(
    system: System,
    cells: Sequence[Cell],
    minimum: int,
    known: pd.DataFrame | None,
    free: np.ndarray,
    tables: Mapping[str, Table],
) -> tuple[Aims, np.ndarray]:
    """Return what each group of cells must be able to be, and which are hidden first of all."""
    values = np.zeros(system.groups)
    weight = np.zeros(system.groups)
    for cell, group in zip(cells, system.cell_of, strict=True):
        if group >= 0:
            values[group] = cell.value
            prized = tables[cell.key[0]].prized
            told = not prized or any(column in prized for column, _ in cell.key[1])
            weight[group] += np.sqrt(cell.value) * cell.worth * (1 if told else LESS)
    small = (values < minimum) & ~free
    fixed = np.zeros(system.groups, dtype=bool)
    low, high = np.ones(system.groups), np.full(system.groups, minimum - 1.0)
    moved = np.zeros(system.groups, dtype=bool)
    if known is not None:
        before = {
            (str(table), str(cell), str(quantity)): int(value)
            for table, cell, quantity, value in known.loc[
                ~known["hidden"].astype(bool), ["table", "cell", "quantity", "value"]
            ]
            .to_numpy()
            .tolist()
        }
        for cell, group in zip(cells, system.cell_of, strict=True):
            old = before.get((cell.key[0], words(cell.key[1]), cell.key[2]))
            if group < 0 or old is None:
                continue
            if old == cell.value:
                fixed[group] = True
            elif abs(cell.value - old) < minimum:
                moved[group] = True
                ends = sorted(old + np.sign(cell.value - old) * np.array([1, minimum - 1]))
                low[group], high[group] = max(ends[0], 1), max(ends[1], cell.value)
        small &= ~fixed
        moved &= ~fixed
    least = least_possible(system, values, small & ~moved, low)
    low = np.where(small & ~moved, least, low)
    low = np.where(small | moved, np.minimum(low, values), values - 1)
    high = np.where(small | moved, np.maximum(high, values), values + 1)
    return Aims(values, low, high, small | moved, fixed, weight), small | moved


def _coarsen(group: int, system: System, cells: Sequence[Cell]) -> str:
    members = [c for c, g in zip(cells, system.cell_of, strict=True) if g == group]
    table, assignment, quantity = max(members, key=lambda c: len(c.key[1])).key
    columns = ", ".join(c for c, _ in assignment) or "nothing"
    return (
        f"The table {table!r} by {columns} cannot be protected: {quantity!r} of a small group "
        "could be worked out however much else is hidden. Make this table coarser: fewer "
        "columns, wider groups, several years together."
    )


def _frame(parts, cells: Sequence[Cell], system: System, hidden: np.ndarray) -> pd.DataFrame:
    """Return what is published, sorted."""
    columns = list(dict.fromkeys(c for p in parts.values() for c in p.columns))
    clash = {"table", "cell", "quantity", "value", "hidden"} & set(columns)
    if clash:
        raise ValueError(f"A `by` column cannot be called {sorted(clash)[0]!r} here.")
    rows = []
    for cell, group in zip(cells, system.cell_of, strict=True):
        table, assignment, quantity = cell.key
        told, away = dict(assignment), group >= 0 and bool(hidden[group])
        value = None if away else cell.value
        rows.append(
            [table, words(assignment), *(told.get(c, "") for c in columns), quantity, value, away]
        )
    frame = pd.DataFrame(rows, columns=["table", "cell", *columns, "quantity", "value", "hidden"])
    kinds = dict.fromkeys(["table", "cell", *columns, "quantity"], "str")
    frame = frame.astype({**kinds, "value": "Int64", "hidden": "bool"})
    return frame.sort_values(["table", "cell", "quantity"], ignore_index=True, kind="stable")


def _report(
    system: System, cells: Sequence[Cell], aims: Aims, primary: np.ndarray, hidden: np.ndarray
) -> dict[str, Any]:
    group = system.cell_of
    away = np.array([g >= 0 and hidden[g] for g in group], dtype=bool)
    first = np.array([g >= 0 and primary[g] for g in group], dtype=bool)
    people = np.array([c.value for c in cells])
    return {
        "cells": len(cells),
        "positive": int((group >= 0).sum()),
        "primary": int(first.sum()),
        "complementary": int((away & ~first).sum()),
        "share_hidden": float(people[away].sum() / max(people.sum(), 1)),
        "support": [n for n, p in system.parts.items() if not p.full],
        "known": list(system.rules),
    }
