"""The agency's folders and files: written whole or not at all, and marked with what made them."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from data_checks import suite_version
from equity import __version__
from equity.agency import Agency, Benchmark
from equity.engine import connection
from equity.sources import acs, population
from equity.sources._files import plain_error

__all__ = [
    "checked_rows",
    "connection",
    "delivered",
    "marks",
    "read_report",
    "residents",
    "sha256",
    "slug",
    "swap",
    "tables",
    "to_parquet",
    "write_text",
]


def to_parquet(relation: duckdb.DuckDBPyRelation, path: Path) -> None:
    """Write rows as Parquet; a broken row raises ValueError that names its line, not its words."""
    try:
        relation.write_parquet(str(path), compression="zstd")
    except duckdb.Error as error:
        raise plain_error(error) from None


def write_text(path: Path, text: str) -> None:
    """Write a text file; whoever reads it meanwhile sees the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def swap(new: Path, final: Path) -> None:
    """Put finished count files in the place of the old ones."""
    final.mkdir(exist_ok=True)
    fresh = {path.name for path in new.iterdir()}
    # what marks the counts as current goes last: until then they count as old
    for name in sorted(fresh, key=lambda name: (not name.endswith(".parquet"), name)):
        os.replace(new / name, final / name)
    for path in final.glob("*.parquet"):
        if path.name not in fresh:  # a table that the agency file no longer names
            path.unlink()


def marks(agency: Agency) -> list[list[Any]]:
    """Return what tells that an input changed: each file's name, size and time; our versions.

    Of benchmarks it is the digest of what is in the file.
    """
    paths = [p for name in agency.inputs for p in agency.paths(name)]
    digest = hashlib.sha256(agency.model_dump_json().encode()).hexdigest()
    sizes = [[str(p), p.stat().st_size, p.stat().st_mtime_ns] for p in paths]
    # of a benchmark no checked rows are kept: it is read again to be counted
    sizes += [[str(p), sha256(p), 0] for p in map(agency.benchmark_path, agency.benchmarks)]
    rules = [suite_version(name) for name in tables(agency)]
    return [["equity", __version__, digest], ["data_checks", *rules], *sizes]


def tables(agency: Agency) -> list[str]:
    """Return the tables of which files are checked."""
    return [*agency.inputs, *(["residents"] if agency.benchmarks else [])]


def checked_rows(agency: Agency, table: str) -> Path:
    """Return where the rows of a table lie that passed its checks; they alone are counted."""
    return agency.private / f"{table}.parquet"


def delivered(path: Path) -> dict[str, list[Any]]:
    """Return each delivered file of checked rows -> how many they are, and their digest.

    The digest is of what can be counted, whatever the order of the rows: not of the numbers that
    they had in the file. Rows that do not tell their file stand under "", all of them together.
    """
    rows = connection().read_parquet(str(path))
    counted = [c for c in rows.columns if not c.startswith("source_")]
    names = ", ".join('"' + c.replace('"', '""') + '"' for c in counted)
    told = "source_file" in rows.columns and not rows.filter("source_file IS NULL").limit(1)
    file = "source_file" if told else "''"
    found = connection().sql(
        f"SELECT file, count(*), sum(hash), bit_xor(hash) FROM (SELECT {file} AS file, "
        f"hash({names}) AS hash FROM rows) GROUP BY file ORDER BY file"
    )
    shape = [duckdb.__version__, *zip(counted, map(str, rows.select(*counted).types), strict=True)]
    return {
        name: [n, hashlib.sha256(json.dumps([shape, n, str(total), xor]).encode()).hexdigest()]
        for name, n, total, xor in found.fetchall()
    }


def sha256(path: Path) -> str:
    """Return the digest of a file, computed once as long as the file does not change."""
    return _sha256(path, path.stat().st_mtime_ns)


@cache
def _sha256(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def slug(name: str) -> str:
    """Return a table's name as it stands in a file name."""
    return name.replace(": ", "_")


def read_report(agency: Agency, table: str) -> dict[str, Any]:
    """Return the result of the last check of a table."""
    return json.loads((agency.checks / f"{slug(table)}.json").read_text(encoding="utf-8"))


def residents(agency: Agency, benchmark: Benchmark, scheme: str) -> pd.DataFrame:
    """Read a benchmark under a scheme of groups."""
    path = agency.benchmark_path(benchmark)
    if benchmark.format == "population":
        return population.read(
            path,
            place=benchmark.place,
            columns=benchmark.columns,
            groups=benchmark.groups,
            values=benchmark.values,
            scheme=benchmark.scheme,
            to=scheme,
            shares=benchmark.shares,
            census=benchmark.census,
            year=benchmark.year,
            universe=benchmark.universe,
            header_row=benchmark.header_row,
            sheet=benchmark.sheet,
            encoding=benchmark.encoding,
        )
    return acs.read(
        path,
        place=benchmark.place,
        scheme=scheme,
        year=benchmark.year,
    )
