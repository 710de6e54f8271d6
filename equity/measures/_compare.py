"""Proportions of groups compared with one reference group: the figures that measures share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equity import proportions
from equity.measures._cells import Reasons, of_words


@dataclass(frozen=True)
class Comparison:
    """Figures of shape (strata, groups); missing ones are NaN and their reason is in `reasons`."""

    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ratio: np.ndarray
    ratio_low: np.ndarray
    ratio_high: np.ndarray
    difference: np.ndarray
    difference_low: np.ndarray
    difference_high: np.ndarray
    """Where the reference has a rate of 0 the ratio and `ratio_high` are missing, and `ratio_low`
    says how many times as often at least."""
    test: proportions.TwoByTwo
    reference: np.ndarray
    """Names of the reference group, shape (strata, groups)."""
    is_reference: np.ndarray


def compare(
    x: np.ndarray,
    known: np.ndarray,
    groups: tuple[str, ...],
    reference: np.ndarray,
    reasons: Reasons,
    *,
    confidence_level: float,
    beside: bool = False,
) -> Comparison:
    """Compare `x` of `known` of every group with the reference group (a position per stratum).

    A reference of -1 means that the stratum has none: its comparisons are missing.
    """
    has = reference >= 0
    column = np.where(has, reference, 0)[:, None]
    own = np.arange(len(groups))[None, :] == np.where(has, reference, -1)[:, None]
    b = np.where(has[:, None], np.take_along_axis(x, column, 1), np.nan)
    m = np.where(has[:, None], np.take_along_axis(known, column, 1), np.nan)
    b, m = np.broadcast_to(b, x.shape), np.broadcast_to(m, x.shape)
    low, high = proportions.wilson(x, known, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, other = x / known, b / m
        # of whole numbers, so that 64 of 100 against 80 of 100 is 0.8
        ratio = np.where((known > 0) & (b > 0), (x * m) / (known * b), np.nan)
        difference = rate - other
    rate = np.where(known > 0, rate, np.nan)
    tested = ~own & (known > 0) & (m > 0)
    tables = [np.where(tested, v, np.nan) for v in (x, known, b, m)]
    ratio_low, ratio_high = proportions.koopman(*tables, confidence_level=confidence_level)
    gap_low, gap_high = proportions.newcombe(*tables, confidence_level=confidence_level)
    test = proportions.two_by_two_test(*tables, beside=beside)

    names = np.array([*groups, ""], dtype=object)[reference]
    names = np.broadcast_to(names[:, None], x.shape)
    none_known = has[:, None] & ~own & (known > 0) & ~(m > 0)
    reasons.add(none_known, "no comparison: no known outcome for " + names)
    zero = tested & (b == 0) & (x > 0)
    floor = np.array([f"{v:.2g}" if v == v else "" for v in ratio_low.flat], dtype=object)
    reasons.add(
        zero,
        "no ratio: the rate of " + names + " is 0 (" + of_words(b, m)
        + "); a ratio of " + floor.reshape(x.shape) + " or more fits the counts",
    )  # fmt: skip
    reasons.add(own & (known > 0) & (x == 0), "no ratio: the rate of the reference is 0")
    nobody, everyone = tested & (b == 0) & (x == 0), tested & (b == m) & (x == known)
    reasons.add(nobody, "no ratio and no test: 0 in this group and in " + names)
    reasons.add(everyone, "no test: everyone in this group and in " + names)
    ratio_low = np.where(np.isnan(ratio) & ~zero, np.nan, ratio_low)
    ratio_high = np.where(np.isnan(ratio), np.nan, ratio_high)
    return Comparison(
        rate, low, high, ratio, ratio_low, ratio_high,
        difference, gap_low, gap_high, test, names, own,
    )  # fmt: skip


METHOD = {
    "rate": "rate: Wilson",
    "difference": "difference: Newcombe",
    "ratio": "ratio: Koopman score",
}


def method_words(test: np.ndarray, *also: str) -> np.ndarray:
    """Return the names of intervals and test, row by row."""
    head = "; ".join([*also, *METHOD.values()])
    names = np.asarray(test, dtype=object)
    return np.where(names == "none", head, head + "; test: " + names)
