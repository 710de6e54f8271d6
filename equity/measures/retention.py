"""Who stays: the share still in service by time since hire, and the months of service lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, need, need_flag, tidy, whole
from equity.measures._durations import MINIMUM, against, durations_of, minimum_of, one_sided
from equity.proportions import (
    LifeTable,
    holm,
    kaplan_meier,
    restricted_mean,
    restricted_mean_difference,
)

__all__ = ["retention"]

METHOD = (
    "survival: Kaplan-Meier, log-log interval (Greenwood); months lost: restricted mean; "
    "test: log-rank"
)


def retention(
    counts: Any,
    *,
    group: str,
    reference: str,
    months: str = "months",
    entered: str | None = "entered",
    event: str = "left",
    horizon: int = 60,
    within: str | None = None,
    minimum: int = MINIMUM,
    resolution: int | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of each group still in service 1, 2, ... years after hire, and months of service lost.

    Of those who are hired, how many are still here after a year, after five, and how many months
    of service are lost on average by then?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of spells of service (`equity.service_spells`) by `group`, `entered` and `months`,
        with the flag `event` counted.
    group, reference, within : as in `rates`.
    months : column with the completed months of service when last seen.
    entered : column with the completed months of service when first seen (delayed entry): 0 for
        those who are seen from hire. None if everybody is.
    event : counted flag: True for those who left at `months`, False for those still in service.
    horizon : months of service that are looked at, a whole number.
    minimum : where fewer are at risk in any month before, no figure is stated.
    resolution : to how many months it is known when people left, where that is known only from
        snapshots: 12 for yearly ones. None: as the provenance of the counts has it; else every
        month counts.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, group and time: after 6 months, each full year and the horizon
        (`months`); `n_at_risk`, people seen in service then; `left`, who left before;
        `survival`, the share who complete so many months, with `low` and `high`. Repeated for the
        group: `n` people seen in the first `horizon` months, `x` of them who left in these;
        `restricted_mean`, completed months of service of the first `horizon`, `months_lost`, the
        rest; `lost_difference`, months lost more than by the reference, each with its ends; the
        `p_value` of the log-rank test in these months, `p_adjusted` for all comparisons (Holm);
        `since`, the month from which shares are counted: 0, the hire, or the resolution;
        `too_few`, whether the row's figure is missing for lack of people; `left_out` people whose
        months or outcome are not known, or who were first and last seen in the same month;
        `unknown` people without a known group; the `method`; the `reason` why a figure is
        missing.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, counts that cannot be, or
        a horizon, minimum or resolution that is not a whole number of 1 or more.

    Notes
    -----
    It cannot show why people left. It takes those who were hired lately, and those last seen in
    service, as like the others of their group (censoring that tells nothing): where a group was
    hired mostly in years in which everybody stayed longer, look within hire cohorts. It does not
    know of people who came and went before the first snapshot; `entered` allows for that, and
    where few are seen early in their service the curve is not stated. Months are completed
    months: who leaves in the 12th month has completed 11.

    Where nobody's day of leaving is known, who is gone from the next yearly snapshot has left in
    the middle: nobody seems to leave in the first half year, and every share after it is too
    high. So months up to the `resolution` are not stated, and the later figures are of those who
    completed them. A part (`within`) that is not known of those who left as often as of those who
    stayed (5 points apart or more) states no figure: its people would seem to stay. The same
    happens to counts filtered by such a column, which this function cannot see. Source: Klein and
    Moeschberger, Survival Analysis (2nd ed. 2003), 4.2 to 4.6 and 7.3.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({
    ...     "race": ["black"] * 3 + ["white"] * 2, "entered": 0, "months": [5, 20, 24, 20, 24],
    ...     "n": [10, 10, 20, 4, 36], "left": [10, 10, 0, 4, 0],
    ... }).assign(left_known=lambda t: t.n)
    >>> table = retention(spells, group="race", reference="white", horizon=24)
    >>> table[["group", "months", "n_at_risk", "left", "survival"]].values.tolist()[:3]
    [['black', 6, 30, 10, 0.75], ['black', 12, 30, 10, 0.75], ['black', 24, 20, 20, 0.5]]
    >>> table[["group", "months_lost", "lost_difference"]].round(2).values.tolist()[::3]
    [['black', 5.75, 5.35], ['white', 0.4, 0.0]]
    """
    frame = frame_of(counts)
    minimum = minimum_of(minimum)
    since = _months(horizon, resolution, counts)
    columns = [("group", group), ("months", months), ("n", "n")]
    columns += [("entered", entered)] if entered else []
    need(frame, [*columns, *([("within", within)] if within else [])])
    need_flag(frame, "event", event)
    found = durations_of(
        frame, group=group, within=within, time=months, event=event, entered=entered
    )
    folded = found.folded
    at = folded.column_of(reference)
    first = np.arange(horizon)
    # one month more, for who is at risk at the horizon
    long = found.table(np.arange(horizon + 1))
    # months within the resolution count for nothing: whoever completed them is looked at
    table = LifeTable(
        first, long.at_risk[..., :-1], np.where(first < since, 0.0, long.events[..., :-1])
    )
    seen = found.count(
        np.where((found.entered < horizon - 1) & (found.time >= since), found.n, 0.0)
    )
    times = np.array(sorted({6, *range(12, horizon, 12), horizon} - set(range(horizon + 1, 12))))

    curve = kaplan_meier(table, confidence_level=confidence_level)
    few = (table.at_risk < minimum) & (first >= since)
    before = np.cumsum(few, axis=-1) > 0  # in this month or one before
    short = before[..., times - 1]
    unclear = one_sided(frame, within, event)
    early = np.broadcast_to(times <= since, short.shape) & (since > 0)
    withheld = short | early | bool(unclear)
    when = few.argmax(axis=-1)
    survival, low, high = (
        np.where(withheld, np.nan, v[..., times - 1])
        for v in (curve.survival, curve.low, curve.high)
    )

    mean = restricted_mean(table, horizon, confidence_level=confidence_level)
    hidden = before[..., -1] | bool(unclear) | (since >= horizon)
    mean = type(mean)(*(np.where(hidden, np.nan, v) for v in mean))
    other = type(mean)(*(v[:, at : at + 1] for v in mean))
    lost, lost_low, lost_high = restricted_mean_difference(
        other, mean, confidence_level=confidence_level
    )
    own = np.arange(len(folded.groups)) == at
    drawn = ~withheld.all(axis=-1)  # without any share of the curve there is no test of it either
    enough = (seen >= minimum) & drawn
    enough &= enough[:, at : at + 1]
    p_value = np.where(enough, against(table, at), np.nan)

    each = (*folded.shape, len(times))
    reasons = Reasons(each)
    words = np.array([f"after {k} month{'s' * (k != 1)}" for k in range(horizon)], dtype=object)
    words[0] = "in the first month"
    words = words[when]
    nobody = (folded["n"] == 0)[..., None]
    unseen = (folded["n"] > 0)[..., None] & (seen == 0)[..., None]
    none = nobody | unseen
    reasons.add(nobody, "nobody of this group")
    reasons.add(unseen, f"nobody of this group was seen in the first {horizon} months")
    few_words = f"fewer than {minimum} at risk " + words
    if unclear:
        reasons.add(~none, f"no share: {unclear}")
        short, hidden = np.zeros_like(short), np.zeros_like(hidden)
    sharp = "" if since == 1 else "s"
    known = f"when people left is known to within {since} month{sharp} only"
    reasons.add(early & ~none, f"no share until then: {known}")
    short = short & ~early
    reasons.add(short & ~none, (few_words + ": too few people to tell")[..., None])
    if since and not unclear:
        rest = ~early & ~short & ~none
        reasons.add(rest, f"of those who completed {since} month{sharp}: {known}")
    gone = hidden[..., None] & ~short & ~early
    reasons.add(gone, (f"no mean of {horizon} months: " + few_words)[..., None])
    missing = ~own & ~hidden & hidden[:, at : at + 1]
    reasons.add(missing[..., None], f"no difference: too few people of {reference} to tell")
    no_test = ~own & (seen >= minimum) & enough & np.isnan(p_value)
    reasons.add(no_test[..., None], f"no test: nobody of this group or of {reference} left")

    def spread(values: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(values)[..., None], each)

    adjusted = holm(p_value)
    strata, groups = folded.rows()
    at_risk, left = long.at_risk[..., times], np.cumsum(table.events, axis=-1)[..., times - 1]
    return tidy(
        {
            "stratum": np.repeat(strata, len(times)),
            "group": np.repeat(groups, len(times)),
            "reference": np.full(each, reference, dtype=object),
            "months": np.broadcast_to(times, each),
            "n_at_risk": whole(at_risk),
            "left": whole(left),
            "survival": survival,
            "low": low,
            "high": high,
            "n": spread(whole(seen)),
            "x": spread(whole(table.events.sum(axis=-1))),
            "restricted_mean": spread(mean.value),
            "rm_low": spread(mean.low),
            "rm_high": spread(mean.high),
            "months_lost": spread(horizon - mean.value),
            "lost_difference": spread(np.where(own & ~np.isnan(mean.value), 0.0, lost)),
            "lost_low": spread(np.where(own, np.nan, lost_low)),
            "lost_high": spread(np.where(own, np.nan, lost_high)),
            "p_value": spread(p_value),
            "p_adjusted": spread(adjusted),
            "since": np.full(each, since),
            "too_few": short & ~none,
            "left_out": spread(whole(folded["left_out"])),
            "unknown": np.broadcast_to(whole(folded.unknown["n"])[:, None, None], each),
            "method": np.full(each, METHOD, dtype=object),
            "reason": reasons.column(),
        }
    )


def _months(horizon: int, resolution: int | None, counts: Any) -> int:
    """Return the resolution, 0 where every month counts; raise ValueError if one cannot be."""
    if resolution is None:
        resolution = (getattr(counts, "provenance", None) or {}).get("resolution")
    given = {"horizon": horizon, "resolution": 1 if resolution is None else resolution}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(
                f"{name}={value!r} must be a whole number of months, 1 or more: 60 for five "
                "years, 12 for yearly snapshots."
            )
    return int(resolution or 0)
