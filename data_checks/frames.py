"""What a check reads: one Parquet file, made of whatever holds the rows.

The rules read numbered rows. Several parts number theirs from 0 each, and a frame has no file at
all, so both are first written as one file: then a row has one number, in the order of the parts.
"""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_checks.sql import literal

__all__ = ["as_parquet"]

SUFFIXES = (".parquet", ".parq", ".pq")
TABLE_FORMATS = {"_delta_log": "Delta", ".hoodie": "Hudi", "metadata": "Iceberg"}
"""Folders beside the parts that say which parts still count; without them removed rows return."""
MEMORY = "2500MB"  # of the engine alone: the process as a whole stays below 3 GB
PLAIN = (
    "string", "boolean", "integer", "floating", "mixed-integer-float", "decimal", "date",
    "datetime", "datetime64", "time", "empty",
)  # fmt: skip
"""What pandas finds in a column of Python objects that Arrow keeps as it is; the rest is text."""


class _RefusedError(ValueError):
    """What this module says itself: it names columns and files, and never a value."""


def as_parquet(data: Any, folder: Path | str) -> Path:
    """Return one Parquet file with the rows of a file, of parts, or of a frame of any engine.

    Parameters
    ----------
    data : path of a Parquet file (returned as it is), of a folder of parts, or with ``*`` for
        several files; or a pandas, Polars (eager or lazy), pyarrow, DuckDB or PySpark frame.
    folder : where the file may be written, if one must be. Of a Spark frame on several
        computers it must be a folder that all of them share.

    Returns
    -------
    Path : the rows in their order, parts by the names of their files. A missing value of pandas
        (NaN, NaT, NA, None) is missing; whole numbers that pandas keeps as 1.0 because some are
        missing are whole again; a time with a zone is what its clock said; text stays text; a
        column of mixed Python objects becomes text; the index of pandas is left out.

    Raises
    ------
    ValueError
        There is no such file, parts differ in their columns, two columns have one name, or a
        column cannot be kept. The message names columns, never a value.
    TypeError
        It is no path and no frame.

    Notes
    -----
    A relation of DuckDB and a lazy frame of Polars are written by their own engine, a stream of
    rows at a time. What it cannot show: which rows a frame has lost before it came here.
    """
    folder = Path(folder)
    if isinstance(data, str | os.PathLike):
        return _of_path(Path(data), folder)
    native: Any = nw.to_native(data, pass_through=True)
    _known(native)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "data.parquet"
    try:
        names = _names(native)
        _once(names)
        if nw.dependencies.is_pandas_dataframe(native):
            pq.write_table(_arrow(native, names), target, compression="zstd")
        else:
            target = _written(_clocks(native), target)
    except _RefusedError:
        raise
    except Exception as error:  # an engine's own message may quote a value of somebody's row
        raise _unreadable(native, error) from None
    return target


def _known(native: Any) -> None:
    known = nw.dependencies
    tests = (
        known.is_pandas_dataframe, known.is_polars_dataframe, known.is_polars_lazyframe,
        known.is_pyarrow_table, known.is_duckdb_relation, known.is_pyspark_dataframe,
        known.is_pyspark_connect_dataframe,
    )  # fmt: skip
    if not any(test(native) for test in tests):
        raise TypeError(
            f"data is of type {type(native).__name__}. Give the path of a Parquet file or of a "
            "folder of parts, or a pandas, Polars, pyarrow, DuckDB or PySpark frame."
        )


def _names(native: Any) -> list[str]:
    known = nw.dependencies
    lazy = known.is_polars_lazyframe(native)
    if known.is_pyarrow_table(native):
        return list(native.column_names)
    return [str(c) for c in (native.collect_schema().names() if lazy else native.columns)]


def _once(names: Sequence[str]) -> None:
    """Refuse columns that have one name: engines read them as one, or rename the second."""
    if not names:
        raise _RefusedError("There are no columns to check.")
    lower = [n.lower() for n in names]
    twice = [n for n in names if lower.count(n.lower()) > 1]
    if twice:
        raise _RefusedError(
            f"Two columns have one name (capitals aside): {', '.join(map(repr, twice))}. Rename "
            "or drop all but one."
        )
    if "file_row_number" in lower:
        raise _RefusedError(
            "A column is called file_row_number, as one of the check's own. Rename it."
        )


def _unreadable(native: Any, error: Exception) -> ValueError:
    engine = type(native).__module__.partition(".")[0]
    return ValueError(
        f"The rows of the {engine} frame could not be read ({type(error).__name__}). Look whether "
        "the frame can be written as Parquet, and whether its disk is full."
    )


def _clocks(native: Any) -> Any:
    """Return the frame with times with a zone as the clock showed them there."""
    frame: Any = nw.from_native(native)
    schema = frame.collect_schema()
    for name, kind in schema.items():
        if kind in (nw.Duration, nw.Object):
            what = "lengths of time" if kind == nw.Duration else "Python objects"
            raise _RefusedError(f"The column {name!r} holds {what}. Make it text or numbers.")
    zoned = [n for n, k in schema.items() if isinstance(k, nw.Datetime) and k.time_zone]
    if not zoned:
        return native
    return frame.with_columns(*(nw.col(n).dt.replace_time_zone(None) for n in zoned)).to_native()


def _written(native: Any, target: Path) -> Path:
    known = nw.dependencies
    if known.is_pyarrow_table(native):
        pq.write_table(native, target, compression="zstd")
    elif known.is_duckdb_relation(native):
        native.write_parquet(str(target), compression="zstd")
    elif known.is_polars_dataframe(native) or known.is_polars_lazyframe(native):
        native.lazy().sink_parquet(target)
    else:
        return _of_spark(native, target)
    return target


def _of_spark(native: Any, target: Path) -> Path:
    """Let Spark write its parts, then make one file of them; no row may be lost between."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    empty = [field.name for field in native.schema.fields if field.dataType.typeName() == "void"]
    native = native.withColumns({c: f.col(c).cast("string") for c in empty}) if empty else native
    seen = Observation()
    parts = target.with_name("parts")
    observed = native.observe(seen, f.count(f.lit(1)).alias("n"))
    # Spark takes the text of an address as it is: a space must not become %20.
    address = "file:///" + parts.resolve().as_posix().lstrip("/")
    observed.write.mode("overwrite").parquet(address)
    # Computers that share no disk write each to their own, and Spark does not say so.
    written, n = _of_path(parts, target.parent), int(seen.get["n"])
    if pq.read_metadata(written).num_rows != n:
        raise _RefusedError(
            f"Spark wrote {n:,} rows, and not all of them are here. Write the frame to a folder "
            "that this computer shares with Spark's, and check that folder."
        )
    return written


def _of_path(path: Path, folder: Path) -> Path:
    if path.is_file():
        return path
    if path.is_dir():
        _refuse_unfinished(path)
        found = [p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
        parts = [p for p in found if not _hidden(p.relative_to(path))]
    else:
        parts = [Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file()]
    if not parts:
        what = f"is no Parquet file in {path.name}" if path.is_dir() else f"is no file {path.name}"
        raise _RefusedError(f"There {what} to check. Prepare the data first.")
    keys = _keys(parts, path)
    return parts[0] if len(parts) == 1 and not keys else _joined(sorted(parts), keys, path, folder)


def _hidden(path: Path) -> bool:
    return any(name.startswith(("_", ".")) for name in path.parts)


def _refuse_unfinished(path: Path) -> None:
    for name, kind in TABLE_FORMATS.items():
        if (path / name).is_dir():
            raise _RefusedError(
                f"{path.name} is a table of the kind {kind}: its folder may still hold rows that "
                "were removed. Write the table as plain Parquet, or give a Spark frame of it."
            )
    if (path / "_temporary").exists():
        raise _RefusedError(f"{path.name} was not written to its end. Write it again.")


def _joined(parts: list[Path], keys: bool, path: Path, folder: Path) -> Path:
    """Write the parts as one file, in the order of their names, by DuckDB in bounded memory."""
    target = folder / "data.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    files = "[" + ", ".join(literal(str(p)) for p in parts) + "]"
    config: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": str(folder)}
    try:
        with duckdb.connect(config=config) as con:
            _same_columns(con, files)
            rows = (
                f"read_parquet({files}, union_by_name=true, can_have_nan=true, "
                f"hive_partitioning={keys})"
            )
            _once([d[0] for d in con.sql(f"SELECT * FROM {rows} LIMIT 0").description])
            con.execute(
                f"COPY (SELECT * FROM {rows}) TO {literal(str(target))} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
    except duckdb.Error as error:
        raise _RefusedError(
            f"The parts of {path.name} could not be read as Parquet files "
            f"({type(error).__name__}). Prepare them again."
        ) from None
    return target


def _same_columns(con: duckdb.DuckDBPyConnection, files: str) -> None:
    found = con.execute(
        f"SELECT file_name, list(name ORDER BY name) FROM parquet_schema({files}) "
        "WHERE num_children IS NULL GROUP BY file_name ORDER BY file_name"
    ).fetchall()
    for _, names in found:
        _once(names)
    first, names = found[0]
    for other, its in found[1:]:
        differ = sorted({*names} ^ {*its})
        if differ:
            raise _RefusedError(
                f"The parts {Path(first).name} and {Path(other).name} do not have the same "
                f"columns: {', '.join(map(repr, differ))} is in one of them only."
            )


def _keys(parts: list[Path], path: Path) -> bool:
    """Whether columns stand in the names of the folders of the parts, such as `year=2024`."""
    above = Path(*itertools.takewhile(lambda name: not glob.has_magic(name), path.parts))
    return any("=" in str(part.parent.relative_to(above)) for part in parts)


def _arrow(frame: pd.DataFrame, names: Sequence[str]) -> pa.Table:
    arrays = [_column(frame.iloc[:, i], name) for i, name in enumerate(names)]
    return pa.Table.from_arrays(arrays, names=list(names))


def _column(column: pd.Series, name: str) -> pa.Array | pa.ChunkedArray:
    kind = column.dtype
    if pd.api.types.is_timedelta64_dtype(kind) or _arrow_type(kind, pa.types.is_duration):
        raise _RefusedError(f"The column {name!r} holds lengths of time. Make it text or numbers.")
    if isinstance(kind, pd.DatetimeTZDtype) or _arrow_type(kind, lambda t: getattr(t, "tz", None)):
        column = column.dt.tz_localize(None)
    elif pd.api.types.is_object_dtype(kind):
        column = _objects(column)
    elif isinstance(kind, pd.PeriodDtype | pd.IntervalDtype):
        column = _text(column)
    elif kind in ("float64", "float32") and column.isna().any():
        column = _whole(column)
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        try:
            return pa.array(_text(column), from_pandas=True)
        except Exception as error:
            raise _RefusedError(
                f"The column {name!r} cannot be kept ({type(error).__name__}). Make it text."
            ) from None


def _arrow_type(kind: Any, test: Any) -> bool:
    stored = getattr(kind, "pyarrow_dtype", None)
    return stored is not None and bool(test(stored))


def _objects(column: pd.Series) -> pd.Series:
    holds = pd.api.types.infer_dtype(column, skipna=True)
    if holds == "datetime":  # each value may have a zone of its own
        return column.map(lambda v: v.replace(tzinfo=None), na_action="ignore")
    # pandas takes days and times among each other for days, and the times would be lost
    days = holds != "date" or not column.map(lambda v: isinstance(v, datetime)).any()
    return column if holds in PLAIN and days else _text(column)


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).map(str, na_action="ignore")


def _whole(column: pd.Series) -> pd.Series:
    """Return whole numbers as such: pandas makes them 1.0 where one of the column is missing."""
    known = column.dropna()
    whole = len(known) and bool(((known % 1 == 0) & (known.abs() < 2**53)).all())
    return column.astype("Int64") if whole else column
