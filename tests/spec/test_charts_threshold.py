"""Chart of the threshold test: a title that is no more certain than the table, one data set."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

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
each = pytest.mark.parametrize("case", CASES)


def drawn(case):
    return charts.threshold_test(CASES[case](), strata_label="beat")


def walk(node):
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def said(chart) -> str:
    return " ".join(chart.title.subtitle)


@each
def test_the_specification_is_valid_and_has_one_named_data_set(case) -> None:
    """Valid for Altair, valid JSON, and as wide as its page."""
    spec = drawn(case).to_dict()
    assert spec["data"] == {"name": "table"} and list(spec["datasets"]) == ["table"]
    assert [v for k, v in walk(spec["layer"]) if k == "data"] == []
    assert spec["width"] == "container"
    assert "NaN" not in json.dumps(spec, allow_nan=False)


@each
@pytest.mark.parametrize(("width", "dark"), [(320, False), (860, True)])
def test_it_can_be_drawn_and_fits(case, width, dark) -> None:
    """In a picture, on a narrow and a wide page, light and dark."""
    import vl_convert

    spec = charts.print_version(drawn(case), width=width, dark=dark).to_dict()
    svg = vl_convert.vegalite_to_svg(spec)
    assert float(re.search(r'width="([\d.]+)"', svg)[1]) <= width + 25  # type: ignore[index]


@each
def test_marks_have_a_description_and_colours_are_of_the_palette(case) -> None:
    """What stands for no figure, or for one area of many, is hidden from a screen reader."""
    spec = drawn(case).to_dict()
    for layer in spec["layer"]:
        assert "description" in layer["encoding"] or layer["mark"].get("aria") is False
        if layer["mark"]["type"] == "text":
            assert not {"color", "fill"} & {*layer["mark"], *layer["encoding"]}
    allowed = {*charts.PALETTE.values(), "transparent"}
    assert {v for _, v in walk(spec) if isinstance(v, str) and v.startswith("#")} <= allowed


def test_every_column_has_a_heading() -> None:
    named = [c[0] for c in charts.COLUMNS["threshold_test"]]
    assert sorted(named) == sorted(table().columns)
    assert set(charts.ON_PAGE["threshold_test"]) <= set(named)


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


def test_an_empty_table_and_one_of_another_measure() -> None:
    made = charts.threshold_test(table().head(0))
    assert made.title.text == "There are no figures to show"
    assert made.to_dict()["datasets"]["table"] == []
    with pytest.raises(ValueError, match="no column"):
        charts.threshold_test(pd.DataFrame({"stratum": ["all"], "group": ["white"]}))
