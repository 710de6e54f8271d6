"""What counting gives: a small table of counts, its ledger, and the file that holds them.

Privacy room. A count table holds no person's record, but its small cells can still tell about
people: it is for inside the agency. What may leave the house is decided in `equity.disclosure`.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from equity.tables import DERIVED

__all__ = ["CountTable", "plain", "read_counts"]

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
        if column not in self._found:
            found = self._by(column).dropna().unique().tolist()
            order = {v: i for i, v in enumerate(self.labels(column))}
            self._found[column] = sorted(found, key=lambda v: (order.get(v, len(order)), v))
        return list(self._found[column])

    @cached_property
    def _found(self) -> dict[str, list[Any]]:
        """The values of columns that were asked for: figures ask for the same ones again."""
        return {}

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


def read_counts(path: str | os.PathLike[str], *, coded: bool = False) -> CountTable:
    """Read a count table that :meth:`CountTable.write` wrote, with its ledger and provenance.

    coded : hold texts as categories, a number for each row. Of large tables this is a third of
    the memory, and measures fold them faster; their figures are the same. Residents,
    and tables that a measure gave (`threshold_test`, `officers`), are read as ever.

    Raises FileNotFoundError or ValueError, saying what to do, where the file is missing or is
    not a count file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"There is no count file {path.name} in {path.parent}. Run `equity count` first."
        )
    try:
        kinds = pq.read_schema(path)
        about = json.loads((kinds.metadata or {})[_KEY])
        made = about["provenance"]
        counted = not made.get("measure") and made.get("table") != "residents"
        texts = [f.name for f in kinds if coded and counted and str(f.type).endswith("string")]
        # without threads: a process that copies itself must have none, see `equity.serve`
        with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as file:
            arrow = file.read(use_threads=not coded)
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
    table = arrow.drop(texts).to_pandas(use_threads=not coded).pipe(plain)
    for name in texts:
        words = arrow[name].unify_dictionaries().to_pandas(use_threads=False)
        table[name] = words.cat.reorder_categories(sorted(words.cat.categories))
    return CountTable(table[arrow.column_names], by, of, ledger, about["provenance"])


def plain(table: pd.DataFrame) -> pd.DataFrame:
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
