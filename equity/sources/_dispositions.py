"""Reads from one column of codes how far each applicant came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw

from equity.sources import _columns, _text, _unmapped
from equity.sources._text import SPACES

__all__ = ["flags_of", "still_open"]

_KEYS = ("failed", "withdrew", "pending")


def flags_of(
    disposition: Mapping[str, Any] | None, stages: Sequence[str], seen: Iterable[str], column: str
) -> dict[str, nw.Expr]:
    """Return a flag for each stage, missing where a code does not say; {} without a disposition.

    Who failed a stage passed those before it, and none after it. Of who withdrew at a stage, or
    is still in it, nothing is known from that stage on. `seen` are the codes of the file, which
    stand in `column`; one that is not named raises ValueError, and so does a stage that is not.
    """
    if not disposition:
        return {}
    known = _known(disposition, stages)
    used: dict[str, tuple[str, int]] = {}
    strange = []
    for code in seen:
        key = _key(code, known)
        if key is None:
            strange.append(code)
        else:
            used[code.lower()] = known[key]
    if strange:
        told, kept = _unmapped.split(strange)
        example = repr(told[0]) if told else "the code"
        raise ValueError(
            f"Column {disposition['column']!r} holds dispositions that are not named: "
            f"{_unmapped.quoted(told, kept)}. Say in [applicants.disposition] "
            f"what each means, such as passed = [...], or under failed, withdrew or pending "
            f'{example} = "{stages[0]}".'
        )
    text = _columns.lower(column)
    flags = {}
    for place, stage in enumerate(stages):
        yes = [c for c, (_, stop) in used.items() if place < stop]
        no = [c for c, (how, stop) in used.items() if how == "failed" and place >= stop]
        known_here = _text.is_one_of(text, [*yes, *no])
        flags[stage] = nw.when(known_here).then(_text.is_one_of(text, yes))
    return flags


def still_open(
    disposition: Mapping[str, Any] | None, stages: Sequence[str], seen: Iterable[str], column: str
) -> nw.Expr | None:
    """Return True where a code says that the outcome is open, False where the person withdrew.

    None where the file has no such code.
    """
    known = _known(disposition, stages) if disposition else {}
    how = {code.lower(): known[key][0] for code in seen if (key := _key(code, known))}
    text = _columns.lower(column)
    ends = [c for c, h in how.items() if h in ("pending", "withdrew")]
    if not ends:
        return None
    told = _text.is_one_of(text, ends)
    return nw.when(told).then(_text.is_one_of(text, [c for c in ends if how[c] == "pending"]))


def _known(disposition: Mapping[str, Any], stages: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return code -> how it ended, and at the stage of which number."""
    wrong = sorted(set(disposition) - {"column", "passed", *_KEYS})
    if wrong or not disposition.get("column"):
        raise ValueError(
            "disposition must say 'column' and, of its codes, 'passed', 'failed', 'withdrew' and "
            f"'pending'; it says {', '.join(map(repr, disposition))}."
        )
    passed = disposition.get("passed") or []
    if isinstance(passed, str):
        raise ValueError("'passed' of the disposition must be a list of codes.")
    ends = [("passed", str(code), len(stages)) for code in passed]
    for how in _KEYS:
        for code, stage in (disposition.get(how) or {}).items():
            if stage not in stages:
                raise ValueError(
                    f"{how} of the disposition leads from {code!r} to {stage!r}, which is not a "
                    f"stage. The stages are: {', '.join(stages)}."
                )
            ends.append((how, str(code), list(stages).index(stage)))
    known: dict[str, tuple[str, int]] = {}
    for how, code, stop in ends:
        key = code.strip(SPACES).lower()
        if known.setdefault(key, (how, stop)) != (how, stop):
            raise ValueError(
                f"The disposition {code!r} is named twice, as {known[key][0]} and as {how}. "
                "Keep one."
            )
    return known


def _key(code: str, known: Mapping[str, Any]) -> str | None:
    """Return the code that is meant, which may have lost or gained zeros in front."""
    low = code.lower()
    if low in known or not low.isdigit():
        return low if low in known else None
    same = [k for k in known if k.isdigit() and k.lstrip("0") == low.lstrip("0")]
    return same[0] if len(same) == 1 else None
