"""Several benchmarks on one row: the marks that tell them apart, and the rows that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _draw, _marks, _words
from equity.charts._draw import Page
from equity.charts._style import REFERENCE_COLOUR

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "MOST",
    "NOT_HIDDEN",
    "beside_first",
    "legend",
    "merged_words",
    "of_benchmark",
    "other_marks",
]

_MARKS = (  # shape, how it is written, how far below the row it stands
    ("stroke", "|", 0),
    ("triangle-down", "▼", -9),
    ("triangle-up", "▲", 9),
    ("circle", "○", 0),
)
MOST = len(_MARKS)
"""So many benchmarks can be told apart on one row."""
LONG = 26
"""Letters of a group's name that leave room for the numbers beside it."""
NOT_HIDDEN = "(!datum.hidden || isValid(datum.share))"
"""A filter: no mark of a benchmark in a row whose share is hidden, it would be read as one."""
WIDEST = "0,000 of 00,000; 000 to 000 mat"


def legend(names: list[str]) -> str:
    """Return which grey mark is which benchmark."""
    words = [f"{sign} {name}" for (_, sign, _), name in zip(_MARKS, names, strict=False)]
    return "Grey marks are the shares of the benchmarks: " + "; ".join(words)


def of_benchmark(name: str) -> str:
    """Return a filter of the rows of one benchmark."""
    return "datum.benchmark == '" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def merged_words(frame: pd.DataFrame, several: pd.Series, names: list[str]) -> pd.DataFrame:
    """Return the frame with the words of all benchmarks at the first row of each group.

    `several` are the words for each row's own benchmark, "residents 27.3% ±0.1": all of them
    become `benchmarks`, and `note` has the figures behind the marks, "| 27.3 ▼ 29.1%".
    """
    keys = ["stratum", "group"]
    by = [frame[k] for k in keys]
    first = ~frame.duplicated(keys)
    signs = {name: sign for (_, sign, _), name in zip(_MARKS, names, strict=False)}
    short = _draw.apply(lambda r: _figure(signs.get(r["benchmark"], "|"), r), frame)
    joined = several.groupby(by, sort=False).transform(", ".join)
    note = short.groupby(by, sort=False).transform(" ".join)
    aims = (frame["x"] + frame["shortfall"]).astype("Float64")
    grouped = aims.groupby([frame[k] for k in keys], sort=False)
    least, most = grouped.transform("min"), grouped.transform("max")

    def match(row: dict) -> str:
        text = row["n_text"].split(";")[0]
        if not (_words.given(row["least"]) and _words.given(row["most"])):
            return text
        ends = dict.fromkeys((_words.whole(row["least"]), _words.whole(row["most"])))
        return f"{text}; {' to '.join(ends)} would match"

    out = frame.assign(benchmarks=joined, note=note, first=first, least=least, most=most)
    out["n_text"] = _draw.apply(match, out)
    long = out["label"].str.len() > LONG
    out["label"] = out["label"].mask(long, out["short"])
    return out.drop(columns=["least", "most"])


def _figure(sign: str, row: dict) -> str:
    """Return the share of one benchmark behind its mark, "▼ 29.1%"."""
    known = _words.given(row["population_share"])
    return f"{sign} {_words.percent(row['population_share']) if known else 'not known'}"


def beside_first(frame: pd.DataFrame, placed: pd.DataFrame) -> pd.DataFrame:
    """Return the placed rows, and those of the other benchmarks on the same rows without words."""
    columns = ["stratum", "group", "y"]
    rest = frame[~frame["first"]].merge(placed[columns], on=["stratum", "group"])
    words = dict.fromkeys(
        ("value", "note", "n_text", "n_short", "missing", "label", "short", "head")
    )
    nowhere = dict.fromkeys(("at", "start", "end"), float("nan"))
    rest = rest.assign(**{**words, **nowhere})
    rest = rest.assign(head_y=rest["y"], order=len(placed) + rest.index)
    return pd.concat([placed, rest], ignore_index=True)


def other_marks(page: Page, height: int, x: alt.X, names: list[str]) -> list[alt.Chart]:
    """Draw the share of every benchmark after the first with a shape of its own."""
    half = 5 if page.compact else 7
    size = 45 if page.compact else 70
    out = []
    for (shape, _, off), name in list(zip(_MARKS, names, strict=False))[1:]:
        dy = f"({page.mark_dy['expr']}) + {round(off / 7 * half)}"
        out.append(
            _marks.layer("point", filled=shape != "circle", opacity=1, strokeWidth=2, shape=shape,
                         size=size, aria=False, color=REFERENCE_COLOUR, yOffset={"expr": dy})
            .encode(x=_marks.on("population_share", x), y=_marks.y_at("y", height))
            .transform_filter(
                f"{_marks.valid('population_share')} && {of_benchmark(name)} && {NOT_HIDDEN}"
            )
        )  # fmt: skip
    return out
