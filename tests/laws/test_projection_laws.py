"""Laws of the projection: what holds whatever the numbers are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from equity.measures import parity_projection

LAW = settings(max_examples=60, deadline=None)
shares = st.floats(0.01, 0.99)
rates = st.floats(0.005, 0.3)
people = st.integers(1, 2000)


def project(x, other, **kw) -> pd.DataFrame:
    staff = pd.DataFrame({"sex": ["female", "male"], "n": [x, other]})
    return parity_projection(staff, group="sex", focal="female", **({"draws": 0} | kw))


@LAW
@given(people, people, shares, rates, rates)
def test_at_a_constant_size_the_share_only_comes_nearer(x, other, share, leave, leaves) -> None:
    exits = {"female": leave, "others": leaves}
    table = project(x, other, target=0.5, hire_share=share, exit_rates=exits, years=60)
    steady = table.steady_share[0]
    assert_allclose(steady, share * leaves / (share * leaves + (1 - share) * leave))
    gap = np.abs(table.share - steady)
    assert (gap.diff().dropna() < 1e-12).all()
    assert_allclose(table.n, x + other)


@LAW
@given(shares, rates, rates)
def test_where_it_has_settled_it_stays(share, leave, leaves) -> None:
    """With a fixed number of hires both parts stand where as many join as leave."""
    hires = 1e6
    start = round(hires * share / leave), round(hires * (1 - share) / leaves)
    exits = {"female": leave, "others": leaves}
    table = project(*start, target=0.5, hires=hires, hire_share=share, exit_rates=exits)
    assert_allclose(table.x, start[0], rtol=1e-4)
    assert_allclose(table.share, table.steady_share[0], rtol=1e-4)


@LAW
@given(people, people, shares, shares, rates, rates)
def test_more_of_a_group_among_hires_is_never_a_smaller_share(x, other, a, b, e, f) -> None:
    kw = {"target": 0.5, "exit_rates": {"female": e, "others": f}}
    less, more = (project(x, other, hire_share=h, **kw) for h in sorted((a, b)))
    assert (more.share - less.share > -1e-12).all()
    years = [t.years_to_target.fillna(999)[0] for t in (less, more)]
    assert years[1] <= years[0]


@LAW
@given(people, people, shares, rates, rates)
def test_one_group_and_the_others_are_everybody(x, other, share, e, f) -> None:
    """Followed from the other side the shares add up to 1."""
    staff = pd.DataFrame({"sex": ["female", "male"], "n": [x, other]})
    kw = {"group": "sex", "target": 0.5, "draws": 0}
    one = parity_projection(
        staff, focal="female", hire_share=share, exit_rates={"female": e, "others": f}, **kw
    )
    two = parity_projection(
        staff, focal="male", hire_share=1 - share, exit_rates={"male": f, "others": e}, **kw
    )
    assert_allclose(one.share + two.share, 1)
    assert_allclose(one.steady_share + two.steady_share, 1)


@LAW
@given(people, people, shares, st.floats(0.05, 0.95), rates, rates, st.integers(1, 40))
def test_the_share_needed_reaches_the_target_then(x, other, share, target, e, f, by) -> None:
    kw = {"target": target, "exit_rates": {"female": e, "others": f}, "years": 40}
    needed = project(x, other, hire_share=share, by_year=by, **kw).share_needed[0]
    at = 1.0 if np.isnan(needed) else needed
    there = project(x, other, hire_share=at, **kw).share[by]
    if np.isnan(needed):
        assert there < target
    else:
        assert there >= target - 1e-9


@LAW
@given(st.integers(20, 400), st.integers(20, 400), shares, rates, st.integers(0, 2**31))
def test_the_expected_share_lies_in_its_band(x, other, share, leave, seed) -> None:
    table = project(x, other, target=0.5, hire_share=share, exit_rates=leave, draws=300, seed=seed)
    assert ((table.low <= table.share + 0.02) & (table.share <= table.high + 0.02)).all()
