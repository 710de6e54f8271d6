"""What a chart does with figures that a published page hides: words, sums and hatched marks.

A hidden row is known by its `reason`, which begins with "Hidden". It is drawn as a pale hatched
band over all values that there could be, with the word "hidden" in a gap of it: never as 0, never
as nothing, and not as a mark that could be read as a value. No headline speaks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from equity.charts._hatch import (
    HATCH_WIDTH,
    band,
    columns,
    hatch,
)
from equity.charts._words import given, listed

__all__ = [
    "HATCH_WIDTH",
    "WORD",
    "band",
    "bound",
    "closing",
    "columns",
    "count",
    "counts",
    "first_known",
    "hatch",
    "is_hidden",
    "legend",
    "lost",
    "n_words",
    "named",
    "none_shown",
    "others_shown",
    "part_of",
    "row_hidden",
    "shown",
    "swap",
    "total",
    "with_closing",
]

WORD = "hidden"
_DEFAULT = "fewer than a set number of people"


def row_hidden(row: Mapping[str, Any]) -> bool:
    """Return whether a row, or a part of it, is hidden: its reason begins with "Hidden"."""
    reason = row.get("reason")
    return isinstance(reason, str) and reason.startswith("Hidden")


def is_hidden(table: pd.DataFrame) -> pd.Series:
    """Return which rows of a table are hidden, wholly or in part, as a column of booleans."""
    if "reason" not in table:
        return pd.Series(False, index=table.index, dtype=bool)
    said = [isinstance(r, str) and r.startswith("Hidden") for r in table["reason"].tolist()]
    return pd.Series(said, index=table.index, dtype=bool)


def lost(row: Mapping[str, Any], *figures: str) -> bool:
    """Return whether a row is hidden and one of its `figures` is missing for that reason."""
    return row_hidden(row) and not all(given(row.get(f)) for f in figures)


def shown(rows: Iterable[dict], *figures: str) -> list[dict]:
    """Return the rows of which a headline may speak: those whose `figures` are not hidden."""
    return [r for r in rows if not lost(r, *figures)]


def legend(table: pd.DataFrame) -> list[str]:
    """Return the line of the subtitle that says what "hidden" means; none where nothing is.

    The number of people is taken from the reason: "Hidden: fewer than 10 people, or ...".
    """
    reasons = table.loc[is_hidden(table), "reason"].tolist() if "reason" in table else []
    if not reasons:
        return []
    told = next((m for m in (re.search(r"fewer than [\d,]+ \w+", r) for r in reasons) if m), None)
    few = told.group() if told else _DEFAULT
    return [f"Hidden: {few}, or it would give such a number away"]


def count(row: Mapping[str, Any], column: str) -> str:
    """Return a count as text: "1,234", "hidden", or "not shown" where it is missing otherwise."""
    value = row.get(column)
    if given(value):
        return f"{round(float(value)):,}"  # type: ignore[arg-type]
    return WORD if row_hidden(row) else "not shown"


def counts(row: Mapping[str, Any], x: str, n: str) -> str:
    """Return "12 of 340", "12, total hidden", "number hidden, of 340" or "numbers hidden"."""
    part, whole = count(row, x), count(row, n)
    if WORD not in (part, whole):
        return f"{part} of {whole}"
    if part == whole:
        return f"numbers {WORD}"
    if part == WORD:
        return f"number {WORD}" + (f", of {whole}" if given(row.get(n)) else "")
    return f"{'none' if part == '0' else part}, total {WORD}"


def swap(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the frame with "hidden" for "not shown" and "?" in the words of hidden rows."""
    hidden = is_hidden(frame).tolist()
    if not any(hidden):
        return frame

    def say(text: object, own: bool) -> object:
        if not own or not isinstance(text, str):
            return text
        text = re.sub(r"not shown of not shown", f"numbers {WORD}", text)
        text = re.sub(r"(?<![\w,.])not shown of ([\d,]+)", rf"number {WORD}, of \1", text)
        text = re.sub(r"([\d,]+) of not shown", rf"\1, total {WORD}", text)
        text = re.sub(r" ?\(\?%?\)", "", text)
        return re.sub(r"not shown|(?<!\w)\?%?(?!\w)", WORD, text)

    new = {
        c: pd.Series(
            [say(t, own) for t, own in zip(frame[c].tolist(), hidden, strict=True)],
            index=frame.index,
            dtype=object,
        )
        for c in columns
        if c in frame
    }
    return frame.assign(**new)


def first_known(frame: pd.DataFrame, column: str, *keys: str) -> pd.DataFrame:
    """Return one row for each of `keys`: one in which `column` is known, where there is one."""
    known = frame.assign(_gone=frame[column].isna()).sort_values("_gone", kind="stable")
    return known.drop_duplicates(list(keys)).sort_index().drop(columns="_gone")


def total(frame: pd.DataFrame, column: str = "n") -> tuple[float | None, bool]:
    """Return the sum of what is known of a column, None where nothing is, and whether it is all.

    What is missing from hidden rows is not added up as 0: the second value is then False, and the
    words beside the sum have to say so.
    """
    values = [float(v) for v in frame[column].tolist() if given(v)]
    gone = is_hidden(frame).to_numpy() & frame[column].isna().to_numpy()
    whole = not gone.any()
    return (sum(values) if values or whole else None), whole


def n_words(frame: pd.DataFrame, who: str, column: str = "n", *, before: str = "n = ") -> str:
    """Return "n = 6,000 applicants", "... without those hidden", or "" where all are hidden."""
    number, whole = total(frame, column)
    if number is None:
        return ""
    return f"{before}{number:,.0f} {who}" + ("" if whole else ", without those hidden")


def closing(
    rows: Sequence[Mapping[str, Any]], *figures: str, noun: str = "figure", by: str = "group"
) -> str | None:
    """Return "1 of 6 groups is hidden"; None where no figure of `figures` is hidden.

    A group that is hidden in some of its rows only is not counted as hidden: the rows are counted
    then, "4 of 24 figures are hidden", under the name `noun`.
    """
    told = [lost(r, *figures) for r in rows]
    if not any(told):
        return None
    one: dict[object, list[bool]] = {}
    for r, own in zip(rows, told, strict=True):
        one.setdefault(r.get(by), []).append(own)
    if by in rows[0] and all(all(v) or not any(v) for v in one.values()):
        return part_of([all(v) for v in one.values()], "group")
    return part_of(told, noun)


def part_of(told: Sequence[bool], noun: str) -> str | None:
    """Return "1 of 6 groups is hidden", given which are; None where none is."""
    part, whole = sum(told), len(told)
    if not part:
        return None
    if part == whole:
        every = "both" if whole == 2 else f"all {whole}"
        return f"this {noun} is hidden" if whole == 1 else f"{every} {noun}s are hidden"
    return f"{part} of {whole} {noun}s {'is' if part == 1 else 'are'} hidden"


def others_shown(title: str) -> str:
    """Return a headline whose "no group", "all groups", "other groups" are those shown."""
    title = re.sub(r"\b(other|[Aa]ll|[Ee]very) (group|comparison)(s?)\b(?! shown)",
                   r"\1 \2\3 shown", title)  # fmt: skip
    title = re.sub(r"\b([Nn]o) (group|stage|answer)\b(?! shown)", r"\1 \2 shown", title)
    return re.sub(r"\b(all \d+) (groups|comparisons)\b(?! shown)", r"\1 \2 shown", title)


def with_closing(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    *figures: str,
    noun: str = "figure",
    by: str = "group",
) -> str:
    """Return a headline that says what is hidden; unchanged where nothing is.

    What it says of "no group" or of "all groups" is then said of those that are shown: "...; 5
    other groups hidden".
    """
    says = closing(rows, *figures, noun=noun, by=by)
    if says is None or title.endswith("hidden") or f" {WORD}: " in title:
        return title
    some = re.fullmatch(r"(\d+) of \d+ groups (is|are) hidden", says)
    if some:
        says = f"{some[1]} other group{'s' * (some[1] != '1')} hidden"
    return f"{others_shown(title)}; {says}"


_COUNTS = ("n", "x", "x_known", "lost", "n_at_risk", "person_years", "x_reference", "n_reference")


def none_shown(
    rows: Sequence[Mapping[str, Any]],
    *figures: str,
    noun: str = "figure",
    by: str = "group",
    what: str = "The figure",
) -> str | None:
    """Return the headline of a table of which no figure is shown; None where one is.

    Where counts are shown, only the figure is hidden: `what`, "The share", says which it is.
    """
    if not rows or not all(lost(r, *figures) for r in rows):
        return None
    says = closing(rows, *figures, noun=noun, by=by) or ""
    if not any(given(r.get(c)) and r.get(c) != 0 for r in rows for c in (*figures, *_COUNTS)):
        alone = says.startswith("this ")
        return "Everything is hidden" if alone else f"Nothing can be said: {says}"
    groups = {r.get(by) for r in rows} if by in rows[0] else set()
    whole = "every group" if len(groups) > 1 else "the group" if groups else f"every {noun}"
    parts = any(given(r.get("x")) and not given(r.get("n", 0)) for r in rows)
    why = "the total" if parts and groups and "n" in rows[0] else "it"
    return f"{what} of {whole} is hidden: {why} would give a small number away"


def named(rows: Iterable[Mapping[str, Any]], *figures: str) -> str:
    """Return a sentence for the text alternative, " Hidden: Asian and Other."; "" for none."""
    told = (
        r.get("group_label") or r.get("label") or r.get("group") for r in rows if lost(r, *figures)
    )
    found = list(dict.fromkeys(str(name) for name in told))
    return f" Hidden: {listed(found)}." if found else ""


def bound(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with `p_most`: what a hidden adjusted p-value can be at most.

    The p-value adjusted for the number of comparisons (Holm) is hidden where a group it depends
    on is. It is at most the p-value times the number of comparisons (Bonferroni), which is known
    from the rows of the table. Added only where an adjusted p-value is hidden.
    """
    if not {"p_value", "p_adjusted"} <= set(frame.columns):
        return frame
    hidden = is_hidden(frame).tolist()
    pairs = list(zip(frame["p_value"].tolist(), frame["p_adjusted"].tolist(), strict=True))
    needs = [own and given(p) and not given(q) for own, (p, q) in zip(hidden, pairs, strict=True)]
    if not any(needs):
        return frame
    names = ("stratum", "benchmark", "stage", "exit_reason", "index", "group", "when")
    keys = [c for c in names if c in frame]
    if "reference" in frame:
        pairs_ = zip(frame["group"].tolist(), frame["reference"].tolist(), strict=True)
        other = [not given(r) or g != r for g, r in pairs_]
    else:
        other = [True] * len(frame)
    made = max(1, len(frame.loc[other, keys].drop_duplicates()))
    most = [
        min(1.0, float(p) * made) if need else None
        for need, (p, _) in zip(needs, pairs, strict=True)
    ]
    return frame.assign(p_most=pd.Series(most, index=frame.index, dtype=object))
