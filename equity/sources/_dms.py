"""Reads coordinates that are text: degrees with a decimal point, or degrees, minutes, seconds."""

from __future__ import annotations

import narwhals as nw

__all__ = ["degrees"]

_BETWEEN = "[^0-9A-Z.]"
_PART = "[0-5]?[0-9](?:[.][0-9]+)?"
DECIMAL = "^[+-]?[0-9]{1,3}[.]?[0-9]*[ °]*[NSEW]?$"
SIXTIETHS = (
    f"^[+-]?[NSEW]?{_BETWEEN}*[0-9]{{1,3}}{_BETWEEN}+(?:{_PART}|[0-5]?[0-9]{_BETWEEN}+{_PART})"
    f"{_BETWEEN}*[NSEW]?$"
)


def degrees(text: nw.Expr) -> nw.Expr:
    """Return degrees, south and west negative; missing where the text is neither form."""
    upper = text.str.to_uppercase()
    decimal = nw.when(upper.str.contains(DECIMAL)).then(upper)
    sixtieths = nw.when(~upper.str.contains(DECIMAL) & upper.str.contains(SIXTIETHS)).then(upper)
    parts = sixtieths.str.replace_all("[^0-9.]+", " ").str.strip_chars(" ")
    after = parts.str.replace_all("^[0-9]+ ", "")
    second = nw.concat_str([after, nw.lit(" 0")]).str.replace_all("^[0-9.]+ ", "")
    size = nw.coalesce(
        decimal.str.replace_all("[^0-9.]", "").cast(nw.Float64),
        parts.str.replace_all(" .*$", "").cast(nw.Float64)
        + after.str.replace_all(" .*$", "").cast(nw.Float64) / 60
        + second.str.replace_all(" .*$", "").cast(nw.Float64) / 3600,
    )
    return nw.when(upper.str.contains("^-|[SW]")).then(-size).otherwise(size)
