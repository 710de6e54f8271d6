"""The case studies hold the counts of the files that were published."""

from __future__ import annotations

import pandas as pd
import pytest

from equity.case_studies import CASES

pytestmark = pytest.mark.real


def test_ricci_counts_are_those_of_the_scores(real_data) -> None:
    """The combined score of all 118 candidates in the court record, pass at 70."""
    scores = pd.read_csv(real_data / "cases" / "ricci.csv")
    assert len(scores) == 118
    keys = {"B": "black", "H": "hispanic", "W": "white"}
    rows = scores.assign(
        posting=scores["Position"].str.lower(),
        race=scores["Race"].map(keys),
        passed=scores["Combine"] >= 70,
    )
    counted = rows.groupby(["posting", "race"]).agg(n=("passed", "size"), passed=("passed", "sum"))
    ours = CASES["ricci"].table.table.set_index(["posting", "race"])[["n", "passed"]]
    assert counted.sort_index().equals(ours.sort_index())


def test_berkeley_counts_are_those_of_the_file(real_data) -> None:
    """Six departments, men and women, admitted and rejected."""
    file = pd.read_csv(real_data / "cases" / "ucb_admissions.csv")
    wide = file.pivot_table(index=["Dept", "Gender"], columns="Admit", values="Freq").astype(int)
    ours = CASES["berkeley"].table.table
    assert len(ours) == len(wide) == 12
    for row in ours.itertuples():
        published = wide.loc[(row.department, row.sex.capitalize())]
        assert (row.admitted, row.n) == (published["Admitted"], published.sum())
