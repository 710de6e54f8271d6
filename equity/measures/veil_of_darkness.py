"""How a group's share of stops changes once it is too dark to see who is driving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from equity import proportions
from equity.measures._cells import frame_of, need
from equity.measures._veil import Counts, Model, derived, estimate

__all__ = ["veil_of_darkness"]

_COLUMNS = {
    "model": "str",
    "group": "str",
    "reference": "str",
    "n": "int64",
    "n_dark": "int64",
    "n_light": "int64",
    "x_dark": "int64",
    "x_light": "int64",
    "share_dark": "float64",
    "share_light": "float64",
    "log_odds": "float64",
    "se": "float64",
    "se_model": "float64",
    "odds_ratio": "float64",
    "low": "float64",
    "high": "float64",
    "clusters": "Int64",
    "p_value": "float64",
    "p_adjusted": "float64",
    "left_out": "int64",
    "unknown": "int64",
    "method": "str",
    "reason": "str",
}
_DEGREES = range(1, 7)
_MOST_VALUES = 200  # of a column in `also`: more are better taken as places


def veil_of_darkness(
    counts: Any,
    *,
    group: str,
    reference: str,
    dark: str = "is_dark",
    clock: str = "clock_bin",
    within: str | Sequence[str] | None = None,
    also: str | Sequence[str] = (),
    df: int = 6,
    cluster: str | None = "date",
    robustness: bool = False,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Odds that a stop is of a group, after dark against in daylight, at the same clock time.

    When officers can see less well who is driving, does the group's share of stops change?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of stops by `group`, `dark`, `clock`, and whatever else is named below.
    group : column that holds the groups.
    reference : the group to compare with; each fit uses stops of one group and of this one.
    dark : column that is True after the end of civil twilight, False before sunset, and missing
        between them and where it is not known (`equity.add_daylight` makes it).
    clock : column with the clock time as a number, such as a 5-minute bin from 0 to 287. Only
        clock times between the year's earliest and latest dusk tell anything.
    within : column, or columns, of places: each combination has an effect of its own.
    also : further columns, taken as categories. `weekday`, `month`, `season` and `year` are
        derived from a column `date` where they are not there themselves.
    df : degrees of freedom of the natural cubic spline of the clock time; 0 for none.
    cluster : column of what makes stops alike (`date`, or an officer's key); None for the errors
        of the model, which take every stop as independent.
    robustness : add the same estimate from other models: without any adjustment, without place,
        with weekday, with month, with splines of 1 to 6 degrees, around clock changes.
    confidence_level : two-sided level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each group but the reference, for each model ("main" first): `n` stops that
        were used (`n_dark`, `n_light`), of which `x_dark` and `x_light` of the group; their
        shares; `log_odds` with its clustered error `se` and the model's `se_model`;
        **`odds_ratio`, dark against light** (above 1: the group's share is higher after dark; the
        K of Grogger and Ridgeway is 1 / odds_ratio) with `low` and `high`; the number of
        `clusters`; `left_out`, stops of the two groups that were not used (twilight, not known,
        or in a place with one of the groups only); `unknown`, stops whose group is not known.
        `p_adjusted` is Holm's over the groups of a model.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, a darkness that is not
        yes or no, a clock time that is not a number, or counts that cannot be.

    Notes
    -----
    It cannot show what happens where street lamps let officers see who is driving, nor where a
    car or a place tells it; who drives at a given clock time may change with the season; and no
    difference does not show that all are treated alike. Intervals and tests use Student's t with
    one fewer degrees of freedom than clusters. Source: Grogger and Ridgeway, Journal of the
    American Statistical Association 101 (2006), 878-887 (their K is of daylight against
    darkness); errors: Cameron and Miller, Journal of Human Resources 50 (2015), 317-372.

    Examples
    --------
    Light and dark stops in San Diego, without any adjustment:

    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "black", "white", "white"], "is_dark": [False, True, False, True],
    ...     "clock_bin": 228, "n": [1029, 766, 2038, 1414],
    ... })
    >>> table = veil_of_darkness(stops, group="race", reference="white", df=0, cluster=None)
    >>> table[["group", "odds_ratio", "low", "high"]].round(3).values.tolist()
    [['black', 1.073, 0.956, 1.204]]
    """
    frame = frame_of(counts)
    places = (within,) if isinstance(within, str) else tuple(within or ())
    more = (also,) if isinstance(also, str) else tuple(also)
    need(frame, [("group", group), ("dark", dark), ("n", "n"), ("clock", clock)])
    need(frame, [("within", name) for name in places])
    if cluster is not None and cluster not in frame.columns:
        raise ValueError(
            f"cluster={cluster!r}: there is no such column in the counts. Count by {cluster!r}, "
            "or pass cluster=None for the errors of the model, which take every stop as "
            f"independent. The columns are: {', '.join(map(str, frame.columns))}."
        )
    if isinstance(df, bool) or not isinstance(df, int | np.integer) or df < 0:
        raise ValueError(f"df={df!r} must be a whole number of 0 or more, such as 6.")
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level={confidence_level!r} must lie between 0 and 1, such as 0.95."
        )
    table = Counts(frame, group=group, dark=dark, clock=clock, cluster=cluster)
    for name in more:
        values = derived(frame, name)
        if values is None:
            raise ValueError(
                f"also={name!r}: there is no such column in the counts, and it cannot be derived "
                "from a column 'date'. "
                f"The columns are: {', '.join(map(str, frame.columns))}."
            )
        if values.nunique() > _MOST_VALUES:
            raise ValueError(
                f"also={name!r} has {values.nunique():,} values; at most {_MOST_VALUES} can be "
                "taken as categories. Name it in within= to give each value an effect."
            )
    if reference not in table.groups:
        raise ValueError(
            f"reference={reference!r} is not one of the groups: {', '.join(table.groups)}"
        )
    models = [Model("main", places, more, int(df))]
    if robustness:
        models += _others(models[0])
    rows = []
    for model in models:
        found = [
            estimate(table, key, reference, model) for key in table.groups if key != reference
        ]
        rows += _with_intervals(found, confidence_level)
    out = pd.DataFrame(rows, columns=list(_COLUMNS))
    return out.astype(_COLUMNS)  # type: ignore[arg-type]


def _others(main: Model) -> list[Model]:
    """Return the further models, each named by what sets it apart from the main one."""
    out = [Model("no adjustment", (), (), 0)]
    if main.within:
        out.append(Model("without place", (), main.also, main.df))
    for name, words in (("weekday", "with weekday"), ("month", "with season (month)")):
        if name not in (*main.also, *main.within):
            out.append(Model(words, main.within, (*main.also, name), main.df))
    for df in _DEGREES:
        if df != main.df:
            words = f"clock time, {df} df" if df > 1 else "clock time, a line (1 df)"
            out.append(Model(words, main.within, main.also, df))
    out.append(Model("around clock changes", main.within, main.also, main.df, around=True))
    return out


def _with_intervals(found: list[dict[str, Any]], confidence_level: float) -> list[dict[str, Any]]:
    """Add odds ratio, interval and probabilities to the groups of one model."""
    for row in found:
        beta, se, freedom = row["log_odds"], row["se"], row.pop("freedom")
        tail = (1 - confidence_level) / 2
        if freedom is None:
            reach, p = -special.ndtri(tail), 2 * special.ndtr(-abs(beta / se))
        else:
            reach = -special.stdtrit(freedom, tail)
            p = 2 * special.stdtr(freedom, -abs(beta / se))
        row["odds_ratio"] = np.exp(beta)
        with np.errstate(over="ignore", under="ignore"):
            row["low"], row["high"] = np.exp(beta - reach * se), np.exp(beta + reach * se)
        if np.isinf(row["high"]):  # a t of one degree of freedom and a large error
            row["high"] = np.nan
            row["reason"] = "; ".join(filter(None, [row["reason"], "no upper limit"]))
        row["p_value"] = max(p, np.nextafter(0, 1)) if p == p else np.nan
    adjusted = proportions.holm([row["p_value"] for row in found])
    for row, p in zip(found, adjusted, strict=True):
        row["p_adjusted"] = p
    return found
