"""Tables of counts with a column for each group: checks their sums, makes a row of each cell."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from equity.sources import _text

__all__ = ["cell", "collected", "like", "long", "must_add_up", "shaped"]

_OWN = ("source_file", "source_row", "source_sheet", "not_a_record")


def cell(place: int) -> str:
    """Return the working name of one of the columns that count people."""
    return f"cell {place}"


def shaped(
    source: Any,
    found: Mapping[str, str],
    cells: int,
    *,
    numbers: Sequence[str] = (),
    fill: bool = True,
) -> Any:
    """Return the columns of `found`, counts as whole numbers, all else as text.

    A cell that is blank or a dash counts nobody: with `fill` it is 0. One that is neither that
    nor a whole number raises ValueError.
    """
    counts = [cell(i) for i in range(cells)]
    own = {c: c for c in _OWN if c in source.collect_schema().names()}
    wanted = {
        ours: (header, "integer" if ours in (*counts, *numbers, "source_row") else "text")
        for ours, header in {**own, **found}.items()
    }
    rows = _text.shape(source, wanted, blanks=(*_text.BLANKS, "-", "–", "—", "$ -"))
    there = rows.collect_schema().names()
    raw = [c for c in (*counts, *numbers) if f"raw_{c}" in there]
    record = ~nw.col("not_a_record").is_null() if "not_a_record" in there else None
    for name in raw:
        unread = nw.col(name).is_null() & ~nw.col(f"raw_{name}").is_null()
        bad = collected(rows.filter(unread if record is None else unread & ~record).head(1))
        if len(bad):
            raise ValueError(
                f"Column {found[name]!r}{_where(bad)} holds something that is not a whole number "
                "of people. Correct it in the file."
            )
    if "raw_source_row" in there:
        raw.append("source_row")
    rows = rows.drop(*(f"raw_{c}" for c in raw))
    return rows.with_columns(nw.col(c).fill_null(0) for c in counts) if fill else rows


def must_add_up(
    rows: Any,
    parts: Sequence[int],
    total: str,
    *,
    label: str,
    what: str,
    headers: Mapping[str, str],
) -> None:
    """Raise ValueError where cells do not add up to the column `total`, naming the rows."""
    if not parts:
        return
    sums = functools.reduce(operator.add, (nw.col(cell(i)) for i in parts))
    off = rows.with_columns(_sum=sums).filter(nw.col("_sum") != nw.col(total))
    if "not_a_record" in rows.collect_schema().names():
        off = off.filter(nw.col("not_a_record").is_null())
    bad = collected(off.select(label, total, "_sum").sort(label))
    if not len(bad):
        return
    shown = [
        f"{row[label]!r} ({row['_sum']} instead of {row[total]})"
        for row in bad.head(10).iter_rows(named=True)
    ]
    more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    raise ValueError(
        f"In {len(bad)} rows {what} do not add up to {headers.get(total, total)!r}: "
        f"{', '.join(shown)}{more}. Correct the file, or name the columns that are missing."
    )


def long(rows: Any, facts: Sequence[Mapping[str, str | None]]) -> Any:
    """Return a row for each cell: the row's own columns, `facts` of its column, and `weight`.

    `facts` are in the order of the cells, each our column -> the word that holds for it; cells of
    the same facts are added. A row that is no record stays one row, without figures.
    """
    names = rows.collect_schema().names()
    index = [c for c in names if c not in {cell(i) for i in range(len(facts))}]
    alike: dict[tuple[str | None, ...], list[int]] = {}
    for place, fact in enumerate(facts):
        alike.setdefault(tuple(fact.values()), []).append(place)
    places = list(alike.values())
    added = [
        functools.reduce(operator.add, (nw.col(cell(i)) for i in same)).alias(cell(same[0]))
        for same in places
        if len(same) > 1
    ]
    rows = rows.with_columns(*added) if added else rows
    facts = [facts[same[0]] for same in places]
    cells = [cell(same[0]) for same in places]
    # not unpivot, which on DuckDB looks for the rows on another connection than theirs
    out = nw.concat(
        [rows.select(*index, cell=nw.lit(c), weight=nw.col(c)) for c in cells], how="vertical"
    )
    if "not_a_record" in names:
        record = nw.col("not_a_record").is_null()
        out = out.filter(record | (nw.col("cell") == cells[0]))
    out = out.with_columns(
        *(_fact(c, cells, [fact.get(c) for fact in facts]) for c in facts[0]),
        nw.col("weight").cast(nw.Int64),
    )
    if "not_a_record" in names:
        new = (*facts[0], "weight")
        out = out.with_columns(
            nw.when(nw.col("not_a_record").is_null()).then(nw.col(c)).alias(c) for c in new
        )
    order = [c for c in index if not c.startswith("raw_")]
    raw = [c for c in index if c.startswith("raw_")]
    return out.select(*order, *facts[0], "weight", *raw)


def _fact(name: str, cells: Sequence[str], words: Sequence[str | None]) -> nw.Expr:
    by_word: dict[str, list[str]] = {}
    for place, word in zip(cells, words, strict=True):
        if word is not None:
            by_word.setdefault(word, []).append(place)
    chosen: Any = nw
    for word, places in (by_word or {"-": ["-"]}).items():
        chosen = chosen.when(_text.is_one_of(nw.col("cell"), places)).then(nw.lit(word))
    return chosen.alias(name)


def collected(rows: Any) -> Any:
    """Return the rows of a frame that may be lazy."""
    return rows.collect() if isinstance(rows, nw.LazyFrame) else rows


def like(frame: Any, rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> Any:
    """Return a few rows as a table of the engine that `frame` is of, in its types.

    `kinds` is column -> text, integer, flag or date.
    """
    import pyarrow as pa

    types = {"text": pa.string(), "integer": pa.int64(), "flag": pa.bool_(), "date": pa.date32()}
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    table = pa.Table.from_pylist([{c: row.get(c) for c in kinds} for row in rows], schema=schema)
    source = nw.from_native(frame)
    engine = source.implementation
    if engine.is_pandas():
        return _text.finish(_text.start(table.to_pandas(types_mapper=_arrow_type)))
    if engine.is_polars():
        import polars as pl

        made = pl.DataFrame(table)
        return made.lazy() if isinstance(source, nw.LazyFrame) else made
    if engine.is_duckdb():
        import duckdb

        return duckdb.from_arrow(table)
    words = {"text": "string", "integer": "bigint", "flag": "boolean", "date": "date"}
    ddl = ", ".join(f"`{name}` {words[kind]}" for name, kind in kinds.items())
    values = [tuple(row.values()) for row in table.to_pylist()]
    return source.to_native().sparkSession.createDataFrame(values, ddl)


def _arrow_type(kind: Any) -> Any:
    import pandas as pd

    return pd.ArrowDtype(kind)


def _where(rows: Any) -> str:
    if "source_row" not in rows.columns:
        return ""
    return f", row {rows['source_row'].to_list()[0]},"
