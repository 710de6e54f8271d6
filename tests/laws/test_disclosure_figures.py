"""Why measures are computed from completions: rates printed from true counts give counts away.

Oracle: every whole number that fits the audit's range, tried one by one against what is printed.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from equity.disclosure import Margin, Table, protect
from equity.disclosure._audit import audit

MARGINS = [Margin("stops", ("race", "year"), of=("searched",))]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    rng = np.random.default_rng(4)
    groups = list(itertools.product(("asian", "black", "white"), (2023, 2024, 2025)))
    frame = pd.DataFrame(groups, columns=["race", "year"])
    frame["n"] = rng.poisson([40, 30, 25, 150, 160, 140, 400, 380, 420])
    frame["searched_known"] = frame["n"]
    frame["searched"] = rng.binomial(frame["n"], 0.09)
    return {"stops": Table(frame, ("race", "year"), ("searched",))}


@pytest.fixture(scope="module")
def shown(tables):
    return protect(tables, MARGINS)


def fitting(rate: float, least: pd.Series, most: pd.Series, digits: int) -> list[tuple[int, int]]:
    """Return the counts (yes, known) that print as this rate, within what the audit leaves open.

    least, most : of yes and of known.
    """
    return [
        (yes, known)
        for known in range(int(least["known"]), int(most["known"]) + 1)
        for yes in range(int(least["yes"]), min(int(most["yes"]), known) + 1)
        if known and round(yes / known, digits) == round(rate, digits)
    ]


def test_rates_of_true_counts_would_give_hidden_counts_away(tables, shown):
    """With one to four digits: how many small counts a printed rate gives away."""
    seen = audit(tables, MARGINS, shown.cells)
    small = seen[seen["needed_most"].notna() & (seen["quantity"] == "searched: yes")]
    assert len(small) >= 2
    cells = shown.cells.set_index(["cell", "quantity"])
    frame = tables["stops"].frame
    found, narrowed = {}, {}
    for digits in (1, 2, 3, 4):
        found[digits] = narrowed[digits] = 0
        for cell in small["cell"]:
            told = cells.loc[(cell, "n")]
            if pd.isna(told["value"]):
                continue  # the whole row is hidden: no printed rate has a known base
            inside = (told["race"] == "") | (frame["race"] == told["race"])
            inside &= (told["year"] == "") | (frame["year"].astype(str) == told["year"])
            true = frame[inside][["searched", "searched_known"]].sum()
            n = int(told["value"])
            fits = fitting(
                true["searched"] / n,
                pd.Series({"yes": 1, "known": n}),
                pd.Series({"yes": 9, "known": n}),
                digits,
            )
            assert (true["searched"], n) in fits
            found[digits] += len(fits) == 1
            narrowed[digits] += len(fits) < 9
    assert found[4] >= 2 and found[4] >= found[2] >= found[1]
    assert narrowed[1] >= 1  # even one digit narrows


def test_rates_of_completions_give_nothing_away(tables, shown):
    """A rate that would give a small count away differs between completions, so it is hidden."""
    draws = [d["stops"] for d in shown.complete(4)]
    hidden = shown.cells[shown.cells["hidden"] & (shown.cells["quantity"] == "searched: yes")]
    assert len(hidden)
    for cell in hidden.to_dict("records"):
        sums = set()
        for frame in draws:
            part = frame
            if cell["race"]:
                part = part[part["race"] == cell["race"]]
            if cell["year"]:
                part = part[part["year"].astype(str) == cell["year"]]
            sums.add((int(part["searched"].sum()), int(part["searched_known"].sum())))
        assert len(sums) > 1, cell["cell"]
