"""The rules on when things happened: the period of the file, its months, and the clock."""

from __future__ import annotations

from typing import Any

from data_checks import rules
from data_checks.report import ASIDE, WARN
from data_checks.suite import NOTHING, Suite

__all__ = ["month_rules"]

FLOWS = ("stops", "exits")
"""Tables in which something happens in every month. People apply in rounds, and a roster is of a
day: a month without any row says nothing there."""

FAR_MONTHS = 6
FAR_SHARE = 0.01
FEWEST_ROWS = 100
"""A month is far from all others if at least six months without a row part it, with what is near
it, from the bulk, and that holds less than 1 % of at least 100 rows: a year mistyped, or a date
that a system fills in. A file of ten years with a gap of one holds more on both sides."""

MONTHLY = 20
FEWEST_MONTHS = 3
"""So many rows must a month hold, at the median, before one without any is told. Chance leaves one
in 500 million blank (Poisson), and one in 8,000 if months vary four times as much as that. Of
fewer than three months with rows none is the usual one."""

THIN = 3
SPREAD = 8
"""A month is thin with less than a third of the median of the three months on each side, and less
by more than eight of its square roots: four standard deviations of counts that vary four times as
much as chance alone makes them. Under 145 rows a month the second binds, under 65 nothing can be
thin. Real files need that room: in that of Hartford a month of 168 stops follows one of 478."""

THICK = 1.75
"""A month is thick with more than so many times that median, by the same room for chance. A month
that is in the file twice would be twice what it would have been: less than twice the median in
every second case."""

VARIES, VARIES_LAST = 5, 3
"""Thin and thick are also told only beyond five robust standard deviations of what the months of
this file differ from those around them, on a log scale; the last month, which a new load brings,
beyond three. In a file whose months swing by half nothing is told of them. A month that is as far
from its neighbours in other years is of its season: what it differs from those is judged, where
that is less."""

SHIFTED = 3
CLEARLY = 60
"""A month's hours are those of another zone if they fit the hours of the other months much better
when moved by at least three hours: the deviance (twice the log likelihood ratio) falls by 60, and
to a third. Of 24 hours it is 23 by chance; stops at one place and time raise it, but do not make
it fall so far."""
FEWEST_TIMES = 100

MISSING, MISSING_AT_ALL = 0.05, 0.20
"""The share of missing race that is let through in a file, and that which is much in any month. A
month above the first by more than chance (four standard errors) is told if it has twice the share
of the usual month, or is above the second where that is not. The usual month is the lower quartile
of them: two thirds of a file may have lost race, and are still told. Where all months are alike,
as in Minneapolis (25 to 41 %), the rule on the whole file says it."""

DEFAULT = 20
DEFAULT_SHARE = 0.01
"""Midnight stands for "no time" if at least 20 times, and 1 % of all, are 00:00 to the second, and
three times as many as are exactly 23:00 or 01:00: of minutes, 1 in 1,440 is midnight."""

ROUNDED = 0.5
TIMES = 500
"""By chance one minute in five is a multiple of five. With half of them, three in eight times were
rounded. Hartford's are at 39 %, Minneapolis's at 20 %, those of London's Metropolitan Police at
76 %. As for the clock, fewer than 500 say little."""

ENOUGH_CLOCK = 500
CERTAIN = 3.29
"""As in `equity.clock`: the rarest three hours in a row lie wholly outside 2 to 7 in the morning,
there are 500 times at least, and chance alone (p below .001) does not make the difference."""

CELLS = "check_cells"
"""Rows by month and hour: made in one look at the rows; all that follows is made of it."""


def month_rules(suite: Suite) -> None:
    """Put the rules on periods, months and times into the suite of any table.

    Dates are those of the stop, the application, the leaving or the snapshot. Rows set aside, for
    instance with a date in the future, are left out. The limits are conventions of this library;
    each says above on what it rests.
    """
    day = suite.day
    _cells(suite, day)
    _period(suite, day)
    _months(suite, day)
    _race(suite, day)
    _times(suite)


def _cells(suite: Suite, day: str) -> None:
    has_day, has_time = suite.has(day), suite.has("second_of_day")
    race = suite.group
    if not (has_day or has_time):
        return
    asked = f"{race} IS NULL" if suite.has(race) else "FALSE"
    of_race = "WHERE margin = 'race'" if suite.has("margin") else ""
    second = "second_of_day" if has_time else "NULL::BIGINT"
    when = f'"{day}"' if has_day else "NULL::DATE"
    suite.tables[CELLS] = (
        f"SELECT date_trunc('month', {when})::DATE AS month, {second} // 3600 AS hour, "
        f"min({when}) AS first, max({when}) AS last, count(*) AS n, "
        f"count_if({asked}) AS unknown, count_if({second} = 0) AS midnight, "
        f"count_if({second} % 3600 = 0) AS whole, count_if({second} // 60 % 5 = 0) AS fives "
        f"FROM (SELECT * FROM checked {of_race}) WHERE NOT check_set_aside GROUP BY ALL"
    )
    if has_day:
        # an island is a run of months that no gap of six months parts
        suite.tables["check_months"] = (
            "WITH a AS (SELECT month, min(first) AS first, max(last) AS last, sum(n) AS n, "
            f"sum(unknown) AS unknown FROM {CELLS} WHERE month IS NOT NULL GROUP BY month), "
            "b AS (SELECT *, coalesce(date_diff('month', lag(month) OVER (ORDER BY month), month) "
            f"> {FAR_MONTHS}, FALSE) AS apart FROM a), "
            "c AS (SELECT *, sum(apart::INTEGER) OVER (ORDER BY month) AS island FROM b), "
            "d AS (SELECT *, sum(n) OVER (PARTITION BY island) AS near, sum(n) OVER () AS total "
            "FROM c) "
            "SELECT * EXCLUDE (apart, near), "
            f"total >= {FEWEST_ROWS} AND near < {FAR_SHARE} * total AS far FROM d"
        )
        # every month from the first to the last of those that are not far
        suite.tables["check_calendar"] = (
            "WITH m AS (SELECT * FROM check_months WHERE NOT far), "
            "a AS (SELECT unnest(generate_series((SELECT min(month) FROM m)::TIMESTAMP, "
            "(SELECT max(month) FROM m)::TIMESTAMP, INTERVAL 1 MONTH))::DATE AS month) "
            "SELECT a.month, coalesce(n, 0) AS n, first, last, "
            f"(SELECT median(n) FROM m HAVING count(*) >= {FEWEST_MONTHS}) AS usual "
            "FROM a LEFT JOIN m USING (month)"
        )


def _period(suite: Suite, day: str) -> None:
    what = rules.words(day)
    period = suite.context.get("period")
    if period:
        low, high = period
        by_year = suite.has("year") and not suite.has(day)
        column, what = ("year", "year") if by_year else (day, what)
        suite.between(
            "period",
            column,
            low.year if by_year else low,
            high.year if by_year else high,
            says=f"The {what} lies in the period of the file: {low.isoformat()} to "
            f"{high.isoformat()}.",
            reason=f"the {what} is outside the period of the file",
            severity=ASIDE,
            shows=column,
            do="Correct the date, or the key period in equity.toml.",
        )
        return
    suite.summary(
        "period",
        f"SELECT {_name('month')} || ': ' || n || CASE WHEN n = 1 THEN ' row' ELSE ' rows' END "
        "AS name, far::INTEGER AS value FROM check_months ORDER BY month",
        None,
        0,
        unit="months",
        needs=(day,),
        says=f"No {what} stands far from all others: {FAR_MONTHS} months or more before or after "
        f"them, with less than {FAR_SHARE:.0%} of the rows.",
        reason=f"a few rows have a {what} far from all others",
        severity=WARN,
        do="Look at the rows of these months: most often a year was mistyped, or a system filled "
        'in a date. Name the period of the file in equity.toml, such as period = ["2024-01-01", '
        '"2024-12-31"]: then rows outside it are set aside.',
    )


def _months(suite: Suite, day: str) -> None:
    flow = suite.table.name in FLOWS
    words: dict[str, Any] = {
        "unit": "months",
        "needs": (day,) if flow else (),
        "columns": (day,),
        "severity": WARN,
        "because": f"fewer than {MONTHLY} rows in the usual month, or fewer than "
        f"{FEWEST_MONTHS} months"
        if flow
        else "rows of this table do not come month by month",
    }
    suite.summary(
        "months:missing",
        f"SELECT {_name('month')} AS name, CASE WHEN usual >= {MONTHLY} THEN (n = 0)::INTEGER END "
        "AS value FROM check_calendar ORDER BY month"
        if flow
        else NOTHING,
        None,
        0,
        says="Between the first and the last month there is none without a row.",
        reason="a month between the first and the last has no row",
        do="Ask for these months: part of the export is missing. Until then no figure over time "
        "can be read across them, and yearly figures are too low.",
        **words,
    )
    thick, change = f"{THICK:g}", "ln(n / near)"
    around = "(ORDER BY month ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW)"
    # the first and the last month are judged only if the file has them whole, by their first or
    # last two days
    suite.summary(
        "months:thin",
        f"WITH a AS (SELECT *, median(n) FILTER (WHERE n > 0) OVER {around} AS near, "
        "month = min(month) OVER () AS opens, month = max(month) OVER () AS closes "
        "FROM check_calendar), "
        f"b AS (SELECT *, CASE WHEN n = 0 OR near IS NULL OR near <= {SPREAD**2} "
        "OR (opens AND day(first) > 2) OR (closes AND last < last_day(month) - 1) THEN NULL "
        f"ELSE {change} END AS change FROM a), "
        "c AS (SELECT *, (SELECT median(o.change) FROM b o WHERE month(o.month) = month(b.month) "
        "AND o.month <> b.month) AS season FROM b), "
        "d AS (SELECT *, CASE WHEN season * change > 0 THEN sign(change) * least(abs(change), "
        "abs(change - season)) ELSE change END AS odd FROM c), "
        f"e AS (SELECT *, 1.4826 * mad(odd) OVER () * CASE WHEN closes THEN {VARIES_LAST} "
        f"ELSE {VARIES} END AS room FROM d) "
        f"SELECT {_name('month')} || ': ' || n || CASE WHEN n = 1 THEN ' row' ELSE ' rows' END "
        "|| ', around it ' || round(near)::BIGINT AS name, CASE WHEN change IS NULL THEN NULL "
        f"WHEN abs(near - n) > {SPREAD} * sqrt(near) AND abs(odd) > room "
        "THEN CASE WHEN odd = change THEN n / near ELSE exp(odd) END ELSE 1 END AS value "
        "FROM e ORDER BY month"
        if flow
        else NOTHING,
        1 / THIN,
        THICK,
        says="No month holds far fewer or far more rows than the months around it: less than a "
        f"third, or more than {thick} times as many.",
        reason="a month holds far fewer or far more rows than the months around it",
        do="If there are fewer, ask whether the export is cut off there, or fewer were recorded. "
        "If there are more, look whether it holds rows twice. Compare with another count of "
        "these months, such as that of citations.",
        **words | ({"because": "too few rows in a month to tell"} if flow else {}),
    )


def _race(suite: Suite, day: str) -> None:
    race = suite.group
    at, much, share = MISSING, MISSING_AT_ALL, "(unknown / n)"
    suite.summary(
        "months:race known",
        f"WITH a AS (SELECT *, {share} - {at} > 4 * sqrt({at} * {1 - at} / n) AS sure, "
        f"(SELECT quantile_cont({share}, 0.25) FROM check_months WHERE n > 0) AS usual "
        "FROM check_months WHERE n > 0) "
        f"SELECT {_name('month')} || ': ' || round(100 * {share})::BIGINT || ' %' AS name, "
        f"(sure AND ({share} > 2 * usual OR ({share} > {much} AND usual <= {much})))::INTEGER "
        "AS value FROM a ORDER BY month",
        None,
        0,
        unit="months",
        needs=(day, race),
        says=f"{rules.capital(rules.words(race))} is missing in no month far more often than in "
        f"others: in more than {at:.0%} of the rows and twice as often, or in more than "
        f"{much:.0%} where that is not usual.",
        reason=f"{rules.words(race)} is missing far more often in some months than in others",
        severity=WARN,
        do="Ask what was different in these months: a new form, a new system, a unit that did not "
        "record race. Compare groups over time without these months as well.",
    )


def _times(suite: Suite) -> None:
    time = "second_of_day"
    hours = f"(SELECT hour, sum(n) AS n, sum(whole) AS whole FROM {CELLS} "
    hours += "WHERE hour IS NOT NULL GROUP BY hour)"
    suite.summary(
        "times:midnight",
        f"WITH h AS {hours}, a AS (SELECT sum(n) AS n, "
        "coalesce(max(whole) FILTER (WHERE hour IN (23, 1)), 0) AS beside FROM h), "
        f"m AS (SELECT sum(midnight) AS m FROM {CELLS}) "
        "SELECT CASE WHEN m = n THEN 'all' WHEN 100 * m < n THEN 'less than 1 %' "
        "ELSE floor(100 * m / n)::BIGINT || ' %' END "
        f"|| ' of the times are 00:00' AS name, (m >= {DEFAULT} AND m > {DEFAULT_SHARE} * n "
        "AND m > 3 * beside)::INTEGER AS value FROM a, m WHERE n > 0",
        None,
        0,
        unit="files",
        needs=(time,),
        says="Midnight does not stand for a time that nobody recorded.",
        reason="midnight seems to stand for a time that nobody recorded",
        severity=WARN,
        do="Look at the rows at 00:00: a system fills it in where the time is blank, or where the "
        "export keeps the date alone. Ask for the times, or leave them blank: at midnight they "
        "count as stops in the dark.",
    )
    suite.summary(
        "times:rounded",
        "SELECT round(100 * f / n)::BIGINT || ' % of the times' AS name, "
        f"CASE WHEN n >= {TIMES} THEN f / n END AS value FROM (SELECT sum(n - midnight) AS n, "
        f"sum(fives - midnight) AS f FROM {CELLS} WHERE hour IS NOT NULL) WHERE n > 0",
        None,
        ROUNDED,
        unit="files",
        needs=(time,),
        says=f"At most {ROUNDED:.0%} of the times are multiples of five minutes (by chance 20%), "
        "those at midnight left out.",
        reason="too many times are multiples of five minutes",
        severity=WARN,
        because=f"fewer than {TIMES} times",
        do="Times were rounded. Read daylight tests with care: close to dusk a rounded time may "
        "fall on the wrong side, and people who were stopped together look alike.",
    )
    # the hours, each with the two after it; of those that touch 2 to 7 the rarest is the night's
    quietest = (
        "WITH h AS (SELECT r.hour, coalesce(x.n, 0) AS n FROM range(24) r(hour) "
        f"LEFT JOIN {hours} x USING (hour)), "
        "s AS (SELECT a.hour, sum(b.n) AS n, a.hour BETWEEN 0 AND 6 AS night FROM h a JOIN h b "
        "ON (b.hour - a.hour + 24) % 24 < 3 GROUP BY a.hour), "
        "q AS (SELECT min(n) FILTER (WHERE night) AS night, min(n) AS rarest, "
        "arg_min(hour, (n, hour)) AS hour, sum(n) / 3 AS total FROM s), "
        "t AS (SELECT *, (5 - (hour + 1) + 36) % 24 - 12 AS shift FROM q) "
    )
    suite.summary(
        "times:hours",
        f"{quietest}{_shifted(suite)} "
        "SELECT 'rarest ' || lpad(hour::VARCHAR, 2, '0') || ':00 to ' || "
        "lpad(((hour + 3) % 24)::VARCHAR, 2, '0') || ':00; as local time if ' || CASE WHEN "
        "shift < 0 THEN 'about ' || -shift || ' hours earlier' ELSE 'about ' || shift || "
        f"' hours later' END AS name, CASE WHEN total >= {ENOUGH_CLOCK} THEN (night > rarest AND "
        f"night - rarest > {CERTAIN} * sqrt(night + rarest))::INTEGER END AS value FROM t "
        "UNION ALL FROM shifted",
        None,
        0,
        unit="files or months",
        needs=(time,),
        says="Stops are rarest at night, between 2 and 7, as they are nearly everywhere in local "
        "time, and no month has the hours of the others moved by three hours or more.",
        reason="times seem to be of another zone, in all months or in some",
        severity=WARN,
        because=f"fewer than {ENOUGH_CLOCK} times",
        do='Look whether the times are of another zone. If they are in UTC, write times = "UTC" '
        "in equity.toml, where the format has that key. An agency that works by day only looks "
        "alike.",
    )


def _shifted(suite: Suite) -> str:
    """Return the query `shifted`, put behind others: hours of each month beside those of the rest.

    Where the last accepted load told its hours, those of the whole file are compared as well.
    """
    last = suite.context.get("last") or {}
    before = last.get("hours") or []
    whole = ""
    if len(before) == 24 and sum(before) >= ENOUGH_CLOCK:
        rows = ", ".join(f"({hour}, {n})" for hour, n in enumerate(before))
        whole = (
            "UNION ALL SELECT NULL::DATE, 'all months', hour, h.n, w.n FROM "
            f"h JOIN (VALUES {rows}) w(hour, n) USING (hour) "
        )
    # the deviance of the hours `n` from those of the others, `w`, moved by `s` hours; half a row
    # more in each hour, as an hour without any would forbid itself
    return (
        f", m AS (SELECT month, hour, sum(n) AS n FROM {CELLS} WHERE month IS NOT NULL "
        "AND hour IS NOT NULL GROUP BY month, hour), "
        f"k AS (SELECT month FROM m GROUP BY month HAVING sum(n) >= {FEWEST_TIMES}), "
        "beside AS (SELECT k.month, strftime(k.month, '%B %Y') AS name, h.hour, coalesce(m.n, 0) "
        "AS n, h.n - coalesce(m.n, 0) AS w FROM k CROSS JOIN h LEFT JOIN m ON m.month = k.month "
        f"AND m.hour = h.hour {whole}), "
        "p AS (SELECT *, n / sum(n) OVER v AS now, (w + 0.5) / (sum(w) OVER v + 12) AS was, "
        f"sum(w) OVER v >= {ENOUGH_CLOCK} AS enough FROM beside WINDOW v AS (PARTITION BY name)), "
        "d AS (SELECT a.name, (a.hour - b.hour + 36) % 24 - 12 AS s, 2 * sum(a.n * "
        "ln(a.now / b.was)) FILTER (WHERE a.n > 0) AS d FROM p a JOIN p b USING (name) "
        "WHERE a.enough GROUP BY ALL), "
        "shifted AS (SELECT name || ': hours like ' || CASE WHEN name = 'all months' THEN "
        "'before' ELSE 'the other months' END || ' if about ' || abs(arg_min(s, d)) || ' hours ' "
        "|| CASE WHEN arg_min(s, d) > 0 THEN 'earlier' ELSE 'later' END AS name, "
        f"(abs(arg_min(s, d)) >= {SHIFTED} AND max(d) FILTER (WHERE s = 0) - min(d) > {CLEARLY} "
        "AND 3 * min(d) < max(d) FILTER (WHERE s = 0))::INTEGER AS value FROM d GROUP BY d.name) "
    )


def _name(column: str) -> str:
    return f"strftime({column}, '%B %Y')"
