"""Chart of the threshold test: a title that is no more certain than the table, one data set."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, said

from equity import charts
from equity.measures import threshold_test

FIGURES = ["threshold", "low", "high", "difference", "difference_low", "difference_high"]
AREAS = ("B1", "B2", "B3")
GROUPS = ("white", "black", "hispanic")


def table(
    gaps: dict[str, tuple[float, float, float]] | None = None,
    *,
    by_scale: dict[float, float] | None = None,
) -> pd.DataFrame:
    """The table of the measure, with figures put in: no sampler is needed to draw them.

    `gaps` are the difference of each group and its interval; `by_scale` is added to them.
    """
    gaps = gaps or {"black": (-0.07, -0.09, -0.05), "hispanic": (-0.01, -0.03, 0.01)}
    counts = pd.DataFrame(
        [(a, g, 900, 90, 900, 27, 90) for a in AREAS for g in GROUPS],
        columns=[
            *("beat", "race", "n", "search_conducted", "search_conducted_known"),
            *("contraband_found", "contraband_found_known"),
        ],
    )
    out = threshold_test(counts, group="race", reference="white", within="beat", minimum_areas=4)
    shift = by_scale or {}
    for i, row in out.iterrows():
        gap, low, high = gaps.get(row["group"], (0.0, np.nan, np.nan))
        more = shift.get(row["prior_scale"], 0.0) if row["group"] != "white" else 0.0
        place = 0.0 if row["stratum"] == "all" else 0.02 * AREAS.index(row["stratum"])
        at = 0.18 + gap + more + place
        out.loc[i, FIGURES] = [at, at - 0.02, at + 0.02, gap + more, low + more, high + more]
    return out.assign(converged=True, reason=None, hit_covered=0.95, left_out_basis=4, left_out=2)


def refused() -> pd.DataFrame:
    out = table()
    out[FIGURES] = np.nan
    return out.assign(
        converged=False, reason="the fit did not converge: R-hat is 1.052, above 1.01"
    )


def one_left_out() -> pd.DataFrame:
    out = table()
    mine = out["group"] == "hispanic"
    out.loc[mine, FIGURES] = np.nan
    out.loc[mine, "reason"] = "left out, with fewer than 50 searches (12)"
    return out


CASES = {"figures": table, "refused": refused, "one group left out": one_left_out}


def drawn(case):
    return charts.threshold_test(CASES[case](), strata_label="beat")


class TestEveryChart(ChartRules):
    settings = ("prior_scale",)
    cases = {
        name: (functools.partial(charts.threshold_test, strata_label="beat"), f)
        for name, f in CASES.items()
    }


def test_the_title_says_that_it_is_a_model() -> None:
    """The difference, the way of each clear group, and who is not clear; no level."""
    assert charts.threshold_test(table(), who="drivers").title.text == (
        "Officers searched Black drivers on less suspicion than White drivers, if this model "
        "holds: at a chance of contraband 7.0 points lower; for the other group it cannot tell"
    )
    two = table({"black": (-0.07, -0.09, -0.05), "hispanic": (0.05, 0.03, 0.07)})
    assert charts.threshold_test(two).title.text.endswith("lower; Hispanic people, on more")


def test_the_title_says_where_it_cannot_tell() -> None:
    """No interval without 0; or another answer with other priors."""
    none = table({"black": (-0.01, -0.03, 0.01), "hispanic": (0.0, -0.02, 0.02)})
    assert charts.threshold_test(none).title.text == (
        "The model cannot tell whether officers searched any group on less suspicion"
    )
    frail = table({"black": (-0.03, -0.05, -0.01)}, by_scale={1.5: 0.025})
    frail = frail[frail.group != "hispanic"]
    assert charts.threshold_test(frail).title.text == (
        "The model cannot tell whether officers searched Black people on less suspicion than "
        "White people: the answer depends on what it assumes beforehand"
    )


def test_only_converged_fits_can_make_the_title_cannot_tell() -> None:
    """What priors say of which the fit did not converge is no answer, and the subtitle says so."""
    frail = table({"black": (-0.03, -0.05, -0.01)}, by_scale={1.5: 0.025})
    frail = frail[frail.group != "hispanic"]
    wide = frail["prior_scale"] == 1.5
    made = charts.threshold_test(frail.assign(converged=~wide))
    assert made.title.text.startswith("Officers searched Black people on less suspicion")
    frail.loc[wide, FIGURES] = np.nan
    made = charts.threshold_test(frail.assign(converged=~wide))
    assert made.title.text.startswith("Officers searched Black people on less suspicion")
    assert (
        "with wider assumptions beforehand (priors 1.5 times as wide), no figure, so the title "
        "leaves them out"
    ) in said(made).lower()


def test_a_refusal_is_the_title() -> None:
    """In words, with the reason; no axis is without words."""
    made = charts.threshold_test(refused())
    assert made.title.text == (
        "No threshold can be given: the fit did not converge: R-hat is 1.052, above 1.01"
    )
    rows = made.to_dict()["datasets"]["table"]
    assert len(rows) == 3 and all("did not converge" in r["missing"] for r in rows)


def test_the_subtitle_has_counts_priors_and_what_it_cannot_show() -> None:
    text = said(charts.threshold_test(table(by_scale={0.5: 0.01}), strata_label="beat"))
    assert "n = 8,100 stops and 810 searches in 3 beats" in text
    assert "Compared with White, shown in grey. Small dots are beats" in text
    assert (
        "With narrower assumptions beforehand (priors 0.5 times as wide), Black −6.0, Hispanic "
        "+0.0 points"
    ) in text
    assert "12 searches of another legal basis count as no search" in text
    assert "6 stops left out: area, search or outcome not known" in text
    assert "within its 95% range, in 95% of areas or more for each group" in text
    assert "another model can give another level, and even another sign" in text


def test_only_the_chosen_priors_are_drawn() -> None:
    """All groups and their areas, once."""
    rows = charts.threshold_test(table()).to_dict()["datasets"]["table"]
    assert {r["prior_scale"] for r in rows} == {1.0}
    assert len([r for r in rows if r.get("area_at") is not None]) == len(AREAS) * len(GROUPS)
    with pytest.raises(ValueError, match=r"prior_scale=2.0 is not in the table; it has 0.5, 1"):
        charts.threshold_test(table(), prior_scale=2.0)


def test_who_is_left_out_is_worded() -> None:
    rows = drawn("one group left out").to_dict()["datasets"]["table"]
    mine = next(r for r in rows if r["group"] == "hispanic" and r["stratum"] == "all")
    assert mine["missing"].startswith("cannot be computed: left out, with fewer than 50 searches")
