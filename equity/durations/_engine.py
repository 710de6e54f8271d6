"""Any engine's frame as a lazy one and back; pandas goes by way of DuckDB.

One way of running means one meaning of missing; the result is again a frame of what came in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

from equity.cohorts import Cohort

__all__ = ["beside", "collected", "lazily", "text"]


def lazily(rows: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return a lazy narwhals frame of the rows, and the function that gives the result back."""
    wrapped = isinstance(rows, nw.DataFrame | nw.LazyFrame)
    frame = (rows if isinstance(rows, Cohort) else Cohort(rows)).rows
    kind = frame.implementation
    if kind.is_pandas():
        return nw.from_native(_in_duckdb(frame.to_native())), _wrapped(_to_pandas, wrapped)
    spark = kind.is_pyspark() or kind.is_pyspark_connect()
    if not (kind.is_polars() or kind.is_duckdb() or spark):
        raise TypeError(
            f"rows are a frame of {kind.name.lower()}; durations are found in pandas, Polars, "
            "DuckDB and Spark frames. Convert the rows to one of them."
        )
    eager = isinstance(frame, nw.DataFrame)
    return frame.lazy(), _wrapped(
        (lambda made: made.collect().to_native()) if eager else (lambda made: made.to_native()),
        wrapped,
    )


def _wrapped(function: Callable[[Any], Any], wrapped: bool) -> Callable[[Any], Any]:
    return (lambda made: nw.from_native(function(made))) if wrapped else function


def _in_duckdb(frame: pd.DataFrame) -> Any:
    import duckdb

    return duckdb.from_arrow(_arrow(frame))


def _arrow(frame: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for i, kind in enumerate(table.schema):  # a column of nothing has no type to see
        if pa.types.is_null(kind.type):
            dated = kind.name == "date" or kind.name.endswith("_date")
            nothing = pa.nulls(len(table), pa.date32() if dated else pa.string())
            table = table.set_column(i, kind.name, nothing)
    return table.replace_schema_metadata(None)


_PANDAS = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.string(): pd.StringDtype(na_value=float("nan")),
}


def _to_pandas(made: Any) -> pd.DataFrame:
    table = made.collect(backend="pyarrow").to_arrow()
    dates = {k.name: "datetime64[us]" for k in table.schema if pa.types.is_date(k.type)}
    frame = table.to_pandas(types_mapper=_PANDAS.get, date_as_object=False)
    return frame.astype(dates)


def collected(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a small lazy frame as dictionaries."""
    return frame.collect(backend="pyarrow").to_arrow().to_pylist()


def beside(other: Any, frame: Any) -> Any:
    """Return `other`, of any engine, as a lazy frame that can be joined to `frame`.

    Frames of one engine may still be of two connections, so that it is carried over.
    """
    moved = (other if isinstance(other, Cohort) else Cohort(other)).rows
    if isinstance(moved, nw.LazyFrame):
        table = moved.collect(backend="pyarrow").to_arrow()
    else:
        table = _arrow(moved.to_native()) if moved.implementation.is_pandas() else moved.to_arrow()
    kind, native = frame.implementation, frame.to_native()
    if kind.is_polars():
        import polars

        return nw.from_native(polars.from_arrow(table).lazy())  # type: ignore[union-attr]
    if kind.is_duckdb():
        return nw.from_native(_of_its_connection(native, table))
    return nw.from_native(native.sparkSession.createDataFrame(table))


def _of_its_connection(native: Any, _durations_table: pa.Table) -> Any:
    """Return the table as a relation of the connection that `native` is of, whichever that is.

    A connection may be closed to Python's variables; then the values are written out.
    """
    import duckdb

    try:
        return native.query("_durations_rows", "SELECT * FROM _durations_table")
    except duckdb.CatalogException:
        columns = []
        for name in _durations_table.column_names:
            values = _durations_table[name]
            kind = next((w for test, w in _IN_DUCKDB if test(values.type)), "VARCHAR")
            literals = (
                "NULL" if v is None else "'" + str(v).replace("'", "''") + "'"
                for v in values.to_pylist()
            )
            header = name.replace('"', '""')
            columns.append(f'unnest([{", ".join(literals)}]::{kind}[]) AS "{header}"')
        return native.query("_durations_rows", f"SELECT {', '.join(columns)}")


_IN_DUCKDB = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_integer, "BIGINT"),
    (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_timestamp, "TIMESTAMP"),
)


def text(schema: Any, name: str) -> nw.Expr:
    """Return a column as text, or nothing where there is no such column."""
    if name not in schema:
        return nw.lit(None, dtype=nw.String).alias(name)
    column = nw.col(name)
    return (column if schema[name] == nw.String else column.cast(nw.String)).alias(name)
