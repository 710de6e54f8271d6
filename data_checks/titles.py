"""What the rule for sworn officers makes of the job titles: words without a match, and a table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from data_checks.report import WARN, ShownTable
from data_checks.sql import q
from data_checks.suite import Suite

__all__ = ["FEWEST", "MOST_ROWS", "title_table", "word_rule"]

CONDITIONS = ("equals", "starts_with", "any_of", "none_of")
FEWEST = 3
"""Titles that fewer people hold are not shown: a rare title may name its holder."""
MOST_ROWS = 40


def word_rule(con: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    """Add the rule that every word of the rules made by the agency occurs in the file.

    A misspelt word matches nobody, and without this rule nobody would notice.
    """
    given: Mapping[str, Any] = suite.context.get("rules") or {}
    rules = dict.fromkeys(rule.partition(".")[0] for rule in given)
    names = " and ".join(f"{rule} rule" for rule in rules) or "sworn rule"
    columns = tuple(dict.fromkeys(str(r.get("column", "title")) for r in given.values()))
    asked = [(str(r.get("column", "title")), *w) for r in given.values() for w in _asked(r)]
    there = {c for (c, *_) in con.execute("DESCRIBE checked").fetchall()}
    held, lost = {}, []
    if asked and {c for c, *_ in asked} <= there:
        held = {c: _held(con, c) for c in columns}
        lost = [(c, k, w) for c, k, w in asked if not any(_holds(k, w, t) for t in held[c])]
    suite.facts(
        "rule words",
        [(w, int((c, k, w) not in lost)) for c, k, w in asked] if held else [],
        1,
        None,
        says=f"Every word of the {names} occurs in a {' or '.join(columns) or 'title'}.",
        reason=f"a word of the {names} occurs in no {' or '.join(columns) or 'title'}",
        severity=WARN,
        columns=columns or ("title",),
        unit="words",
        because="the file has no such column" if asked else "no rule is given",
        do=" ".join(_advice(suite, held[c], c, k, w) for c, k, w in lost)
        + " Correct the word in equity.toml, or remove it. Only whole words are found: Officer is "
        "not in Officers.",
    )


def title_table(con: duckdb.DuckDBPyConnection, suite: Suite) -> tuple[ShownTable, ...]:
    """Return the table of job titles counted as sworn and as not; none without both columns.

    Rows set aside are not in it. Titles are shown if at least three people hold them, the most
    frequent first; the others are summed.
    """
    if not suite.has("title", "sworn"):
        return ()
    snapshot = [c for c in ("date", "year") if suite.has(c)]
    if suite.has("person_id"):
        people, by = "count(DISTINCT person_id)", "title, sworn"
        note = "People, each counted once, over all snapshots."
    else:
        people, by = "count(*)", ", ".join(["title", "sworn", *snapshot])
        note = "People in the snapshot in which the title is most frequent."
    found = con.execute(
        f"SELECT title, sworn, max(n) AS n FROM (SELECT title, sworn, {people} AS n FROM checked "
        f"WHERE check_row NOT IN (SELECT check_row FROM aside) GROUP BY {by}) "
        "GROUP BY title, sworn ORDER BY n DESC, title, sworn"
    ).fetchall()
    words = {True: "sworn", False: "not sworn", None: "not known"}
    kinds = {sworn for _, sworn, _ in found}
    shown: list[tuple[str | int, ...]] = []
    rest: dict[bool | None, list[int]] = {}
    for title, sworn, n in found:
        if title is None or (n >= FEWEST and len(shown) < MOST_ROWS - len(kinds) - 1):
            shown.append((str(title) if title is not None else "(no title)", words[sworn], n))
        else:
            rest.setdefault(sworn, []).append(n)
    for sworn, counts in rest.items():
        shown.append((f"other titles ({len(counts)})", words[sworn], sum(counts)))
    if not shown:
        return ()
    return (
        ShownTable(
            "Job titles, and whether they are counted as sworn",
            ("Job title", "Counted as", "People"),
            tuple(shown),
            f"{note} Titles held by fewer than {FEWEST} people are summed as other titles.",
        ),
    )


def _asked(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for condition in CONDITIONS:
        words = rule.get(condition)
        if isinstance(words, Sequence) and not isinstance(words, str):
            yield from ((condition, str(w).strip()) for w in words)


def _held(con: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    name = q(column)
    found = con.execute(
        f"SELECT lower(CAST({name} AS VARCHAR)) AS t, count(*) FROM checked "
        f"WHERE {name} IS NOT NULL GROUP BY t"
    ).fetchall()
    return dict(found)


def _holds(condition: str, word: str, text: str) -> bool:
    """Whether a text fulfils one word of a condition, as `equity.sources.roster` reads it."""
    word = word.lower()
    if condition == "equals":
        return text == word
    if condition == "starts_with":
        return text.startswith(word)
    return re.search(f"(?:^|[^a-z0-9]){re.escape(word)}(?:[^a-z0-9]|$)", text) is not None


def _advice(suite: Suite, held: Mapping[str, int], column: str, condition: str, word: str) -> str:
    said = f"No {column} holds “{word}” ({condition})"
    known = [c for c in suite.table.columns if c.name == column and not c.personal]
    often = [t for t, n in held.items() if n >= FEWEST] if known else []
    if condition in ("any_of", "none_of"):
        often = [w for t in often for w in re.findall("[a-z0-9]+", t)]
    near = difflib.get_close_matches(word.lower(), sorted(set(often)), n=1, cutoff=0.6)
    return f"{said}; there is “{near[0]}”." if near else f"{said}."
