"""Each group's share of the workforce over snapshots, and where only the categories changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from equity.measures._breaks import UNKNOWN, Rule, breaks, years_apart
from equity.measures._cells import NOT_KNOWN, Cells, cells, frame_of, key, need
from equity.measures._workforce import as_benchmarks
from equity.measures.representation import NOBODY, representation

__all__ = ["representation_trend"]

SAME = 30
"""Fewer people than this can easily be the same counts twice without being the same file."""


def representation_trend(
    workforce: Any,
    residents: Any,
    *,
    group: str,
    when: str = "year",
    jump: float = 3.0,
    turnover: float = 0.15,
    least: int = 10,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Share of each group among employees at every snapshot, beside its share of the community.

    Does the workforce come closer to the community over the years, and at which snapshots were
    people only put into other categories?

    Parameters
    ----------
    workforce : CountTable or DataFrame
        Counts of employees by `group` and `when`. With the flags `joined` and `left` of
        `equity.add_flows`, people who stay are followed from one snapshot to the next.
    residents : as in `equity.representation`; if they have the column `when` with several values,
        each snapshot has its own, else all are held against the same ones.
    group : column that holds the groups.
    when : column of snapshots: years, or dates written as 2017-07-01.
    jump : so many times what hires and exits could make of a group is a change of categories.
    turnover : share of the people who are replaced in a year, as a generous guess; not used where
        `joined` and `left` are known.
    least : a change of fewer people than this is never taken for a change of categories.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        One row for each snapshot (`when`), benchmark and group: `x` of `n` employees with a known
        group, their `share` with `low` and `high`; `population_share`; `difference` of the two;
        `ratio` with its interval; `break_before`: the categories changed between the snapshot
        before and this one, the same for all groups; `break_reason`: by which groups that is
        seen; `change` of the share since the snapshot before, missing over a break and where the
        group was or is nobody (it may not be kept apart there); `unknown` employees without a
        known group; `method`; `reason` why a figure is missing, or what to keep in mind: nobody
        of the group at this snapshot, or every group exactly as large as before (which may be
        the same file once more).

    Raises
    ------
    ValueError
        As in `equity.representation`; for rules that cannot be; where no row has a snapshot.

    Notes
    -----
    A break is told from the counts alone, by a plain rule. A group rises by at most the hires,
    which are `turnover` times the staff and the years between, and the growth of the staff, times
    its share of the community (or of the staff, if larger); it falls by at most its part of those
    who are replaced or not replaced. More than `jump` times that is a break; where it was or is
    nobody, more than once that. Where `joined` and `left` are known, a break is a net tenth of a
    group that stayed and has another code. In either case of at least `least` people. The rule
    cannot show a change of codes that moves fewer people, or equally many both ways, and it takes
    a wave of hires or exits of one group that is as large for a change: look at `break_reason`.
    Nor does it say why shares change: hires, exits or the community. Source: shares and ratios as
    in `equity.representation`; Wilson, JASA 22 (1927), 209-212; the rule is ours, made for the
    rosters of Nashville, where "two or more races" came into use in 2017.

    Examples
    --------
    >>> import pandas as pd
    >>> staff = pd.DataFrame({
    ...     "race": ["black", "white", "multiple"] * 2, "year": [2017] * 3 + [2018] * 3,
    ...     "n": [373, 1586, 0, 369, 1602, 68],
    ... })
    >>> town = pd.DataFrame({"race": ["black", "white", "multiple"], "n": [300, 680, 20]})
    >>> table = representation_trend(staff, town, group="race")
    >>> table[["when", "break_reason"]].dropna().drop_duplicates().values.tolist()
    [['2018', 'multiple: nobody, then 68 people']]
    """
    rule = Rule(jump, turnover, least)
    frame = frame_of(workforce, what="workforce")
    need(frame, [("group", group), ("when", when), ("n", "n")])
    marks = as_benchmarks(residents, group, when)
    undated = frame[when].isna()
    lost = int(frame.loc[undated, "n"].sum())
    frame = frame[~undated]
    if frame.empty:
        raise ValueError(
            f"No row of the workforce has a known {when!r}, so there is no snapshot. Name the "
            "column that holds the year or the date of the snapshot as `when`."
        )
    folded = cells(frame, group=group, within=when, columns=["n", *_flags(frame)])
    # each snapshot by itself: a group that nobody is in may not be kept apart there
    own = np.array([key(v) for v in frame[when]], dtype=object)
    parts = [
        representation(frame[own == s], marks, group=group, within=when,
                       confidence_level=confidence_level)
        for s in folded.strata if s != NOT_KNOWN
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True).rename(columns={"stratum": "when"})
    names = list(folded.strata)
    table, broken = _broken(table, folded, names, rule)
    same = {
        name for i, name in enumerate(names)
        if i and folded["n"][i].sum() >= SAME and not broken[name]
        and np.array_equal(folded["n"][i], folded["n"][i - 1])
        and folded.unknown["n"][i] == folded.unknown["n"][i - 1]
    }  # fmt: skip
    words = "every group exactly as large as at the snapshot before: the same file once more?"
    again = table["when"].isin(same)
    table["reason"] = table["reason"].mask(
        again, (table["reason"] + "; ").fillna("") + words
    ).astype("str")  # fmt: skip
    method = table["method"].str.replace("; test: [^;]*", "", regex=True)
    if lost:
        method = method + f"; {lost:,} people without a {when} left out"
    return table.assign(method=method)[_COLUMNS]


_COLUMNS = [
    *("when", "benchmark", "group", "n", "x", "share", "low", "high", "population_share"),
    *("difference", "ratio", "ratio_low", "ratio_high", "break_before", "break_reason", "change"),
    *("unknown", "method", "reason"),
]


def _flags(frame: pd.DataFrame) -> list[str]:
    names = ["joined", "joined_known", "left", "left_known"]
    return names if all(c in frame for c in names) else []


def _broken(
    table: pd.DataFrame, folded: Cells, names: list[str], rule: Rule
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Add the breaks and the change since the snapshot before."""
    groups = [*folded.groups, UNKNOWN]
    q = table.pivot_table(index="when", columns="group", values="population_share", aggfunc="max")
    community = q.reindex(index=names, columns=groups).to_numpy(dtype=float)
    x = np.column_stack((folded["n"], folded.unknown["n"]))
    said = breaks(x, community, groups, years_apart(names), _moved(folded), rule)
    broken = dict(zip(names, said, strict=True))
    why = table["when"].map(broken)
    here = table["when"].map({name: i for i, name in enumerate(names)})
    cell = pd.MultiIndex.from_arrays([here, table["benchmark"], table["group"]])
    before = pd.MultiIndex.from_arrays([here - 1, table["benchmark"], table["group"]])
    kept = table["share"].mask(table["reason"].str.contains(NOBODY, regex=False, na=False))
    shares = pd.Series(kept.to_numpy(), index=cell).reindex(before).to_numpy()
    change = (kept - shares).mask(why != "")
    return (
        table.assign(
            break_before=(why != "").astype(bool),
            break_reason=why.mask(why == "").astype("str"),
            change=change,
        ),
        broken,
    )


def _moved(folded: Cells) -> tuple[np.ndarray, np.ndarray] | None:
    """Return who joined before and who left after each snapshot, NaN where it is not known."""
    if "joined" not in folded.values:
        return None

    def of(flag: str) -> np.ndarray:
        yes, known, all_ = (
            np.column_stack((folded[c], folded.unknown[c])) for c in (flag, f"{flag}_known", "n")
        )
        return np.where(known == all_, yes, np.nan)

    return of("joined"), of("left")
