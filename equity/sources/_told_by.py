"""Which rows of a table of people are of which group and which sex, by the words that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from equity import groups as schemes
from equity.sources import _people, _unmapped
from equity.tables import SEXES

__all__ = ["BOTH", "by_sex", "in_groups", "meanings"]

BOTH = ("all", "all persons", "all sexes", "both", "both sexes", "persons", "total")
"""Words of a column of sexes that stand for everybody."""

PLURALS = {"females": "female", "women": "female", "males": "male", "men": "male"}


def meanings(
    values: Mapping[str, str] | None, scheme: str, *, sexes: bool
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Return `values` for the column of groups and for that of sexes; "" is for both."""
    given = {" ".join(str(k).split()).casefold(): v or None for k, v in (values or {}).items()}
    known = SEXES if sexes else ()
    return (
        {k: v for k, v in given.items() if v not in known},
        {k: v for k, v in given.items() if v is None or v in known},
    )


def in_groups(
    table: pd.DataFrame, given: Mapping[str, str | None], scheme: str, header: str
) -> pd.DataFrame:
    """Return the rows that are of a group, with `race` and the `label` that told it."""
    labels = _trimmed(table["group"])
    own: dict[str, str | None] = {g: g for g in schemes.scheme(scheme).groups}
    own |= {words.casefold(): g for g, words in schemes.scheme(scheme).labels.items()}
    known = own | _people.race_labels(scheme, given)
    known = {k: v for k, v in known.items() if v in (None, *own.values())}  # not one to be split
    for label in {v.casefold() for v in labels} - set(known):
        if (key := _people.plain(label, known)) is not None:  # such as "White alone"
            known[label] = known[key]
    return _recoded(table, "race", labels, known, header, schemes.scheme(scheme).groups)


def by_sex(table: pd.DataFrame, given: Mapping[str, str | None], header: str) -> pd.DataFrame:
    """Return the rows that are of one sex; those of both together are left out.

    Raise where the people of a group are told for both sexes together only.
    """
    labels = _trimmed(table["sex"])
    known: dict[str, str | None] = (
        dict.fromkeys(BOTH) | {**schemes.SEX_LABELS, **PLURALS} | dict(given)
    )
    kept = _recoded(table.drop(columns="sex"), "sex", labels, known, header, SEXES)
    where = ["district", "label"]
    told = set(kept[where].itertuples(index=False, name=None))
    for district, label in table[where].itertuples(index=False, name=None):
        if (district, label) not in told:
            what = f" of {label!r}" * bool(label) + f" in {district!r}" * bool(district)
            raise ValueError(
                f"The people{what} are told for both sexes together only (column {header!r}). Add "
                "rows for each sex to a copy of the file, or read it without `sex`."
            )
    return kept


def _trimmed(column: pd.Series) -> list[str]:
    return [" ".join(str(v or "").split()) for v in column]


def _recoded(
    table: pd.DataFrame,
    ours: str,
    labels: Sequence[str],
    known: Mapping[str, str | None],
    header: str,
    allowed: Sequence[str],
) -> pd.DataFrame:
    """Return the rows whose label leads to one of `allowed`; every label must be known."""
    _unmapped.recode(
        labels,
        {v: known[v.casefold()] for v in labels if v.casefold() in known},
        column=header,
        section="benchmarks.values",
        allowed=allowed,
    )
    found = pd.Series([known[v.casefold()] for v in labels], table.index, dtype=object)
    table = table.assign(**{ours: found}, **({"label": labels} if ours == "race" else {}))
    return table[found.notna()]
