"""The rules that compare a load with the last accepted one."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from data_checks.facts import FORMAT, add_cells, flags_of, pairs, thing, unit_of
from data_checks.report import WARN, Report
from data_checks.rules import capital, words
from data_checks.sql import digits, literal
from data_checks.suite import NOTHING, Suite

__all__ = ["drift_rules", "lost_rows"]

RIGHT = (
    "If the file is right, for instance because an office left or joined, run equity check "
    "--accept. Until then later files are compared with the load before this one."
)

POINTS = 0.05
"""Shares that differ by less are alike."""

FEWEST_NAMED = 3
"""A value in fewer rows is not named."""

GONE = 5
"""A group has vanished where so many rows of it were expected, times what chance varies by (at
least 2 in new records). Of 10 rows expected none comes by chance in one load of 1,000."""

POOLED = 1.5
"""What a rate of several new months varies by beside chance, at least; more where the accepted
months differ more among themselves."""

STEADY, RECENT = 6, 24
"""A new month's rate is judged by the accepted months before it: at least 6, at most 24."""


def drift_rules(suite: Suite) -> None:
    """Add the rules that compare this load with the last accepted one.

    `context["last"]` is what that one held, see `data_checks.facts`; residents are not compared.
    """
    if suite.table.name == "residents":
        return
    add_cells(suite)
    last = suite.context.get("last") or {}
    why = "" if last else "no earlier load was accepted"
    if last and (last.get("format"), last.get("unit")) != (FORMAT, unit_of(suite)):
        last, why = {}, "the last accepted load told the time in another way"
    if last:
        _lay_out(suite, last)
    common = why or "no month or year of this load was in the last accepted one"
    _rows(suite, last, common)
    _months(suite, last, common)
    _groups(suite, last, common)
    _rates(suite, last, common)
    _values(suite, last, why or "the last accepted load had no such columns")


def lost_rows(report: Report) -> bool:
    """Whether records that the last accepted load held are missing, or are too many now.

    Such a load must not become what the next one is compared with, until a person says so.
    """
    keys = importlib.import_module(f"data_checks.{report.table}").KEYS
    judged = {keys.index(key) + 1 for key in ("drift:rows", "drift:months")}
    return any(rule.open and int(rule.id[1:]) in judged for rule in report.rules)


def _lay_out(suite: Suite, last: Mapping[str, Any]) -> None:
    """Make the tables `last_cells` and `facts_both`: each period, now and before."""
    here = flags_of(suite)
    names = ["period", '"group"', "n", *pairs(last["flags"])]
    rows = last["cells"] or [[None] * len(names)]
    cells = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    chosen = ["CAST(period AS DATE) AS period", '"group"', "n"]
    for i, flag in enumerate(here):  # in the order that the flags of this load have
        k = last["flags"].index(flag) if flag in last["flags"] else None
        chosen += [f"{'0' if k is None else f'{w}_{k}'} AS {w}_{i}" for w in ("yes", "known")]
    suite.tables["last_cells"] = (
        f"SELECT {', '.join(chosen)} FROM (VALUES {cells}) t({', '.join(names)}) "
        "WHERE period IS NOT NULL"
    )
    roster = suite.table.name == "workforce"
    late = {"months": "period > last_was - INTERVAL 2 MONTH", "years": "period = last_was"}
    tail = "FALSE" if roster else late.get(unit_of(suite), "FALSE")
    # a few rows with a mistaken old date are not the beginning of a file
    start = "(SELECT min(period) FROM {0} WHERE n >= 0.1 * (SELECT median(n) FROM {0}))"
    cut = "FALSE" if roster else "(first_was < first_now AND period = first_now)"
    suite.tables["facts_both"] = (
        "WITH now AS (SELECT period, sum(n) AS n FROM facts_cells GROUP BY period), "
        "was AS (SELECT period, sum(n) AS n FROM last_cells GROUP BY period), "
        f"edges AS (SELECT {start.format('now')} AS first_now, {start.format('was')} AS "
        "first_was, (SELECT max(period) FROM was) AS last_was) "
        "SELECT period, CAST(coalesce(now.n, 0) AS BIGINT) AS n, "
        "CAST(coalesce(was.n, 0) AS BIGINT) AS before, period > last_was AS new, "
        f"{tail} AS late, coalesce(now.n * was.n, 0) > 0 AS shared FROM now FULL JOIN was "
        f"USING (period), edges WHERE period > last_was OR (period >= first_now "
        f"AND period >= first_was AND NOT {cut})"
    )
    suite.tables["facts_kept"] = (
        "SELECT period FROM facts_both WHERE shared AND NOT new AND NOT late"
    )


def _rows(suite: Suite, last: Mapping[str, Any], why: str) -> None:
    what, unit = thing(suite), unit_of(suite)
    roster = suite.table.name == "workforce"
    low, high = (0.75, 1.33) if roster else (0.95, 1.5) if unit else (0.5, 2)
    where = f"in the {unit} that both loads hold" if unit else "in the file"
    query = (
        f"SELECT {digits('sum(n)')} || ' {what} {where}, before ' || {digits('sum(before)')} "
        "AS name, sum(CASE WHEN late THEN least(n, before) ELSE n END) / sum(before) AS value "
        "FROM facts_both WHERE NOT new HAVING sum(before) >= 20"
    )
    if roster:  # of a list of those who are there, the last one counts
        latest = "(SELECT arg_max(n, period) FROM (SELECT period, sum(n) AS n FROM {} GROUP BY 1))"
        query = (
            f"SELECT {digits('now')} || ' people in the latest list, before ' || {digits('was')} "
            f"AS name, CASE WHEN was >= 20 THEN now / was END AS value FROM (SELECT "
            f"{latest.format('facts_cells')} AS now, {latest.format('last_cells')} AS was)"
        )
    says = (
        "The latest list holds 75% to 133% of the people of the last accepted load's latest."
        if roster
        else f"The {unit} that the last accepted load held too hold about as many {what} as they "
        "did: 95% to 150%."
        if unit
        else f"The file holds about as many {what} as in the last accepted load: 50% to 200%."
    )
    suite.summary(
        "drift:rows", query if last else NOTHING, low, high, unit="loads",
        says=says, reason="the file holds far more or far fewer rows than the last accepted load",
        severity=WARN, columns=_when(suite), because=why,
        do="Look whether the export was cut short, filtered, or holds two files one after the "
        f"other. {RIGHT}",
    )  # fmt: skip


def _months(suite: Suite, last: Mapping[str, Any], why: str) -> None:
    unit = unit_of(suite)
    label = "strftime(period, '%B %Y')" if unit == "months" else "CAST(year(period) AS VARCHAR)"
    query = (
        f"SELECT {label} || ': ' || {digits('n')} || ', before ' || {digits('before')} AS name, "
        "CAST(abs(n - before) > greatest(0.05 * before, 2 * sqrt(greatest(before, 6))) "
        "AND NOT (late AND n > before) AS INTEGER) AS value "
        "FROM facts_both WHERE NOT new ORDER BY period"
    )
    one = unit.removesuffix("s") or "period"
    room = {"months": "the last two months", "years": "the last year"}.get(unit, "")
    if suite.table.name == "workforce" or not room:
        more = ""
    else:
        more = f" The number may have grown in {room}, by late entries."
    suite.summary(
        "drift:months", query if last and unit else NOTHING, None, 0, unit=unit or "periods",
        says=f"Each {one} of the last accepted load holds as many {thing(suite)} as it did, "
        f"within 5% (more where they are few).{more}",
        reason="past records changed in number since the last accepted load",
        severity=WARN, columns=_when(suite),
        because=why if unit or not last else "the file has no dates",
        do=f"Ask why past records changed. A {one} with fewer was often exported in part, one "
        f"with more holds rows twice. {RIGHT}",
    )  # fmt: skip


def _groups(suite: Suite, last: Mapping[str, Any], why: str) -> None:
    if _other_groups(suite, last):
        last, why = {}, "the last accepted load was read in other groups"
    roster, unit = suite.table.name == "workforce", unit_of(suite)
    window = {"months": "INTERVAL 11 MONTH", "years": "INTERVAL 2 YEAR"}.get(
        unit, "INTERVAL 0 DAY"
    )
    latest = "(SELECT max(period) FROM last_cells)"
    recent = f"period >= {latest} - {'INTERVAL 0 DAY' if roster else window}"
    # chance: none between two deliveries of the same records, nor between two lists of mostly the
    # same people; else what the months before vary by, and at least twice the binomial variance,
    # because people are stopped together
    within = "0" if unit or roster else "2"
    query = f"""
        WITH recent AS (SELECT period, "group", n FROM last_cells WHERE {recent}),
        totals AS (SELECT period, sum(n) AS total FROM recent GROUP BY period),
        grid AS (SELECT t.period, t.total, g."group", coalesce(r.n, 0) AS n
            FROM totals t CROSS JOIN (SELECT DISTINCT "group" FROM recent) g
            LEFT JOIN recent r ON r.period = t.period AND r."group" = g."group"),
        expected AS (SELECT *, total * sum(n) OVER w / nullif(sum(total) OVER w, 0) AS e
            FROM grid WINDOW w AS (PARTITION BY "group")),
        spread AS (SELECT "group", greatest(2, coalesce(sum((n - e) ** 2
            / nullif(e * (1 - e / total), 0)) / nullif(count(*) - 1, 0), 2)) AS phi
            FROM expected GROUP BY "group"),
        counted AS (
            SELECT 'same' AS kind, "group", n AS now, 0 AS was
            FROM facts_cells WHERE period IN (FROM facts_kept)
            UNION ALL SELECT 'same', "group", 0, n
            FROM last_cells WHERE period IN (FROM facts_kept)
            UNION ALL SELECT 'new', "group", n, 0
            FROM facts_cells WHERE period > {latest}
            UNION ALL SELECT 'new', "group", 0, n FROM recent),
        summed AS (SELECT kind, "group", sum(now) AS now, sum(was) AS was,
            sum(sum(now)) OVER (PARTITION BY kind) AS here,
            sum(sum(was)) OVER (PARTITION BY kind) AS there FROM counted GROUP BY kind, "group"),
        shares AS (SELECT s.*, now / here - was / there AS gap,
            (now + was) / (here + there) AS p,
            CASE WHEN kind = 'same' THEN {within} ELSE
            {0 if roster else "coalesce(spread.phi, 2)"} END AS phi
            FROM summed s LEFT JOIN spread USING ("group") WHERE here > 0 AND there > 0)
        SELECT "group" || CASE kind WHEN 'same' THEN ': ' ELSE ' in the new {unit}: ' END
            || format('{{:.1f}}% of {{:,}}, before {{:.1f}}% of {{:,}}', 100 * now / here,
            CAST(here AS BIGINT), 100 * was / there, CAST(there AS BIGINT)) AS name,
        CAST((abs(gap) > {POINTS} AND abs(gap) * here > 5
            AND abs(gap) > 3 * sqrt(phi * p * (1 - p) * (1 / here + 1 / there)))
            OR (now = 0 AND was * here / there >= {GONE} * greatest(phi, 1))
            OR (phi > 0 AND abs(gap) > 4 * sqrt(phi * p * (1 - p) * (1 / here + 1 / there))
            AND abs(gap) * here > 5 AND NOT now / here BETWEEN was / there / 3
            AND 3 * was / there) AS INTEGER) AS value
        FROM shares ORDER BY kind DESC, "group"
    """  # noqa: S608
    suite.summary(
        "drift:groups", query if last else NOTHING, None, 0, unit="groups",
        says="No group has vanished since the last accepted load, and no group's share has "
        "changed by more than 5 points; for new records also by more than chance explains.",
        reason="the shares of the groups changed since the last accepted load",
        severity=WARN, columns=(suite.group,), because=why,
        do="Look whether the words for race in the file have changed, and whether [values] in "
        "equity.toml still says what each means. If so, ask what else changed.",
    )  # fmt: skip


def _rates(suite: Suite, last: Mapping[str, Any], why: str) -> None:
    unit, shown = unit_of(suite), [f for f in flags_of(suite) if f in (last.get("flags") or ())]
    parts = []
    chance = "0" if unit else "2"
    for flag in shown:
        yes, known = (f"{word}_{flags_of(suite).index(flag)}" for word in ("yes", "known"))
        what = literal(capital(words(flag)))
        sums = f"sum({yes}) AS y, sum({known}) AS k"
        parts.append(f"""
            SELECT {what} || format(': {{:.1f}}%, before {{:.1f}}%', 100 * r, 100 * b) AS name,
            CAST(abs(r - b) > greatest(0.01, 0.2 * b) AND abs(r - b) * k > 5
                AND abs(r - b) > 3 * sqrt({chance} * p * (1 - p) * (1 / k + 1 / m)) AS INTEGER)
                AS value
            FROM (SELECT a.k, z.k AS m, a.y / a.k AS r, z.y / z.k AS b,
                (a.y + z.y) / (a.k + z.k) AS p
                FROM (SELECT {sums} FROM facts_cells WHERE period IN (FROM facts_kept)) a,
                (SELECT {sums} FROM last_cells WHERE period IN (FROM facts_kept)) z
                WHERE a.k >= 30 AND z.k >= 30)
        """)
        if suite.table.name == "stops" and unit == "months":
            parts.append(f"""
                SELECT {what} || strftime(period, ' in %B %Y')
                    || format(': {{:.1f}}%, before {{:.1f}}%', 100 * r, 100 * m) AS name,
                CAST(abs(r - m) > 3 * greatest(1.4826 * spread, sqrt(2 * p * (1 - p) / k))
                    AND (r > 1.5 * m OR m > 1.5 * r) AS INTEGER) AS value
                FROM (SELECT *, y / k AS r, (m * k + 1) / (k + 2) AS p
                    FROM (SELECT period, {sums} FROM facts_cells
                        WHERE period > (SELECT max(period) FROM last_cells) GROUP BY period),
                    (SELECT median(y / k) AS m, mad(y / k) AS spread, count(*) AS months
                        FROM (SELECT period, {sums} FROM last_cells GROUP BY period
                            HAVING k >= 30 ORDER BY period DESC LIMIT {RECENT}))
                    WHERE k >= 30 AND months >= {STEADY})
            """)
            # a halving that no single month can tell from chance
            parts.append(f"""
                SELECT {what} || ' in all new months'
                    || format(': {{:.1f}}%, before {{:.1f}}%', 100 * y / k, 100 * r) AS name,
                CAST(abs(y / k - r) > 3 * sqrt(phi * p * (1 - p) * (1 / k + 1 / m))
                    AND (y / k > 1.25 * r OR r > 1.25 * y / k) AS INTEGER) AS value
                FROM (SELECT *, (y + was) / (k + m) AS p FROM
                    (SELECT {sums}, count(DISTINCT period) AS months FROM facts_cells
                        WHERE period > (SELECT max(period) FROM last_cells)),
                    (SELECT sum(y) AS was, sum(k) AS m, any_value(r) AS r, greatest({POOLED},
                        sum((y - r * k) ** 2 / nullif(r * (1 - r) * k, 0)) / (count(*) - 1)) AS phi
                        FROM (SELECT *, sum(y) OVER () / sum(k) OVER () AS r
                            FROM (SELECT period, {sums} FROM last_cells GROUP BY period
                                HAVING k >= 30 ORDER BY period DESC LIMIT {RECENT}))
                        HAVING count(*) >= {STEADY})
                    WHERE months > 1 AND k >= 30)
            """)
    new = (
        " In a new month it is within 1.5 times, or three times the usual spread, of the months "
        "before, and in all new months together within 1.25 times."
        if suite.table.name == "stops"
        else ""
    )
    followed = ", ".join(words(f) for f in flags_of(suite))
    suite.summary(
        "drift:rates", " UNION ALL ".join(parts) or NOTHING, None, 0, unit="rates",
        says=f"The share of yes ({followed or 'no column'}) is what it was in the same records of "
        f"the last accepted load, within a fifth and one point.{new}",
        reason="a share of yes changed since the last accepted load",
        severity=WARN, columns=flags_of(suite),
        because=why if shown or not last else "no such column was there then and now",
        do="Look whether the words for yes and no in the file have changed, whether blanks now "
        "mean no, and whether a form or a system changed at that time.",
    )  # fmt: skip


def _values(suite: Suite, last: Mapping[str, Any], why: str) -> None:
    regrouped = ("race", "subject_race") if _other_groups(suite, last) else ()
    told = last.get("categories") or {}
    before = {c: values for c, values in told.items() if values and c not in regrouped}
    query = NOTHING
    if before:
        known = [(c, value) for c, values in before.items() for value in values]
        rows = ", ".join(f"({literal(c)}, {literal(v)})" for c, v in known)
        suite.tables["last_values"] = f"SELECT * FROM (VALUES {rows}) t(name, value)"
        titles = " ".join(f"WHEN {literal(c)} THEN {literal(words(c))}" for c in before)
        query = (
            f"SELECT CASE WHEN n < {FEWEST_NAMED} THEN 'a value of ' || word || ' in fewer than "
            f"{FEWEST_NAMED} rows' ELSE word || ' “' || value || '”: ' || {digits('n')} "
            "|| ' rows' END AS name, CAST((name, value) NOT IN (FROM (SELECT (name, value) FROM "
            "last_values)) AS INTEGER) AS value FROM (SELECT *, CASE name "
            f"{titles} END AS word FROM facts_values) WHERE word IS NOT NULL ORDER BY n DESC"
        )
    suite.summary(
        "drift:categories", query, None, 0, unit="values",
        says="Every category was there in the last accepted load already. (Titles and postings "
        "are not compared, nor columns with more than 200 values.)",
        reason="categories are new since the last accepted load",
        severity=WARN, columns=tuple(before), because=why,
        do="A new district or reason is in order. If it is an old one in other words, say so in "
        "the [values] of the table in equity.toml, or the two are counted apart.",
    )  # fmt: skip


def _other_groups(suite: Suite, last: Mapping[str, Any]) -> bool:
    return bool(last) and last.get("scheme") != suite.context.get("scheme")


def _when(suite: Suite) -> tuple[str, ...]:
    named = ("date", "exit_date", "year")
    return tuple(c for c in named if suite.has(c))[:1] or ("every column",)
