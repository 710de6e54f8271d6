"""Makes yes/no columns of several columns of a file, or of words that say yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from equity.sources import _any, _columns, _text, _unmapped

__all__ = ["YES_NO", "combined", "nothing_without_a_search", "part"]

YES_NO = ("yes", "no")
"""What the words of a yes/no column may mean, besides not known."""


def part(ours: str, place: int) -> str:
    """Return the working name of one of the columns of which `ours` is made."""
    return f"{ours} {place}"


def combined(
    rows: Any,
    headers: Mapping[str, Sequence[str]],
    maps: Mapping[str, Mapping[str, str | None]],
) -> Any:
    """Make each yes/no column that comes from several columns, or from words.

    `headers` is ours -> columns of the file, whose cells stand in `rows` under `part`; `maps` is
    ours -> {word in lower case: "yes", "no" or None}, with "*" for every other word and "" for an
    empty cell.
    """
    made = [c for c in headers if part(c, 0) in rows.collect_schema().names()]
    worded = {c: [part(c, i) for i in range(len(headers[c]))] for c in made if c in maps}
    if worded:
        _understood(rows, headers, maps, worded)
    for ours in made:
        parts = [part(ours, i) for i in range(len(headers[ours]))]
        if ours in maps:
            rows = rows.with_columns(
                *(nw.col(p).alias(f"raw_{p}") for p in parts),
                *(_said(p, maps[ours]).alias(p) for p in parts),
            )
        rows = rows.with_columns(_any.either(parts).alias(ours))
        there = rows.collect_schema().names()
        raw = [p for p in parts if f"raw_{p}" in there]
        if raw:
            # a word that the analyst calls not known has been read; what is left has not
            unread = [
                nw.when(nw.col(p).is_null()).then(nw.col(f"raw_{p}"))
                for p in raw
                if ours not in maps
            ]
            known = [nw.when(~nw.col(ours).is_null()).then(nw.col(f"raw_{p}")) for p in raw]
            rows = rows.with_columns(nw.coalesce(*known, *unread).alias(f"raw_{ours}"))
    return rows


def _understood(
    rows: Any,
    headers: Mapping[str, Sequence[str]],
    maps: Mapping[str, Mapping[str, str | None]],
    worded: Mapping[str, Sequence[str]],
) -> None:
    """Raise where a word of a yes/no column has no meaning; every such word is listed."""
    seen = _columns.distinct(rows, [p for parts in worded.values() for p in parts])
    for ours, parts in worded.items():
        known = maps[ours]
        if "*" in known:
            continue
        words = [v for p in parts for v in seen[p]]
        _unmapped.recode(
            words,
            {v: "" for v in words if v.casefold() in known or v.casefold() in _text.YES_NO},
            column=", ".join(headers[ours]),
            section=f"stops.values.{ours}",
            allowed=YES_NO,
        )


def _said(cell: str, words: Mapping[str, str | None]) -> nw.Expr:
    """Return what the words of a column say, by a map and else by the usual yes and no."""
    low, there = _columns.lower(cell), ~nw.col(cell).is_null()
    yes = [w for w, value in _text.YES_NO.items() if value and w not in words]
    no = [w for w, value in _text.YES_NO.items() if not value and w not in words]
    named = [w for w in words if w not in ("*", "")]
    yes += [w for w in named if words[w] == "yes"]
    no += [w for w in named if words[w] == "no"]
    unknown = [w for w in named if words[w] is None]
    says_yes = there & _text.is_one_of(low, yes)
    known = there & _text.is_one_of(low, [*yes, *no])
    other = there & ~_text.is_one_of(low, [*yes, *no, *unknown])
    for word, hit in (("*", other), ("", ~there)):
        if words.get(word) is not None:
            known = known | hit
            says_yes = says_yes | hit if words[word] == "yes" else says_yes
    return nw.when(known).then(says_yes)


def nothing_without_a_search(rows: Any) -> Any:
    """Make "no contraband" missing where nobody was searched: nothing could be found.

    "Contraband found" without a search stays, for the data checks to tell.
    """
    there = rows.collect_schema().names()
    if not {"search_conducted", "contraband_found"} <= set(there):
        return rows
    searched, found = nw.col("search_conducted"), nw.col("contraband_found")
    says_nothing = ~searched.is_null() & ~searched & ~found.is_null() & ~found
    columns = [c for c in ("contraband_found", "raw_contraband_found") if c in there]
    return rows.with_columns(nw.when(~says_nothing).then(nw.col(c)).alias(c) for c in columns)
