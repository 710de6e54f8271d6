"""Turns text into flags, numbers, dates and times of day, with one result on every engine.

Every parser first looks, by a pattern, whether the text is what it should be, and only then
converts it: no engine's cast ever meets a bad value. What cannot be read becomes missing, and its
text stays beside it in `raw_<column>`. Patterns are written for Python, Rust, RE2 and Java alike:
[0-9] rather than the digit class (wider in some), no look-ahead, no back-references, no groups.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
import re
from collections.abc import Collection, Mapping
from typing import Any

import narwhals as nw

__all__ = [
    "BLANKS",
    "NOT_KNOWN",
    "SPACES",
    "YES_NO",
    "cell_text",
    "finish",
    "is_date",
    "is_one_of",
    "shape",
    "start",
]

BLANKS: tuple[str, ...] = ("", "NA", "N/A", "#N/A", "n/a", "NULL", "null", "None", "NaN", "nan")
"""Texts that stand for nothing (R, Excel, SQL and Python write them)."""

NOT_KNOWN: tuple[str, ...] = ("N/A", "n/a", "#N/A")
"""Those of them that people write: in a column of dates, where a blank means that there was none,
they say that it is not known. Programs write the others for a blank."""

YES_NO: dict[str, bool] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}

SPACES = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\ufeff"

_31 = "(?:0[13578]|1[02])", "(?:0[1-9]|[12][0-9]|3[01])"
_30 = "(?:0[469]|11)", "(?:0[1-9]|[12][0-9]|30)"
_28 = "02", "(?:0[1-9]|1[0-9]|2[0-8])"
_YEAR = "[1-9][0-9]{3}"
_LEAP = "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)"
_TIME = (
    "(?:[ T]+(?:00:00(?::00(?:[.]0+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
    "|(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?(?: ?[AaPp][Mm])?))?"
)
ISO_DATE = (
    f"^(?:{_YEAR}-(?:{'-'.join(_31)}|{'-'.join(_30)}|{'-'.join(_28)})|{_LEAP}-02-29){_TIME}$"
)
_US = (
    "(?:0?[13578]|1[02])/(?:0?[1-9]|[12][0-9]|3[01])",
    "(?:0?[469]|11)/(?:0?[1-9]|[12][0-9]|30)",
    "0?2/(?:0?[1-9]|1[0-9]|2[0-8])",
)
US_DATE = f"^(?:(?:{'|'.join(_US)})/{_YEAR}|0?2/29/{_LEAP}){_TIME}$"
CLOCK = (
    "^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]+|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} +)?(?:"
    "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
    "|(?:0?[1-9]|1[0-2]):[0-5][0-9](?::[0-5][0-9])? ?[AaPp][.]?[Mm][.]?)$"
)
_DIGITS = "(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})"
INTEGER = f"^[+-]?{_DIGITS}(?:[.]0*)?$"
NUMBER = f"^[+-]?(?:{_DIGITS}(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]{{1,2}})?$"
MONEY = f"^[$] *(?:-|-? *{_DIGITS}(?:[.][0-9]*)?)$|^-[$] *{_DIGITS}(?:[.][0-9]*)?$"
IN_BRACKETS = f"^[$]? *[(] *[$]? *{_DIGITS}(?:[.][0-9]*)? *[)]$"


def shape(
    frame: Any,
    wanted: Mapping[str, tuple[str, str]],
    *,
    blanks: Collection[str] = BLANKS,
    constants: Mapping[str, Any] | None = None,
) -> Any:
    """Select columns under our names and types; a column parsed from text keeps `raw_<column>`.

    Parameters
    ----------
    frame : a narwhals frame, see `start`.
    wanted : our column -> (column of the frame, kind); the kinds are those of `equity.tables`,
        "clock" for a time of day, which becomes seconds since midnight, and "word" for a text in
        which `NOT_KNOWN` stays.
    constants : our column -> a value that every row gets.
    """
    schema = frame.collect_schema()
    first, parsed, raw = [], [], []
    for ours, (header, kind) in wanted.items():
        kind = "text" if kind == "category" else kind
        dtype = schema[header]
        if kind in ("text", "word"):
            empty = blanks if kind == "text" else [b for b in blanks if b not in NOT_KNOWN]
            first.append(_blank_to_null(_as_text(header, dtype), empty).alias(ours))
            parsed.append(nw.col(ours))
        elif dtype in (nw.String, nw.Categorical, nw.Enum, nw.Time, nw.Unknown):
            name = f"raw_{ours}"
            first.append(_blank_to_null(_as_text(header, dtype), blanks).alias(name))
            parsed.append(_PARSE[kind](nw.col(name)).alias(ours))
            raw.append(nw.col(name))
        else:
            first.append(_TYPED[kind](header, dtype).alias(ours))
            parsed.append(nw.col(ours))
    fixed = [
        nw.lit(value, dtype=nw.Date if isinstance(value, dt.date) else None).alias(ours)
        for ours, value in (constants or {}).items()
    ]
    return frame.select(*first).select(*parsed, *fixed, *raw)


def _as_text(header: str, dtype: Any) -> nw.Expr:
    column = nw.col(header)
    if dtype == nw.Boolean:
        return nw.when(column).then(nw.lit("TRUE")).when(~column).then(nw.lit("FALSE"))
    if dtype.is_float():
        whole = _whole(column)
        return nw.coalesce(whole.cast(nw.String), _real(column).cast(nw.String))
    if dtype == nw.Date or dtype == nw.Datetime:
        return column.dt.to_string("%Y-%m-%d")
    return column.cast(nw.String)


def _blank_to_null(text: nw.Expr, blanks: Collection[str]) -> nw.Expr:
    text = text.str.strip_chars(SPACES)
    return nw.when(~is_one_of(text, blanks)).then(text)


def _only(text: nw.Expr, pattern: str) -> nw.Expr:
    return nw.when(text.str.contains(pattern)).then(text)


def _flag(text: nw.Expr) -> nw.Expr:
    low = text.str.to_lowercase()
    yes = is_one_of(low, [word for word, value in YES_NO.items() if value])
    return nw.when(is_one_of(low, YES_NO)).then(yes)


def _integer(text: nw.Expr) -> nw.Expr:
    digits = _only(text, INTEGER).str.replace_all("[.]0*$", "").str.replace_all("[,+]", "")
    return digits.cast(nw.Int64)


def _number(text: nw.Expr) -> nw.Expr:
    plain = _only(text, f"{NUMBER}|{MONEY}").str.replace_all("[$,+ ]", "")
    negative = _only(text, IN_BRACKETS).str.replace_all("[$,() ]", "")
    digits = nw.coalesce(plain, nw.concat_str([nw.lit("-"), negative]))
    return digits.str.replace_all("^-$", "0").cast(nw.Float64)


def _date(text: nw.Expr) -> nw.Expr:
    iso = _only(text, ISO_DATE).str.slice(0, 10)
    us = _only(text, US_DATE)
    month = us.str.replace_all("/.*$", "")
    day = us.str.replace_all("^[0-9]+/", "").str.replace_all("/.*$", "")
    year = us.str.replace_all("^[0-9]+/[0-9]+/", "").str.slice(0, 4)
    month, day = (nw.concat_str([nw.lit("0"), part]).str.tail(2) for part in (month, day))
    whole = nw.coalesce(iso, nw.concat_str([year, month, day], separator="-"))
    return whole.str.to_datetime("%Y-%m-%d").cast(nw.Date)


def _clock(text: nw.Expr) -> nw.Expr:
    time = _only(text, CLOCK).str.replace_all("^[0-9]+[-/][0-9]+[-/][0-9]+[ T]+", "")
    digits = time.str.replace_all("[^0-9:].*$", "")
    hour = digits.str.replace_all(":.*$", "").cast(nw.Int64)
    minute = digits.str.replace_all("^[0-9]+:", "").str.slice(0, 2).cast(nw.Int64)
    second = nw.concat_str([digits, nw.lit(":00")]).str.replace_all("^[0-9]+:[0-9]+:", "")
    half = time.str.to_lowercase().str.contains("[ap]")
    late = time.str.to_lowercase().str.contains("p")
    hour = nw.when(half & (hour == 12)).then(hour - 12).otherwise(hour)
    hour = nw.when(late).then(hour + 12).otherwise(hour)
    return hour * 3600 + minute * 60 + second.str.slice(0, 2).cast(nw.Int64)


def _real(column: nw.Expr) -> nw.Expr:
    return nw.when(column.is_finite()).then(column)


def _whole(column: nw.Expr) -> nw.Expr:
    fits = column.is_finite() & (column.abs() < 1e15)
    column = nw.when(fits).then(column)
    return nw.when(column.round(0) == column).then(column).cast(nw.Int64)


def _typed_flag(header: str, dtype: Any) -> nw.Expr:
    if dtype == nw.Boolean:
        return nw.col(header)
    return _flag(_as_text(header, dtype))


def _typed_integer(header: str, dtype: Any) -> nw.Expr:
    if dtype.is_integer():
        return nw.col(header).cast(nw.Int64)
    if dtype.is_float():
        return _whole(nw.col(header))
    if dtype.is_decimal():
        return _whole(nw.col(header).cast(nw.Float64))
    return _integer(_as_text(header, dtype))


def _typed_number(header: str, dtype: Any) -> nw.Expr:
    if dtype.is_numeric():
        return _real(nw.col(header).cast(nw.Float64))
    return _number(_as_text(header, dtype))


def _typed_date(header: str, dtype: Any) -> nw.Expr:
    if dtype == nw.Datetime and dtype.time_zone is not None:
        # the day where the stop was, as for the clock; Polars would take that of UTC
        return nw.col(header).dt.replace_time_zone(None).cast(nw.Date)
    if dtype == nw.Date or dtype == nw.Datetime:
        return nw.col(header).cast(nw.Date)
    return _date(_as_text(header, dtype))


def _typed_clock(header: str, dtype: Any) -> nw.Expr:
    if dtype == nw.Datetime:
        time = nw.col(header).dt
        # Polars counts each in one byte, in which 60 times 14 has no room
        hour, minute, second = (
            part.cast(nw.Int64) for part in (time.hour(), time.minute(), time.second())
        )
        return hour * 3600 + minute * 60 + second
    return _clock(_as_text(header, dtype))


_PARSE = {"flag": _flag, "integer": _integer, "number": _number, "date": _date, "clock": _clock}
_TYPED = {
    "flag": _typed_flag,
    "integer": _typed_integer,
    "number": _typed_number,
    "date": _typed_date,
    "clock": _typed_clock,
}


def is_one_of(text: nw.Expr, words: Collection[str]) -> nw.Expr:
    """Return whether a text is one of a few words, without `is_in`.

    DuckDB makes a join of a longer list, behind which it no longer sees which columns a query
    needs: every count would then read and convert all columns of the file.
    """
    hits = [text == word for word in words]
    return functools.reduce(operator.or_, hits) if hits else text != text


def is_date(text: nw.Expr) -> nw.Expr:
    """Return whether a text is a date that can be read."""
    return text.str.contains(f"{ISO_DATE}|{US_DATE}")


def cell_text(value: Any, number_format: str = "General") -> str | None:
    """Return a spreadsheet cell as the text that a CSV file would hold, dates as ISO."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip(SPACES) or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int) and re.fullmatch("0+", number_format):
        return str(value).zfill(len(number_format))
    return None if value != value else str(value)  # NaN is not equal to itself


def start(frame: Any) -> Any:
    """Return a narwhals frame of any engine's frame; pandas columns become Arrow columns.

    Only Arrow columns keep missing apart from False on pandas.
    """
    lazy = nw.from_native(frame, pass_through=True)
    if not isinstance(lazy, (nw.DataFrame, nw.LazyFrame)):
        raise TypeError(
            f"A frame of type {type(frame).__name__} cannot be read. Give a pandas, Polars, "
            "DuckDB or Spark frame."
        )
    if not lazy.implementation.is_pandas():
        return lazy
    return nw.from_native(_arrow_columns(lazy.to_native()))


def _arrow_columns(frame: Any) -> Any:
    import pandas as pd
    import pyarrow as pa

    text = pd.ArrowDtype(pa.string())

    def arrow(column: Any) -> Any:
        dtype = column.dtype
        if pd.api.types.is_object_dtype(dtype):
            kind = pd.api.types.infer_dtype(column, skipna=True)
            if kind == "boolean":
                return column.astype("boolean").astype(pd.ArrowDtype(pa.bool_()))
            return column.map(cell_text, na_action="ignore").astype(text)
        if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(dtype):
            return column.astype(text)
        if isinstance(dtype, pd.ArrowDtype):
            return column.astype(text) if pa.types.is_dictionary(dtype.pyarrow_dtype) else column
        values = pa.array(column, from_pandas=True)  # a float that is not a number is missing
        return pd.Series(pd.arrays.ArrowExtensionArray(values), index=column.index)

    return pd.DataFrame({name: arrow(column) for name, column in frame.items()})


def finish(frame: Any) -> Any:
    """Return the engine's own frame; on pandas with text as "str" and nullable types."""
    native = frame.to_native()
    if not frame.implementation.is_pandas():
        return native
    types = {
        nw.String: "str",
        nw.Boolean: "boolean",
        nw.Int64: "Int64",
        nw.Float64: "Float64",
        nw.Date: "datetime64[us]",
    }
    schema = frame.collect_schema()
    return native.astype({c: types[type(d)] for c, d in schema.items() if type(d) in types})
