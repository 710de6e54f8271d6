"""How long until a group is a given share of the workforce, under given hiring and exits."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import tidy
from equity.measures._flows import OTHERS, Staff, exit_rates_of, staff_of
from equity.measures._path import Rates, needed, path, reached, simulate, steady
from equity.measures._path_words import few, method, moves, never, percent

__all__ = ["THIRTY_BY_30", "parity_projection"]

THIRTY_BY_30: Mapping[str, Any] = MappingProxyType(
    {
        "name": "30x30",
        "focal": "female",
        "target": 0.30,
        "by_year": 2030,
        "of": "recruits",
        "says": "30 of 100 people in police recruit classes are women by 2030",
        "source": "30x30 Initiative, Policing Project at the New York University School of Law "
        "and National Association of Women Law Enforcement Executives, the 30x30 Pledge (2021)",
    }
)
"""The 30x30 goal, which is about recruit classes and not about all officers."""

MOST_YEARS = 100
MOST_DRAWS = 100_000


def parity_projection(
    workforce: Any,
    *,
    group: str,
    focal: str | None = None,
    target: float | None = None,
    hires: float | None = None,
    hire_share: float | None = None,
    exit_rates: float | Mapping[str, float] | None = None,
    growth: float = 0,
    years: int = 30,
    by_year: int | None = None,
    goal: Mapping[str, Any] | None = None,
    when: str = "year",
    draws: int = 1000,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Follow a group's expected share of the workforce, year by year, to a target.

    If hiring and exits stay as they are, or become what is assumed here, when does a group reach
    a given share of the workforce; and which share of the hires would it take by a given year?

    Parameters
    ----------
    workforce : CountTable or DataFrame
        Counts of employees by `group`, and by year where there are several snapshots: the newest
        is where the projection starts. The flags `joined` and `left` (`equity.add_flows`) give
        the share among hires and the exit rates where these are not given. Of a part of the
        workforce (sworn officers), people who came from its other posts count as hired: between
        snapshots `n(t+1) = n(t) - left + joined + moved`.
    group : column that holds the groups.
    focal : the group that is followed; everybody else of a known group is "others".
    target : its share of the workforce that is to be reached, between 0 and 1.
    hires : people hired in a year. None: as many as leave, and `growth`.
    hire_share : share of the focal group among those who enter, 0 to 1. None: as counted, among
        those who joined or came from other posts.
    exit_rates : share that leaves in a year, 0 to 1: one number for everybody, or a mapping with
        the keys "focal" (or the group's own) and "others". What is None or not given is as
        counted.
    growth : posts added in each year (negative: cut), where `hires` is None.
    years : how many years to follow, at most 100.
    by_year : the year for which `share_needed` is worked out; without years in the counts, the
        number of years from now.
    goal : a published goal such as `THIRTY_BY_30`, which fills in `focal`, `target` and `by_year`
        where they are not given; where it is about recruits, `hire_share` too.
    when : column of the year of each snapshot.
    draws : drawn futures for the band; 0: no band.
    seed : start of the random numbers: the same seed gives the same band.
    confidence_level : two-sided level of the band, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each year, from the newest snapshot on: `year`, `ahead` (years from now),
        `group`, expected staff `n` and of the group `x`, `share` with `low` and `high`, `target`.
        On every row the same: `years_to_target` (first year in which the expected share is there;
        `years_low` and `years_high`: the same for the ends of the band; missing if not within
        `years`), `steady_share` where the share levels off, `by_year` and `share_needed` (share
        among the hires of every year until then), `hire_share`, `exit_rate_focal`,
        `exit_rate_others` and `hires` of the first year as used; the counts behind them
        (`hired_x` of `hired_n`, `left_focal` of `left_focal_n`, `left_others` of
        `left_others_n`; missing where the figure was given; `moved_x` of `moved_n` are those
        among the hired who came from other posts, net of those who went there); `unknown`
        employees without a known group; `method`; `reason` why a figure is missing, or what to
        keep in mind.

    Raises
    ------
    ValueError
        For a column or group that is not there, a share or rate outside 0 to 1, `growth` beside
        `hires`, or where hiring or exits are neither given nor counted. Also where they are
        counted of a part that people left for other posts (net, more than a tenth of those who
        left the workforce and more than 2 people), that more than a quarter entered from there in
        a year, or of which no two snapshots follow each other.

    Notes
    -----
    It cannot show what will happen: it says what follows if the rates stay as they are. It knows
    neither age nor length of service, so a wave of retirements is not in it, and nobody changes
    rank. Recruits who leave before the next snapshot are in neither flag, so a counted share is
    not that of a recruit class. Of those who move between posts only the net number is known; it
    holds people whose group was recorded anew. The band holds the chance in who is hired and who
    leaves, and where a rate is counted the uncertainty of that rate; a change of policy or of the
    labour market is not in it.
    Model: expected numbers with fixed rates of hiring and wastage, Bartholomew, Forbes and
    McClean, Statistical Techniques for Manpower Planning (2nd ed. 1991), ch. 4.

    Examples
    --------
    100 officers of whom 10 are women; 10 of 100 leave in a year, every post is filled again, and
    30 of 100 hires are women. The gap to 30 % shrinks by a tenth each year.

    >>> import pandas as pd
    >>> now = pd.DataFrame({"sex": ["female", "male"], "n": [10, 90]})
    >>> table = parity_projection(
    ...     now, group="sex", focal="female", target=0.2, hire_share=0.3, exit_rates=0.1
    ... )
    >>> table["share"].round(4).tolist()[:3], int(table["years_to_target"].iloc[0])
    ([0.1, 0.12, 0.138], 7)
    """
    focal, target, by_year, hire_share, aim = _aim(goal, focal, target, by_year, hire_share)
    _check(target, hires, hire_share, growth, years, draws, confidence_level)
    given = exit_rates_of(exit_rates, focal)
    staff = staff_of(workforce, group=group, focal=focal, when=when)
    rates, behind = _rates(staff, focal, given, hires, hire_share, growth)
    start = float(staff.focal), float(staff.others)
    if not sum(start):
        raise ValueError("Nobody in the newest snapshot has a known group: nothing to start from.")
    first = staff.year or 0
    x, others = path(start, rates, years)
    n = x + others
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, x / n, np.nan)
    low = high = np.full(years + 1, np.nan)
    if draws:
        low, high = _band(
            staff,
            rates,
            behind,
            years=years,
            draws=draws,
            seed=seed,
            confidence_level=confidence_level,
        )
    level = steady(rates)
    when_reached, *span = (reached(s, target) for s in (share, high, low))
    horizon = None if by_year is None else by_year - first
    due = f"by {by_year}" if first else f"within {by_year} years"
    wanted, words = _needed(start, rates, target, horizon, due)
    reasons = [
        *never(share, target, when_reached, level, years, first),
        *([] if not words else [words]),
        *moves(behind, staff.moved_out),
        *few(behind),
        *([] if rates.hired(start) else ["nobody is hired in the first year"]),
        *([] if draws else ["no band: draws=0"]),
    ]
    rows = years + 1
    same: dict[str, Any] = {
        "target": target,
        "years_to_target": when_reached,
        "years_low": span[0],
        "years_high": span[1],
        "steady_share": level,
        "by_year": by_year,
        "share_needed": wanted,
        "hire_share": rates.hire_share,
        "exit_rate_focal": rates.exits[0],
        "exit_rate_others": rates.exits[1],
        "hires": rates.hired(start),
        **behind,
        "unknown": staff.unknown,
    }
    table: dict[str, Any] = {
        "year": np.arange(first, first + rows),
        "ahead": np.arange(rows),
        "group": np.full(rows, focal, dtype=object),
        "n": n,
        "x": x,
        "share": share,
        "low": low,
        "high": high,
    }
    table |= {name: _column(name, value, rows) for name, value in same.items()}
    table["method"] = np.full(rows, method(behind, hires, growth, draws, aim), dtype=object)
    table["reason"] = pd.Series(["; ".join(reasons) or None] * rows, dtype="str")
    return tidy(table)


_WHOLE = ("years_to_target", "years_low", "years_high", "by_year")


def _column(name: str, value: Any, rows: int) -> pd.Series:
    """Return one value on every row: counts as Int64, so that they can be missing."""
    if name in _WHOLE or name.startswith(("hired_", "left_", "moved_")):
        return pd.Series(pd.array([value if value is not None else pd.NA] * rows, dtype="Int64"))
    if name == "unknown":
        return pd.Series(np.full(rows, value, dtype=np.int64))
    return pd.Series(np.full(rows, np.nan if value is None else float(value)))


def _aim(
    goal: Mapping[str, Any] | None,
    focal: str | None,
    target: float | None,
    by_year: int | None,
    hire_share: float | None,
) -> tuple[str, float, int | None, float | None, str]:
    """Return focal group, target, year and hiring share, filled in from a goal; and its words."""
    words = ""
    if goal is not None:
        focal, target = focal or goal["focal"], goal["target"] if target is None else target
        by_year = goal.get("by_year") if by_year is None else by_year
        words = f"goal {goal['name']}: {goal['says']}"
        if goal.get("of") == "recruits":
            words += "; it is about recruits, not about the whole workforce"
            words += "; recruits who leave before the next snapshot are not in `joined`"
            if hire_share is None:
                hire_share = goal["target"]
                words += "; shown as if it were met from now on"
    if focal is None or target is None:
        raise ValueError(
            "Say which group is followed (focal=) and which share it is to reach (target=), or "
            "give a goal such as THIRTY_BY_30."
        )
    return focal, float(target), by_year, hire_share, words


def _check(
    target: float,
    hires: float | None,
    hire_share: float | None,
    growth: float,
    years: int,
    draws: int,
    confidence_level: float,
) -> None:
    for name, value, ok, rule in (
        ("target", target, 0 < target < 1, "a share between 0 and 1, such as 0.3"),
        ("hires", hires, hires is None or hires >= 0, "a number of people, 0 or more"),
        ("hire_share", hire_share, hire_share is None or 0 <= hire_share <= 1, "between 0 and 1"),
        ("years", years, 1 <= years <= MOST_YEARS, f"1 to {MOST_YEARS}"),
        ("draws", draws, 0 <= draws <= MOST_DRAWS, f"0 to {MOST_DRAWS:,}"),
        ("confidence_level", confidence_level, 0 < confidence_level < 1, "between 0 and 1"),
    ):
        if not ok:
            raise ValueError(f"{name}={value!r} must be {rule}.")
    if growth and hires is not None:
        raise ValueError(
            f"growth={growth!r} beside hires={hires!r}: a fixed number of hires says already how "
            "the workforce grows. Give one of the two."
        )


def _rates(
    staff: Staff,
    focal: str,
    given: Mapping[str, float],
    hires: float | None,
    hire_share: float | None,
    growth: float,
) -> tuple[Rates, dict[str, int | None]]:
    """Return the rates, given or counted, and the counts behind those that are counted."""
    behind: dict[str, int | None] = dict.fromkeys(
        (*("hired_x", "hired_n", "moved_x", "moved_n"),
         *("left_focal", "left_focal_n", "left_others", "left_others_n"))
    )  # fmt: skip
    if hire_share is None:
        if staff.hired is not None and staff.hired_trouble:
            raise ValueError(
                f"The share among those who enter cannot be counted: {staff.hired_trouble}. Give "
                "hire_share= and exit_rates=, or follow all employees together."
            )
        if staff.hired is None or not staff.hired[1]:
            raise ValueError(
                "The counts do not say who was hired: they need the flag 'joined', from snapshots "
                "of several years with a number for each person. Or give hire_share=."
            )
        behind["hired_x"], behind["hired_n"] = staff.hired
        behind["moved_x"], behind["moved_n"] = staff.moved
        hire_share = staff.hired[0] / staff.hired[1]
    exits = []
    for at, (name, key) in enumerate(((focal, "focal"), (OTHERS, "others"))):
        if name in given:
            exits.append(given[name])
            continue
        if staff.left is None:
            raise ValueError(
                "The counts do not say who left: they need the flag 'left', from snapshots of "
                "several years with a number for each person. Or give exit_rates=."
            )
        if staff.left_trouble:
            raise ValueError(
                f"The exit rates cannot be counted: {staff.left_trouble}. Give exit_rates=, or "
                "follow all employees together."
            )
        gone, asked = staff.left[at].total
        behind[f"left_{key}"], behind[f"left_{key}_n"] = gone, asked
        exits.append(float(staff.left[at].rate(gone / asked)))
    return Rates(float(hire_share), (exits[0], exits[1]), hires, float(growth)), behind


def _band(
    staff: Staff,
    rates: Rates,
    behind: Mapping[str, int | None],
    *,
    years: int,
    draws: int,
    seed: int,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the band: rates drawn where they are counted, then people drawn."""
    rng = np.random.default_rng(seed)

    def drawn(x: int, n: int) -> np.ndarray:
        return rng.beta(x + 0.5, n - x + 0.5, draws)  # Jeffreys: also where nobody left

    share = np.full(draws, rates.hire_share)
    if behind["hired_n"] is not None and staff.hired is not None:
        share = drawn(*staff.hired)
    exits = [np.full(draws, rate) for rate in rates.exits]
    for at, key in enumerate(("left_focal_n", "left_others_n")):
        if behind[key] is not None and staff.left is not None:
            flows = staff.left[at]
            exits[at] = flows.rate(drawn(*flows.total))
    shares = simulate((staff.focal, staff.others), rates, share, exits, years, rng)
    gone = np.isnan(shares).all(axis=0)  # nobody is left in any of the futures
    tail = (1 - confidence_level) / 2
    low, high = np.nanquantile(np.where(gone, 0.0, shares), [tail, 1 - tail], axis=0)
    return np.where(gone, np.nan, low), np.where(gone, np.nan, high)


def _needed(
    start: tuple[float, float],
    rates: Rates,
    target: float,
    horizon: int | None,
    due: str,
) -> tuple[float | None, str]:
    """Return the share among hires that reaches the target in time, or why there is none."""
    if horizon is None:
        return None, ""
    if not 1 <= horizon <= MOST_YEARS:
        return None, f"no share needed: {due} is not 1 to {MOST_YEARS} years from now"
    share = needed(start, rates, target, horizon)
    if share is None:
        most = path(start, rates.with_share(1.0), horizon)
        left = float(most[0][-1] + most[1][-1])
        if not left:
            return None, "no share needed: nobody would be left"
        best = float(most[0][-1]) / left
        return None, (
            f"{due} the target is out of reach: if everybody hired were of this group, the "
            f"share would be {percent(best)}"
        )
    return share, ""
