"""Sentences that several charts share: subtitles, text alternatives, words for missing figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from equity.charts import _draw, _hidden, _words

__all__ = [
    "allowance",
    "alternative",
    "axis_title",
    "block_names",
    "cannot",
    "group_words",
    "level",
    "part_name",
    "reference_words",
    "remarks",
    "spoken",
    "unknown_words",
]


def level(confidence_level: float) -> str:
    """Return "95% interval"."""
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level={confidence_level!r} must lie between 0 and 1, such as 0.95."
        )
    return f"{100 * confidence_level:.4g}% interval"


def cannot(row: Mapping[str, Any], *fields: str) -> str | None:
    """Return the words that stand where a figure would, if one of `fields` is missing."""
    if all(_words.given(row.get(f)) for f in fields):
        return None
    if _hidden.row_hidden(row):
        return _hidden.WORD
    why = row.get("why") or ""
    if why.lower().startswith(("hidden", "suppressed", "withheld", "no total", "not judged")):
        return why
    return f"cannot be computed: {why}" if why else "cannot be computed"


def group_words(frame: pd.DataFrame, column: str = "label") -> str:
    """Return how many groups there are, and which."""
    names = list(dict.fromkeys(str(v) for v in frame[column]))
    if not names:
        return "no groups"
    return f"{len(names)} group{'s' if len(names) > 1 else ''} ({', '.join(names)})"


def remarks(frame: pd.DataFrame, value: str) -> list[str]:
    """Return what the table says of every figure that is there, such as a difference in years."""
    there = [
        r for r in _draw.rows_of(frame) if _words.given(r.get(value)) and not _hidden.row_hidden(r)
    ]
    said = [
        {p.strip() for p in r["reason"].split(";")} if isinstance(r.get("reason"), str) else set()
        for r in there
    ]
    shared = set.intersection(*said) if said else set()
    first = there[0]["reason"].split(";") if shared else []
    return [_words.sentence(p.strip()) for p in first if p.strip() in shared and p.strip()]


def reference_words(frame: pd.DataFrame, labels: Mapping[str, str] | None) -> str:
    """Return what each group is compared with."""
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    if not keys:
        return "No reference group is named"
    words = _words.listed([_words.name(k, labels) for k in keys])
    text = f"Compared with {words}" + (", shown in grey" if frame["is_reference"].any() else "")
    absent = [k for k in keys if k not in set(frame["group"])]
    return text + (", who are not in these numbers" if absent else "")


def axis_title(frame: pd.DataFrame, labels: Mapping[str, str] | None) -> str:
    """Return the title of an axis of ratios, short enough for a narrow page."""
    keys = [k for k in dict.fromkeys(frame["reference"]) if isinstance(k, str)]
    if len(keys) != 1:
        return f"Ratio to the {'highest' if keys else 'reference'} group (log scale)"
    long = len(_words.name(keys[0], labels)) > 18
    return f"Ratio to {_words.name(keys[0], labels, short=long)} (log scale)"


def allowance(sides: Iterable[str]) -> list[str]:
    """Return the note that goes with intervals that exclude 1 and are no finding all the same."""
    if "alone" not in sides:
        return []
    return [
        "Headlines allow for the number of comparisons, so an interval that just misses 1 may "
        "not count"
    ]


def unknown_words(frame: pd.DataFrame, unit: str) -> str | None:
    """Return how many records are left out because their group is not known."""
    if "unknown" not in frame or frame.empty:
        return None
    keys = [c for c in ("stratum", "stage") if c in frame]
    total = 0.0
    # what is hidden in one row of a part may be said in another
    frame = frame.assign(_gone=frame["unknown"].isna()).sort_values("_gone", kind="stable")
    parts = frame.drop_duplicates(keys) if keys else frame.head(1)
    if "stage" in frame:
        parts = parts.drop_duplicates("stratum")
    if any(_hidden.lost(r, "unknown") for r in _draw.rows_of(parts)):
        return f"How many {unit} are left out because their group is not known is hidden"
    for value in parts["unknown"]:
        total += float(value) if _words.given(value) else 0
    if total == 0:
        return None
    if total == 1:
        unit = {"people": "person", "searches": "search"}.get(unit, unit.removesuffix("s"))
    return f"Left out because the group is not known: {total:,.0f} {unit}"


def part_name(strata_label: str | None) -> Callable[[str], str]:
    """Return what names a part above its rows: "not known" alone would not say what is not."""
    what = _words.sentence(strata_label or "part")
    return lambda stratum: f"{what} not known" if stratum == "not known" else stratum


def block_names(
    frame: pd.DataFrame, columns: tuple[str, ...], write: Mapping[str, Callable[[str], str]]
) -> list[str]:
    """Return the head of each row: the words of those `columns` that have more than one value."""
    used = [c for c in columns if c in frame and frame[c].nunique() > 1]
    return (
        [
            " · ".join(write.get(c, str)(str(row[c])) for c in used)
            for row in _draw.rows_of(frame[used])
        ]
        if used
        else [""] * len(frame)
    )


def alternative(title: str, intro: str, sentences: list[str], *, limit: int = 980) -> str:
    """Return the text alternative: the finding, what is drawn, then every row that fits."""
    text = f"{title}. {intro}"
    for i, one in enumerate(sentences):
        left = f" And {len(sentences) - i} more rows, in the table."
        if len(text) + len(one) + 2 + (len(left) if i < len(sentences) - 1 else 0) > limit:
            return text + left
        text += f" {one}."
    return text


def spoken(frame: pd.DataFrame, *names: str) -> list[str]:
    """Return each row as it is read out: its part where there are several, its names, figures."""
    several = frame["stratum"].nunique() > 1
    parts = (
        (
            str(r["stratum"]) if several else "",
            *(r[name] for name in names),
            r["value"] or r["missing"],
            r["note"],
            r["n_text"],
        )
        for r in _draw.rows_of(frame)
    )
    return [", ".join(part for part in row if part) for row in parts]
