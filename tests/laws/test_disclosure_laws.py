"""Laws of disclosure control: nothing hidden is recoverable, and the answer is always the same."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from equity.disclosure import Margin, Table, protect

COUNTS = st.sampled_from([0, 0, 1, 2, 4, 6, 9, 11, 14, 20, 33, 60])


@st.composite
def bodies(draw):
    """Return a table of groups by years with a flag (half of the time) of up to 3 x 3."""
    groups, years = draw(st.integers(2, 3)), 2
    flag = draw(st.booleans())
    rows = []
    for g, y in itertools.product(range(groups), range(years)):
        yes, no, rest = draw(COUNTS), draw(COUNTS) if flag else 0, draw(COUNTS) if flag else 0
        if yes + no + rest:
            rows.append((f"g{g}", 2020 + y, yes + no + rest, yes, yes + no))
    rows = rows or [("g0", 2020, 50, 25, 50)]
    frame = pd.DataFrame(rows, columns=["group", "year", "n", "flag", "flag_known"])
    of = ("flag",) if flag else ()
    return Table(frame, ("group", "year"), of), [Margin("t", ("group", "year"), {}, of)]


def ranges(cells, of):
    """Return the attacker's range of each cell, from the published cells only."""
    at = {(r.group, r.year, r.quantity): i for i, r in enumerate(cells.itertuples())}
    rows = []

    def equation(total, parts):
        row = np.zeros(len(at))
        row[at[total]] = -1
        row[[at[p] for p in parts]] += 1
        rows.append(row)

    groups = sorted({g for g, _, _ in at} - {""})
    years = sorted({y for _, y, _ in at} - {""})
    quantities = {q for _, _, q in at}
    for q in quantities:
        for y in ["", *years]:
            equation(("", y, q), [(g, y, q) for g in groups])
        for g in ["", *groups]:
            equation((g, "", q), [(g, y, q) for y in years])
    for flag in of:
        for g, y in itertools.product(["", *groups], ["", *years]):
            equation((g, y, "n"), [(g, y, f"{flag}: {w}") for w in ("yes", "no", "not known")])
    found = []
    for pattern in ("published", "all hidden"):
        bounds = [
            (1, None) if r.hidden or (pattern == "all hidden" and r.value != 0)
            else (int(r.value),) * 2
            for r in cells.itertuples()
        ]  # fmt: skip
        ends = []
        for i, r in enumerate(cells.itertuples()):
            if not r.hidden or (pattern == "all hidden" and found[0][i][0] <= 1 + 1e-5):
                ends.append((np.nan, np.nan))
                continue
            pair = []
            for sign in (1, -1) if pattern == "published" else (1,):
                cost = np.zeros(len(at))
                cost[i] = sign
                got = linprog(cost, A_eq=np.array(rows), b_eq=np.zeros(len(rows)), bounds=bounds)
                assert got.status in (0, 3)
                pair.append(np.inf if got.status == 3 else sign * got.fun)
            ends.append((pair[0], pair[-1]))
        found.append(np.array(ends))
    return found


@given(bodies())
@settings(max_examples=5, deadline=None, derandomize=True)
def test_no_hidden_number_can_be_recovered_or_narrowed(body):
    table, margins = body
    found = protect({"t": table}, margins)
    cells = found.cells
    by = {"g": table.frame["group"], "y": table.frame["year"].astype(str)}
    now, free = ranges(cells, table.of)
    for r, (least, most), (lowest, _) in zip(cells.itertuples(), now, free, strict=True):
        inside = ((by["g"] == r.group) | (r.group == "")) & ((by["y"] == r.year) | (r.year == ""))
        part = table.frame[inside].sum(numeric_only=True)
        truth = {"n": part["n"], "flag: yes": part["flag"],
                 "flag: no": part["flag_known"] - part["flag"],
                 "flag: not known": part["n"] - part["flag_known"]}[r.quantity]  # fmt: skip
        assert r.hidden or r.value == truth
        assert r.hidden or truth == 0 or truth >= 10
        if r.hidden and truth < 10:
            assert least <= np.nanmax([1, lowest]) + 1e-5
            assert most >= 9 - 1e-5
        elif r.hidden:
            assert most - least >= 1 - 1e-5


@given(bodies())
@settings(max_examples=3, deadline=None, derandomize=True)
def test_the_same_tables_get_the_same_answer_whatever_their_order(body):
    table, margins = body
    first = protect({"t": table}, margins).cells
    mixed = Table(table.frame.iloc[::-1].reset_index(drop=True), table.by, table.of)
    pd.testing.assert_frame_equal(first, protect({"t": mixed}, margins * 2).cells)


@given(bodies())
@settings(max_examples=3, deadline=None, derandomize=True)
def test_protecting_again_what_was_published_changes_nothing(body):
    table, margins = body
    first = protect({"t": table}, margins).cells
    again = protect({"t": table}, margins, known=first).cells
    pd.testing.assert_frame_equal(first, again)


@given(bodies(), st.integers(0, 99))
@settings(max_examples=3, deadline=None, derandomize=True)
def test_completions_agree_with_everything_published(body, seed):
    table, margins = body
    found = protect({"t": table}, margins)
    for draw in found.complete(2, seed):
        frame = draw["t"]
        assert (frame["flag"] <= frame["flag_known"]).all() or not table.of
        for r in found.cells[found.cells["quantity"] == "n"].itertuples():
            part = frame[
                ((frame["group"] == r.group) | (r.group == ""))
                & ((frame["year"].astype(str) == r.year) | (r.year == ""))
            ]
            total = part["n"].sum()
            assert total >= 1 if r.hidden else total == r.value
