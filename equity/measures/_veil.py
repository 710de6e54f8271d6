"""One group against the reference in one model of the veil of darkness, from counted cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import keys
from equity.measures._logit import Fit, Levels, clustered, fold, informative, logit
from equity.measures._spline import spline_columns

__all__ = ["Counts", "Model", "derived", "estimate"]

FEW_CLUSTERS = 30
"""Below this many clusters their errors tend to be too small (Cameron and Miller 2015)."""
LARGEST_ERROR = 10.0
"""Of a log odds ratio: with more, any ratio fits and none is given."""
FEW_IN_A_CORNER = 10
"""With fewer clusters in one of the four counts (group or reference, dark or light) the clustered
error can be far too small: in 1,500 draws without any effect and 1 to 4 stops of a group in the
dark, a test at 5 % found one in 13 to 25 % of them; by the larger of both errors in 0 to 2 %."""
AROUND = 30
"""Days on either side of a clock change that the daylight-saving variant looks at."""
_SEASONS = np.array(["December to February", "March to May", "June to August",
                     "September to November"])  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What a model allows for: places, categories, and the clock time as a spline."""

    words: str
    within: tuple[str, ...]
    also: tuple[str, ...]
    df: int
    around: bool = False
    """Only the days around clock changes."""


def truth(values: pd.Series, role: str) -> pd.Series:
    """Return a column of yes and no, or raise ValueError."""
    try:
        return values.astype("boolean")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{role}={values.name!r} must hold True, False or nothing, not {values.dtype}. "
            "equity.add_daylight makes such a column."
        ) from error


def number(values: pd.Series, role: str) -> np.ndarray:
    """Return a column of numbers, NaN where missing, or raise ValueError."""
    try:
        return values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{role}={values.name!r} must hold numbers, not {values.dtype}. Clock times are "
            "counted in bins, such as 5 minutes since midnight: 0 to 287."
        ) from error


def stops(frame: pd.DataFrame) -> np.ndarray:
    """Return the numbers of stops, or raise ValueError."""
    n = frame["n"].to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(n).any() or (n < 0).any():
        raise ValueError(
            "Column 'n' must hold counts of 0 or more, without gaps. "
            "Make the table with equity.count."
        )
    return n


def derived(frame: pd.DataFrame, name: str) -> pd.Series | None:
    """Return a column, or what `date` says of it; None where neither is there."""
    if name in frame.columns:
        return frame[name]
    if name not in ("weekday", "month", "season", "year") or "date" not in frame.columns:
        return None
    date = pd.to_datetime(frame["date"], errors="coerce")
    if name == "season":
        month = date.dt.month.to_numpy(dtype=float, na_value=np.nan)
        found = _SEASONS[np.nan_to_num(month, nan=0).astype(int) % 12 // 3]
        return pd.Series(found, index=frame.index, dtype="str").where(date.notna())
    return getattr(date.dt, "day_of_week" if name == "weekday" else name)


class Counts:
    """A count table made ready for many fits: codes instead of values."""

    def __init__(
        self, frame: pd.DataFrame, *, group: str, dark: str, clock: str, cluster: str | None
    ) -> None:
        self.frame, self.cluster = frame, cluster
        self.n = stops(frame)
        self.group, self.groups = keys(frame[group])
        if not self.groups:
            raise ValueError(
                f"No row of the counts has a known {group!r}, so there is nothing to compare. "
                "Widen the choice of years, places or other filters."
            )
        state = truth(frame[dark], "dark")
        self.seen = state.notna().to_numpy(dtype=bool)
        self.dark = state.fillna(False).to_numpy(dtype=bool)
        self.clock = number(frame[clock], "clock")
        self.unknown = round(self.n[self.group < 0].sum())
        self._codes: dict[str, np.ndarray | None] = {}

    def codes(self, name: str) -> np.ndarray | None:
        """Return a code for each row of a column, -1 where missing; None if it is not there."""
        if name not in self._codes:
            values = derived(self.frame, name)
            code = None if values is None else pd.factorize(values, sort=True)[0]
            self._codes[name] = code
        return self._codes[name]


def estimate(counts: Counts, key: str, reference: str, model: Model) -> dict[str, Any]:
    """Return one row of the result, without its interval; `freedom` is that of the t (or None)."""
    pair = [counts.groups.index(k) for k in (key, reference)]
    ours = ((counts.group == pair[0]) | (counts.group == pair[1])) & (counts.n > 0)
    row: dict[str, Any] = {
        "model": model.words,
        "group": key,
        "reference": reference,
        **dict.fromkeys(("n", "n_dark", "n_light", "x_dark", "x_light"), 0),
        **dict.fromkeys(("share_dark", "share_light", "log_odds", "se", "se_model"), np.nan),
        "clusters": None if counts.cluster is None else 0,
        "left_out": round(counts.n[ours].sum()),
        "unknown": counts.unknown,
        "method": _method(key, reference, model, {}, None, counts.cluster, None),
        "reason": None,
        "freedom": None,
    }
    needed = {name: counts.codes(name) for name in (*model.within, *model.also)}
    absent = [name for name, code in needed.items() if code is None]
    if model.around and "days_from_change" not in counts.frame.columns:
        absent.append("days_from_change")
    if absent:
        way = "" if absent[0] == "days_from_change" else ", nor a date to derive it from"
        return row | {"reason": f"the counts have no {absent[0]}{way}"}
    ours &= counts.seen
    if model.df:
        ours &= np.isfinite(counts.clock)
    for code in needed.values():
        ours &= code >= 0  # type: ignore[operator]
    if model.around:
        days = number(counts.frame["days_from_change"], "days_from_change")
        ours &= np.abs(np.nan_to_num(days, nan=np.inf)) <= AROUND
    cluster = None
    if counts.cluster is not None:
        cluster = counts.codes(counts.cluster)
        ours &= cluster >= 0  # type: ignore[operator]
    at = np.flatnonzero(ours)
    return row | _fitted(counts, at, pair, model, needed, cluster, row)


def _fitted(
    counts: Counts,
    at: np.ndarray,
    pair: list[int],
    model: Model,
    needed: dict[str, Any],
    cluster: np.ndarray | None,
    row: dict[str, Any],
) -> dict[str, Any]:
    """Return what the rows `at` of the table say: fold them into cells, and fit."""
    key, reference = row["group"], row["reference"]
    total = counts.n[at]
    positive = np.where(counts.group[at] == pair[0], total, 0.0)
    dark = counts.dark[at]
    if not len(at):
        return {"reason": "no stop of the two groups of which it is known whether it was dark"}
    place = fold([needed[name][at] for name in model.within]) if model.within else 0 * at
    others = {name: fold([needed[name][at]]) for name in model.also}
    tick, ticks = pd.factorize(counts.clock[at] if model.df else 0.0 * at, sort=True)
    cell = fold([place, *others.values(), tick, dark.astype(np.int64)])
    first = np.empty(int(cell.max()) + 1, dtype=np.int64)
    first[cell] = np.arange(len(cell))  # any row of the cell
    y, w = np.bincount(cell, weights=positive), np.bincount(cell, weights=total)
    levels = [place[first], *(code[first] for code in others.values())]
    dark_cell, tick = dark[first], tick[first]
    told, every = informative(levels, y, w), np.ones(len(y), dtype=bool)
    if fault := _no_contrast(y, w, dark_cell, every, reference):
        return _counted(y, w, dark_cell, every, row) | {"reason": fault}
    if not told.any():
        words = "no value of " + " and ".join([*model.within, *model.also])
        return _counted(y, w, dark_cell, every, row) | {
            "reason": f"{words} has stops of both groups"
        }
    out = _counted(y, w, dark_cell, told, row)
    if fault := _no_contrast(y, w, dark_cell, told, reference):
        return out | {"reason": f"{fault} (where both groups are stopped)"}

    design, df = [], 0
    if model.df:
        when, seen = pd.factorize(tick[told], sort=True)
        curve = spline_columns(ticks[seen], np.bincount(when, weights=w[told]), model.df)
        design, df = [Levels(when, curve)], curve.shape[1]
    for level in levels[1:]:
        values = np.unique(level[told])
        design.append(Levels(level[told], np.eye(int(level.max()) + 1)[:, values[1:]]))
    design.append(Levels(dark_cell[told].astype(np.int64), np.array([[0.0], [1.0]])))
    fit = logit(design, levels[0][told], y[told], w[told])
    used = np.zeros(len(told), dtype=bool)
    used[np.flatnonzero(told)[fit.used]] = True
    if fit.fault or fit.se > LARGEST_ERROR:
        return out | {"reason": _FAULTS[fit.fault or "vague"]}
    out = _counted(y, w, dark_cell, used, row)
    residual_of = np.full(len(told), np.nan), np.zeros(len(told))
    residual_of[0][told], residual_of[1][told] = fit.fitted, fit.influence
    here = used[cell]
    se, clusters = fit.se, None
    remarks = [
        _dropped(place, told[cell], total, model),
        _separated(w, told & ~used),
        _apart(ticks[tick[used]], dark_cell[used], w[used]) if model.df else None,
    ]
    if cluster is not None:
        mine = pd.factorize(cluster[at][here])[0]
        clusters = int(mine.max()) + 1
        mu, influence = residual_of[0][cell[here]], residual_of[1][cell[here]]
        moves = (positive[here] - total[here] * mu) * influence
        se = clustered(moves, mine, stops=out["n"], terms=fit.terms)
        corners = _rarest(mine, positive[here] > 0, dark[here], reference)
        if clusters < 2:
            remarks.append(f"no interval: all stops have one {counts.cluster}")
        elif np.isnan(se):
            remarks.append("no interval: fewer stops than terms")
        else:
            if corners[0] < FEW_IN_A_CORNER:
                se = max(se, fit.se)
                remarks.append(
                    f"stops of {corners[1]} are of only {corners[0]} values of {counts.cluster}: "
                    "the larger of the clustered and the model's error is taken"
                )
            if clusters < FEW_CLUSTERS:
                remarks.append(
                    f"only {clusters} values of {counts.cluster}: the interval may be too narrow"
                )
    return out | {
        "log_odds": fit.coefficient,
        "se": se,
        "se_model": fit.se,
        "clusters": clusters,
        "freedom": None if clusters is None else clusters - 1,
        "method": _method(key, reference, model, others, fit, counts.cluster, df),
        "reason": "; ".join(filter(None, remarks)) or None,
    }


_FAULTS = {
    "dependent": "darkness cannot be told from clock time and other terms: stops alike in these "
    "are all dark or all light",
    "separated": "darkness tells the two groups apart without error: among stops alike in all "
    "else there is no odds ratio",
    "diverged": "the fit did not settle",
    "vague": "too few stops: any odds ratio would fit",
}


def _counted(
    y: np.ndarray, w: np.ndarray, dark: np.ndarray, used: np.ndarray, row: dict[str, Any]
) -> dict[str, Any]:
    """Return the counts of the cells in use, and the stops of the pair that are left out."""
    n_dark, n_light = w[used & dark].sum(), w[used & ~dark].sum()
    x_dark, x_light = y[used & dark].sum(), y[used & ~dark].sum()
    return {
        "n": round(n_dark + n_light),
        "n_dark": round(n_dark),
        "n_light": round(n_light),
        "x_dark": round(x_dark),
        "x_light": round(x_light),
        "share_dark": x_dark / n_dark if n_dark else np.nan,
        "share_light": x_light / n_light if n_light else np.nan,
        "left_out": row["left_out"] - round(n_dark + n_light),
    }


def _no_contrast(
    y: np.ndarray, w: np.ndarray, dark: np.ndarray, used: np.ndarray, reference: str
) -> str:
    """Return which of the four counts is 0, in words."""
    out = []
    for when, where in (("in darkness", dark), ("in daylight", ~dark)):
        if not w[used & where].sum():
            out.append(f"no stop {when}")
            continue
        if not y[used & where].sum():
            out.append(f"{when}, no stop of this group")
        if not (w - y)[used & where].sum():
            out.append(f"{when}, no stop of {reference}")
    return "; ".join(out)


def _rarest(
    cluster: np.ndarray, ours: np.ndarray, dark: np.ndarray, reference: str
) -> tuple[int, str]:
    """Return the fewest clusters of the four kinds of stops, and which kind that is."""
    kinds = [
        (len(np.unique(cluster[(ours == is_ours) & (dark == is_dark)])), f"{who} in {when}")
        for is_ours, who in ((True, "this group"), (False, reference))
        for is_dark, when in ((True, "darkness"), (False, "daylight"))
    ]
    return min(kinds, key=lambda kind: kind[0])


def _dropped(place: np.ndarray, told: np.ndarray, total: np.ndarray, model: Model) -> str | None:
    """Return how much is left out because a place (or weekday ...) holds only one group."""
    lost = total[~told].sum()
    if not lost:
        return None
    gone = len(np.unique(place)) - len(np.unique(place[told]))
    names = " and ".join([*model.within, *model.also])
    what = f"{gone:,} of {len(np.unique(place)):,} places" if gone else f"some values of {names}"
    return f"{what} hold stops of one group only and are left out ({lost:,.0f} stops)"


def _apart(clock: np.ndarray, dark: np.ndarray, w: np.ndarray) -> str | None:
    """Say how many stops are at clock times (quarters of an hour) both light and dark, if few."""
    _, quarter = np.unique(np.floor(clock / 3), return_inverse=True)
    both = np.bincount(quarter, weights=w * dark) * np.bincount(quarter, weights=w * ~dark) > 0
    telling, everyone = w[both[quarter]].sum(), w.sum()
    if telling >= everyone / 2:
        return None
    return (
        f"only {telling:,.0f} of {everyone:,.0f} stops are at clock times that are both light and "
        "dark in these counts; the curve over the clock decides the rest"
    )


def _separated(w: np.ndarray, gone: np.ndarray) -> str | None:
    if not gone.any():
        return None
    return (
        f"{w[gone].sum():,.0f} stops are left out: among stops like them in all else, there is "
        "one group only"
    )


def _method(
    key: str,
    reference: str,
    model: Model,
    others: dict[str, Any],
    fit: Fit | None,
    cluster: str | None,
    df: int | None,
) -> str:
    """Return in words what is in the model, and where the errors are from."""
    parts = []
    if model.df:
        size = f"{model.df} df" if df in (None, model.df) else f"{df} df: few clock times"
        parts.append(f"clock time (natural cubic spline, {size}, knots at quantiles of type 7)")
    if model.within:
        places = f" ({fit.places:,} places)" if fit else ""
        parts.append(" x ".join(model.within) + places)
    parts += model.also
    if model.around:
        parts.append(f"only days up to {AROUND} from a clock change")
    allowing = f", allowing for {', '.join(parts)}" if parts else ", without adjustment"
    errors = (
        "errors of the model; normal interval and test"
        if cluster is None
        else f"errors clustered by {cluster} (CR1); t interval and test"
    )
    return f"logistic regression of {key} against {reference} on darkness{allowing}; {errors}"
