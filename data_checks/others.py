"""The rules that compare a table with the agency's other tables: residents and workforce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_checks.facts import UNKNOWN, add_cells, thing, unit_of
from data_checks.report import WARN
from data_checks.sql import digits, literal
from data_checks.suite import NOTHING, Suite

__all__ = ["other_rules"]

FEWEST, SHARE = 10, 0.01
"""A group of fewer records, or of a smaller share, need not be in the other table."""

EXPECTED = 20
"""A group must occur in a table where its share in the other lets so many be expected there."""


TOLD = {
    "stops": ("residents", "workforce", "above"),
    "workforce": ("residents",),
    "applicants": ("residents",),
    "exits": ("workforce",),
    "promotions": ("workforce",),
}
"""What each table is compared with."""


def other_rules(suite: Suite) -> None:
    """Add the rules that compare a table with those in `context["others"]`.

    residents : the label of each benchmark -> group -> people, under this table's scheme.
    workforce : what the workforce holds, see `data_checks.facts`.
    """
    if suite.table.name in TOLD:
        add_cells(suite)
    rules = {"residents": _residents_groups, "workforce": _workforce_groups,
             "above": _above_residents}  # fmt: skip
    for whom in TOLD.get(suite.table.name, ()):
        rules[whom](suite)


def _residents_groups(suite: Suite) -> None:
    given = _residents(suite)
    there = {
        group: (
            max(b.get(group, 0) for b in given),
            min(b.get(group, 0) / (sum(b.values()) or 1) for b in given),
        )
        for group in dict.fromkeys(g for b in given for g in b)
    }
    _groups(suite, "groups:residents", there, "residents", _no_residents(suite))


def _workforce_groups(suite: Suite) -> None:
    facts = (suite.context.get("others") or {}).get("workforce") or {}
    cells = [c for c in facts.get("cells", ()) if c[1] != UNKNOWN]
    latest = max((c[0] for c in cells), default=None)
    counted: dict[str, float] = {}
    for period, group, n, *_ in cells:
        if period == latest:
            counted[group] = counted.get(group, 0) + n
    total = sum(counted.values()) or 1
    why = "" if counted else "there is no workforce that can be used"
    if counted and facts.get("scheme") != suite.context.get("scheme"):
        counted, why = {}, "the workforce is told in other groups (scheme)"
    there = {group: (n, n / total) for group, n in counted.items()}
    _groups(suite, "groups:workforce", there, "employees", why)


def _above_residents(suite: Suite) -> None:
    given = _residents(suite)
    most = {g: max(b.get(g, 0) for b in given) for b in given for g in b}
    most = {g: n for g, n in most.items() if n > 0}
    query = NOTHING
    dated = bool(unit_of(suite))
    if most and dated:
        rows = ", ".join(f"({literal(g)}, {float(n)!r})" for g, n in most.items())
        query = (
            f"""SELECT "group" || ', ' || year || ': ' || {digits("n")} || ' stops, ' """
            f"""|| {digits("residents")} || ' residents' AS name, n / residents AS value """
            """FROM (SELECT "group", year(period) AS year, sum(n) AS n FROM facts_cells """
            f"""GROUP BY ALL) JOIN (VALUES {rows}) t("group", residents) USING ("group") """
            """ORDER BY year, "group" """
        )
    suite.summary(
        "above residents", query, None, 1, unit="groups in a year",
        says="No group was stopped more often in one year than it has residents.",
        reason="a group was stopped more often in one year than it has residents",
        severity=WARN, columns=("subject_race",),
        because=_no_residents(suite) or ("" if dated else "the file has no dates"),
        do="Look whether the benchmark is of the right place, counts people and not thousands or "
        "shares, and whether [values] brings the groups of both tables together. If many of those "
        "stopped live elsewhere, choose a benchmark of a larger area as well.",
    )  # fmt: skip


def _groups(
    suite: Suite, key: str, there: Mapping[str, tuple[float, float]], whom: str, why: str
) -> None:
    """Add the rule; `there` is group -> how many there are, and the least share of them."""
    what = thing(suite)
    query = NOTHING
    if there:
        rows = ", ".join(f"({literal(g)}, {float(n)!r}, {s!r})" for g, (n, s) in there.items())
        # a person is in every list of the workforce: the last one counts
        latest = " AND period = (SELECT max(period) FROM facts_cells)"
        only = latest if suite.table.name == "workforce" else ""
        query = f"""
            WITH own AS (SELECT "group", sum(n) AS n FROM facts_cells
                WHERE "group" <> '{UNKNOWN}'{only} GROUP BY "group"),
            pairs AS (SELECT "group", coalesce(own.n, 0) AS here, coalesce(t.n, 0) AS n,
                coalesce(share, 0) AS share, sum(own.n) OVER () AS total,
                sum(t.n) OVER () AS others
                FROM own FULL JOIN (VALUES {rows}) t("group", n, share) USING ("group"))
            SELECT "group" || CASE WHEN n = 0
                THEN ': ' || {digits("here")} || ' {what}, no {whom}'
                ELSE ': ' || {digits("n")} || ' {whom}, no {what}' END AS name,
            CASE WHEN here >= {FEWEST} AND here >= {SHARE} * total
                AND here * others >= {EXPECTED} * total THEN CAST(n = 0 AS INTEGER)
                WHEN share >= {SHARE} AND share * total >= {EXPECTED}
                THEN CAST(here = 0 AS INTEGER) END AS value
            FROM pairs ORDER BY "group"
        """  # noqa: S608
    suite.summary(
        key, query, None, 0, unit="groups",
        says=f"Every group of at least 1% of the {what} is among the {whom}, and every group of "
        f"at least 1% of the {whom} among the {what}, where {EXPECTED} can be expected.",
        reason=f"a group is among the {what} or among the {whom} only",
        severity=WARN, columns=(suite.group,), because=why,
        do=f"A group without {whom} cannot be compared. Look whether both tables name it alike: "
        "[values] and scheme in equity.toml bring their words to the same groups.",
    )  # fmt: skip


def _residents(suite: Suite) -> list[dict[str, Any]]:
    told = (suite.context.get("others") or {}).get("residents") or {}
    return [dict(benchmark) for benchmark in told.values() if benchmark]


def _no_residents(suite: Suite) -> str:
    return "" if _residents(suite) else "there is no benchmark by group for this table"
