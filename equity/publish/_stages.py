"""The two runs of a notebook that is published: one that plans, one that shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from equity import disclosure
from equity.counts import CountTable, read_counts
from equity.publish._drawn import Drawn, at, drawn_in
from equity.publish._looks import (
    REASONS,
    known_groups,
    looked_at,
    mark,
    sums,
    words_of_call,
)
from equity.publish._merge import hidden_groups, merge
from equity.publish._rules import Route, Rules
from equity.widgets._safety import speaks_for_itself
from equity.widgets._stage import Live, Part

__all__ = ["Planned", "Planning", "Publishing", "Route", "Rules"]

_OF_THE_UNKNOWN = ("missing_bounds",)  # they look at what became of people of unknown group
_GROUPS = ("race", "sex", "subject_race", "subject_sex")
_KEPT = 200  # tables of measures
KNOWN = "{} is known"
ALL_ONLY = (
    "Published for everybody together only: from a part and the whole, small numbers of the rest "
    "could be worked out."
)


class Planned(Exception):
    """Instead of a figure: what it needs is known now."""


@dataclass
class Planning(Live):
    """Notes which margins of which counts a page needs, and computes nothing."""

    rules: Rules
    margins: dict[str, list[disclosure.Margin]] = field(default_factory=dict)
    files: dict[str, CountTable] = field(default_factory=dict)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)  # how many values columns have
    weight: float = 1.0  # of the state that is planned now, see `each_state`
    publishes = True

    def open(self, path: Any, name: str) -> CountTable:
        """Return the counts of a file, known by its name."""
        counts = read_counts(path)
        self.files[name] = counts
        self.sizes[name] = {c: counts.table[c].nunique() for c in counts.by}
        return _named(counts, name)

    def measured(
        self,
        measure: Callable[..., pd.DataFrame],
        part: Part,
        beside: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Note what the measure needs."""
        unknown = getattr(measure, "__name__", "") in _OF_THE_UNKNOWN
        for counts in drawn_in(part.counts):
            by, of = looked_at(measure, arguments, counts)
            self._note(counts, part.where, by, of, unknown)
        for counts in drawn_in(beside, dict(arguments)):
            by = [w for w in words_of_call(measure, arguments) if w in counts.by]
            self._note(counts, {}, list(dict.fromkeys(by)), [])
        raise Planned

    def _note(
        self,
        counts: CountTable,
        where: Mapping[str, Any],
        columns: Sequence[str],
        of: Sequence[str],
        unknown: bool = False,
    ) -> None:
        if not isinstance(counts, Drawn):
            return
        if self.rules.route(counts.file, counts.provenance) != Route.COUNTS:
            return
        taken = {k: v for k, v in {**counts.taken, **where}.items() if v is not None}
        taken = {k: v for k, v in taken.items() if k in counts.by}
        crossed = [c for c in taken if c in counts.crossings]
        if crossed:
            raise ValueError(
                f"A published page cannot be narrowed by {crossed[0]!r}, which is made of "
                f"{' and '.join(counts.crossings[crossed[0]])}. Narrow it by one of these."
            )
        by = [c for c in columns if not _one(taken.get(c))]
        parts = (counts.crossings.get(c, (c,)) for c in by)
        by = list(dict.fromkeys(c for p in parts for c in p))
        # totals are those of the people whose group is known; how many are not stands beside them
        gaps = [c for c in by if self._has_gaps(counts.file, c)]
        known = {KNOWN.format(c): "yes" for c in gaps}
        self._add(counts.file, by, {**taken, **known}, of)
        for column in gaps:
            others = {**taken, KNOWN.format(column): "no"}
            self._add(counts.file, [], others, of if unknown else [])
            why = [c for c in REASONS if c in counts.by and c == f"{column}_unknown"]
            if unknown and why:
                self._add(counts.file, why, others, [])

    def _has_gaps(self, file: str, column: str) -> bool:
        return column not in REASONS and bool(self.files[file].table[column].isna().any())

    def _add(
        self, file: str, by: Sequence[str], where: Mapping[str, Any], of: Sequence[str]
    ) -> None:
        body = str(self.files[file].provenance.get("table"))
        # the same people in many parts: each number tells less
        sizes = {c: self.sizes[file][c] for c in by}
        most = max((n for c, n in sizes.items() if c in _GROUPS), default=1)
        weight = self.weight * most / max(math.prod(sizes.values()), 1)
        margin = disclosure.Margin(file, tuple(by), where, tuple(of), weight)
        noted = self.margins.setdefault(body, [])
        if margin not in noted:
            noted.append(margin)
        elif noted[at := noted.index(margin)].weight < margin.weight:
            noted[at] = margin

    def bodies(self) -> dict[str, tuple[dict[str, disclosure.Table], list[disclosure.Margin]]]:
        """Return body of records -> its tables, and the margins that all pages need of them."""
        out = {}
        for body, margins in self.margins.items():
            tables, more = {}, []
            for name in dict.fromkeys(m.table for m in margins):
                counts = self.files[name]
                gaps = [c for c in counts.by if self._has_gaps(name, c)]
                used = {k for m in margins if m.table == name for k in (*m.by, *m.where)}
                gaps = [c for c in gaps if KNOWN.format(c) in used]
                told = {
                    KNOWN.format(c): np.where(counts.table[c].isna(), "no", "yes") for c in gaps
                }
                # whoever is not known is of no group: said to the attacker, so that it is counted
                more += [
                    disclosure.Margin(table=name, by=(c,), where={KNOWN.format(c): "no"})
                    for c in gaps
                ]
                more.append(disclosure.Margin(table=name, by=()))
                tables[name] = disclosure.Table(
                    frame=counts.table.assign(**told),
                    by=(*counts.by, *told),
                    of=counts.of,
                    chain=bool(counts.provenance.get("stages")),
                    untold={
                        k: v
                        for c in _GROUPS
                        if c in counts.by
                        for k, v in ((c, "not known"), (KNOWN.format(c), "no"))
                        if k == c or c in gaps
                    },
                    unresolved=True,
                    prized=tuple(c for c in _GROUPS if c in counts.by),
                )
            out[body] = (tables, [*margins, *more])
        return out


@dataclass
class Publishing(Live):
    """Gives every measure the draws of the protected counts, and hides where they differ."""

    rules: Rules
    draws: Mapping[str, Sequence[pd.DataFrame]]  # count file -> its table in each draw
    untold: frozenset[str] = frozenset()  # count files whose number of records is not published
    kept: dict[Any, tuple[pd.DataFrame, Any]] = field(default_factory=dict)
    alike: dict[Any, tuple[list[int], Drawn]] = field(default_factory=dict)
    publishes = True

    def open(self, path: Any, name: str) -> CountTable | None:
        """Return the counts of a file as they may leave the house; None where they may not."""
        counts = read_counts(path)
        route = self.rules.route(name, counts.provenance)
        if route == Route.NEVER:
            return None
        provenance, ledger = self.rules.told(counts, name, untold=name in self.untold)
        told = replace(counts, ledger=ledger, provenance=provenance)
        if route != Route.COUNTS:
            return _named(told, name)
        if name not in self.draws:  # no figure of the page needs it
            return _named(replace(told, table=counts.table.iloc[:0]), name)
        columns = list(counts.table.columns)
        draws = tuple(replace(told, table=frame[columns]) for frame in self.draws[name])
        return _named(draws[0], name, draws)

    def measured(
        self,
        measure: Callable[..., pd.DataFrame],
        part: Part,
        beside: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Return the table of a measure as far as it may be published.

        States that show other rows of the same table ask for it again: it is kept.
        """
        key = (measure, mark(part.counts), mark(part.where), mark(beside), mark(arguments))
        if key not in self.kept:
            if len(self.kept) >= _KEPT:
                self.kept.clear()
            table = self._measured(measure, part, beside, arguments)
            # with what it was made from, so that no identity is given away to something else
            self.kept[key] = (table, (measure, part, beside, arguments))
        return self.kept[key][0].copy()

    def _measured(
        self,
        measure: Callable[..., pd.DataFrame],
        part: Part,
        beside: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        used = drawn_in(part.counts, beside, dict(arguments))
        routes = {self._route(c) for c in used}
        words = disclosure.hidden_reason(self.rules.minimum)
        if Route.NEVER in routes:
            raise ValueError(
                "This is made from counts that were not opened with eq.widgets.load, so nothing "
                "says what of them may be published."
            )
        if routes <= {Route.PUBLIC}:
            return _on(None, measure, part.taken(), beside, arguments)
        if Route.COUNTS not in routes:
            return self._of_rows(measure, part, beside, arguments)
        if Route.MODEL in routes:
            raise ValueError("This mixes counts with rows that are nearly people: not published.")
        numbers = self._distinct(measure, part, beside, arguments)
        tables = self._each(measure, part.taken(), beside, arguments, numbers)
        table = merge(tables, [], words=words)
        gone = hidden_groups(table, words)
        group = arguments.get("group")
        family = [c for c in ("p_adjusted", "p_bh") if c in table]
        if not gone or not isinstance(group, str) or not family:
            return table
        shown = table[~table["group"].isin(gone) & table["p_value"].notna()]
        if not shown[family].isna().any(axis=None):
            return table
        rest = part.taken().each(lambda one: _lacking(one, group, gone))
        try:
            fewer = self._each(measure, rest, beside, arguments, numbers)
        except ValueError:  # the group compared with is hidden: nothing is adjusted anew
            return table
        return merge(tables, fewer, words=words)

    def _of_rows(
        self,
        measure: Callable[..., pd.DataFrame],
        part: Part,
        beside: Sequence[Any],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Return the table of a measure of rows that are nearly people, as far as a rule lets it.

        A rule looks at one table. From two of them, of everybody and of a part, the other part
        would follow: so a part is shown only where its counts are published.
        """
        name = str(getattr(measure, "__name__", ""))
        here = [c for c in drawn_in(part.counts) if self._route(c) == Route.MODEL]
        group = arguments.get("group")
        told: list[CountTable] = []
        for counts in here:
            taken = {**getattr(counts, "taken", {}), **part.where}
            taken = {k: v for k, v in taken.items() if v is not None}
            crossings = getattr(counts, "crossings", {})
            body = str(counts.provenance.get("table"))
            if "stage" in counts.by and body in self.draws:
                told = [
                    _as(counts, frame, taken, crossings.get(group)) for frame in self.draws[body]
                ]
            elif taken or group in crossings:
                raise ValueError(ALL_ONLY)
        table = _on(None, measure, part.taken(), beside, arguments)
        if told and {"group", "stage"} <= set(table):
            known = known_groups(table, told, str(group))
            table = table.assign(n=table["n"].astype("Int64").where(known))
        return disclosure.passes(table, measure=name, minimum=self.rules.minimum)

    def _distinct(
        self, measure: Any, part: Part, beside: Sequence[Any], arguments: Mapping[str, Any]
    ) -> list[int]:
        """Return which draws to compute a measure on: of those that it cannot tell apart, one.

        Two at least, should it look at something that it was not asked to look at.
        """
        wanted = [(c, {}) for c in drawn_in(beside, dict(arguments))]
        wanted += [(c, part.where) for c in drawn_in(part.counts)]
        kinds = [
            self._kinds(counts, where, *looked_at(measure, arguments, counts))
            for counts, where in wanted
            if isinstance(counts, Drawn) and counts.draws
        ]
        number = min(len(k) for k in kinds)
        first: dict[Any, int] = {}
        for i in range(number):
            first.setdefault(tuple(k[i] for k in kinds), i)
        chosen = list(first.values())
        return chosen if len(chosen) > 1 or number == 1 else [0, number - 1]

    def _kinds(
        self, counts: Drawn, where: Mapping[str, Any], by: Sequence[str], of: Sequence[str]
    ) -> list[int]:
        """Return a number for each draw, the same for those that differ in none of these sums."""
        key = (mark(counts), mark(where), *by, "of", *of)
        if key not in self.alike:
            if len(self.alike) >= _KEPT:
                self.alike.clear()
            seen: dict[Any, int] = {}
            part = counts.where(**where)
            kinds = [seen.setdefault(sums(one, by, of), len(seen)) for one in part.draws]
            self.alike[key] = (kinds, counts)
        return self.alike[key][0]

    def _each(
        self, measure: Any, counts: Any, beside: Any, arguments: Any, numbers: Sequence[int]
    ) -> list[pd.DataFrame]:
        made, said = [], []
        for i in numbers:
            try:
                made.append(_on(i, measure, counts, beside, arguments))
            except ValueError as error:
                if not speaks_for_itself(error):
                    raise
                said.append(str(error))
        if len(set(said)) == 1 and not made:
            raise ValueError(said[0])  # the same whatever is hidden
        if said:
            raise ValueError(f"{disclosure.hidden_reason(self.rules.minimum)}.")
        return made

    def _route(self, counts: CountTable) -> str:
        if isinstance(counts, Drawn):
            return self.rules.route(counts.file, counts.provenance)
        # a worked example from a court record, or counts of unknown origin
        return Route.PUBLIC if counts.provenance.get("case") else Route.NEVER


def _named(counts: CountTable, file: str, draws: tuple[CountTable, ...] = ()) -> Drawn:
    return Drawn(counts.table, counts.by, counts.of, counts.ledger, counts.provenance, file, draws)


def _on(number: int | None, measure: Any, counts: Any, beside: Any, arguments: Any) -> Any:
    """Return what a measure gives on one of the draws; None: on the counts themselves."""
    return measure(at(counts, number), *at(beside, number), **at(arguments, number))


def _as(
    counts: CountTable,
    frame: pd.DataFrame,
    taken: Mapping[str, Any],
    crossed: tuple[str, ...] | None,
) -> CountTable:
    """Return the part of a draw of one file that counts of another file are."""
    by = tuple(c for c in counts.by if c in frame)
    one = CountTable(frame, by, (), counts.ledger, counts.provenance)
    one = one.crossed(*crossed) if crossed else one
    try:
        return one.where(**taken)
    except ValueError:  # nobody is there in this draw
        return replace(one, table=one.table.iloc[:0])


def _lacking(counts: CountTable, group: str, gone: Sequence[Any]) -> CountTable:
    return replace(counts, table=counts.table[~counts.table[group].isin(gone)])


def _one(wanted: Any) -> bool:
    """Return whether a filter leaves one value of a column: nothing to tell apart then."""
    return wanted is not None and not isinstance(wanted, list | tuple | set)
