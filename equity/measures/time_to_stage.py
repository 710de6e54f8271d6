"""How long applicants wait for each stage: the median days, with those still waiting counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, frame_of, need, need_flag, tidy, whole
from equity.measures._durations import MINIMUM, Durations, against, durations_of, minimum_of
from equity.proportions import holm, kaplan_meier, survival_quantile

__all__ = ["time_to_stage"]

METHOD = (
    "median and quartiles: Kaplan-Meier; interval: Brookmeyer-Crowley, log-log; test: log-rank"
)
STILL_WAIT = "still wait"
MOST_PENDING = 0.05
"""Where a larger share still waits, groups are not compared: some of those who wait will fail, and
nobody knows who; a group of whom more will fail would seem to wait longer."""
_SHARES = {"median": (0.5, "half"), "quartile_1": (0.25, "a quarter"), "quartile_3": (0.75, "")}


def time_to_stage(
    waits: Any,
    *,
    group: str,
    reference: str,
    stage: str = "stage",
    days: str = "days",
    event: str = "reached",
    stages: Sequence[str] | None = None,
    within: str | None = None,
    minimum: int = MINIMUM,
    most_pending: float = MOST_PENDING,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Median days from the application to each stage, and its difference to a reference group.

    How long do applicants of each group wait until they are tested, offered a post, hired?

    Parameters
    ----------
    waits : CountTable or DataFrame
        Counts of waits (`equity.stage_waits`) by `group`, `stage` and `days`, with the flag
        `event` counted.
    group, reference, within : as in `rates`.
    stage : column with the stage that is waited for.
    days : column with the days from application to the stage, or so far for those still waiting.
    event : counted flag: True for those who reached the stage, False for those still waiting.
    stages : the stages in their order, or some of them. None: as the table's provenance has them,
        else as they first appear.
    minimum : of fewer people who reached the stage or wait for it, no figure is stated.
    most_pending : where a larger share of those who reached the stage or wait for it still waits,
        in the group or the reference, the two are not compared. 1 compares always.
    confidence_level : two-sided level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, stage and group: `n` people who reached the stage or wait for
        it, `x` who reached it, `pending`; the `median` days with `low` and `high` (an end that is
        missing is open), `quartile_1` and `quartile_3`: the days by which half, a quarter and
        three quarters of them have reached it; `difference` of the median to the reference, in
        days; `p_value` of the log-rank test against the reference, `p_adjusted` for all
        comparisons (Holm); `left_out` people whose days or outcome are not known; `unknown`
        people without a known group; the `method`; the `reason` why a figure is missing.

    Raises
    ------
    ValueError
        For a column or a stage that is not there, a reference that is not a group, counts that
        cannot be, a minimum that is not a whole number of 1 or more, or a share that is none.

    Notes
    -----
    While recruitment is open, many wait who will fail, and who fails is taken out afterwards: a
    group of whom more fail has more people waiting, and seems to wait longer although it does
    not. So groups are compared once few are pending: look at applicants of a year that is over.
    Waits are counted from the application: a delay before one stage shows at all later ones.

    It looks only at those who reached the stage or still wait for it: who failed or withdrew
    before it waits no longer, and is not among them. So it cannot show how many come through (see
    `adverse_impact`), nor how long those waited who gave up, nor why one group waits longer. It
    takes those who still wait as like those of their group who reached the stage after as many
    days, also in the medians. The test compares the whole time, not only its median. Source:
    Klein and Moeschberger, Survival Analysis (2nd ed. 2003), 4.2 to 4.5 and 7.3; Brookmeyer and
    Crowley, Biometrics 38 (1982), 29-41.

    Examples
    --------
    >>> import pandas as pd
    >>> waits = pd.DataFrame({
    ...     "race": ["black"] * 3 + ["white"] * 2, "stage": "offered",
    ...     "days": [30, 50, 60, 30, 40], "n": [10, 29, 1, 30, 10],
    ...     "reached": [10, 29, 0, 30, 10],
    ... }).assign(reached_known=lambda t: t.n)
    >>> table = time_to_stage(waits, group="race", reference="white")
    >>> table[["group", "n", "x", "pending", "median", "difference"]].values.tolist()
    [['black', 40, 39, 1, 50.0, 20.0], ['white', 40, 40, 0, 30.0, 0.0]]
    """
    frame = frame_of(waits, what="waits")
    minimum = minimum_of(minimum)
    if not isinstance(most_pending, int | float) or not 0 <= most_pending <= 1:
        raise ValueError(
            f"most_pending={most_pending!r} must be a share between 0 and 1: 0.05 compares groups "
            "of whom at most 5 in 100 still wait."
        )
    columns = [("group", group), ("stage", stage), ("days", days), ("n", "n")]
    need(frame, [*columns, *([("within", within)] if within else [])], what="waits")
    need_flag(frame, "event", event)
    names = _in_order(waits, frame, stage, stages)
    parts: list[Durations] = []
    for name in names:
        here = (frame[stage].astype(object) == name).fillna(False).to_numpy(dtype=bool)
        part = frame.assign(**{c: frame[c].where(here, 0) for c in ("n", event, f"{event}_known")})
        parts.append(durations_of(part, group=group, within=within, time=days, event=event))
    folded = parts[0].folded
    at = folded.column_of(reference)
    own = np.arange(len(folded.groups)) == at
    shape = (len(folded.strata), len(names), len(folded.groups))
    tables = [p.table() for p in parts]

    def stacked(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=1)  # strata, stages, groups

    n = stacked([p.count(p.n) for p in parts])
    x = stacked([p.count(p.x) for p in parts])
    everyone = stacked([p.folded["n"] for p in parts])
    short = n < minimum
    figures: dict[str, np.ndarray] = {}
    curves = [kaplan_meier(t, confidence_level=confidence_level) for t in tables]
    for column, (share, _) in _SHARES.items():
        found = [survival_quantile(c, share) for c in curves]
        figures[column] = np.where(short, np.nan, stacked([q.value for q in found]))
        if column == "median":
            for end in ("low", "high"):
                figures[end] = np.where(short, np.nan, stacked([getattr(q, end) for q in found]))
    p_value = stacked([against(t, at) for t in tables])
    few = short | short[..., at : at + 1]
    waiting = n - x > most_pending * n + 1e-9
    still = (waiting | waiting[..., at : at + 1]) & ~few & ~own
    p_value = np.where(few | still, np.nan, p_value)
    difference = figures["median"] - figures["median"][..., at : at + 1]
    difference = np.where(still, np.nan, difference)

    reasons = Reasons(shape)
    some = n > 0
    reasons.add(everyone == 0, "nobody of this group reached this stage or waits for it")
    reasons.add((everyone > 0) & ~some, "no wait of this group is known")
    reasons.add(some & short, f"fewer than {minimum} people: too few people to tell")
    for column, (_, words) in _SHARES.items():
        if words:
            late = ~short & np.isnan(figures[column])
            reasons.add(late, f"no {_heading(column)}: fewer than {words} reached it so far")
    here, there = n - x, (n - x)[..., at : at + 1]
    words = np.array(
        [
            f"no comparison: {h:,.0f} of {m:,.0f} {STILL_WAIT}, and {t:,.0f} of {o:,.0f} of "
            f"{reference}; some of them will fail, nobody knows who"
            for h, m, t, o in zip(
                *(
                    np.broadcast_to(v, shape).ravel()
                    for v in (here, n, there, n[..., at : at + 1])
                ),
                strict=True,
            )
        ],
        dtype=object,
    )
    reasons.add(still, words.reshape(shape))
    no_other = (
        ~still
        & ~own
        & ~np.isnan(figures["median"])
        & np.isnan(figures["median"][..., at : at + 1])
    )
    reasons.add(no_other, f"no difference: no median of {reference}")
    adjusted = holm(p_value)
    strata = np.repeat(np.array(folded.strata, dtype=object), shape[1] * shape[2])
    return tidy(
        {
            "stratum": strata,
            "stage": np.tile(np.repeat(np.array(names, dtype=object), shape[2]), shape[0]),
            "group": np.tile(np.array(folded.groups, dtype=object), shape[0] * shape[1]),
            "reference": np.full(shape, reference, dtype=object),
            "n": whole(n),
            "x": whole(x),
            "pending": whole(n - x),
            "median": figures["median"],
            "low": figures["low"],
            "high": figures["high"],
            "quartile_1": figures["quartile_1"],
            "quartile_3": figures["quartile_3"],
            "difference": difference,
            "p_value": p_value,
            "p_adjusted": adjusted,
            "left_out": whole(stacked([p.folded["left_out"] for p in parts])),
            "unknown": np.repeat(
                whole(stacked([p.folded.unknown["n"] for p in parts]))[..., None], shape[2], -1
            ),
            "method": np.full(shape, METHOD, dtype=object),
            "reason": reasons.column(),
        }
    )


def _heading(column: str) -> str:
    return {"median": "median", "quartile_1": "first quartile"}[column]


def _in_order(
    waits: Any, frame: pd.DataFrame, stage: str, stages: Sequence[str] | None
) -> list[str]:
    """Return the stages in their order, or raise ValueError naming those that are there."""
    there = [str(s) for s in frame[stage].dropna().unique()]
    if not there:
        raise ValueError(
            f"stage={stage!r}: no row of the waits has a stage. Make them with "
            "equity.stage_waits(applicants, stages=[...])."
        )
    if stages is not None:
        names = [stages] if isinstance(stages, str) else list(stages)
        strange = [s for s in names if s not in there]
        if strange or not names or len(set(names)) < len(names):
            raise ValueError(
                f"stages={names!r}: name each stage once, of those in the waits: "
                f"{', '.join(there)}."
            )
        return names
    told = (getattr(waits, "provenance", None) or {}).get("stages") or []
    listed = [s["name"] if isinstance(s, Mapping) else s for s in told]
    return [s for s in listed if s in there] + [s for s in there if s not in listed]
