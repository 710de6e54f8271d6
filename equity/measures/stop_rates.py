"""How often is each group stopped for its number of residents: the benchmark test."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._benchmark import Benchmark, Rules, benchmarks
from equity.measures._cells import Cells, Reasons, cells, frame_of, need, tidy, whole
from equity.measures._dispersion import FEW_AREAS, factors
from equity.proportions._arrays import two_sided_normal

__all__ = ["stop_rates"]


def stop_rates(
    counts: Any,
    residents: pd.DataFrame | dict[str, pd.DataFrame],
    *,
    group: str,
    reference: str,
    within: str | None = None,
    areas: str | None = None,
    overdispersion: bool = False,
    years_apart: int = 5,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Count the stops of each group for each resident of it, against a reference group.

    How many times as often are people of each group stopped as the reference group, counted
    against the people who live there?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of stops by `group` (and `within`).
    residents : DataFrame, or dict of benchmark name to DataFrame
        One row for each group: `n` people, `moe` their margin of error at 90 % (0 if controlled,
        missing if not known; no column `moe`: a full count). The groups are in a column named as
        `group`, or without "subject_", or "race". Several benchmarks stand side by side, since
        the choice drives the answer.
    group : column of the counts that holds the groups.
    reference : the group to compare with.
    within : column of strata. If residents have it too (districts), each stratum has its own
        residents. If not, and the column holds places (its name says so: district, beat, area,
        precinct ...), there are no figures, since the residents of the whole are not those of a
        part; strata of another kind (year, type) are held against the same residents, and
        `method` says so.
    areas : column of areas (districts) of the residents; None: known by its name. Without
        `within` the residents are added up over the areas that the counts have.
    overdispersion : whether the standard error of the log ratio is widened by how much more stops
        vary over `areas` than chance would make them: both tables then need the areas, five at
        least.
    years_apart : counts and residents further apart than this many years give no figures.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum, benchmark and group: `n` stops and their `share`; `population`
        with `population_moe` and `population_share`; stops `expected` if they fell as residents
        do; `rate` in stops per resident; `ratio` to the reference with its interval, in which the
        margin of error of the residents is included; `ratio_least` and `ratio_most`, between
        which it lies however the stops without a known group are shared out: least if all were
        of the reference, most if all were of the group; `dispersion`, the factor by which the
        standard error was widened (1 if not asked for); `p_value`, and `p_adjusted` for all
        comparisons with one benchmark (Holm). Where the reference has no stop there is no ratio,
        and `ratio_low` says how many times as often at least; `unknown` stops without a known
        group; `method`; `reason` why a figure is missing, or what to keep in mind (different
        periods, no margin).

    Raises
    ------
    ValueError
        Where counts have a group that the residents have not (the two must use one scheme), where
        residents of several places or years are mixed, where the areas of the two have no name in
        common, or a column or the reference is not there.

    Notes
    -----
    Residents are not the people on the road: commuters, visitors, hours of driving and where
    police are sent all differ, so a ratio cannot show why stops differ. Stops can exceed
    residents; they are counts, not people. Source: Rothman, Greenland and Lash, Modern
    Epidemiology (2008), ch. 14; Pierson and others, Nature Human Behaviour 4 (2020), 736-745;
    US Census Bureau, Understanding and Using ACS Data (2018), ch. 7 and 8. Overdispersion:
    Gelman and Hill, Data Analysis Using Regression and Multilevel/Hierarchical Models (2007),
    ch. 6.2, whose example is stops by precinct and ethnic group; bounds: Manski, Partial
    Identification of Probability Distributions (2003), ch. 1.

    Examples
    --------
    Philadelphia, 2017:

    >>> import pandas as pd
    >>> stops = pd.DataFrame({"race": ["black", "white"], "n": [204_420, 50_698]})
    >>> people = pd.DataFrame({"race": ["black", "white"], "n": [648_846, 548_312]})
    >>> table = stop_rates(stops, people, group="race", reference="white")
    >>> table[["group", "ratio", "ratio_low", "ratio_high"]].round(3).values.tolist()[0]
    ['black', 3.407, 3.374, 3.441]
    """
    frame = frame_of(counts)
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    if not years_apart >= 0:
        raise ValueError(f"years_apart={years_apart!r} must be a number of years, 0 or more.")
    folded = cells(frame, group=group, within=within, columns=["n"])
    folded.column_of(reference)
    rules = Rules(remark_after=2, refuse_after=years_apart, places=True, areas=areas)
    marks = benchmarks(counts, frame, residents, folded, group, within, rules)
    tables = []
    for mark in marks:
        at = mark.groups.index(reference)
        widened = np.ones((len(folded.strata), len(mark.groups))), None
        if overdispersion:
            widened = factors(mark, frame, folded, group, within, at)
        tables.append(_against(mark, folded, reference, widened, confidence_level))
    if len(tables) == 1:
        return tables[0]
    order = {s: i for i, s in enumerate(folded.strata)}
    side_by_side = pd.concat(tables, ignore_index=True)
    return side_by_side.sort_values(
        "stratum", key=lambda s: s.map(order), kind="stable", ignore_index=True
    )


def _against(
    mark: Benchmark,
    folded: Cells,
    reference: str,
    widened: tuple[np.ndarray, np.ndarray | None],
    confidence_level: float,
) -> pd.DataFrame:
    stops = mark.widen(folded["n"], folded)
    refused = np.broadcast_to(mark.refused[:, None], stops.shape)
    fits = refused == ""
    people, se = np.where(fits, mark.population, np.nan), mark.se
    at = mark.groups.index(reference)
    own = np.arange(len(mark.groups)) == at
    everyone = stops.sum(axis=1, keepdims=True)
    here = np.broadcast_to(mark.counted, stops.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(everyone > 0, stops / everyone, np.nan)
        rate = np.where((people > 0) & here, stops / people, np.nan)
        compared = np.where(here & ~own, stops, np.nan)
        bases = people, stops[:, [at]], people[:, [at]]
        found = proportions.rate_ratio(
            compared, *bases, se1=se, se2=se[:, [at]], confidence_level=confidence_level
        )
        alone = proportions.rate_ratio(compared, *bases, confidence_level=confidence_level)
        base = np.hypot(se / people, se[:, [at]] / people[:, [at]])
    # no stop of the reference: the ratio has no upper end, but a lower one, and can be tested
    ratio = np.where(np.isfinite(found.ratio), found.ratio, np.nan)
    low, high, p = _widen(found, alone, base, widened[0], confidence_level)
    ratio = np.where(own & ~np.isnan(rate) & (rate > 0), 1.0, ratio)
    unknown = folded.unknown["n"][:, None]
    least, most = _bounds(stops, unknown, people, at, here)

    reasons = Reasons(stops.shape)
    reasons.add(~fits, refused)
    reasons.add(fits & np.isnan(people), f"no number of people of this group in {mark.name}")
    reasons.add(people == 0, f"{mark.name}: 0 people of this group, so no rate")
    reasons.add(
        ~here & (people > 0),
        "no stop of this group anywhere in the counts: it may be recorded under another group",
    )
    other = people[:, [at]]
    reasons.add(~own & here & (people > 0) & ~(other > 0), f"no ratio: no number of {reference}")
    zero = here & (people > 0) & (other > 0) & (stops[:, [at]] == 0)
    reasons.add(zero, f"no ratio: no stop of {reference}")
    floor = np.array([f"{v:.2g}" if v == v else "" for v in low.flat], dtype=object)
    at_least = "a ratio of " + floor.reshape(low.shape) + " or more fits the counts"
    reasons.add(zero & ~np.isnan(low), at_least)
    method = _methods(mark, found.method, widened, low, reasons, ~own & ~np.isnan(found.ratio))
    reasons.add(fits & mark.no_margin, "margin of error of the residents not known, left out")
    remarks = np.broadcast_to(mark.remarks[:, None], stops.shape)
    reasons.add(remarks != "", remarks)

    strata = np.repeat(np.array(folded.strata), len(mark.groups))
    return tidy(
        {
            "stratum": strata,
            "benchmark": np.full(stops.size, mark.name, dtype=object),
            "group": np.tile(np.array(mark.groups), len(folded.strata)),
            "reference": np.full(stops.size, reference, dtype=object),
            "n": whole(stops),
            "share": share,
            "population": mark.population,
            "population_moe": mark.moe,
            "population_share": mark.share,
            "expected": np.where(fits, everyone * mark.share, np.nan),
            "rate": rate,
            "ratio": ratio,
            "ratio_low": low,
            "ratio_high": high,
            "ratio_least": least,
            "ratio_most": most,
            "dispersion": np.where(own, 1.0, widened[0]),
            "p_value": p,
            "p_adjusted": proportions.holm(p),
            "unknown": np.repeat(whole(folded.unknown["n"]), len(mark.groups)),
            "method": method,
            "reason": reasons.column(),
        }
    )


def _bounds(
    stops: np.ndarray, unknown: np.ndarray, people: np.ndarray, at: int, here: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest ratio over all ways to share out the unknown stops.

    A stop more for the reference lowers the ratio and one more for the group raises it, so the
    ends are reached where all go to the one or to the other.
    """
    own = np.arange(stops.shape[1]) == at
    other, others = stops[:, [at]], people[:, [at]]

    def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            can = here & (people > 0) & (others > 0) & (b > 0)
            return np.where(can, np.where(own, 1.0, a * others / (b * people)), np.nan)

    return ratio(stops, other + unknown), ratio(stops + unknown, other + 0 * unknown)


def _widen(
    found: proportions.RateRatio,
    alone: proportions.RateRatio,
    base: np.ndarray,
    factor: np.ndarray,
    confidence_level: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return limits and p-value, the part of the stops widened by a factor of at least 1.

    `alone` holds the limits without the error of the residents, `base` that error on the log
    scale. A factor that is missing leaves no interval.
    """
    high = np.where(np.isfinite(found.high), found.high, np.nan)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        at = np.log(found.ratio)
        z = NormalDist().inv_cdf(0.5 + confidence_level / 2)
        down = np.hypot(factor * (at - np.log(alone.low)), z * base)
        up = np.hypot(factor * (np.log(alone.high) - at), z * base)
        error = (down + up) / (2 * z)
        p, _ = two_sided_normal(at / error)
        top = np.exp(at + up)  # beyond all numbers where stops vary without bound
        wide = (np.exp(at - down), np.where(np.isfinite(top), top, np.nan), p)
    return tuple(  # type: ignore[return-value]
        np.where(factor == 1, plain, np.where(np.isfinite(at), new, np.nan))
        for plain, new in zip((found.low, high, found.p_value), wide, strict=True)
    )


def _methods(
    mark: Benchmark,
    names: np.ndarray,
    widened: tuple[np.ndarray, np.ndarray | None],
    low: np.ndarray,
    reasons: Reasons,
    compared: np.ndarray,
) -> np.ndarray:
    """Return the words of the method for each row, and add why a widened interval is missing."""
    factor, areas = widened
    words = np.where(names == "exact", "ratio: exact binomial, benchmark error added",
                     "ratio: log, benchmark error included").astype(object)  # fmt: skip
    if areas is not None:
        there = ~np.isnan(factor)
        words = np.where(there, words + ", overdispersion over " + areas.astype(str) + " areas",
                         words)  # fmt: skip
        few = compared & ~there
        if mark.areas is None:
            reasons.add(few, f"no interval: overdispersion needs counts and {mark.name} by area")
        else:
            number = areas.astype(str).astype(object)
            reasons.add(few, "no interval: overdispersion needs stops and residents of "
                        f"{FEW_AREAS} areas, not " + number)  # fmt: skip
        none = compared & there & (factor > 1) & np.isnan(low)
        reasons.add(none, "no interval: overdispersion needs stops of both groups")
    words = np.where(names == "none", "", words)
    also = f"; {mark.method}" if mark.method else ""
    return np.where(words == "", mark.method, words + also)
