"""How often does something happen to each group: any yes/no column, compared with a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity.measures._cells import Reasons, cells, frame_of, need, need_flag, tidy, whole
from equity.measures._compare import Comparison, compare, method_words
from equity.proportions import holm

__all__ = ["rates"]


def rates(
    counts: Any,
    *,
    of: str,
    group: str,
    reference: str,
    within: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of each group to whom something happened, and its ratio to a reference group.

    How often were people of each group searched (arrested, hired, ...), and how many times as
    often as the reference group?

    Parameters
    ----------
    counts : CountTable or DataFrame
        Counts by `group` (and `within`), with the flag `of` counted.
    of : name of a counted flag, such as "search_conducted".
    group : column that holds the groups.
    reference : the group to compare with.
    within : column of strata (district, year, reason); each is compared within itself.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each stratum and group: `n` people, of whom `x_known` have a known outcome and
        `x` a yes; `rate` is `x / x_known` with `low` and `high`; `ratio` and `difference` to the
        reference with their intervals; `p_value`, and `p_adjusted` for all comparisons of the
        table (Holm); `unknown` people without a known group; the `method`; the `reason` why a
        figure is missing. On the reference's own row the ratio is 1 and the difference 0 by
        definition, without interval or test.

    Raises
    ------
    ValueError
        For a column that is not there, a reference that is not a group, or counts that cannot be.

    Notes
    -----
    It cannot show why rates differ: groups may differ in circumstances that the counts do not
    hold. Rows of one person stopped twice are taken as two people. Intervals: Wilson (JASA 1927),
    Newcombe (Statistics in Medicine 1998, method 10), Koopman (Biometrics 1984).

    Examples
    --------
    >>> import pandas as pd
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [100, 220],
    ...     "searched": [20, 20], "searched_known": [100, 200],
    ... })
    >>> table = rates(stops, of="searched", group="race", reference="white")
    >>> table[["group", "x", "x_known", "rate", "ratio"]].round(2).values.tolist()
    [['black', 20, 100, 0.2, 2.0], ['white', 20, 200, 0.1, 1.0]]
    """
    frame = frame_of(counts)
    need(frame, [("group", group), *([("within", within)] if within else []), ("n", "n")])
    need_flag(frame, "of", of)
    folded = cells(frame, group=group, within=within, columns=["n", of, f"{of}_known"])
    at = folded.column_of(reference)
    n, x, known = folded["n"], folded[of], folded[f"{of}_known"]
    reasons = Reasons(folded.shape)
    reasons.add(n == 0, "nobody of this group")
    reasons.add((n > 0) & (known == 0), f"{of} is not known for anyone of this group")
    found = compare(
        x,
        known,
        folded.groups,
        np.full(len(folded.strata), at),
        reasons,
        confidence_level=confidence_level,
    )
    strata, groups = folded.rows()
    return tidy(
        {
            "stratum": strata,
            "group": groups,
            "reference": found.reference,
            "n": whole(n),
            "x": whole(x),
            "x_known": whole(known),
            **figures(found),
            "unknown": np.repeat(whole(folded.unknown["n"]), len(folded.groups)),
            "method": method_words(found.test.method),
            "reason": reasons.column(),
        }
    )


def figures(found: Comparison) -> dict[str, np.ndarray]:
    """Return the columns that every table of rates shares, in their order."""
    return {
        "rate": found.rate,
        "low": found.low,
        "high": found.high,
        "ratio": found.ratio,
        "ratio_low": found.ratio_low,
        "ratio_high": found.ratio_high,
        "difference": found.difference,
        "difference_low": found.difference_low,
        "difference_high": found.difference_high,
        "p_value": found.test.p_value,
        "p_adjusted": holm(found.test.p_value),
    }
