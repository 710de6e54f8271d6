"""Why people leave, as recorded: exits by reason and group, per 100 years of service."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity.measures._cells import Reasons, frame_of, keys, need, need_flag, tidy, whole
from equity.measures._durations import (
    MINIMUM,
    durations_of,
    minimum_of,
    one_sided,
    positions,
)
from equity.proportions import holm, rate_ratio, wilson

__all__ = ["ANY", "NOT_STATED", "exits"]

ANY = "any reason"
"""The row of all exits together: first of each group."""
NOT_STATED = "not stated"
"""The row of exits without a reason: last, never left out."""
PER = 100


def exits(
    counts: Any,
    *,
    group: str,
    reference: str,
    reasons: str = "exit_reason",
    months: str = "months",
    entered: str | None = "entered",
    event: str = "left",
    within: str | None = None,
    minimum: int = MINIMUM,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Count the exits of each group by reason, and state them per 100 years of service.

    For which reasons do people of each group leave, and how often, given how long they served?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of spells of service, as for `retention`, by `reasons` too.
    group, reference, within : as in `rates`.
    reasons : column with the reason of an exit; empty for those in service, and for exits
        without one.
    months, entered, event : as in `retention`.
    minimum : of groups of fewer people no rate is stated.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, reason and group, "any reason" first and "not stated" last:
        `n` exits of the group, `x` for this reason, `share` of its exits with `low` and `high`;
        `person_years` of service in which its people were seen; `rate` per 100 of these, with
        `rate_low` and `rate_high`; `ratio` to the reference with its ends; `p_value`, and
        `p_adjusted` (Holm) for all comparisons of any reason, and for all of single reasons;
        `left_out` people whose months or outcome are not known, or who were first and last seen
        in the same month; `unknown` people without a known group; the `method`; the `reason` why
        a figure is missing.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, counts that cannot be, or
        a minimum that is not a whole number of 1 or more.

    Notes
    -----
    The reason is the one that was recorded. It cannot show why people left: who resigns rather
    than be dismissed is recorded as resigned, and few write down that they were not wanted. One
    rate for all years of service: a group with many recruits has more of the exits of first
    years, and one with many near their pension more retirements (see `retention`, and look within
    hire cohorts). Half a month of service is added for those who are seen from hire, whose
    completed months are rounded down. No rate is stated within parts (`within`) that are not
    known of those who left as often as of those who stayed (5 points apart or more); counts
    filtered by such a column have the same fault, which this function cannot see. Exits without a
    reason may have had any: the rate of each reason is the least that it can be. Intervals:
    Wilson (share), Garwood, Biometrika 28 (1936) (rate), `equity.proportions.rate_ratio` (ratio):
    Rothman, Greenland and Lash, Modern Epidemiology (2008), ch. 14.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({
    ...     "race": ["black", "black", "white", "white"], "months": [48, 60, 48, 60],
    ...     "exit_reason": ["resigned", None, "resigned", None],
    ...     "n": [20, 30, 10, 90], "left": [20, 0, 10, 0], "entered": 24,
    ... }).assign(left_known=lambda t: t.n)
    >>> table = exits(spells, group="race", reference="white")
    >>> columns = ["exit_reason", "group", "x", "person_years", "rate", "ratio"]
    >>> table[columns].round(2).values.tolist()[0]
    ['any reason', 'black', 20, 130.0, 15.38, 4.46]
    """
    frame = frame_of(counts)
    minimum = minimum_of(minimum)
    columns = [("group", group), ("reasons", reasons), ("months", months), ("n", "n")]
    columns += [("entered", entered)] if entered else []
    need(frame, [*columns, *([("within", within)] if within else [])])
    need_flag(frame, "event", event)
    found = durations_of(
        frame, group=group, within=within, time=months, event=event, entered=entered
    )
    folded = found.folded
    at = folded.column_of(reference)
    own = np.arange(len(folded.groups)) == at
    start = np.where(found.entered < 0, -0.5, found.entered)
    years = found.count((found.time - start) * found.n / 12)[:, None]
    people = found.count(found.n)[:, None]

    left = frame[reasons].iloc[found.rows]
    said = left[found.x > 0]
    names = tuple(k for k in keys(said)[1] if k != NOT_STATED)
    place = positions(left, (*names, NOT_STATED), missing=len(names))
    by_reason = np.stack(
        [found.count(np.where(place == i, found.x, 0.0)) for i in range(len(names) + 1)], axis=1
    )
    order = np.argsort(-by_reason[:, : len(names)].sum(axis=(0, 2)), kind="stable")
    blank = [len(names)] if by_reason[:, -1].any() else []
    kept = [*order.tolist(), *blank]
    total = by_reason.sum(axis=1, keepdims=True)
    x = np.concatenate((total, by_reason[:, kept]), axis=1)  # strata, reasons, groups
    words = [ANY, *((*names, NOT_STATED)[i] for i in kept)]
    n = np.broadcast_to(total, x.shape)

    why = Reasons(x.shape)
    nobody = np.broadcast_to(people == 0, x.shape)
    why.add(nobody, "nobody of this group")
    few = ~nobody & (people < minimum)
    why.add(few, f"fewer than {minimum} people: too few people to tell")
    unrelated = one_sided(frame, within, event)
    if unrelated:
        why.add(~nobody, f"no rate: {unrelated}")
    can = np.broadcast_to((people >= minimum) & (years > 0) & (not unrelated), x.shape)
    low, high = wilson(x, n, confidence_level=confidence_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where((n > 0) & ~few, x / n, np.nan)
        rate = np.where(can, PER * x / years, np.nan)
    share_low, share_high = (np.where(np.isnan(share), np.nan, v) for v in (low, high))
    half = (1 - confidence_level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        least = np.where(x > 0, special.gammaincinv(np.maximum(x, 1), half), 0.0) * PER / years
        most = special.gammaincinv(x + 1, 1 - half) * PER / years
    tested = can & ~own & can[..., at : at + 1]

    def shown(values: Any) -> np.ndarray:
        return np.where(tested, values, np.nan)

    base = np.broadcast_to(years, x.shape)
    compared = rate_ratio(
        shown(x), shown(base), shown(x[..., at : at + 1]), shown(base[..., at : at + 1]),
        confidence_level=confidence_level,
    )  # fmt: skip
    ratio = np.where(np.isfinite(compared.ratio), compared.ratio, np.nan)
    ratio_high = np.where(np.isfinite(compared.high), compared.high, np.nan)
    zero = tested & np.isinf(compared.ratio)
    why.add(zero, f"no ratio: nobody of {reference} left for this reason")
    why.add(tested & (compared.method == "none"), "no ratio and no test: nobody left")
    gone = can & ~own & ~can[..., at : at + 1]
    why.add(gone, f"no ratio: too few people of {reference} to tell")
    ratio = np.where(own & can & (x > 0), 1.0, ratio)
    # leaving at all is one question, the reasons are another
    each = (compared.p_value[:, :1], compared.p_value[:, 1:])
    adjusted = np.concatenate([holm(p) for p in each], axis=1)
    how = np.where(tested & (compared.method != "none"), "; ratio: " + compared.method, "")
    strata, groups = np.array(folded.strata, dtype=object), np.array(folded.groups, dtype=object)
    s, r, g = x.shape
    return tidy(
        {
            "stratum": np.repeat(strata, r * g),
            "exit_reason": np.tile(np.repeat(np.array(words, dtype=object), g), s),
            "group": np.tile(groups, s * r),
            "reference": np.full(x.shape, reference, dtype=object),
            "n": whole(n),
            "x": whole(x),
            "share": share,
            "low": share_low,
            "high": share_high,
            "person_years": np.where(can, base, np.nan),
            "rate": rate,
            "rate_low": np.where(can, least, np.nan),
            "rate_high": np.where(can, most, np.nan),
            "ratio": ratio,
            "ratio_low": compared.low,
            "ratio_high": ratio_high,
            "p_value": compared.p_value,
            "p_adjusted": adjusted,
            "left_out": np.broadcast_to(whole(folded["left_out"])[:, None], x.shape),
            "unknown": np.broadcast_to(whole(folded.unknown["n"])[:, None, None], x.shape),
            "method": "share: Wilson; rate: Garwood" + how.astype(object),
            "reason": why.column(),
        }
    )
