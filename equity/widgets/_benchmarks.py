"""Choices of what people are compared with: residents of a place, or other bodies of people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from equity.counts import CountTable
from equity.widgets._choices import Choice, key_of
from equity.widgets._counts import nothing, offer
from equity.widgets._lacking import tells

__all__ = ["by_district", "choose_benchmark"]


def by_district(residents: CountTable | None) -> dict[str, pd.DataFrame]:
    """Return the benchmarks that tell residents by district, by name; {} where none does."""
    parts = residents.split("benchmark") if residents is not None else {}
    return {
        name: table
        for name, table in parts.items()
        if "district" in table and table["district"].notna().any()
    }


def choose_benchmark(
    residents: CountTable | None,
    label: str = "Compared with",
    *,
    all: str | None = None,
    first: bool = False,
    beside: Mapping[str, CountTable | None] = MappingProxyType({}),
    group: Choice | None = None,
) -> Choice:
    """Return a choice among the benchmarks; it stands for their tables of residents, by name.

    With `all` (words), all of them side by side are on offer and chosen at first; with `first`
    the first benchmark is. `beside` are further bodies of people to compare with, such as the
    applicants, by name, whatever they are compared by: race, sex, or both at once; those that are
    None are left out. With `group`, the choice of the column that people are compared by, those
    that tell residents by it are on offer; where none does, all stay, and the figure says so.
    """
    own: dict[Any, Any] = residents.split("benchmark") if residents is not None else {}
    parts = own | {name: _people(people) for name, people in beside.items() if people is not None}
    if not parts:
        return nothing(label, all)
    things: dict[Any, Any] = {name: {name: table} for name, table in parts.items()}
    words: dict[Any, str] = {name: str(name) for name in parts}

    def offered() -> dict[str, Any]:
        """Return the words of what is on offer, what stands for all of it, and the start."""
        by = group.picked if group is not None else None
        there = [n for n in own if by is None or tells(own[n], by)]
        more = [n for n in parts if n not in own and (by is None or tells(parts[n], by))]
        # a count of residents, or none: applicants in its place would be another question
        names = [*there, *more] if there or (more and not own) else list(parts)
        together = all is not None and len(names) > 1
        begin = names[0] if first or not together else key_of(None)
        some = ({key_of(None): all} if together else {}) | {n: words[n] for n in names}
        return {"words": some, "first": begin, "all": {n: parts[n] for n in names}}

    now = offered()
    picked = Choice(label, now["words"], things | {None: now["all"]}, now["first"])
    if len(parts) == 1:
        picked.layout.display = "none"

    def follow(_: Any) -> None:
        now = offered()
        picked.things[key_of(None)] = now["all"]
        offer(picked, now, keep=True)

    if group is not None:
        group.observe(follow, names="value")
    return picked


def _people(people: CountTable) -> CountTable:
    """Return people by race and sex alone as a benchmark: a full count, without margins of error.

    A measure takes of them those whose group is known, race or sex or both, as it compares them.
    """
    by = tuple(c for c in ("race", "sex", "race_sex") if c in people.by)

    def told(one: CountTable) -> CountTable:
        table = one.table.groupby(list(by), dropna=False, sort=False)["n"].sum().reset_index()
        return CountTable(table, by, (), one.ledger, one.provenance)

    return people.each(told)
