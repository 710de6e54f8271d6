"""A group's share of stops by the minutes since dusk: the picture of the veil of darkness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity import proportions
from equity.measures._cells import frame_of, keys, need
from equity.measures._veil import number, stops, truth

__all__ = ["daylight_shares"]

_COLUMNS = {
    "minutes": "int64",
    "group": "str",
    "reference": "str",
    "n": "int64",
    "x": "int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "daylight": "str",
    "left_out": "int64",
    "unknown": "int64",
    "method": "str",
    "reason": "str",
}
_STATES = ("light", "twilight", "dark")


def daylight_shares(
    counts: Any,
    *,
    group: str,
    reference: str,
    dark: str = "is_dark",
    minutes: str = "minutes_since_dusk",
    width: int = 15,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of the stops of a group and the reference that are of the group, by time since dusk.

    Does the share change where the light goes, or does it drift with the evening anyway?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts of stops by `group`, `dark` and `minutes`.
    group : column that holds the groups.
    reference : the group to compare with; a share is of stops of one group and of this one.
    dark : column that is True in darkness, False in daylight, and missing in twilight.
    minutes : column with the minutes since the end of civil twilight, in steps of 5; negative
        before it (`equity.add_daylight` makes both).
    width : minutes in a bin, a multiple of 5.
    confidence_level : two-sided level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each group but the reference, bin and `daylight` ("light", "twilight",
        "dark") that has stops: `minutes` is where the bin begins, `n` stops of the two groups,
        `x` of the group, its `share` with Wilson's interval. Stops in twilight are counted and
        have no share. `left_out`: stops of the two groups without a time since dusk; `unknown`:
        stops whose group is not known; both the same on every row of a group.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, a width that is not a
        multiple of 5, or counts that cannot be.

    Notes
    -----
    It cannot show a difference at the same clock time: long before dusk is the afternoon, long
    after it the night, and who drives changes with the hour. `veil_of_darkness` allows for that.
    Stops in one bin are taken as independent. Source: Grogger and Ridgeway, Journal of the
    American Statistical Association 101 (2006), 878-887; interval: Wilson, Journal of the
    American Statistical Association 22 (1927), 209-212.

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "white"] * 3, "minutes_since_dusk": [-40, -40, -10, -10, 5, 5],
    ...     "is_dark": pd.array([False, False, None, None, True, True], dtype="boolean"),
    ...     "n": [30, 70, 4, 9, 20, 80],
    ... })
    >>> table = daylight_shares(stops, group="race", reference="white")
    >>> table[["minutes", "daylight", "n", "x"]].values.tolist()
    [[-45, 'light', 100, 30], [-15, 'twilight', 13, 4], [0, 'dark', 100, 20]]
    >>> table["share"].tolist()
    [0.3, nan, 0.2]
    """
    frame = frame_of(counts)
    need(frame, [("group", group), ("dark", dark), ("minutes", minutes), ("n", "n")])
    if isinstance(width, bool) or width != int(width) or width < 5 or width % 5:
        raise ValueError(
            f"width={width!r} must be a multiple of 5 minutes, such as 15: the minutes since dusk "
            "are counted in steps of 5."
        )
    code, groups = keys(frame[group])
    if reference not in groups:
        raise ValueError(
            f"reference={reference!r} is not one of the groups: {', '.join(groups) or 'none'}"
        )
    n = stops(frame)
    state = truth(frame[dark], "dark")
    light = np.where(state.isna(), 1, np.where(state.fillna(False).to_numpy(dtype=bool), 2, 0))
    since = number(frame[minutes], "minutes")
    known = np.isfinite(since)
    unknown = round(n[code < 0].sum())
    bins = np.floor(np.where(known, since, 0.0) / width).astype(np.int64)
    base = groups.index(reference)
    rows = []
    for at, key in enumerate(groups):
        if at == base:
            continue
        pair = np.isin(code, [at, base])
        here = pair & known & (n > 0)
        cell = pd.DataFrame({"bin": bins[here], "state": light[here]})
        cell["n"], cell["x"] = n[here], np.where(code[here] == at, n[here], 0.0)
        counted = cell.groupby(["bin", "state"], as_index=False)[["n", "x"]].sum()
        for start, kind, of, x in counted.itertuples(index=False):
            rows.append(
                {
                    "minutes": int(start) * int(width),
                    "group": key,
                    "n": of,
                    "x": x,
                    "daylight": _STATES[int(kind)],
                    "left_out": round(n[pair & ~known].sum()),
                }
            )
    out = pd.DataFrame(rows, columns=list(_COLUMNS))
    in_twilight = (out["daylight"] == "twilight").to_numpy(dtype=bool)
    x, of = (np.where(in_twilight, np.nan, out[c].to_numpy(dtype=float)) for c in ("x", "n"))
    low, high = proportions.wilson(x, of, confidence_level=confidence_level)
    words = ["twilight: neither light nor dark, left out" if t else None for t in in_twilight]
    return out.assign(
        reference=reference,
        share=x / of,
        low=low,
        high=high,
        unknown=unknown,
        method=f"Wilson; bins of {int(width)} minutes",
        reason=pd.Series(words, index=out.index, dtype=object),
    ).astype(_COLUMNS)  # type: ignore[arg-type]
