"""Counts only the delivered files whose rows changed, and adds up the stored counts of the rest.

Counted so are the steps in which what a row counts for follows from that row alone: all of stops
(daylight too: it goes by the row's own date, time and place), applicants and candidates. Not so
staff, who joined or left between two snapshots; periods of service, which end in another file;
and waits, which are known until the last date of any row: these are counted whole each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

import equity
from equity.agency import Agency
from equity.cohorts import Cohort
from equity.counts import CountTable, add_counts, count_all, read_counts
from equity.pipeline.checking import Tell
from equity.pipeline.files import checked_rows, delivered

__all__ = ["Parts"]

LEAST = 200_000
"""Files of fewer rows (20 MB or so) are counted together until they have so many: to count these
takes less time than to keep apart what each of them holds."""
CODE = ("counts", "daylight", "cohorts.py", "engine.py", "tables.py", "pipeline")
"""What decides how rows are counted: stored counts are of this code, to the letter."""

Asked = Mapping[str, tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True)
class _Part:
    """Delivered files that are counted together; no name where the rows do not tell theirs."""

    files: tuple[str, ...]
    rows: int
    digests: tuple[str, ...]


@dataclass
class _Sum:
    """Counts that are added up already, of which parts, and whether some were taken away."""

    parts: set[str] = field(default_factory=set)
    tables: list[CountTable] = field(default_factory=list)
    changed: bool = False


class Parts:
    """The counts of an agency's files, stored in its private folder.

    Each lies under a digest of what it follows from: checked rows, step, and the code that counts.

    digests : table -> file -> its number of checked rows and their digest, as the check noted
        them (`equity.pipeline.files.delivered`); what is not there is worked out.
    verify : whether to count everything once more at once, and to compare.
    """

    def __init__(
        self,
        agency: Agency,
        digests: Mapping[str, Mapping[str, Sequence[Any]]],
        *,
        tell: Tell,
        verify: bool = False,
    ) -> None:
        self.agency, self.digests, self.tell, self.verify = agency, digests, tell, verify
        self.folder = agency.private / "parts"
        self._used: set[str] = set()

    def count(
        self,
        table: str,
        asked: Asked,
        cohort: Callable[[Collection[str] | None], Cohort],
        said: Any,
    ) -> dict[str, CountTable]:
        """Return the tables asked for, counted anew only of files that changed.

        cohort : the rows to count, of some delivered files or (None) of all.
        said : what else the counts follow from, such as the rows that equity.toml leaves out.

        Raises ValueError where a full recount gives other counts (`verify`).
        """
        files = self.digests.get(table) or delivered(checked_rows(self.agency, table))
        parts = list(_parts(files))
        keys = {name: _keys(name, by_of, parts, said) for name, by_of in asked.items()}
        takes = cohort(None).weight is None
        made = {name: self._sum(name, keys[name], takes) for name in asked}
        for i, part in enumerate(parts):
            lacking = {}
            for name, begun in made.items():
                if keys[name][i] not in begun.parts:
                    stored = self._stored(name, keys[name][i])
                    if stored is None:
                        lacking[name] = asked[name]
                    else:
                        begun.tables.append(stored)
            if lacking:
                if len(parts) > 1:
                    self.tell(f"Counting the {table} of {_named(part)}")
                rows = cohort(part.files or None)
                for name, counts in count_all(rows, lacking, tell=self.tell).items():
                    counts.write(self._at(name, keys[name][i]))
                    made[name].tables.append(counts)
        summed = {name: add_counts(begun.tables) for name, begun in made.items()}
        if self.verify:
            self._prove(table, summed, asked, cohort)
        for name, begun in made.items():
            self._used.update(self._at(name, key).name for key in keys[name])
            if len(parts) > 1:
                path = self._at(f"{name}-sum", _digest(keys[name]))
                self._used.add(path.name)
                if begun.changed or begun.parts != set(keys[name]):
                    replace(summed[name], provenance={"parts": keys[name]}).write(path)
        return summed

    def tidy(self) -> None:
        """Remove the counts of files that are gone or changed, and of steps that are no more."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in self._used:
                    path.unlink()

    def _at(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key}.parquet"

    def _stored(self, name: str, key: str) -> CountTable | None:
        try:
            return read_counts(self._at(name, key))
        except (ValueError, OSError):  # not there, or damaged: it is counted again
            return None

    def _sum(self, name: str, keys: Sequence[str], takes: bool) -> _Sum:
        """Return the stored sum that is nearest to these parts, without those that are gone.

        takes : whether parts can be taken from a sum: not if rows may stand for nobody, as then
            it cannot be told whether one of them is left in a group.
        """
        best, fewest = _Sum(), len(keys)
        for path in self.folder.glob(f"{name}-sum-*.parquet"):
            try:
                found = read_counts(path)
            except (ValueError, OSError):
                continue
            there = set(found.provenance.get("parts", ()))
            gone = [self._stored(name, key) for key in there - set(keys)]
            steps = len(gone) + len(set(keys) - there)
            usable = [part for part in gone if part is not None]
            if steps < fewest and len(usable) == len(gone) and (takes or not gone):
                best, fewest = _Sum(there & set(keys), [_minus(found, usable)], bool(gone)), steps
        return best

    def _prove(
        self,
        table: str,
        summed: Mapping[str, CountTable],
        asked: Asked,
        cohort: Callable[[Collection[str] | None], Cohort],
    ) -> None:
        self.tell(f"Counting all {table} once more, to compare")
        whole = count_all(cohort(None), asked, tell=self.tell)
        differ = [name for name, counts in summed.items() if not _equal(counts, whole[name])]
        if differ:
            for name in differ:
                for path in self.folder.glob(f"{name}-*.parquet"):
                    path.unlink()
            raise ValueError(
                f"{', '.join(differ)}: the counts of the files, added up, differ from a full "
                "recount. Nothing was written, and the stored counts of the files were removed: "
                "run `equity count` again, which counts all files anew. Please report this."
            )
        self.tell(f"The counts of {table} are equal to a full recount")


def _minus(whole: CountTable, gone: Sequence[CountTable]) -> CountTable:
    """Return the counts without those of some parts of them."""
    if not gone:
        return whole
    taken = []
    for part in gone:
        numbers = [c for c in part.table.columns if c not in part.by]
        table = part.table.assign(**{c: -part.table[c] for c in numbers})
        sizes = part.ledger.assign(rows=-part.ledger["rows"], left_out=-part.ledger["left_out"])
        taken.append(replace(part, table=table, ledger=sizes))
    left = add_counts([whole, *taken])
    table = left.table[left.table["n"] > 0] if left.by else left.table
    return replace(left, table=table.reset_index(drop=True))


def _equal(one: CountTable, other: CountTable) -> bool:
    """Whether two tables are the same: values, types, order of rows, ledger."""
    try:
        pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
        pd.testing.assert_frame_equal(one.ledger, other.ledger, check_exact=True)
    except AssertionError:
        return False
    return (one.by, one.of) == (other.by, other.of)


def _parts(files: Mapping[str, Sequence[Any]]) -> Iterator[_Part]:
    """Put files together, in order of their names, until they have enough rows."""
    waiting: list[tuple[str, int, str]] = []
    for name, (rows, digest) in sorted(files.items()):
        waiting.append((name, rows, digest))
        if sum(w[1] for w in waiting) >= LEAST:
            yield _part(waiting)
            waiting = []
    if waiting or not files:
        yield _part(waiting)


def _part(some: Sequence[tuple[str, int, str]]) -> _Part:
    names = tuple(name for name, *_ in some if name)
    return _Part(names, sum(rows for _, rows, _ in some), tuple(digest for *_, digest in some))


def _named(part: _Part) -> str:
    more = f" and {len(part.files) - 1:,} more files" if len(part.files) > 1 else ""
    return f"{''.join(part.files[:1])}{more} ({part.rows:,} rows)"


def _keys(name: str, by_of: Any, parts: Sequence[_Part], said: Any) -> list[str]:
    """Return for each part a digest of all that its counts follow from."""
    return [_digest([name, by_of, said, p.files, p.digests, code()]) for p in parts]


def _digest(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


@cache
def code() -> str:
    """Return a digest of the code by which rows are counted, and of the engine's version."""
    digest = hashlib.sha256(f"{equity.__version__} {duckdb.__version__}".encode())
    home = Path(equity.__file__).parent
    for name in CODE:
        for path in sorted((home / name).rglob("*.py")) or [home / name]:
            digest.update(path.read_bytes())
    return digest.hexdigest()
