"""Counts rows: one function for every engine, one pass for several tables."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from narwhals.typing import IntoFrame

from equity.cohorts import Cohort
from equity.counts._add import summed
from equity.counts._cells import Found
from equity.counts._parquet import Pass, Unfit
from equity.counts._table import CountTable, plain
from equity.engine import Files
from equity.tables import AGE_BANDS, COHORT_YEARS, DERIVED

__all__ = ["count", "count_all"]

Rows = Cohort | IntoFrame | str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Tell = Callable[[str], None]
EVERY = 2.0
"""Seconds between two sentences about a long pass."""


def count(
    rows: Rows,
    *,
    by: Sequence[str],
    of: Sequence[str] = (),
    weight: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    tell: Tell | None = None,
) -> CountTable:
    """Count rows by groups, and in each group how many flags are yes and how many are known.

    The same rows give the same table on pandas, Polars, DuckDB and Spark, and from CSV and
    Parquet files, which are read in bounded memory (see `equity.engine` for its settings).

    Parameters
    ----------
    rows : a :class:`~equity.cohorts.Cohort`, a frame of any engine, or the name of a file, a
        folder or a pattern such as ``"stops/*.parquet"``.
    by : columns to count by. Besides the columns of the rows: `year`, `month`, `weekday` (from
        `date`), `hour`, `clock_bin` (from `second_of_day`).
    of : nullable boolean columns ("flags"), such as ``search_conducted``.
    weight : a column of whole numbers that says for how many each row stands.
    provenance : what the rows came from; kept with the table.
    tell : is called with a sentence every two seconds of a long pass over files; without it
        nothing is said. What it raises, such as KeyboardInterrupt, ends the pass.

    Raises
    ------
    ValueError
        A column is not there, a name is given twice, or a weight is missing or negative.
    TypeError
        A flag is not boolean.

    Notes
    -----
    What a count cannot show: who is not in the file at all.

    Examples
    --------
    >>> rows = pd.DataFrame({"race": ["a", "a", None], "hired": pd.array([True, None, False])})
    >>> print(count(rows, by=["race"], of=["hired"]).table.to_string(index=False))
    race  n  hired  hired_known
       a  2      1            1
     NaN  1      0            1
    """
    name = "counts"
    made = count_all(rows, {name: (by, of)}, weight=weight, provenance=provenance, tell=tell)
    return made[name]


def count_all(
    rows: Rows,
    tables: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    *,
    weight: str | None = None,
    provenance: Mapping[str, Any] | None = None,
    tell: Tell | None = None,
) -> dict[str, CountTable]:
    """Count several tables of the same rows: of Parquet files all in one pass over them.

    Parameters
    ----------
    rows, weight, provenance, tell : as in :func:`count`.
    tables : name -> the columns to count by, and the flags.

    Returns
    -------
    dict
        name -> the table that :func:`count` gives for it. All have the same ledger.

    Raises
    ------
    ValueError, TypeError
        As in :func:`count`.

    Notes
    -----
    Tables whose combinations do not fit into memory (8 million each, those of three flags
    included) are counted one by one, as are the rows of other engines. What it cannot show: who
    is not in the file at all.

    Examples
    --------
    >>> rows = pd.DataFrame({"race": ["a", "a", None], "sex": ["f", "m", "f"]})
    >>> made = count_all(rows, {"races": (["race"], []), "sexes": (["sex"], [])})
    >>> {name: counts.table["n"].tolist() for name, counts in made.items()}
    {'races': [2, 1], 'sexes': [2, 1]}
    """
    cohort = rows if isinstance(rows, Cohort) else Cohort(rows, weight=weight)
    weight = weight or cohort.weight
    asked = {name: (tuple(by), tuple(of)) for name, (by, of) in tables.items()}
    for by, of in asked.values():
        if not by and not of:
            raise ValueError("by=[] and of=[]: name at least one column to count by.")
    found, left = _by_codes(cohort, asked, weight, _seldom(tell))
    ledger = cohort.told(left) if left else None
    for name, (by, of) in asked.items():
        if name not in found:
            found[name] = _by_engine(cohort, by, of, weight)
    if ledger is None and cohort.steps:
        ledger = cohort.ledger
    about = dict(provenance or {})
    return {
        name: CountTable(
            found[name],
            *asked[name],
            _whole(int(found[name]["n"].sum())) if ledger is None else ledger,
            dict(about),
        )
        for name in asked
    }


def _by_codes(
    cohort: Cohort,
    asked: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
    weight: str | None,
    tell: Callable[[int, int], None],
) -> tuple[dict[str, pd.DataFrame], list[int]]:
    """Return the tables that one pass over codes gives, and the rows left after each step."""
    if not isinstance(cohort.given, Files) or cohort.given.kind != "parquet" or weight:
        return {}, []
    derive = {name: (DERIVED[name][0], recipe) for name, recipe in RECIPES.items()}
    for by, of in asked.values():
        _named_once(by, of, weight)
    fit, one = dict(asked), _pass(cohort, asked, derive)
    if one is None:  # what cannot be counted so must not hinder the others
        fit = {name: t for name, t in asked.items() if _pass(cohort, {name: t}, derive)}
        one = _pass(cohort, fit, derive) if fit else None
    if one is None:
        return {}, []
    try:
        cells, left = one.run(tell)
    except _NOT_BY_CODES:
        return {}, []
    found = {}
    for name in list(cells):
        with contextlib.suppress(*_NOT_BY_CODES):  # the engine counts this one
            found[name] = _counted(cells.pop(name).found(), fit[name][0])
    return found, left


def _pass(cohort: Cohort, tables: Mapping[str, Any], derive: Mapping[str, Any]) -> Pass | None:
    """Return the pass for these tables; None where one of them cannot be counted by codes."""
    try:
        return Pass(cohort, tables, derive)
    except _NOT_BY_CODES:
        return None


_NOT_BY_CODES = (
    *(Unfit, ValueError, ArithmeticError, OSError),
    *(pa.ArrowException, duckdb.Error, nw.exceptions.NarwhalsError),
)
"""Codes are a shorter way only: where they stumble, the engine counts or says what is wrong."""


def _counted(found: Found, by: tuple[str, ...]) -> pd.DataFrame:
    """Return the table: the types of values are settled on few of them, then taken for all."""
    values = {n: _finished(_arrow_to_pandas(pa.table({n: a})))[n] for n, a in found.values.items()}
    columns = {name: _spread(values[name].array, found, name) for name in by}
    numbers = {name: n.astype("int64", copy=False) for name, n in found.numbers.items()}
    return pd.DataFrame(columns | numbers, copy=False)


def _spread(values: Any, found: Found, name: str) -> Any:
    """Return the value of each group, some groups at once: so little more is held than these."""
    rows, of_none, kind = len(found.codes), values.isna(), values.dtype
    texts = isinstance(values, pd.arrays.ArrowStringArray)
    masked = isinstance(values, pd.arrays.IntegerArray | pd.arrays.BooleanArray)
    if texts:
        words = pa.array(values.to_numpy(object), pa.large_string(), from_pandas=True)
        part = pc.call_function("binary_length", [words.fill_null("")]).to_numpy()
    else:
        part = values.to_numpy(kind.numpy_dtype, na_value=0) if masked else values
        part = np.asarray(part)
    whole = np.zeros(rows + texts, part.dtype)
    missing = np.zeros(rows, bool)  # which takes no memory where none is written
    for start, some in found.places(name):
        end = start + len(some)
        whole[start + texts : end + texts] = part.take(some)
        none = of_none.take(some)
        if none.any():
            missing[start:end] = none
    if not texts:
        return type(values)(whole, missing) if masked else whole
    ends = np.cumsum(whole, out=whole)
    data = np.empty(ends[-1], np.uint8)
    for start, some in found.places(name):
        first, last = ends[start], ends[start + len(some)]
        text = words.take(pa.array(some)).buffers()[2]
        data[first:last] = np.frombuffer(text, np.uint8, last - first)
    known = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [known, pa.py_buffer(ends), pa.py_buffer(data)]
    return kind.__from_arrow__(pa.Array.from_buffers(pa.large_string(), rows, buffers))


def _by_engine(
    cohort: Cohort, by: tuple[str, ...], of: tuple[str, ...], weight: str | None
) -> pd.DataFrame:
    """Count by the engine that the rows came in: combinations of groups and flags, summed here."""
    frame = _derive(cohort.rows, by)
    _validate(frame, by, of, weight)
    cells = frame.select(*by, *of, *([weight] if weight else [])).group_by(*by, *of)
    size = nw.col(weight).sum() if weight else nw.len()
    return _known(_finished(_to_pandas(cells.agg(size.alias("n")))), by, of)


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    if "hire_cohort" in table and pd.api.types.is_numeric_dtype(table["hire_cohort"]):
        return _cohorts_in_words(table)
    return table


def _seldom(tell: Tell | None) -> Callable[[int, int], None]:
    """Return what is told of a pass: a sentence every two seconds."""
    last = [time.monotonic()]

    def told(done: int, whole: int) -> None:
        if tell is not None and time.monotonic() - last[0] >= EVERY:
            last[0] = time.monotonic()
            tell(f"Counted {done:,} of {whole:,} rows ({100 * done // whole} %)")

    return told


def _derive(frame: Any, by: Sequence[str]) -> Any:
    schema = frame.collect_schema()
    made = []
    for name in by:
        source = DERIVED.get(name, ("", ""))[0]
        if name in schema or source not in schema:
            continue
        if source.endswith("date") and not schema[source].is_temporal():
            raise TypeError(
                f"{name!r} is made from {source!r}, which is {schema[source]} here, not a date. "
                "Standardize the rows first (equity.sources), or turn the column into dates."
            )
        made.append(RECIPES[name]().alias(name))  # whole, though pandas makes floats of them
    return frame.with_columns(*made) if made else frame


def _age_band() -> nw.Expr:
    age = nw.col("subject_age")
    band: Any = nw.lit(None, dtype=nw.String)
    for low, words in AGE_BANDS:
        above = ~age.is_null() & (age >= low)  # engines differ on unknown
        band = nw.when(above).then(nw.lit(words)).otherwise(band)
    return band


def _hire_cohort() -> nw.Expr:
    """Return the first year of the cohort: a number, put into words once counted."""
    return nw.col("hire_date").dt.year() // COHORT_YEARS * COHORT_YEARS


RECIPES: dict[str, Callable[[], Any]] = {
    "year": lambda: nw.col("date").dt.year(),
    "month": lambda: nw.col("date").dt.month(),
    # modulo because one engine numbers Sunday 0 and the others 7
    "weekday": lambda: (nw.col("date").dt.weekday() + 6) % 7 + 1,
    "hour": lambda: nw.col("second_of_day") // 3600,
    "clock_bin": lambda: nw.col("second_of_day") // 300,
    "age_band": _age_band,
    "hire_year": lambda: nw.col("hire_date").dt.year(),
    "hire_cohort": _hire_cohort,
    "exit_year": lambda: nw.col("exit_date").dt.year(),
}
"""Columns that are made from others (`equity.tables.DERIVED`) -> how."""


def _cohorts_in_words(table: pd.DataFrame) -> pd.DataFrame:
    first = table["hire_cohort"]
    words = [None if y is pd.NA else f"{int(y)}-{int(y) + COHORT_YEARS - 1}" for y in first]
    return table.assign(hire_cohort=pd.Series(words, index=table.index, dtype="str"))


def _named_once(by: Sequence[str], of: Sequence[str], weight: str | None) -> list[str]:
    names = [*by, *of, *([weight] if weight else [])]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is given twice in by, of and weight. Name it once.")
    return names


def _validate(frame: Any, by: Sequence[str], of: Sequence[str], weight: str | None) -> None:
    names = _named_once(by, of, weight)
    schema = frame.collect_schema()
    missing = [name for name in names if name not in schema]
    if missing:
        raise ValueError(
            f"{', '.join(map(repr, missing))} cannot be counted: these rows have no such column. "
            f"They have: {', '.join(schema.names())}."
        )
    for name in of:
        if schema[name] != nw.Boolean:
            raise TypeError(
                f"of={name!r} is {schema[name]}, not boolean. A flag is True, False or missing: "
                "standardize the rows first (equity.sources), or compare the column with a value."
            )
    if weight:
        if not schema[weight].is_integer():
            raise TypeError(f"weight={weight!r} is {schema[weight]}; it must be whole numbers.")
        column = nw.col(weight)
        bad = frame.filter(column.is_null() | (column < 0)).select(nw.len())
        bad = bad.collect() if isinstance(bad, nw.LazyFrame) else bad
        if bad.item():
            raise ValueError(
                f"weight={weight!r} is missing or negative in {bad.item()} rows. Set these rows "
                "aside, or drop them from the cohort with a reason."
            )


def _to_pandas(frame: Any) -> pd.DataFrame:
    arrow = (
        frame.collect(backend="pyarrow").to_native()
        if isinstance(frame, nw.LazyFrame)
        else frame.to_arrow()
    )
    return _arrow_to_pandas(arrow)


def _arrow_to_pandas(arrow: pa.Table) -> pd.DataFrame:
    for i, kind in enumerate(arrow.schema):
        if pa.types.is_decimal(kind.type):  # DuckDB adds whole numbers up to 128 bits
            arrow = arrow.set_column(i, kind.name, arrow[i].cast(pa.int64()))
        elif pa.types.is_date(kind.type):  # else a column without any date would not be one
            arrow = arrow.set_column(i, kind.name, arrow[i].cast(pa.timestamp("us")))
    return plain(arrow.to_pandas(types_mapper=_nullable))


def _nullable(kind: pa.DataType) -> Any:
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.StringDtype(na_value=float("nan"))
    return None


def _known(cells: pd.DataFrame, by: tuple[str, ...], of: tuple[str, ...]) -> pd.DataFrame:
    """Collapse cells by flags into one row a group: n, and for each flag its yes and its known."""
    n = cells["n"].astype("int64")
    numbers = {"n": n}
    for flag in of:
        numbers[flag] = n.where(cells[flag].fillna(False).astype(bool), 0)
        numbers[f"{flag}_known"] = n.where(cells[flag].notna(), 0)
    wide = pd.concat([cells[list(by)], pd.DataFrame(numbers)], axis=1)
    return summed(wide, by)


def _whole(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"step": ["start"], "because": ["all records"], "rows": [rows], "left_out": [0]}
    )
