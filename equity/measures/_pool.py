"""Figures of each stratum by itself, and over all of them: Mantel-Haenszel, exact where few."""

from __future__ import annotations

from typing import Any

import numpy as np

from equity import proportions
from equity.measures._cells import NOT_KNOWN, Reasons, of_words

WITHHELD = "withheld: the strata differ"
ROOM = 5
"""With less room than this between the expected sum and the ends of what was possible, the test is
the exact one (Mantel and Fleiss)."""


def strata_rows(
    x: np.ndarray, n: np.ndarray, b: np.ndarray, m: np.ndarray, reference: str, level: float
) -> dict[str, np.ndarray]:
    """Return the figures of each stratum by itself, shape (stages, groups, strata)."""
    there = (n > 0) & (m > 0)
    tables = [np.where(there, v, np.nan) for v in (x, n, b, m)]
    odds = _odds(tables, level, there)
    low, high = proportions.koopman(*tables, confidence_level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        risk = np.where(there & (b > 0), (x * m) / (n * b), np.nan)
        expected = np.where(there, n * (x + b) / (n + m), np.nan)
    beyond = there & (b == 0) & (x > 0)
    low = np.where(np.isnan(risk) & ~beyond, np.nan, low)
    high = np.where(np.isnan(risk), np.nan, high)
    test = proportions.two_by_two_test(*tables, beside=False)
    reasons = Reasons(x.shape)
    reasons.add(n == 0, "nobody of this group has a known outcome")
    reasons.add((n > 0) & (m == 0), f"no comparison: no known outcome for {reference}")
    reasons.add(
        there & (x + b == 0), f"tells nothing: nobody of this group and of {reference} passed"
    )
    everyone = there & (x == n) & (b == m)
    reasons.add(everyone, f"tells nothing: everyone of this group and of {reference} passed")
    _zero(reasons, proportions.informative(*(v[..., None] for v in (x, n, b, m)))[..., 0],
          (x, n, b, m), odds, reference)  # fmt: skip
    head = "odds ratio: Woolf; risk ratio: Koopman score"
    how = np.where(test.method == "none", head, head + "; test: " + test.method.astype(object))
    return {
        "n": n,
        "x": x,
        "n_reference": m,
        "x_reference": b,
        "expected": expected,
        **odds,
        "risk_ratio": risk,
        "ratio_low": low,
        "ratio_high": high,
        "p_value": test.p_value,
        "method": how,
        "reason": reasons.column().fillna("").to_numpy(dtype=object).reshape(x.shape),
    }


def _zero(
    reasons: Reasons, told: np.ndarray, tables: Any, odds: dict[str, np.ndarray], reference: str
) -> None:
    """Say why an odds ratio is missing where one of the four counts is 0."""
    x, n, b, m = tables
    none = told & np.isnan(odds["odds_ratio"])
    reasons.add(none & (b == 0), "no odds ratio: " + of_words(b, m) + f" of {reference} passed")
    reasons.add(none & (b > 0), "no odds ratio: " + of_words(x, n) + " of this group passed")


def _odds(tables: Any, level: float, there: np.ndarray) -> dict[str, np.ndarray]:
    """Return the odds ratio of each table: Woolf's interval, exact where a count is 0."""
    x, n, b, m = (np.nan_to_num(v)[..., None] for v in tables)
    ratio, low, high = proportions.pooled_odds_ratio(x, n, b, m, confidence_level=level)
    return _ends(ratio, low, high, (x, n, b, m), level, there)


def _ends(
    ratio: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    tables: Any,
    level: float,
    can: np.ndarray,
) -> dict[str, np.ndarray]:
    """Fill in the exact ends where the ratio is 0 or infinite; infinite is missing."""
    edge = can & ((ratio == 0) | np.isposinf(ratio))
    low, high = low.copy(), high.copy()
    if edge.any():
        exact = proportions.exact_conditional(*(v[edge] for v in tables), confidence_level=level)
        low[edge] = exact.low
        high[edge] = np.where(np.isfinite(exact.high), exact.high, np.nan)
    return {
        "odds_ratio": np.where(can & np.isfinite(ratio), ratio, np.nan),
        "low": np.where(can, low, np.nan),
        "high": np.where(can, high, np.nan),
    }


def pooled_rows(
    x: np.ndarray,
    n: np.ndarray,
    b: np.ndarray,
    m: np.ndarray,
    *,
    names: np.ndarray,
    apart: np.ndarray,
    level: float,
    correction: bool,
    confidence_level: float,
) -> dict[str, np.ndarray]:
    """Return the figures over all strata, shape (stages, groups)."""
    tables = (x, n, b, m)
    used = proportions.informative(*tables)
    test = proportions.mantel_haenszel(*tables, correction=correction)
    same = proportions.breslow_day(*tables)
    told = test.strata > 0
    odds = _ends(
        *proportions.pooled_odds_ratio(*tables, confidence_level=confidence_level),
        tables,
        confidence_level,
        told,
    )
    risk, low, high = proportions.pooled_risk_ratio(*tables, confidence_level=confidence_level)
    exact = proportions.exact_conditional(*tables, interval=False).p_value
    small = (test.room < ROOM) & ~np.isnan(exact)
    p = np.where(small, exact, test.p_value)
    rough = same.sparse & ~np.isnan(same.p_exact)
    p_same = np.where(rough, same.p_exact, same.p_value)
    known = ~np.isnan(p_same)
    with np.errstate(invalid="ignore"):
        differ = known & (p_same < level)

    reasons = Reasons(told.shape)
    reasons.add(differ, WITHHELD)
    number = test.strata
    reasons.add(number == 0, "no stratum tells anything: nobody, or everybody, of both passed")
    reasons.add(number == 1, "one stratum only tells anything, so there is nothing to pool")
    edge = (number > 1) & ~known
    reasons.add(edge, "whether the strata agree cannot be tested: a count is 0 in all of them")
    reasons.add(apart, f"left out: people whose stratum is {NOT_KNOWN}")
    left = [", ".join(names[~row]) for row in used.reshape(-1, used.shape[-1])]
    left_out = np.array(left, dtype=object).reshape(told.shape)
    some = (left_out != "") & told
    reasons.add(some, "left out since they tell nothing: " + left_out)

    def shown(values: np.ndarray, *, also: Any = True) -> np.ndarray:
        return np.where(~differ & also & np.isfinite(values), values, np.nan)

    has = (n * m > 0) & (x + b > 0)  # tells something of the ratio of rates
    words = "chi-square" + (" with" if correction else " without") + " continuity correction"
    return {
        **{k: np.where(used, v, 0).sum(axis=-1) for k, v in _named(x, n, b, m).items()},
        "expected": test.expected,
        **{k: shown(v) for k, v in odds.items()},
        "risk_ratio": shown(risk, also=has.any(axis=-1)),
        "ratio_low": shown(low),
        "ratio_high": shown(high),
        "chi2": shown(test.chi2),
        "p_chi2": shown(test.p_value),
        "p_exact": shown(exact),
        "p_value": shown(p),
        "tested": (~np.isnan(p)).astype(float),
        "strata": number.astype(float),
        "strata_without_information": (~used).sum(axis=-1).astype(float),
        "left_out": left_out,
        "breslow_day": same.breslow_day,
        "tarone": same.tarone,
        "breslow_day_df": same.df,
        "p_tarone": same.p_value,
        "p_homogeneity": p_same,
        "homogeneous": np.where(known, ~differ, np.nan).astype(float),
        "withheld": differ.astype(float),
        "method": (
            _METHOD
            + np.where(rough, "Zelen's exact test", "Breslow-Day with Tarone's correction").astype(
                object
            )
            + np.where(small, "; test: exact conditional", f"; test: {words}").astype(object)
        ),
        "reason": reasons.column().fillna("").to_numpy(dtype=object).reshape(told.shape),
    }


_METHOD = (
    "odds ratio: Mantel-Haenszel, Robins-Breslow-Greenland; risk ratio: Mantel-Haenszel, "
    "Greenland-Robins; homogeneity: "
)


def _named(x: np.ndarray, n: np.ndarray, b: np.ndarray, m: np.ndarray) -> dict[str, np.ndarray]:
    return {"n": n, "x": x, "n_reference": m, "x_reference": b}
