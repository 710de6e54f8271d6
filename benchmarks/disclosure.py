"""Can hidden counts be worked out? An attack on random linked tables, hidden by four ways.

Run it with ``.venv/bin/python benchmarks/disclosure.py`` (``--tables 1000``; ``--quick`` for 50).
Tables of two and three ways, by sex and by year beside each other, sparse as counts of people are,
are published with all totals. Counts of 1 to 9 are hidden; so is what each way adds. The attack is
`equity.disclosure._audit.ranges`: least and most of each hidden count over all tables of whole
numbers that agree with everything published.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table as Printed

from equity.disclosure import Disclosed, Margin, Table, protect
from equity.disclosure._audit import ranges

MINIMUM = 10
WAYS = ("primary only", "next smallest in row and column", "linear algebra", "this house")
Drawn = tuple[str, dict[str, Table], list[Margin]]


def drawn(seed: int) -> Drawn:
    """Draw one set of linked tables: its kind, the tables and what is published of them."""
    rng = np.random.default_rng(seed)
    groups, years = int(rng.integers(4, 7)), int(rng.integers(5, 13))
    kind = ("two ways", "three ways", "pairs of three", "two linked tables", "with years")[
        seed % 5
    ]
    if seed % 50 == 0:
        kind, groups, years = "two ways, 8 x 30", 8, 30
    sizes = {"race": groups, "year": years}
    if kind in ("three ways", "pairs of three", "two linked tables"):
        sizes["year"] = min(years, 8)
        sizes["sex" if kind != "two linked tables" else "place"] = int(rng.integers(2, 4))
    values = list(itertools.product(*(range(k) for k in sizes.values())))
    size = (
        rng.gamma(0.6, 60 / len(sizes), len(values))
        * rng.gamma(1, 1, groups)[[v[0] for v in values]]
    )
    frame = pd.DataFrame(values, columns=list(sizes)).astype("str")
    frame["n"] = rng.poisson(size)
    if frame["n"].sum() < 10 * MINIMUM:
        frame.loc[0, "n"] = 10 * MINIMUM
    everything = Table(frame, tuple(sizes))
    if kind == "pairs of three":
        pairs = itertools.combinations(sizes, 2)
        return kind, {"a": everything}, [Margin("a", pair) for pair in pairs]
    if kind == "two linked tables":  # one by race and year, one by race and place
        return kind, {"a": everything}, [
            Margin("a", ("race", "year")), Margin("a", ("race", "place"))
        ]  # fmt: skip
    margins = [Margin("a", tuple(sizes))]
    if kind == "with years":  # sums of some years stand on another page
        some = sorted(frame["year"].unique())[: max(2, years // 2)]
        margins.append(Margin("a", ("race",), {"year": some}))
    return kind, {"a": everything}, margins


# --------------------------------------------------------------------------------- the four ways


def all_cells(tables: dict[str, Table], margins: list[Margin]) -> pd.DataFrame:
    """Return every cell asked for, with its true value, as `Protection.cells` has them."""
    frame = tables["a"].frame
    by = tables["a"].by
    rows = {}
    for margin in margins:
        part = frame
        fixed = {}
        for column, wanted in margin.where.items():
            part = part[part[column].isin(wanted)]
            fixed[column] = " + ".join(wanted)
        for size in range(len(margin.by) + 1):
            for columns in itertools.combinations(margin.by, size):
                values = [sorted(frame[c].unique()) for c in columns]
                sums = part.groupby(list(columns))["n"].sum() if columns else None
                for key in itertools.product(*values):
                    at = key[0] if len(key) == 1 else key
                    n = int(part["n"].sum()) if sums is None else int(sums.get(at, 0))
                    told = fixed | dict(zip(columns, key, strict=True))
                    name = ", ".join(f"{c}={told[c]}" for c in by if c in told) or "all"
                    rows[name] = {"table": "a", "cell": name, **{c: told.get(c, "") for c in by},
                                  "quantity": "n", "value": n}  # fmt: skip
    return pd.DataFrame(rows.values())


def sums(cells: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[int, list[int]]]:
    """Return the totals among cells: a cell, and those whose sum it is along one column."""
    told = [tuple(row) for row in cells[list(by)].to_numpy()]
    at = {key: i for i, key in enumerate(told)}
    found = []
    for i, key in enumerate(told):
        for place, column in enumerate(by):
            if key[place] and " + " not in key[place]:
                continue
            single = [v for v in cells[column].unique() if v and " + " not in v]
            wanted = key[place].split(" + ") if key[place] else single
            below = [at.get((*key[:place], v, *key[place + 1 :])) for v in wanted]
            if None not in below:
                found.append((i, [b for b in below if b is not None]))
    return found


def next_smallest(values: np.ndarray, small: np.ndarray, lines: list) -> np.ndarray:
    """Hide the next smallest where one cell of a row or column is hidden alone."""
    hidden = small.copy()
    for _ in range(100):
        before = hidden.sum()
        for total, below in lines:
            line = np.array([*below, total])
            if hidden[line].sum() == 1:
                rest = line[~hidden[line] & (values[line] > 0)]
                if len(rest):
                    hidden[rest[np.argmin(values[rest])]] = True
        if hidden.sum() == before:
            break
    return hidden


def linear_algebra(values: np.ndarray, small: np.ndarray, lines: list) -> np.ndarray:
    """Hide more until no small cell follows from the equations (their null space)."""
    matrix = np.zeros((len(lines), len(values)))
    for i, (total, below) in enumerate(lines):
        matrix[i, below] = 1
        matrix[i, total] -= 1
    hidden = next_smallest(values, small, lines)
    for _ in range(len(values)):
        at = np.flatnonzero(hidden)
        _, s, v = np.linalg.svd(matrix[:, at])
        space = v[(s > 1e-9).sum() :]
        known = at[np.abs(space).max(axis=0, initial=0) < 1e-9]
        known = [i for i in known if small[i]]
        if not known:
            break
        first = known[0]
        near = sorted({i for t, b in lines if first in (t, *b) for i in (t, *b)})
        rest = [i for i in near if not hidden[i] and values[i] > 0]
        rest = rest or [i for i in range(len(values)) if not hidden[i] and values[i] > 0]
        if not rest:
            break
        hidden[min(rest, key=lambda i: values[i])] = True
    return hidden


def one(seed: int) -> list[dict[str, Any]]:
    """Hide the cells of one drawing by each way, and attack."""
    kind, tables, margins = drawn(seed)
    cells = all_cells(tables, margins)
    values = cells["value"].to_numpy()
    small = (values > 0) & (values < MINIMUM)
    lines = sums(cells, tables["a"].by)
    out = []
    for way in WAYS:
        start = time.perf_counter()
        if way == "this house":
            try:
                shown = protect(tables, margins, minimum=MINIMUM).cells
            except Disclosed:
                out.append({"way": way, "kind": kind, "refused": 1, "seconds": 0.0})
                continue
        else:
            hide = {
                "primary only": lambda *a: a[1],
                "next smallest in row and column": next_smallest,
                "linear algebra": linear_algebra,
            }[way](values, small, lines)
            shown = cells.assign(value=cells["value"].astype("Int64").mask(hide), hidden=hide)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        found = ranges(tables, margins, shown, minimum=MINIMUM)
        of_small = found[found["needed_most"].notna()]
        true = cells.set_index("cell")["value"]
        hidden = shown.loc[shown["hidden"], "cell"]
        out.append(
            {
                "way": way, "kind": kind, "refused": 0, "seconds": seconds,
                "attack": time.perf_counter() - start, "cells": len(cells),
                "small": len(of_small), "hidden": len(found),
                "recovered": int((of_small["least"] == of_small["most"]).sum()),
                "narrowed": int((~of_small["safe"]).sum()),
                "others": int((found["needed_most"].isna() & ~found["safe"]).sum()),
                "people": int(true[hidden].sum()), "all": int(true.sum()),
            }
        )  # fmt: skip
    return out


def main() -> None:
    """Attack, and print one table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=1000)
    options.add_argument("--quick", action="store_true", help="50 tables")
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    number = 50 if given.quick else given.tables
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        rows = [r for part in pool.map(one, range(1, number + 1)) for r in part]
    table = Printed(
        "Hidden by", "Small counts", "Recovered exactly", "Narrowed", "Others recovered",
        "Counts hidden", "of all", "People in them", "Seconds a table", "longest",
        "Attack, seconds", title=f"{number} random sets of linked tables",
    )  # fmt: skip
    sums_: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        for key, value in row.items():
            if key not in ("way", "kind"):
                sums_[row["way"]][key] += value
    for way, s in sums_.items():
        exact, narrow = s["recovered"] / s["small"], s["narrowed"] / s["small"]
        mine = [r for r in rows if r["way"] == way]
        table.add_row(
            way, f"{s['small']:,.0f}", f"{s['recovered']:,.0f} ({exact:.1%})",
            f"{s['narrowed']:,.0f} ({narrow:.1%})", f"{s['others']:,.0f}",
            f"{s['hidden']:,.0f}", f"{s['hidden'] / s['cells']:.1%}",
            f"{s['people'] / s['all']:.1%}", f"{s['seconds'] / len(mine):.3f}",
            f"{max(r['seconds'] for r in mine):.1f}", f"{s['attack'] / len(mine):.2f}",
        )  # fmt: skip
    console = Console(width=170)
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", "pandas"))
    console.print(f"Python {platform.python_version()}, {platform.machine()}; {packages}")
    try:
        console.print(f"pytauargus {version('pytauargus')} is there, and is not compared yet.")
    except PackageNotFoundError:
        console.print("pytauargus is not installed: not compared.")
    console.print(table)
    ours = sums_["this house"]
    if ours["refused"]:
        console.print(f"{ours['refused']:.0f} could not be protected: nothing was published.")
    if ours["recovered"] + ours["narrowed"] + ours["others"]:
        sys.exit("The attack found something in what this house hid.")


if __name__ == "__main__":
    main()
