"""Race, ethnicity and sex schemes as data, and the crosswalks between them.

A *scheme* is a closed list of groups into which everyone is put exactly once. Numbers made under
two schemes must not be compared until both are brought to a common one; :func:`crosswalk` says
how, and refuses where it cannot be done without inventing numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = [
    "CROSSWALKS",
    "HR_RACE_LABELS",
    "SCHEMES",
    "SEX_LABELS",
    "UNKNOWN_LABELS",
    "UNKNOWN_REASONS",
    "Scheme",
    "crosswalk",
    "label",
    "regroup",
    "scheme",
]


@dataclass(frozen=True)
class Scheme:
    """A closed list of groups: `labels` maps each key (used in code) to words (shown)."""

    name: str
    title: str
    labels: Mapping[str, str]
    source: str
    note: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The group keys, in the order in which they are shown."""
        return tuple(self.labels)


SCHEMES: dict[str, Scheme] = {
    s.name: s
    for s in (
        Scheme(
            "us1997",
            "US 1997 standard, Hispanic of any race first",
            {
                "white": "White",
                "black": "Black",
                "hispanic": "Hispanic",
                "asian": "Asian",
                "nhpi": "Native Hawaiian or Pacific Islander",
                "aian": "American Indian or Alaska Native",
                "multiple": "Two or more races",
                "other": "Some other race",
            },
            "OMB Statistical Policy Directive 15 (1997), 62 FR 58782; ACS table B03002",
            "Hispanic people of any race are counted as Hispanic; the other groups are not. "
            "People of Middle Eastern or North African origin are counted as White.",
        ),
        Scheme(
            "us2024",
            "US 2024 standard, one combined question",
            {
                "white": "White",
                "black": "Black",
                "hispanic": "Hispanic",
                "asian": "Asian",
                "mena": "Middle Eastern or North African",
                "nhpi": "Native Hawaiian or Pacific Islander",
                "aian": "American Indian or Alaska Native",
                "multiple": "Two or more groups",
            },
            "OMB Statistical Policy Directive 15 (2024), 89 FR 22182",
            "Each group is people who chose that group alone; people who chose several are in "
            "'Two or more groups', many of whom the 1997 rule counts as Hispanic.",
        ),
        Scheme(
            "us1977",
            "US 1977 combined format, as many personnel systems still keep it",
            {
                "white": "White",
                "black": "Black",
                "hispanic": "Hispanic",
                "asian_pacific": "Asian or Pacific Islander",
                "aian": "American Indian or Alaska Native",
                "multiple": "Two or more races",
                "other": "Some other race",
            },
            "OMB Statistical Policy Directive 15 (1977), 43 FR 19260",
            "The 1977 standard has no 'two or more races' and no 'some other race'; they are kept "
            "apart here where a file has them.",
        ),
        Scheme(
            "stanford",
            "Stanford Open Policing groups",
            {
                "white": "White",
                "black": "Black",
                "hispanic": "Hispanic",
                "asian_pacific": "Asian or Pacific Islander",
                "other": "Other",
            },
            "Stanford Open Policing Project, data README and lib/standards.R (2019)",
            "As recorded by the officer, not as the person would say. Hispanic overrides race.",
        ),
        Scheme(
            "uk5",
            "UK census, five groups",
            {
                "white": "White",
                "mixed": "Mixed",
                "asian": "Asian",
                "black": "Black",
                "other": "Other",
            },
            "ONS, Ethnic group classification 5a (2011 and 2021 censuses)",
            "Officers record four of these: they have no code for 'Mixed'.",
        ),
        Scheme(
            "ripa",
            "California RIPA, eight groups",
            {
                "white": "White",
                "black": "Black",
                "hispanic": "Hispanic",
                "asian": "Asian",
                "mesa": "Middle Eastern or South Asian",
                "nhpi": "Native Hawaiian or Pacific Islander",
                "aian": "American Indian or Alaska Native",
                "multiple": "Two or more races",
            },
            "California Department of Justice, RIPA stop data, field RAE_FULL",
            "As the officer perceived it; one group alone, or several. The census counts Middle "
            "Eastern people as White and South Asian people as Asian, so there is no crosswalk.",
        ),
    )
}

CROSSWALKS: dict[tuple[str, str], dict[str, str]] = {
    ("us1997", "us1977"): {
        "white": "white",
        "black": "black",
        "hispanic": "hispanic",
        "asian": "asian_pacific",
        "nhpi": "asian_pacific",
        "aian": "aian",
        "multiple": "multiple",
        "other": "other",
    },
    ("us1997", "stanford"): {
        "white": "white",
        "black": "black",
        "hispanic": "hispanic",
        "asian": "asian_pacific",
        "nhpi": "asian_pacific",
        "aian": "other",
        "multiple": "other",
        "other": "other",
    },
    ("us1977", "stanford"): {
        "white": "white",
        "black": "black",
        "hispanic": "hispanic",
        "asian_pacific": "asian_pacific",
        "aian": "other",
        "multiple": "other",
        "other": "other",
    },
    ("us2024", "us1997"): {
        "white": "white",
        "black": "black",
        "hispanic": "hispanic",
        "asian": "asian",
        "mena": "white",
        "nhpi": "nhpi",
        "aian": "aian",
        "multiple": "multiple",
    },
}
"""(from, to) -> group to group. A pair that is not here would split a group."""

HR_RACE_LABELS: dict[str, str] = {
    "white": "white",
    "white (not of hispanic origin)": "white",
    "white (not hispanic or latino)": "white",
    "white, not hispanic": "white",
    "caucasian": "white",
    "black": "black",
    "black or african american": "black",
    "black/african american": "black",
    "african american": "black",
    "hispanic": "hispanic",
    "hispanic or latino": "hispanic",
    "hispanic/latino": "hispanic",
    "hispanic or latino of any race": "hispanic",
    "latino": "hispanic",
    "asian": "asian",
    "filipino": "asian",
    "asian or pacific islander": "asian_pacific",
    "asian/pacific islander": "asian_pacific",
    "hawaiian or pacific islander": "nhpi",
    "native hawaiian or other pacific": "nhpi",
    "native hawaiian or other pacific islander": "nhpi",
    "native hawaiian or pacific islander": "nhpi",
    "native hawaiian/pacific islander": "nhpi",
    "american indian/alaskan native": "aian",
    "american indian/alaska native": "aian",
    "american indian or alaskan native": "aian",
    "american indian or alaska native": "aian",
    "native american": "aian",
    "native american/alaskan native": "aian",
    "middle eastern or north african": "mena",
    "two or more races": "multiple",
    "multiracial": "multiple",
    "some other race": "other",
    "other": "other",
}
"""Labels seen in personnel exports (lower case, trimmed) -> the finest group that they name."""

UNKNOWN_REASONS: dict[str, str] = {
    label: reason
    for reason, labels in {
        "declined": "prefer not to say; prefer not to answer; prefer not to disclose; declined; "
        "declined to state; declined to answer; decline to state; decline to answer; refused; "
        "i do not wish to answer; i choose not to disclose; not disclosed; undisclosed",
        "withheld": "withheld; redacted; confidential",
        "not asked": "not applicable (non-u.s.); not asked; not collected",
        "not stated": "unknown; not specified; unspecified; not stated; not reported; not given; "
        "no response; no answer; na; n/a",
    }.items()
    for label in labels.split("; ")
}
"""Labels that say that the group is not known (lower case) -> why: the person declined, a law or a
policy withholds it, nobody asked, or it is just not stated (see `equity.tables.RACE_UNKNOWN`)."""

UNKNOWN_LABELS: frozenset[str] = frozenset(UNKNOWN_REASONS)
"""Labels that say that the group is not known: they become missing, never a group."""

SEX_LABELS: dict[str, str] = {
    "f": "female",
    "female": "female",
    "woman": "female",
    "m": "male",
    "male": "male",
    "man": "male",
    "x": "nonbinary",
    "nonbinary": "nonbinary",
    "non-binary": "nonbinary",
}

_LABELS = {key: words for s in reversed(SCHEMES.values()) for key, words in s.labels.items()} | {
    "female": "Women",
    "male": "Men",
    "nonbinary": "Nonbinary",
}


def scheme(name: str) -> Scheme:
    """Return the scheme called `name`, or raise ValueError naming the schemes there are."""
    try:
        return SCHEMES[name]
    except KeyError:
        raise ValueError(
            f"scheme={name!r} is not known. Choose one of: {', '.join(SCHEMES)}."
        ) from None


def label(key: str) -> str:
    """Return the words that are shown for a group key; a key of no scheme is shown as it is."""
    return _LABELS.get(key, key)


def crosswalk(source: str, to: str) -> dict[str, str]:
    """Return group -> group from scheme `source` to scheme `to`.

    Raises ValueError where there is no crosswalk, because a group would have to be split
    (nobody can tell from a count of "Asian or Pacific Islander" how many are Asian).
    """
    if source == to:
        return {g: g for g in scheme(source).groups}
    first, last = scheme(source), scheme(to)
    if (source, to) in CROSSWALKS:
        return dict(CROSSWALKS[source, to])
    for middle in SCHEMES:
        if (source, middle) in CROSSWALKS and (middle, to) in CROSSWALKS:
            step = CROSSWALKS[middle, to]
            return {g: step[m] for g, m in CROSSWALKS[source, middle].items()}
    raise ValueError(
        f"There is no crosswalk from {first.title!r} to {last.title!r}: a group would have to be "
        f"split. Bring both tables to a coarser scheme instead; from {source!r} these can be "
        f"reached: {', '.join(t for s, t in CROSSWALKS if s == source) or 'none'}."
    )


def regroup(
    residents: pd.DataFrame, *, source: str, to: str, column: str = "race"
) -> pd.DataFrame:
    """Bring a table of residents from one scheme to a coarser one.

    Counts `n` are added. Margins of error `moe` are combined as the root of the sum of squares
    (US Census Bureau, *Understanding and Using ACS Data*, 2020, ch. 8), which ignores the
    covariance between the groups and is therefore an approximation. Where a part is missing the
    sum is missing too. A sum is `controlled` only if all its parts are.

    Parameters
    ----------
    residents : DataFrame with `column`, `n` and optionally `moe` and `controlled`; rows that
        differ in any other column are kept apart. `place_n` and `place_moe`, the same for all
        groups of a place, stay as they are.
    source, to : names of schemes, see `SCHEMES`.
    """
    mapping = crosswalk(source, to)
    strangers = sorted(set(residents[column].dropna()) - set(mapping))
    if strangers:
        raise ValueError(
            f"{column} holds {', '.join(map(repr, strangers))}, not a group of {source!r} "
            f"({', '.join(mapping)})."
        )
    order = {g: i for i, g in enumerate(scheme(to).groups)}
    keys = [c for c in residents.columns if c not in (column, "n", "moe", "controlled")]
    frame = residents.assign(**{column: residents[column].map(mapping)})
    parts = frame.groupby([*keys, column], dropna=False, sort=False)
    out = parts["n"].sum(skipna=False).reset_index()
    if "moe" in residents:
        squares = frame.assign(moe=frame["moe"] ** 2).groupby(
            [*keys, column], dropna=False, sort=False
        )["moe"]
        out["moe"] = np.sqrt(squares.sum(skipna=False).to_numpy(dtype=float, na_value=np.nan))
    if "controlled" in residents:
        out["controlled"] = parts["controlled"].all(skipna=False).array
    return out.sort_values(
        [*keys, column], key=lambda s: s.map(order) if s.name == column else s, kind="stable"
    ).reset_index(drop=True)[list(residents.columns)]
