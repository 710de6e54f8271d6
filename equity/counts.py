"""The one pass over rows: any engine in, a small table of counts out; rows of people end here.

Privacy room. A count table holds no person's record, but its small cells can still tell about
people: it is for inside the agency. What may leave the house is decided in `equity.disclosure`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from narwhals.typing import IntoFrame

from equity.cohorts import Cohort
from equity.tables import AGE_BANDS, COHORT_YEARS, DERIVED

__all__ = ["CountTable", "count", "read_counts"]

_KEY = b"equity"
_VERSION = 1


@dataclass(frozen=True)
class CountTable:
    """How many people or stops there are in each combination of groups, and of how many a yes.

    Attributes
    ----------
    table : DataFrame with the `by` columns, `n` (how many), and for each flag ``f`` of `of` two
        columns: ``f`` (how many are known to be yes) and ``f_known`` (how many are known at all),
        so that a rate is ``f / f_known``. A combination that does not occur has no row. Where a
        `by` column is not known the value is missing: unknown is a row of its own, never dropped.
    by, of : names of the columns counted by, and of the flags.
    ledger : DataFrame `step, because, rows, left_out`: who was left out before counting, and why.
    provenance : what the counts were made from: agency, sources, dates, checks, labels.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    of: tuple[str, ...]
    ledger: pd.DataFrame
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def pipe(self, measure: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return ``measure(self, *args, **kwargs)``, so that calls read from left to right."""
        return measure(self, *args, **kwargs)

    def each(self, act: Callable[[CountTable], CountTable]) -> CountTable:
        """Return these counts made over by a function (protected counts: each of their draws)."""
        return act(self)

    def values(self, column: str) -> list[Any]:
        """Return the values of a `by` column that occur, in the order in which they are shown."""
        found = set(self._by(column).dropna().tolist())
        order = {v: i for i, v in enumerate(self.labels(column))}
        return sorted(found, key=lambda v: (order.get(v, len(order)), v))

    def labels(self, column: str) -> dict[Any, str]:
        """Return key -> words for the values of a `by` column ({} where they speak themselves)."""
        labels = dict(self.provenance.get("labels", {}).get(column, {}))
        kind = self.table[column].dtype if column in self.by else None
        if kind == "boolean":  # JSON knows no keys but text
            labels = {key == "true": words for key, words in labels.items()}
        elif kind is not None and pd.api.types.is_integer_dtype(kind):
            labels = {int(k) if str(k).isdecimal() else k: w for k, w in labels.items()}
        return labels

    def split(self, column: str) -> dict[Any, pd.DataFrame]:
        """Return the table in parts, one for each value of a `by` column that occurs, by value."""
        values = self._by(column)
        return {v: self.table[values == v].reset_index(drop=True) for v in self.values(column)}

    def crossed(self, *columns: str) -> CountTable:
        """Return the counts with one more `by` column: combinations of several others.

        ``crossed("race", "sex")`` adds `race_sex` with values such as "black female" (called
        "Black women"): a measure compares race and sex at once. It is missing where one is.
        """
        parts = [self._by(c) for c in columns]
        name = "_".join(columns)
        known = ~pd.concat([p.isna() for p in parts], axis=1).any(axis=1)
        text = parts[0].astype("str")
        for part in parts[1:]:
            text = text + " " + part.astype("str")
        order = itertools.product(*(self.values(c) for c in columns))
        words = [self.labels(c) for c in columns]
        labels = {
            " ".join(map(str, keys)): _together(
                columns, keys, [str(w.get(k, k)) for w, k in zip(words, keys, strict=True)]
            )
            for keys in order
        }
        table = self.table.assign(**{name: text.where(known).astype("str")})
        there = set(table[name].dropna())
        about = dict(self.provenance)
        about["labels"] = dict(about.get("labels", {})) | {
            name: {k: v for k, v in labels.items() if k in there}
        }
        return CountTable(table, (*self.by, name), self.of, self.ledger, about)

    def where(self, **choices: Any) -> CountTable:
        """Return the counts of a part: each column equal to a value, or to one of a list of them.

        None means no choice. A value that does not occur raises ValueError, listing those that do.
        """
        keep = pd.Series(True, index=self.table.index)
        for column, choice in choices.items():
            if choice is None:
                continue
            wanted = list(choice) if isinstance(choice, list | tuple | set) else [choice]
            values = self._by(column)
            strangers = [v for v in wanted if not (values == v).any()]
            if strangers:
                raise ValueError(
                    f"{column}={strangers[0]!r} does not occur in these counts. There are: "
                    f"{', '.join(map(str, self.values(column)))}."
                )
            keep &= values.isin(wanted).fillna(False).astype(bool)
        part = self.table[keep].reset_index(drop=True)
        return CountTable(part, self.by, self.of, self.ledger, self.provenance)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet, its ledger and provenance with it; never half a file."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {
            "version": _VERSION,
            "by": list(self.by),
            "of": list(self.of),
            "ledger": self.ledger.to_dict("records"),
            "provenance": self.provenance,
        }
        arrow = pa.Table.from_pandas(self.table, preserve_index=False)
        arrow = arrow.replace_schema_metadata(
            {**(arrow.schema.metadata or {}), _KEY: json.dumps(about, default=str).encode()}
        )
        draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            pq.write_table(arrow, draft, compression="zstd")
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        return path

    def _by(self, column: str) -> pd.Series:
        if column not in self.by:
            raise ValueError(
                f"{column!r} is not among the columns that were counted by: {', '.join(self.by)}."
            )
        return self.table[column]


_SEXES = {"female": "women", "male": "men", "nonbinary": "nonbinary people"}
_OF = {"multiple": "two or more races", "mixed": "mixed ethnicity", "other": "other groups"}


def _together(columns: tuple[str, ...], keys: tuple, words: list[str]) -> str:
    """Return the words of a combination: "Black women", "Women of two or more races"."""
    if columns != ("race", "sex") or keys[1] not in _SEXES:
        return ", ".join([words[0], *(w.lower() for w in words[1:])])
    race, sex = keys
    if race in _OF:
        return f"{_SEXES[sex].capitalize()} of {_OF[race]}"
    return f"Nonbinary {words[0]} people" if sex == "nonbinary" else f"{words[0]} {_SEXES[sex]}"


def count(
    rows: Cohort | IntoFrame,
    *,
    by: Sequence[str],
    of: Sequence[str] = (),
    weight: str | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> CountTable:
    """Count rows by groups, and in each group how many flags are yes and how many are known.

    The same rows give the same table on pandas, Polars, DuckDB and Spark.

    Parameters
    ----------
    rows : a :class:`~equity.cohorts.Cohort`, or a frame of any engine.
    by : columns to count by. Besides the columns of the rows: `year`, `month`, `weekday` (from
        `date`), `hour`, `clock_bin` (from `second_of_day`).
    of : nullable boolean columns ("flags"), such as ``search_conducted``.
    weight : a column of whole numbers that says for how many each row stands.
    provenance : what the rows came from; kept with the table.

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
    cohort = rows if isinstance(rows, Cohort) else Cohort(rows, weight=weight)
    weight = weight or cohort.weight
    by, of = tuple(by), tuple(of)
    if not by and not of:
        raise ValueError("by=[] and of=[]: name at least one column to count by.")
    frame = _derive(cohort.rows, by)
    _validate(frame, by, of, weight)
    cells = frame.select(*by, *of, *([weight] if weight else [])).group_by(*by, *of)
    size = nw.col(weight).sum() if weight else nw.len()
    table = _to_pandas(cells.agg(size.alias("n")))
    if "hire_cohort" in by and pd.api.types.is_numeric_dtype(table["hire_cohort"]):
        table = _cohorts_in_words(table)
    table = _known(table, by, of)
    ledger = cohort.ledger if cohort.steps else _whole(int(table["n"].sum()))
    return CountTable(table, by, of, ledger, dict(provenance or {}))


def read_counts(path: str | os.PathLike[str]) -> CountTable:
    """Read a count table that :meth:`CountTable.write` wrote, with its ledger and provenance.

    Raises FileNotFoundError or ValueError, saying what to do, where the file is missing or is
    not a count file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"There is no count file {path.name} in {path.parent}. Run `equity count` first."
        )
    try:
        arrow = pq.read_table(path)
        about = json.loads((arrow.schema.metadata or {})[_KEY])
    except (KeyError, pa.ArrowInvalid):
        raise ValueError(
            f"{path.name} is not a count file: it was not written by `equity count`. Dashboards "
            "open count files only, never rows of people."
        ) from None
    if about["version"] != _VERSION:
        raise ValueError(
            f"{path.name} was written by another version of equity (format {about['version']}, "
            f"this one reads {_VERSION}). Run `equity count` again."
        )
    ledger = pd.DataFrame(about["ledger"], columns=["step", "because", "rows", "left_out"])
    by, of = tuple(about["by"]), tuple(about["of"])
    return CountTable(_plain(arrow.to_pandas()), by, of, ledger, about["provenance"])


def _derive(frame: Any, by: Sequence[str]) -> Any:
    there = frame.collect_schema().names()
    recipes = {
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
    made = [
        recipes[name]().alias(name)  # whole numbers, though pandas makes floats of them
        for name in by
        if name in DERIVED and name not in there and DERIVED[name][0] in there
    ]
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


def _cohorts_in_words(table: pd.DataFrame) -> pd.DataFrame:
    first = table["hire_cohort"]
    words = [None if y is pd.NA else f"{int(y)}-{int(y) + COHORT_YEARS - 1}" for y in first]
    return table.assign(hire_cohort=pd.Series(words, index=table.index, dtype="str"))


def _validate(frame: Any, by: Sequence[str], of: Sequence[str], weight: str | None) -> None:
    names = [*by, *of, *([weight] if weight else [])]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is given twice in by, of and weight. Name it once.")
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
    for i, kind in enumerate(arrow.schema):
        if pa.types.is_decimal(kind.type):  # DuckDB adds whole numbers up to 128 bits
            arrow = arrow.set_column(i, kind.name, arrow[i].cast(pa.int64()))
    return _plain(arrow.to_pandas(types_mapper=_nullable))


def _nullable(kind: pa.DataType) -> Any:
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pd.StringDtype(na_value=float("nan"))
    return None


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Bring every engine's column types to one: str, boolean, Int64, datetime64[us]."""
    out = {}
    for name, column in table.items():
        kind = column.dtype
        objects = pd.api.types.is_object_dtype(kind)
        holds = pd.api.types.infer_dtype(column, skipna=True) if objects else ""
        if isinstance(kind, pd.CategoricalDtype) or holds in ("string", "empty"):
            column = column.astype("str")
        elif holds == "boolean":
            column = column.astype("boolean")
        elif name in DERIVED and pd.api.types.is_numeric_dtype(kind):
            column = column.astype("Int64")
        elif objects or pd.api.types.is_datetime64_any_dtype(kind):
            column = pd.to_datetime(column).astype("datetime64[us]")
        out[name] = column
    return pd.DataFrame(out)


def _known(cells: pd.DataFrame, by: tuple[str, ...], of: tuple[str, ...]) -> pd.DataFrame:
    """Collapse cells by flags into one row a group: n, and for each flag its yes and its known."""
    n = cells["n"].astype("int64")
    numbers = {"n": n}
    for flag in of:
        numbers[flag] = n.where(cells[flag].fillna(False).astype(bool), 0)
        numbers[f"{flag}_known"] = n.where(cells[flag].notna(), 0)
    wide = pd.concat([cells[list(by)], pd.DataFrame(numbers)], axis=1)
    if not by:
        return pd.DataFrame([wide.sum()])
    grouped = wide.groupby(list(by), dropna=False, sort=False, observed=True)
    table = grouped.sum().reset_index()
    return table.sort_values(list(by), na_position="last", kind="stable", ignore_index=True)


def _whole(rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"step": ["start"], "because": ["all records"], "rows": [rows], "left_out": [0]}
    )
