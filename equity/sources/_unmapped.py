"""Says which values of a column no rule explains, without showing what may be about a person."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw

from equity import groups
from equity.sources import _text

__all__ = ["is_error", "quoted", "recode", "rows_of", "split"]

MOST_WORDS = 60
"""A column with more different values than these does not hold words for groups."""
MOST_SHOWN = 20
LONGEST, LONGEST_WORDS, RUNNING = 40, 6, 4
"""A value of more letters or words is not shown, nor one with so many words in small letters."""
ERRORS = ("#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#N/A")
"""What Excel writes where a formula failed."""

_NUMBER_OF_SOMEBODY = re.compile(r"@|[0-9]{3}|[0-9]{2}[-/.][0-9]{2}")
_CODE = re.compile(r"(?:[A-Za-z]{1,4}[ -]?)?[0-9]{1,3}")
_NAME = re.compile(
    r"\b[A-Z][.](?= ?[A-Z])|\b[A-Z][a-z'’-]+,? [A-Z][.]?$"
    r"|(?i:\b(?:mr|mrs|ms|dr|ofc|sgt|lt|det|capt|cpl|insp)\b[.]? )[A-Z]"
)
"""An initial, or a title and a name."""
_TURNED = re.compile(r"([A-Z][A-Za-z'’-]+), ?([A-Z][A-Za-z'’-]+)")
_SMALL = "a after an and any at before did during in no non not of or other the"
_KNOWN = frozenset(
    re.findall(
        "[a-z]+",
        " ".join((
            _SMALL, *groups.HR_RACE_LABELS, *groups.UNKNOWN_LABELS, *groups.SEX_LABELS,
            *(words.lower() for s in groups.SCHEMES.values() for words in s.labels.values()),
        )),
    )
)  # fmt: skip
"""Words of groups, and small words between them: they are no part of a name."""


def split(values: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the values that may be shown, and those that may be about a person.

    Not shown are long values, three digits in a row (but a code of at most three digits alone),
    dates, addresses of e-mail, initials, titles with a name, "Word, Word", running text in small
    letters, and text in small letters with a capital in it. What it cannot tell: a bare "Jane Doe"
    is built like "Pacific Islander", and is shown.
    """
    told, kept = [], []
    for value in sorted(set(values)):
        (kept if _may_be_about_somebody(value) else told).append(value)
    return told, kept


def _may_be_about_somebody(value: str) -> bool:
    if len(value) > LONGEST or len(value.split()) > LONGEST_WORDS:
        return True
    if _NUMBER_OF_SOMEBODY.search(value) and not _CODE.fullmatch(value):
        return True
    turned = _TURNED.fullmatch(value)
    if _NAME.search(value) or (turned and not {w.lower() for w in turned.groups()} & _KNOWN):
        return True
    words = re.findall(r"[^\W\d_]+", value)
    # "see Jane Doe memo" is a note; "Asian/Pacific Islander (not Hispanic)" has known words only
    own = [(i, w) for i, w in enumerate(words) if w.lower() not in _KNOWN]
    small = sum(w.islower() for _, w in own)
    return small >= RUNNING or (small > 0 and any(i and w[0].isupper() for i, w in own))


def is_error(value: str) -> bool:
    """Return whether Excel wrote this because a formula failed."""
    return value.upper() in ERRORS


def quoted(told: Sequence[str], kept: Sequence[str], where: str = "") -> str:
    """Return the values that are shown, and how many are not; `where` says in which rows."""
    shown = ", ".join(map(repr, told[:MOST_SHOWN]))
    more = f" and {len(told) - MOST_SHOWN} more" if len(told) > MOST_SHOWN else ""
    if not kept:
        return shown + more
    values, they = ("value that is", "it") if len(kept) == 1 else ("values that are", "they")
    rest = f"{len(kept)} {values} not shown, because {they} may be about a person{where}"
    return f"{shown}{more} and {rest}" if told else rest


def rows_of(frame: Any, column: str, values: Collection[str]) -> str:
    """Return in which rows these values stand, such as " (row 5, row 9)"; "" if not known."""
    there = frame.collect_schema().names()
    if not values or len(values) > MOST_SHOWN or "source_row" not in there:
        return ""
    keys = [c for c in ("source_file", "source_row") if c in there]
    found = frame.filter(_text.is_one_of(nw.col(column), values)).select(*keys).unique()
    found = found.collect() if isinstance(found, nw.LazyFrame) else found
    rows = [r for r in found.iter_rows(named=True) if str(r["source_row"] or "").isdigit()]
    rows.sort(key=lambda r: (str(r.get("source_file")), int(r["source_row"])))
    several = len({r.get("source_file") for r in rows}) > 1
    names = [
        f"row {r['source_row']}" + (f" of {r['source_file']}" if several else "") for r in rows
    ]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f" ({', '.join(names[:3])}{more})"


def recode(
    values: Iterable[str],
    mapping: Mapping[str, str | None],
    *,
    column: str,
    section: str = "",
    allowed: Sequence[str] = (),
    frame: Any = None,
    ours: str = "",
) -> None:
    """Raise ValueError if a value is not in `mapping`; such values are listed, no row is shown.

    `values` are the distinct values of a column, `mapping` what each becomes (None: not known).
    The message calls the column `column`, and gives the lines to paste under `section` of the
    agency file (such as ``applicants.values.race``), whose right sides are among `allowed`. What
    may be about one person is not shown, see `split`, nor any value of a column that has more of
    them than there are words for groups. With the rows (`frame`, whose column is called `ours`)
    it is said where what is not shown stands.
    """
    unmapped = sorted({str(v) for v in values if v is not None and v not in mapping})
    if not unmapped:
        return
    if len(unmapped) > MOST_WORDS:
        raise ValueError(
            f"Column {column!r} holds {len(unmapped):,} different values that no rule maps to "
            "a group. So many are not words for groups, and they are not shown here, since "
            "they may be about single people. Look whether equity.toml names the right column."
        )
    said = []
    errors = [v for v in unmapped if is_error(v)]
    if errors:
        where = "" if frame is None else rows_of(frame, ours, errors)
        said.append(
            f"Column {column!r} holds {', '.join(map(repr, errors))}{where}: so Excel shows that "
            "a formula failed. Correct the formula, or write the value itself into the cell."
        )
    told, kept = split(v for v in unmapped if not is_error(v))
    where = "" if frame is None else rows_of(frame, ours, kept)
    if told:
        groups_ = f" Groups: {', '.join(allowed)}." if allowed else ""
        example = json.dumps(told[0], ensure_ascii=False)
        said.append(
            f"Column {column!r} holds values that no rule maps to a group: "
            f"{quoted(told, kept, where)}. Say in equity.toml, in the section "
            f"[{section or f'TABLE.values.{column}'}], what each means, a line for each, such as "
            f'{example} = "{allowed[0] if allowed else "white"}", or {example} = "" if it means '
            f"that the group is not known.{groups_}"
        )
    elif kept:
        cells, means = (
            ("that cell", "the value means")
            if len(kept) == 1
            else ("those cells", "the values mean")
        )
        said.append(
            f"Column {column!r} holds {quoted(told, kept, where)}. No rule maps "
            f"{'it' if len(kept) == 1 else 'them'} to a group. Correct {cells}, or say in "
            f"equity.toml, in the section [{section or f'TABLE.values.{column}'}], what {means}."
        )
    raise ValueError(" ".join(said))
