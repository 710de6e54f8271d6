"""Four cases that everybody cites, as count tables ready to be measured, with their source.

They are worked examples: each has a figure that a court or a journal published, so that a reader
can see what a measure says where the answer is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from equity.counts import CountTable

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A published case: its counts, how to measure them, and what was published.

    Attributes
    ----------
    name : key in `CASES`.
    title : name of the case.
    citation : where it was published.
    court_or_journal : who decided or published it.
    about : what was asked, in a sentence or two.
    table : the counts; `table.provenance` has the source, and words for its keys.
    stages : flags of the table in order; empty where the case is about a workforce.
    group, reference : column of the groups, and the group that the others are compared with.
    within : column of strata (posting, department, school year), or None.
    published : the published figures, by name.
    what : what the case teaches, and how to read it.
    residents : for a workforce: benchmark -> table of people to compare with.

    Examples
    --------
    >>> from equity.measures import adverse_impact
    >>> teal = CASES["teal"]
    >>> table = teal.table.pipe(adverse_impact, group=teal.group, stages=teal.stages,
    ...                         reference=teal.reference)
    >>> table[table["group"] == "black"][["stage", "impact_ratio"]].round(3).values.tolist()
    [['test', 0.681], ['promoted', 2.49], ['bottom line', 1.696]]
    """

    name: str
    title: str
    citation: str
    court_or_journal: str
    about: str
    table: CountTable
    stages: tuple[str, ...]
    group: str
    reference: str
    published: Mapping[str, float]
    what: str
    within: str | None = None
    residents: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def _counts(
    rows: list[tuple[Any, ...]],
    by: tuple[str, ...],
    of: tuple[str, ...],
    *,
    table: str,
    title: str,
    source: str,
    counted: str,
    labels: Mapping[str, Mapping[str, str]],
    stages: Mapping[str, str],
) -> CountTable:
    """Return rows of keys, n and passes as a count table in which every outcome is known."""
    frame = pd.DataFrame(rows, columns=[*by, "n", *of]).astype(dict.fromkeys(by, "str"))
    for flag in of:
        frame[f"{flag}_known"] = frame["n"]
    frame = frame[[*by, "n", *(c for f in of for c in (f, f"{f}_known"))]]
    people = int(frame["n"].sum())
    ledger = pd.DataFrame(
        {"step": ["start"], "because": [counted], "rows": [people], "left_out": [0]}
    )
    provenance = {
        "agency": title,
        "place": "",
        "fictional": False,
        "case": True,
        "table": table,
        "title": source,
        "source": f"{title}, {source}",
        "sources": [],
        "first_date": None,
        "last_date": None,
        "rows_in": people,
        "rows_set_aside": 0,
        "checks": [],
        "notes": [f"A worked example, not this agency: {counted}."],
        "labels": {column: dict(words) for column, words in labels.items()},
        "stages": [{"name": name, "label": words} for name, words in stages.items()],
    }
    return CountTable(frame, by, of, ledger, provenance)


def _teachers(place: str, share: float) -> pd.DataFrame:
    """Return the teachers of an area by 1,000: the court gave their share, and no margin."""
    black = round(1000 * share)
    return pd.DataFrame(
        {
            "place": place,
            "place_id": "",
            "year": 1970,
            "universe": "teachers, per 1,000",
            "race": pd.Series(["black", "other"], dtype="str"),
            "n": [black, 1000 - black],
            "moe": 0.0,
            "controlled": True,
        }
    )


_TEAL = Case(
    name="teal",
    title="Connecticut v. Teal",
    citation="457 U.S. 440 (1982)",
    court_or_journal="Supreme Court of the United States",
    about=(
        "A written test decided who could be promoted to supervisor. Black candidates passed it "
        "less often; among those who passed, they were promoted more often. Does the outcome of "
        "the whole excuse the test?"
    ),
    table=_counts(
        [("black", 48, 26, 11), ("white", 259, 206, 35)],
        ("race",),
        ("test", "promoted"),
        table="promotions",
        title="Connecticut v. Teal",
        source="457 U.S. 440 (1982), 443-444 and note 4",
        counted="candidates who took the test of 1978, as counted in the opinion",
        labels={"race": {"black": "Black", "white": "White"}},
        stages={"test": "Passed the written test", "promoted": "Promoted"},
    ),
    stages=("test", "promoted"),
    group="race",
    reference="white",
    published={
        "test, rate of black": 0.5417,
        "test, rate of white": 0.7954,
        "test, impact ratio": 0.68,
        "bottom line, rate of black": 0.229,
        "bottom line, rate of white": 0.135,
    },
    what=(
        "Look at every stage. The bottom line of 1.70 does not undo the ratio of 0.68 at the "
        "test: the court held that each person may challenge the barrier that stopped them."
    ),
)

_RICCI = Case(
    name="ricci",
    title="Ricci v. DeStefano",
    citation="557 U.S. 557 (2009)",
    court_or_journal="Supreme Court of the United States",
    about=(
        "The New Haven fire department gave two examinations for promotion, to captain and to "
        "lieutenant; 70 of 100 points were needed. The city threw the results out because so few "
        "Black and Hispanic firefighters had passed. Was that what the numbers asked for?"
    ),
    table=_counts(
        [
            ("captain", "black", 8, 3),
            ("captain", "hispanic", 8, 3),
            ("captain", "white", 25, 16),
            ("lieutenant", "black", 19, 6),
            ("lieutenant", "hispanic", 15, 3),
            ("lieutenant", "white", 43, 25),
        ],
        ("posting", "race"),
        ("passed",),
        table="promotions",
        title="Ricci v. DeStefano",
        source="557 U.S. 557 (2009), 566; scores of 118 candidates in the record, pass at 70",
        counted="candidates with a score in the court record",
        labels={
            "race": {"black": "Black", "hispanic": "Hispanic", "white": "White"},
            "posting": {"captain": "Captain", "lieutenant": "Lieutenant"},
        },
        stages={"passed": "Passed the examination"},
    ),
    stages=("passed",),
    group="race",
    reference="white",
    within="posting",
    published={
        "captain, rate of white": 0.64,
        "captain, rate of black": 0.375,
        "captain, rate of hispanic": 0.375,
        "lieutenant, rate of white": 0.581,
        "lieutenant, rate of black": 0.316,
        "lieutenant, rate of hispanic": 0.20,
    },
    what=(
        "All ratios are well below four-fifths, and each examination alone had too few candidates "
        "to tell most of them from chance. Pooled over both, a difference can be told. The court "
        "held that low ratios alone did not justify throwing the results out."
    ),
)

_HAZELWOOD = Case(
    name="hazelwood",
    title="Hazelwood School District v. United States",
    citation="433 U.S. 299 (1977)",
    court_or_journal="Supreme Court of the United States",
    about=(
        "A school district near St. Louis hired 405 teachers in two years, 15 of them Black. How "
        "many should one have expected? That depends on the area whose teachers one counts."
    ),
    table=_counts(
        [
            ("1972-1973", "black", 10),
            ("1972-1973", "other", 272),
            ("1973-1974", "black", 5),
            ("1973-1974", "other", 118),
        ],
        ("year", "race"),
        (),
        table="workforce",
        title="Hazelwood School District v. United States",
        source="433 U.S. 299 (1977), 303, 308-313, notes 14 and 17",
        counted="teachers hired, as counted in the opinion",
        labels={"race": {"black": "Black", "other": "Not Black"}},
        stages={},
    ),
    stages=(),
    group="race",
    reference="other",
    within="year",
    published={
        "1972-1973, share": 0.035,
        "1973-1974, share": 0.041,
        "1972-1973, expected at 15.4 %": 43,
        "1973-1974, expected at 15.4 %": 19,
        "1972-1973, expected at 5.7 %": 16,
        "1973-1974, expected at 5.7 %": 7,
        "both years, expected at 15.4 %": 62,
        "both years, expected at 5.7 %": 23,
    },
    what=(
        "The benchmark decides. Against all teachers of the area (15.4 % Black) the first year is "
        "5.5 standard deviations short, against those outside the city (5.7 %) 1.6. The court "
        "sent the case back so that the right area could be found: show every benchmark that one "
        "could defend."
    ),
    residents={
        "Teachers in St. Louis County and the city": _teachers("County and city", 0.154),
        "Teachers in the county without the city": _teachers("County without the city", 0.057),
    },
)

_DEPARTMENTS = (
    ("A", 825, 512, 108, 89),
    ("B", 560, 353, 25, 17),
    ("C", 325, 120, 593, 202),
    ("D", 417, 138, 375, 131),
    ("E", 191, 53, 393, 94),
    ("F", 373, 22, 341, 24),
)

_BERKELEY = Case(
    name="berkeley",
    title="Graduate admissions at Berkeley, 1973",
    citation="Bickel, Hammel and O'Connell, Science 187 (1975), 398-404",
    court_or_journal="Science",
    about=(
        "Of the men who applied to the six largest departments, 44.5 % were admitted, of the "
        "women 30.4 %. Was that so within departments?"
    ),
    table=_counts(
        [
            row
            for name, men, men_in, women, women_in in _DEPARTMENTS
            for row in ((name, "female", women, women_in), (name, "male", men, men_in))
        ],
        ("department", "sex"),
        ("admitted",),
        table="applicants",
        title="Graduate admissions at Berkeley, 1973",
        source="Bickel, Hammel and O'Connell, Science 187 (1975), 398-404; the six largest "
        "departments as in Freedman, Pisani and Purves, Statistics (1978)",
        counted="applicants to the six largest departments",
        labels={
            "sex": {"female": "Women", "male": "Men"},
            "department": {d[0]: f"Department {d[0]}" for d in _DEPARTMENTS},
        },
        stages={"admitted": "Admitted"},
    ),
    stages=("admitted",),
    group="sex",
    reference="male",
    within="department",
    published={
        "men admitted": 1198,
        "men": 2691,
        "women admitted": 557,
        "women": 1835,
        "odds ratio, men to women (Mantel-Haenszel)": 0.9046968,
        "its interval, low end": 0.7719074,
        "its interval, high end": 1.0603298,
    },
    what=(
        "Women applied more to departments that admit few. Within departments the gap is gone, "
        "and in one it is the other way round. Because departments differ, one pooled figure "
        "would describe none of them: it is withheld, and the departments are shown."
    ),
)

CASES: dict[str, Case] = {c.name: c for c in (_TEAL, _RICCI, _HAZELWOOD, _BERKELEY)}
"""The cases by name: "teal", "ricci", "hazelwood", "berkeley"."""
