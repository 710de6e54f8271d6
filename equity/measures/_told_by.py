"""The column of residents that tells the groups: race, sex, or both crossed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from equity.measures._areas import has

PEOPLE = ("race", "sex")
"""Columns that tell the same people in several ways."""

SEXES = frozenset({"female", "male", "nonbinary"})

CROSSED = "race_sex"

EVERYBODY = ("all", "both", "both sexes", "total")
"""Words that stand for people of every group, who are in the rows of the groups as well."""

_NUMBERS = ("n", "moe", "controlled", "place_n", "place_moe")


def told_by(
    table: pd.DataFrame, group: str, within: str | None, name: str
) -> tuple[pd.DataFrame, str]:
    """Return residents with one row for each group (and place, year ...), and the column of it.

    People who are told by a further column, such as those of a race by sex, are added up over it;
    margins of error as the root of their squares, as the Census Bureau has it. `race_sex` is made
    where the residents tell both.
    """
    asked = group.removeprefix("subject_")
    if asked == CROSSED and not has(table, CROSSED):
        known = [c for c in PEOPLE if has(table, c)]
        if len(known) == 2 and table[known].notna().all(axis=1).any():
            crossed = table["race"].astype("str") + " " + table["sex"].astype("str")
            both = crossed.where(table[known].notna().all(axis=1))
            return table.assign(**{CROSSED: both}), CROSSED
        raise _not_told(table, asked, name)
    rest = () if "sex" in asked.split("_") else ("race",)
    column = next((c for c in (group, asked, *rest) if has(table, c)), None)
    if column is None and not (asked in PEOPLE and any(has(table, c) for c in PEOPLE)):
        column = next((c for c in (group, asked, *rest) if c in table.columns), None)
    if column is None:
        raise _not_told(table, asked, name)
    more = "race" if asked == "sex" else "sex"
    if asked == CROSSED or more in (column, within) or not has(table, more):
        return table, column
    return _added_up(table, more, name), column


def of_other_sexes(ours: Sequence[str], theirs: Sequence[str], group: str) -> list[str]:
    """Return the groups of the counts whose sex no group of the residents has.

    A census that knows women and men only does not tell how many residents are nonbinary.
    """
    if "sex" not in group.split("_"):
        return []
    told = {g.split(" ")[-1] for g in theirs}
    sexes = {g: g.split(" ")[-1] for g in ours}
    return [g for g, sex in sexes.items() if sex in SEXES and sex not in told and told & SEXES]


def counted(ours: Sequence[str], theirs: Sequence[str], group: str) -> list[bool]:
    """Return which groups of the residents the counts keep apart.

    Of race and sex crossed it is enough that the race and the sex occur: nobody is both.
    """
    if group.removeprefix("subject_") != CROSSED:
        return [g in ours for g in theirs]
    parts = [g.rpartition(" ") for g in ours]
    races, sexes = {race for race, _, _ in parts}, {sex for _, _, sex in parts}
    return [g.rpartition(" ")[0] in races and g.rpartition(" ")[2] in sexes for g in theirs]


def _not_told(table: pd.DataFrame, asked: str, name: str) -> ValueError:
    how = {"race": "race", "sex": "sex", CROSSED: "race and sex at once"}.get(asked)
    told = [c for c in PEOPLE if has(table, c)]
    if how is None or not told:
        return ValueError(
            f"The benchmark {name!r} has no column {asked!r} and no column 'race'. "
            f"The columns are: {', '.join(map(str, table.columns))}."
        )
    return ValueError(
        f"The benchmark {name!r} does not tell residents by {how}, only by "
        f"{' and by '.join(told)}. Choose another benchmark, or compare by {told[0]}; a table of "
        f"people by {how} can be named as a further benchmark."
    )


def _added_up(table: pd.DataFrame, over: str, name: str) -> pd.DataFrame:
    """Add rows of the same group, place and year up over a column that tells them apart."""
    everybody = table[over].isna() | table[over].astype("str").str.casefold().isin(EVERYBODY)
    if everybody.any():
        raise ValueError(
            f"The benchmark {name!r} has {int(everybody.sum())} rows for everybody among rows by "
            f"{over}: they would count people twice. Leave out either of the two."
        )
    keys = [c for c in table.columns if c not in (*_NUMBERS, over, CROSSED)]
    numbers = [c for c in _NUMBERS if c in table.columns and c != "controlled"]
    figures = table.assign(**{c: pd.to_numeric(table[c]).astype("Float64") for c in numbers})
    if "moe" in figures:
        figures["moe"] = figures["moe"] ** 2
    parts = figures.groupby(keys, dropna=False, sort=False, observed=True)
    out = {c: parts[c].sum(min_count=1) for c in ("n", "moe") if c in figures}
    complete = {c: parts[c].count() == parts.size() for c in out}
    out = {c: added.where(complete[c]) for c, added in out.items()}
    if "moe" in out:
        out["moe"] = out["moe"] ** 0.5
    for c in ("place_n", "place_moe"):  # the published total of the whole place, if it is one
        if c in figures:
            out[c] = parts[c].first().where(parts[c].nunique(dropna=False) == 1)
    if "controlled" in table:
        out["controlled"] = parts["controlled"].all(skipna=False)
    made = pd.DataFrame(out).astype(dict.fromkeys(numbers, "float64")).reset_index()
    return made[[c for c in table.columns if c in made]]
