"""What has changed since the release before this one, and what that one tells an attacker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from equity.disclosure._body import Disclosed, Table

__all__ = ["changed", "known_from"]

_FIXED = ("table", "cell", "quantity", "value", "hidden")
_PERIODS = ("year", "month", "quarter")
_KINDS = (
    "table added", "table gone", "period added", "period gone", "category added",
    "category gone", "new", "gone", "revised", "shown now", "hidden now", "unchanged",
)  # fmt: skip
_MANY = 8  # so many values are named, not more
_COLUMNS = ("table", "kind", "column", "number", "values", "words")


def changed(old_cells: pd.DataFrame, new_cells: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return what is new, gone and revised between two releases, in words for a note.

    What has changed since the last release?

    Parameters
    ----------
    old_cells, new_cells : the published cells of both, as `Protection.cells`: `table`, `cell`, a
        column for each column counted by, `quantity`, and `value`, missing where hidden.
    minimum : numbers of fewer people are hidden.

    Returns
    -------
    DataFrame
        A row for each `table` and `kind`, where there is any: "table added" or "gone"; "period
        added" or "gone" and "category added" or "gone", with the `column` and its `values`; how
        many counts (`number`) are "new" or "gone" with them, "revised" (published in both with
        another number), "shown now" or "hidden now" (published in one of the two), and
        "unchanged"; and a sentence in `words`. Numbers of people are those published in both.

    Raises
    ------
    ValueError
        A column is missing, a cell stands twice, or `minimum` is less than 2.
    Disclosed
        A count that is published in both releases has moved by 1 to ``minimum - 1``: the
        difference tells about so few people. `protect(..., known=...)` prevents that.

    Notes
    -----
    It cannot show why a count was revised: records may have been corrected, added, or taken out.

    Examples
    --------
    >>> old = pd.DataFrame({"table": "t", "cell": ["race=a"], "race": ["a"], "quantity": "n",
    ...                     "value": [40], "hidden": False})
    >>> new = old.assign(value=[60])
    >>> changed(old, new, 10)[["kind", "number", "words"]].values.tolist()
    [['revised', 1, '1 count was revised, by 20.']]
    """
    if minimum < 2:
        raise ValueError(f"minimum={minimum!r} must be 2 or more: below it nothing is hidden.")
    old, new = _cells(old_cells, "old_cells"), _cells(new_cells, "new_cells")
    rows: list[dict[str, Any]] = []
    tables = list(dict.fromkeys([*new["table"], *old["table"]]))
    for table in tables:
        before, after = old[old["table"] == table], new[new["table"] == table]
        if before.empty or after.empty:
            kind = "table added" if before.empty else "table gone"
            rows.append(_row(table, kind, len(before) + len(after)))
            continue
        rows += _values(table, before, after)
        rows += _counts(table, before, after, minimum)
    out = pd.DataFrame(rows, columns=list(_COLUMNS))
    order = out["kind"].map(_KINDS.index).to_numpy()
    out = out.assign(order=order).sort_values(["table", "order", "column"], kind="stable")
    out = out.drop(columns="order").reset_index(drop=True)
    texts = ("table", "kind", "column", "values", "words")
    return out.astype({**dict.fromkeys(texts, "str"), "number": "int64"})


def known_from(old_cells: pd.DataFrame, tables: Mapping[str, Table]) -> pd.DataFrame:
    """Return what an earlier release tells of the tables that are published now.

    Parameters
    ----------
    old_cells : the cells of that release, as `Protection.cells` or read from its file.
    tables : the tables of this release, by name.

    Returns
    -------
    DataFrame
        Cells as `protect` takes them for `known`: those that were published with a number, of a
        table, columns and a flag that are still there; `value` in nullable whole numbers.

    Raises
    ------
    ValueError
        A column is missing, a cell stands twice, or a number is negative or not whole.

    Notes
    -----
    What was hidden then is not in it. Releases before that one are not looked at; put their cells
    together, the newest first, where they differ in what they publish.

    Examples
    --------
    >>> cells = pd.DataFrame({"table": ["t", "u"], "cell": "race=a", "race": "a", "quantity": "n",
    ...                       "value": [40, 12], "hidden": False})
    >>> frame = pd.DataFrame({"race": ["a"], "n": [41]})
    >>> known_from(cells, {"t": Table(frame, ("race",))})["value"].tolist()
    [40]
    """
    old = _cells(old_cells, "old_cells")
    columns = _by(old)
    keep = old["value"].notna()
    for i, row in zip(old.index, old.to_dict("records"), strict=True):
        table = tables.get(row["table"])
        flag = row["quantity"].rsplit(": ", 1)[0]
        keep[i] &= (
            table is not None
            and (row["quantity"] == "n" or flag in table.of)
            and all(row[c] == "" or c in table.by for c in columns)
        )
    there = {c for t in tables.values() for c in t.by}
    gone = [c for c in columns if c not in there]
    return old[keep].drop(columns=gone).assign(hidden=False).reset_index(drop=True)


def _cells(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return cells as text and nullable whole numbers, also where they were read from a file."""
    absent = [c for c in _FIXED[:4] if c not in cells.columns]
    if absent:
        raise ValueError(f"{name} has no column {absent[0]!r}; cells have {', '.join(_FIXED)}.")
    out = cells.copy()
    for column in (*_by(cells), "table", "cell", "quantity"):
        out[column] = [_text(v) for v in cells[column].tolist()]
    value = pd.to_numeric(cells["value"]).astype("Float64")
    bad = (value < 0) | (value != value.round())
    if bad.fillna(False).any():
        raise ValueError(
            f"{name} holds a value that is no number of people: negative or not whole."
        )
    out["value"] = value.round().astype("Int64")
    twice = out.duplicated(["table", *_by(out), "quantity"])
    if twice.any():
        first = out[twice].iloc[0]
        raise ValueError(f"{name} holds a cell twice: {first['table']}, {first['cell']}.")
    return out.reset_index(drop=True)


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a year beside blanks is read from a file as 2024.0
    return str(value)


def _by(cells: pd.DataFrame) -> list[str]:
    return [str(c) for c in cells.columns if c not in _FIXED]


def _values(table: str, before: pd.DataFrame, after: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the periods and categories that came or went."""
    rows = []
    for column in dict.fromkeys([*_by(after), *_by(before)]):
        was, now = ({*f[column]} - {""} if column in f else set() for f in (before, after))
        if not was or not now:  # not a new value, but another way to count
            continue
        what = "period" if column in _PERIODS else "category"
        for kind, found in (("added", now - was), ("gone", was - now)):
            if found:
                names = sorted(found)
                rows.append(_row(table, f"{what} {kind}", len(names), column=column, names=names))
    return rows


def _counts(
    table: str, before: pd.DataFrame, after: pd.DataFrame, minimum: int
) -> list[dict[str, Any]]:
    """Return how many counts are new, gone, revised and as they were."""
    was, now = _keyed(before), _keyed(after)
    found = {"new": len(now.keys() - was.keys()), "gone": len(was.keys() - now.keys())}
    found |= dict.fromkeys(("shown now", "hidden now", "unchanged"), 0)
    moved: list[int] = []
    for key in now.keys() & was.keys():
        a, b = was[key], now[key]
        if pd.isna(a) and pd.isna(b):
            found["unchanged"] += 1
        elif pd.isna(a) or pd.isna(b):
            found["hidden now" if pd.isna(b) else "shown now"] += 1
        elif a == b:
            found["unchanged"] += 1
        elif abs(b - a) < minimum:
            raise Disclosed(
                f"A count of the table {table!r} would be published that has moved by fewer than "
                f"{minimum} since the last release: the difference tells about so few people. "
                "Protect the tables with known=known_from(...), or leave the table out."
            )
        else:
            moved.append(abs(b - a))
    rows = [_row(table, kind, number) for kind, number in found.items() if number]
    if moved:
        rows.append(_row(table, "revised", len(moved), moved=moved))
    return rows


def _keyed(cells: pd.DataFrame) -> dict[tuple[Any, ...], Any]:
    """Return the value of each cell; a column that is summed over is no part of what it is."""
    by = sorted(_by(cells))
    return {
        (row["quantity"], *((c, row[c]) for c in by if row[c] != "")): row["value"]
        for row in cells.to_dict("records")
    }


def _row(
    table: str,
    kind: str,
    number: int,
    *,
    column: str = "",
    names: Sequence[str] = (),
    moved: Sequence[int] = (),
) -> dict[str, Any]:
    several = number != 1
    counts = f"{number:,} count{'s' * several}"
    one = "were" if several else "was"
    words = {
        "table added": f"This table is new, with {counts}.",
        "table gone": f"This table is no longer published; it had {counts}.",
        "new": f"{counts} {'are' if several else 'is'} new.",
        "gone": f"{counts} {'are' if several else 'is'} no longer there.",
        "shown now": f"{counts} that {one} hidden can be shown now.",
        "hidden now": f"{counts} that {one} shown {'are' if several else 'is'} hidden now.",
        "unchanged": f"{counts} {'are' if several else 'is'} as before.",
    }
    if kind == "revised":
        least, most = min(moved), max(moved)
        span = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        said = f"{counts} {one} revised, by {span}."
    elif kind in words:
        said = words[kind]
    else:
        verb = "Added" if kind.endswith("added") else "No longer there"
        more = f" and {len(names) - _MANY:,} more" if len(names) > _MANY else ""
        said = f"{verb}: {column} {', '.join(names[:_MANY])}{more}."
    return {
        "table": table, "kind": kind, "column": column, "number": number,
        "values": ", ".join(names), "words": said,
    }  # fmt: skip
