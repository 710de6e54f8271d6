"""The audit: what an attacker can work out from the published cells, by a second, independent way.

It shares no code with the protection. It reads the published cells as anybody would, checks them
against the tables, and finds for every hidden cell the least and the most that it could be.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from equity.disclosure._body import Disclosed, Margin, Table
from equity.disclosure._bounds import Attack, Contradiction

__all__ = ["audit", "ranges"]

UNKNOWN = "not known"
WIDE = 5000  # a table of more unknown numbers than this: what occurs in it is taken as known
Spot = tuple[tuple[str, tuple[int, ...]], ...]
"""Where a cell is, of whatever table: columns with the codes that it sums, sorted by column."""
Rule = tuple[tuple[str, ...], tuple[str, ...]]
"""Of stages: some quantities are together at most as many as others."""


def audit(
    tables: Mapping[str, Table],
    margins: Sequence[Margin],
    cells: pd.DataFrame,
    *,
    minimum: int = 10,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Check that nothing small is published, and that nothing small can be worked out.

    Can anybody who has the whole site narrow a hidden count of 1 to ``minimum - 1`` people?

    Every hidden cell is minimised and maximised over all tables of whole numbers that agree with
    everything published: the cells, their totals, the same cells of other tables, yes + no + not
    known = n, stages of a chain, zeros (so that a hidden cell is at least 1), and the earlier
    release where one is given. Printed shares, rates and intervals need no check of their own:
    they are computed from completions, which are computed from the published cells. A function of
    what is known adds nothing to what is known, at whatever precision it is printed. (Computed
    from true counts it would: one rate with four digits gives many hidden counts away.)

    Parameters
    ----------
    tables : the true counts of one body of records, name -> `Table`.
    margins : everything that is asked for.
    cells : what is to be published, as ``Protection.cells``: table, a column per `by` column
        (value, "" where summed over, "not known"), quantity, value (missing where hidden).
    minimum : counts of 1 to ``minimum - 1`` people are not to be known.
    known : the cells of the release before this one, or None. A cell published there that has not
        changed is known.

    Returns
    -------
    DataFrame with a row for each hidden cell: table, cell, quantity, least, most, needed_least,
    needed_most, safe. `least` and `most` are what two or more agreeing tables of whole numbers
    show; where they suffice the search stops, so the true range may be wider still. `needed_least`
    is 1, or what a sum of several counts of at least 1 comes to even if everything but the zeros
    were hidden. Both needed columns are missing where the hidden count is not small: it must only
    not be a single value. For the inside only: it tells which of the hidden cells are small.

    Raises
    ------
    Disclosed
        A cell asked for is not there, is untrue or small; a range is too narrow (the message says
        which table to coarsen); or the solver could not tell.
    ValueError
        The tables are not of the same records: a cell that two of them have differs.

    Notes
    -----
    What it cannot show: what people know from elsewhere, or what several of those hidden could
    find out together. Of tables with some thousand combinations, columns that no table links
    closely are held together by their common columns only.

    Source: M. Fischetti and J. J. Salazar-Gonzalez (2001), "Solving the cell suppression problem
    on tabular data with linear constraints", Management Science 47(7), 1008-1027: the attacker's
    problem, here with whole numbers and for linked tables.
    """
    found = ranges(tables, margins, cells, minimum=minimum, known=known)
    narrow = found[~found["safe"]]
    if len(narrow):
        book = _Book(tables, margins)
        names = set(zip(narrow["table"], narrow["cell"], strict=True))
        hits: Counter[int] = Counter()
        for place, margin in enumerate(margins):
            mine = {(margin.table, book.text(s, margin.table)) for s, _ in book.asked(margin)}
            hits[place] += len(mine & names)
        place = min(hits, key=lambda i: (-hits[i], i), default=None)
        raise Disclosed(_too_narrow(len(narrow), None if place is None else margins[place]))
    return found


def ranges(
    tables: Mapping[str, Table],
    margins: Sequence[Margin],
    cells: pd.DataFrame,
    *,
    minimum: int = 10,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what `audit` returns, also where a range is too narrow (`safe` is False there)."""
    book = _Book(tables, margins)
    truth: dict[tuple[Spot, str], int] = {}
    for margin in margins:
        for spot, counts in book.asked(margin):
            for quantity, value in counts.items():
                if truth.setdefault((spot, quantity), value) != value:
                    raise ValueError(
                        f"The tables are not of the same records: {quantity!r} of "
                        f"{book.text(spot, margin.table)!r} differs from one to another. Protect "
                        "them as bodies of their own."
                    )
    shown, hidden, free = book.read(cells, truth, minimum)
    there = shown.keys() | hidden.keys()
    absent = [key for key, value in truth.items() if value and key not in there]
    if absent:
        raise Disclosed(
            f"{len(absent)} cells that are asked for are not among the published cells; the first "
            f"is {absent[0][1]!r} of {book.text(absent[0][0], None)!r}."
        )
    shown |= {key: 0 for key in truth if key not in there}  # no row on a page: none
    changed = book.differences(known, truth, shown, minimum) if known is not None else {}
    blank = {key: 0 for key, value in shown.items() if value == 0}
    try:
        about = book.domains, book.flags, book.chains, book.supports()
        attack = Attack(*about, shown, hidden, book.steps)
        small = {
            k: v for k, v in hidden.items()
            if (0 < truth[k] < minimum and k not in free) or k in changed
        }  # fmt: skip
        reach = {k: changed.get(k, (1, minimum - 1)) for k in small}
        found = attack.ranges(reach)
        short = {k for k in small if found[k][0] > reach[k][0] and k not in changed}
        if short:  # is it the hiding, or would it be so anyway? (a sum of several counts)
            nothing = dict.fromkeys([*hidden, *(k for k in shown if k not in blank)], "")
            free = Attack(*about, blank, nothing, book.steps)
            least = free.least(sorted(short, key=str))
            reach |= {k: (least[k], reach[k][1]) for k in short}
    except Contradiction as error:
        raise Disclosed(str(error)) from None
    rows = []
    for key, table in hidden.items():
        least, most = found[key]
        low, high = reach.get(key, (pd.NA, pd.NA))
        safe = least <= low and most >= high if key in reach else least < most
        where = book.text(key[0], table)
        rows.append((table, where, key[1], least, most, low, high, safe))
    names = ["table", "cell", "quantity", "least", "most", "needed_least", "needed_most", "safe"]
    out = pd.DataFrame(rows, columns=names)
    numbers = dict.fromkeys(names[3:7], "Int64")
    return out.astype({"safe": bool, **numbers}).sort_values(names[:3], ignore_index=True)


def _too_narrow(count: int, margin: Margin | None) -> str:
    """Return the sentence that says which table to coarsen."""
    several = f"{count} hidden {'count' if count == 1 else 'counts'} could be narrowed down"
    if margin is None:
        return f"{several}. Nothing may be published."
    by = ", ".join(margin.by) or "nothing"
    part = ", ".join(margin.where)
    return (
        f"{several} from everything that is published. Most of them are in the table "
        f"{margin.table!r} counted by {by}{f' for a part by {part}' if part else ''}: count it by "
        "fewer columns, or join small groups."
    )


@dataclass
class _Book:
    """The tables as codes, and the words of cells in both directions."""

    tables: Mapping[str, Table]
    margins: Sequence[Margin]
    domains: dict[str, list[str]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    chains: list[Rule] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give every value of every column that is used a number."""
        self.used: dict[str, list[str]] = {}
        for margin in self.margins:
            if margin.table not in self.tables:
                raise ValueError(f"There is no table {margin.table!r}.")
            here = self.used.setdefault(margin.table, [])
            here += [c for c in (*margin.by, *margin.where) if c not in here]
            self.flags += [f for f in margin.of if f not in self.flags]
        words: dict[str, set[str]] = {}
        for name, columns in self.used.items():
            for column in columns:
                values = self.tables[name].frame[column]
                words.setdefault(column, set()).update(_words(values))
        self.domains = {c: sorted(w) for c, w in words.items()}
        self.codes = {
            name: {c: self._codes(self.tables[name].frame[c], c) for c in columns}
            for name, columns in self.used.items()
        }
        self.counts = {name: self._counts(self.tables[name]) for name in self.used}
        for name in self.used:
            table, counts = self.tables[name], self.counts[name]
            flags = [f for f in table.of if table.chain and f in self.flags]
            for before, after in itertools.pairwise(flags):
                strict: Rule = ((f"{after}: yes", f"{after}: no"), (f"{before}: yes",))
                nested: list[Rule] = [
                    ((f"{after}: yes",), (f"{before}: yes",)),
                    ((f"{before}: no",), (f"{after}: no",)),
                ]
                holds = [
                    (few, many)
                    for few, many in [strict, *nested]
                    if np.all(sum(counts[q] for q in few) <= sum(counts[q] for q in many))
                ]
                if strict in holds:  # a later stage is known of nobody else: no other rule of it
                    holds = [strict]
                self.chains += [rule for rule in holds if rule not in self.chains]
            mine = [f for f in flags if any(f in m.of for m in self.margins if m.table == name)]
            for before, after in itertools.pairwise(mine):
                no, later = counts[f"{before}: no"], counts[f"{after}: no"]
                only = np.all(counts[f"{after}: yes"] + later <= counts[f"{before}: yes"])
                if np.all(no <= later) and not only:
                    counts[f"{after}: lost"] = later - no
                    self.steps.append((before, after))

    def _codes(self, values: pd.Series, column: str) -> np.ndarray:
        place = {w: i for i, w in enumerate(self.domains[column])}
        return np.array([place[w] for w in _words(values)], dtype=np.int64)

    @staticmethod
    def _counts(table: Table) -> dict[str, np.ndarray]:
        frame = table.frame
        out = {"n": frame["n"].to_numpy(np.int64)}
        for flag in table.of:
            yes, asked = (frame[c].to_numpy(np.int64) for c in (flag, f"{flag}_known"))
            out |= {f"{flag}: yes": yes, f"{flag}: no": asked - yes}
            out |= {f"{flag}: not known": out["n"] - asked}
        return out

    def supports(self) -> list[tuple[tuple[str, ...], np.ndarray]]:
        """Return, of tables too large to be whole, columns and the combinations that occur."""
        out = []
        for name, columns in self.used.items():
            flags = {f for m in self.margins if m.table == name for f in m.of}
            size = np.prod(
                [len(set(_words(self.tables[name].frame[c]))) for c in columns] or [1.0]
            )
            if size * (1 + 3 * len(flags)) > WIDE:
                here = self.counts[name]["n"] > 0
                rows = np.stack([self.codes[name][c][here] for c in columns], axis=1)
                out.append((tuple(columns), np.unique(rows, axis=0)))
        return out

    def _spot(self, told: Mapping[str, tuple[int, ...]]) -> Spot:
        """Return where a cell is; a column of which everything is summed is not told."""
        return tuple((c, told[c]) for c in sorted(told) if len(told[c]) < len(self.domains[c]))

    def asked(self, margin: Margin) -> Iterator[tuple[Spot, dict[str, int]]]:
        """Yield every cell of a margin, its totals too, with its true counts."""
        codes, counts = self.codes[margin.table], self.counts[margin.table]
        inside = np.ones(len(counts["n"]), dtype=bool)
        part = {}
        for column, choice in margin.where.items():
            several = isinstance(choice, list | tuple | set | frozenset | np.ndarray | pd.Series)
            wanted = set(_words(pd.Series(list(choice) if several else [choice], dtype=object)))
            part[column] = tuple(i for i, w in enumerate(self.domains[column]) if w in wanted)
            inside &= np.isin(codes[column], part[column])
        names = ["n", *(f"{f}: {q}" for f in margin.of for q in ("yes", "no", UNKNOWN))]
        lost = {f"{b}: lost" for a, b in self.steps if {a, b} <= set(margin.of)}
        names += [quantity for quantity in counts if quantity in lost]
        values = np.stack([counts[q][inside] for q in names], axis=1)
        for size in range(len(margin.by) + 1):
            for columns in itertools.combinations(margin.by, size):
                shape = [len(self.domains[c]) for c in columns]
                total = int(np.prod(shape, dtype=float))
                place = np.zeros(int(inside.sum()), dtype=np.int64)
                for column, length in zip(columns, shape, strict=True):
                    place = place * length + codes[column][inside]
                if total <= 50_000:
                    rows, of = np.arange(total), place
                else:
                    rows, of = np.unique(place, return_inverse=True)
                sums = np.zeros((len(rows), len(names)), dtype=np.int64)
                np.add.at(sums, of, values)
                at = np.stack(np.unravel_index(rows, shape or [1]), axis=1).tolist()
                for combination, numbers in zip(at, sums.tolist(), strict=True):
                    told = {c: (i,) for c, i in zip(columns, combination, strict=False)}
                    yield self._spot(part | told), dict(zip(names, numbers, strict=True))

    def text(self, spot: Spot, table: str | None) -> str:
        """Return the readable name of a cell, its columns in the order of its table."""
        order = list(self.tables[table].by) if table else [c for c, _ in spot]
        told = {c: " + ".join(self.domains[c][i] for i in codes) for c, codes in spot}
        return ", ".join(f"{c}={told[c]}" for c in order if c in told) or "all"

    def place(self, row: Mapping[Any, Any]) -> Spot:
        """Return where a published cell is, from its columns."""
        told = {}
        for column, words in self.domains.items():
            value = row.get(column, "")
            if value is None or value is pd.NA or value != value or value == "":
                continue
            parts = [str(value)] if str(value) in words else str(value).split(" + ")
            strangers = [p for p in parts if p not in words]
            if strangers:
                raise Disclosed(f"A published cell names {column}={strangers[0]!r}: unknown.")
            told[column] = tuple(sorted(words.index(p) for p in parts))
        return self._spot(told)

    def _true(self, table: str, spot: Spot, quantity: str) -> int:
        """Return the true count of one cell."""
        if table not in self.used or quantity not in self.counts[table]:
            raise Disclosed(f"A published cell is of no table asked for: {table!r}, {quantity!r}.")
        inside = np.ones(len(self.counts[table]["n"]), dtype=bool)
        for column, codes in spot:
            if column not in self.codes[table]:
                raise Disclosed(f"The table {table!r} is published by {column!r}, unasked.")
            inside &= np.isin(self.codes[table][column], codes)
        return int(self.counts[table][quantity][inside].sum())

    def read(
        self, cells: pd.DataFrame, truth: dict[tuple[Spot, str], int], minimum: int
    ) -> tuple[dict[tuple[Spot, str], int], dict[tuple[Spot, str], str], set[tuple[Spot, str]]]:
        """Return the published cells with their values, and the hidden ones with their table.

        And those that only say how many people did not say what they are.
        """
        shown: dict[tuple[Spot, str], int] = {}
        hidden: dict[tuple[Spot, str], str] = {}
        free: set[tuple[Spot, str]] = set()
        for row in cells.to_dict("records"):
            table, quantity, value = str(row["table"]), str(row["quantity"]), row["value"]
            key = (self.place(row), quantity)
            if key not in truth:
                truth[key] = self._true(table, key[0], quantity)
            told = {
                row[c] == nothing
                for c, nothing in self.tables[table].untold.items()
                if row.get(c, "") != ""
            }
            open_ = self.tables[table].unresolved and quantity.endswith(": not known")
            if open_ or (quantity == "n" and told == {True}):
                free.add(key)
            if pd.isna(value):
                if truth[key] == 0:
                    raise Disclosed(f"A zero is hidden, of {table!r}: zeros are to be published.")
                hidden.setdefault(key, table)
                continue
            if int(value) != truth[key]:
                raise Disclosed(f"A published cell of {table!r} is not the sum of its table.")
            if 0 < truth[key] < minimum and key not in free:
                raise Disclosed(
                    f"A count of 1 to {minimum - 1} would be published, in the table {table!r}."
                )
            shown[key] = truth[key]
        return shown, hidden, free

    def differences(
        self,
        known: pd.DataFrame,
        truth: dict[tuple[Spot, str], int],
        shown: dict[tuple[Spot, str], int],
        minimum: int,
    ) -> dict[tuple[Spot, str], tuple[int, int]]:
        """Add what an earlier release tells; return the ranges needed where it has changed."""
        changed = {}
        for row in known.to_dict("records"):
            if pd.isna(row["value"]) or str(row["table"]) not in self.used:
                continue
            try:
                key = (self.place(row), str(row["quantity"]))
                now = truth[key] if key in truth else self._true(row["table"], *key)
            except Disclosed:
                continue  # a column or a value of which nothing is published now
            before = int(row["value"])
            if now == before:
                truth[key] = shown[key] = now
            elif abs(now - before) < minimum:
                if key in shown:
                    raise Disclosed(
                        f"Beside the earlier release a cell of {row['table']!r} would tell of "
                        f"fewer than {minimum} people."
                    )
                step = (1, minimum - 1) if now > before else (1 - minimum, -1)
                if key in truth:
                    changed[key] = (max(before + step[0], 1), before + step[1])
        return changed


def _words(values: pd.Series) -> list[str]:
    """Return values as the published cells write them."""
    return [UNKNOWN if v is None or v is pd.NA or v != v else str(v) for v in values.tolist()]
