"""One tier of tables: what is hidden beside small numbers, while heavier tables stay shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from equity.disclosure._attack import Aims, Attack, Seen
from equity.disclosure._body import Margin
from equity.disclosure._cells import NOT_KNOWN, Cell, words
from equity.disclosure._exact import hide_least
from equity.disclosure._heuristic import Unprotectable, hide_more, show_again
from equity.disclosure._system import System

__all__ = ["carried_over", "hide", "hide_beside", "without"]

EXACT = 90  # groups of cells: with more the search for the very least takes minutes
CHECKED = 1500


def hide(
    system: System,
    aims: Aims,
    primary: np.ndarray,
    first: np.ndarray,
    held: np.ndarray,
    exact_below: int,
    seconds: float,
) -> tuple[np.ndarray, str, set[int]]:
    """Return which groups of cells are hidden, how that was found, and what was not protected.

    first : those that are hidden in any case. held : those that stay shown: what cannot be
    protected so is returned.
    """
    if not first.any():
        return first, "nothing to hide", set()
    few = primary.sum() <= exact_below and system.groups <= EXACT
    least = hide_least(system, aims, first) if few and not held.any() else None
    hidden, lost = first if least is None else least, set()
    if held.any():
        holding = replace(aims, fixed=aims.fixed | held)
        hidden = hide_more(system, holding, hidden, forgone=lost)
        if lost:
            return hidden, "", lost
    hidden = hide_more(system, aims, hidden)
    if least is not None and (hidden == least).all():
        method = "exact"
    else:
        method = "heuristic"
        tries = int(seconds * 60_000 / system.groups**2)
        hidden = show_again(system, aims, hidden, primary, tries) if tries else hidden
    if system.groups <= CHECKED:
        _check(system, aims, hidden)
    return hidden, method, lost


def carried_over(
    system: System,
    cells: Sequence[Cell],
    primary: np.ndarray,
    aims: Aims,
    carried: Mapping[Any, bool],
) -> tuple[np.ndarray, np.ndarray]:
    """Return which groups are hidden in any case, and which are to stay shown.

    carried : number -> whether it was hidden when the tables of more weight were protected.
    """
    first, held = primary.copy(), np.zeros(system.groups, dtype=bool)
    for cell, group in zip(cells, system.cell_of, strict=True):
        if group >= 0 and cell.key in carried:
            first[group] |= carried[cell.key] and not aims.fixed[group]
            held[group] |= not carried[cell.key]
    return first, held & ~first


def without(
    margins: Sequence[Margin],
    cells: Sequence[Cell],
    system: System,
    lost: Collection[int],
    above: float,
    groups: Collection[str] = (),
) -> list[Margin]:
    """Return the margins without what cannot be protected unless heavier tables are hidden for it.

    Of a margin of less weight than `above` those are the last stages first, where the fewest are:
    half of the flags that cannot be protected, then again; at last its `n`. They are still told
    of the single values of a column of `groups` of which nothing was lost, without the total.
    """
    gone: dict[int, dict[str, list[Cell]]] = {}
    for cell, group in zip(cells, system.cell_of, strict=True):
        if group in lost:
            for margin in cell.margins:
                if margin.weight < above:
                    flag = cell.key[2].split(": ")[0]
                    gone.setdefault(id(margin), {}).setdefault(flag, []).append(cell)
    out: list[Margin] = []
    for margin in margins:
        lacking = gone.get(id(margin), {})
        if not lacking:
            out.append(margin)
            continue
        flags = [f for f in margin.of if f in lacking]
        last = flags[len(flags) // 2 :]
        if last:
            out.append(replace(margin, of=tuple(f for f in margin.of if f not in last)))
        told = [c for c in margin.by if c in groups]
        if len(told) != 1:
            continue
        few = {v for f in last or lacking for c in lacking[f] for k, v in c.key[1] if k == told[0]}
        values = system.parts[margin.table].values[told[0]]
        rest = tuple(c for c in margin.by if c != told[0])
        out += [
            Margin(margin.table, rest, {**margin.where, told[0]: v}, tuple(last), margin.weight)
            for v in values
            if v not in few and v != NOT_KNOWN
        ]
    return out


def hide_beside(
    system: System,
    cells: Sequence[Cell],
    hidden: np.ndarray,
    aims: Aims,
    named: Collection[tuple[str, str, str]],
    *,
    every: bool,
) -> np.ndarray:
    """Hide more beside each number that the audit found too narrow.

    The other stages of the same people; and in each direction (another group, another year ...)
    the lightest people's numbers of that stage, or `every` one: then none of that line is told.
    """
    hidden = hidden.copy()
    both = [(c.key, g) for c, g in zip(cells, system.cell_of, strict=True) if g >= 0]
    for (table, told, quantity), _ in both:
        if (table, words(told), quantity) not in named:
            continue
        columns = [c for c, _ in told]
        flag = quantity.split(": ")[0]
        alike: dict[str, dict[Any, list[int]]] = {}
        for (other, here, what), g in both:
            if hidden[g] or aims.fixed[g] or other != table or [c for c, _ in here] != columns:
                continue
            differ = [a[0] for a, b in zip(here, told, strict=True) if a != b]
            if not differ and (every or what != "n"):
                hidden[g] = True  # the other stages of these people
            elif len(differ) == 1 and what.split(": ")[0] == flag:
                alike.setdefault(differ[0], {}).setdefault(here, []).append(g)
        for line in alike.values():
            lightest = min(line.values(), key=lambda gs: (aims.weight[gs].sum(), gs))
            for groups in line.values() if every else [lightest]:
                hidden[groups] = True
    return hidden


def _check(system: System, aims: Aims, hidden: np.ndarray) -> None:
    """Attack every hidden cell once more, from scratch; raise where an end cannot be reached.

    Left out of bodies of more than `CHECKED` groups of cells, where it takes long: the audit,
    which shares no code with this and is always run, asks the same of every hidden cell.
    """
    if not hidden.any():
        return
    nothing = np.zeros(system.groups, dtype=bool)
    left = Attack(system, aims, hidden).look(Seen(nothing.copy(), nothing.copy()))
    if left:
        raise Unprotectable(left[0][0])
