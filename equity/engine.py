"""Opens files of rows for counting: one DuckDB connection of our own, in bounded memory.

Settings are read from the environment when the connection is first used:

- ``EQUITY_MEMORY``: what DuckDB may hold in memory, such as "2GB" (without it a quarter of what
  this machine, or its container, has);
- ``EQUITY_TEMP``: the folder in which a query that needs more than that puts the rest, in a
  folder of its own that only this user can read, encrypted, and removed when Python ends
  (without it the system's folder for temporary files);
- ``EQUITY_THREADS``: how many processors are used at once (without it all of them).
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb

from equity.tables import TABLES

__all__ = ["Files", "connection", "open_files", "threads"]

_KINDS = {"flag": "BOOLEAN", "date": "DATE", "integer": "BIGINT", "category": "VARCHAR"}
_PARQUET, _CSV = (".parquet", ".pq"), (".csv", ".csv.gz", ".tsv", ".txt")


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """Return our own DuckDB connection, which prints nothing and keeps within the settings.

    Raises ValueError where a setting cannot be used, naming it.
    """
    made = duckdb.connect()
    made.execute("SET enable_progress_bar = false")
    given = os.environ.get("EQUITY_MEMORY")
    try:
        made.execute(f"SET memory_limit = '{given or '25%'}'")
    except duckdb.Error:
        raise ValueError(
            f"EQUITY_MEMORY={given!r} is not a size of memory. Give one such as 2GB, or a share "
            "of what there is, such as 25%."
        ) from None
    made.execute(f"SET threads = {threads()}")
    place = os.environ.get("EQUITY_TEMP")
    if place and not Path(place).is_dir():
        raise ValueError(f"EQUITY_TEMP={place!r} is not a folder. Make it, or name another.")
    spill = tempfile.mkdtemp(prefix="equity-", dir=place)  # only this user may read it
    atexit.register(shutil.rmtree, spill, ignore_errors=True)
    made.execute("SET temp_file_encryption = true")
    made.execute(f"SET temp_directory = '{_quoted(spill)}'")
    return made


def threads() -> int:
    """Return how many processors are used at once: EQUITY_THREADS, or all of them."""
    given = os.environ.get("EQUITY_THREADS")
    if given is None:
        there = getattr(os, "sched_getaffinity", None)
        return max(1, len(there(0)) if there else os.cpu_count() or 1)
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"EQUITY_THREADS={given!r} is not a whole number of at least 1.")
    return int(given)


@dataclass(frozen=True)
class Files:
    """Files that are read when they are counted: CSV or Parquet, under each other by column name.

    paths : the files, in order of their names.
    kind : "parquet" or "csv".
    parts : whether folders such as ``year=2019`` hold a column of the rows (Parquet only).
    alias : further names for columns: new name -> column of the files.
    only : a text column and the values of it that are read; the rows of others are as if they
        were not there. Of Parquet files the row groups without these values are not read.
    """

    paths: tuple[Path, ...]
    kind: str
    parts: bool = False
    alias: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, tuple[str, ...]] | None = None

    @cached_property
    def relation(self) -> duckdb.DuckDBPyRelation:
        """The rows as a DuckDB relation; nothing but the head of the files is read for it."""
        names = ", ".join(f"'{_quoted(_plain(p))}'" for p in self.paths)
        try:
            if self.kind == "parquet":
                parts = str(self.parts).lower()
                found = connection().sql(
                    f"FROM read_parquet([{names}], hive_partitioning = {parts}, "
                    "union_by_name = true)"
                )
            else:
                found = self._csv(names)
        except duckdb.Error as error:
            said = re.sub(r"\s+", " ", str(error).splitlines()[0])[:200]
            raise ValueError(
                f"{', '.join(p.name for p in self.paths[:3])} cannot be read as {self.kind}. "
                f"The engine says: {said}"
            ) from None
        if self.only:
            column, values = self.only
            found = found.filter(
                f'"{_named(column)}" IN ({", ".join(_literal(v) for v in values)})'
            )
        if self.alias:
            more = ", ".join(
                f'"{_named(old)}" AS "{_named(new)}"' for new, old in self.alias.items()
            )
            found = found.project(f"*, {more}")
        return found

    def _csv(self, names: str) -> Any:
        """Open CSV files: columns that `equity.tables` knows get its types, others are sniffed."""
        sniffed = f"FROM read_csv([{names}], union_by_name = true"
        known = {c.name: _KINDS[c.kind] for t in TABLES.values() for c in t.columns
                 if c.kind in _KINDS}  # fmt: skip
        there = [c for c in connection().sql(f"{sniffed})").columns if c in known]
        types = ", ".join(f"'{c}': '{known[c]}'" for c in there)
        return connection().sql(f"{sniffed}{f', types = {{{types}}}' if types else ''})")


def open_files(rows: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Files:
    """Open a file, a folder, a pattern such as ``stops-*.parquet``, or several of them.

    A folder stands for all Parquet files in it and below it, else for all CSV files; folders
    below it named ``column=value`` are columns of the rows. A column that one file lacks is
    missing in its rows. Empty files count as no rows.

    Raises
    ------
    FileNotFoundError
        Nothing is there under a name.
    ValueError
        Both kinds are named at once, or a file is neither CSV nor Parquet.
    """
    given = [rows] if isinstance(rows, str | os.PathLike) else list(rows)
    paths = [path for one in given for path in _found(Path(one))]
    if not paths:
        raise ValueError("No file is named. Give the path of a file or a folder.")
    kinds = {_kind(path) for path in paths}
    if len(kinds) > 1:
        raise ValueError(
            "Both CSV and Parquet files are named. Count them apart: the counts of two files "
            "add up."
        )
    parts = any("=" in part for path in paths for part in path.parts[:-1])
    kind = kinds.pop()
    return Files(tuple(paths), kind, parts and kind == "parquet")


def _found(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        for endings in (_PARQUET, _CSV):
            inside = sorted(
                p
                for p in path.rglob("*")
                if p.is_file() and p.name.endswith(endings) and not p.name.startswith((".", "_"))
            )
            if inside:
                return inside
        raise FileNotFoundError(f"There is no Parquet or CSV file in the folder {path}.")
    pattern = [i for i, part in enumerate(path.parts) if re.search(r"[*?\[]", part)]
    if pattern:
        base = Path(*path.parts[: pattern[0]]) if pattern[0] else Path()
        inside = sorted(p for p in base.glob(str(Path(*path.parts[pattern[0] :]))) if p.is_file())
        if inside:
            return inside
        raise FileNotFoundError(f"No file is named like {path}.")
    raise FileNotFoundError(f"There is no file or folder {path}.")


def _kind(path: Path) -> str:
    for kind, endings in (("parquet", _PARQUET), ("csv", _CSV)):
        if path.name.lower().endswith(endings):
            return kind
    raise ValueError(
        f"{path.name} is neither CSV nor Parquet. Open it with equity.sources, which reads "
        "workbooks too, and count what that returns."
    )


def _plain(path: Path) -> str:
    """Return the path as a pattern in which `[`, `*` and `?` stand for themselves."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _literal(text: str) -> str:
    return f"'{_quoted(text)}'"


def _named(name: str) -> str:
    return name.replace('"', '""')
