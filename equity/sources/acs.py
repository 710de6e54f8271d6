"""Residents by race and Hispanic origin: table B03002 of the American Community Survey.

Source : US Census Bureau, B03002 "Hispanic or Latino Origin by Race", in four layouts:
    data.census.gov (B03002_001E ..., two header rows), FactFinder by label ("Estimate; Total:")
    or by code (HD01_VD01), and the Census API (a JSON array of arrays).
Checked : see tests/real/test_real_sources.py, which states each file and figure. In every row read
    the identities of the table are held: 001 = 002 + 012, 002 = 003 + ... + 009.
Gaps : the layout by code of FactFinder is written from memory, no such file was at hand. A file
    with some of the groups only gives those, and `universe` says so: the rest is not invented.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from equity import groups
from equity.sources import _files, _text

__all__ = ["read", "standardize"]

CELLS = {
    "003": "white",
    "004": "black",
    "012": "hispanic",
    "006": "asian",
    "007": "nhpi",
    "005": "aian",
    "009": "multiple",
    "008": "other",
}
"""Cell of B03002 -> group of us1997; 012 is Hispanic of any race, the others are not Hispanic."""

SUMS = {"001": ("002", "012"), "002": ("003", "004", "005", "006", "007", "008", "009")}

LABELS = {
    "total": "001",
    "not hispanic or latino": "002",
    "not hispanic or latino white alone": "003",
    "not hispanic or latino black or african american alone": "004",
    "not hispanic or latino american indian and alaska native alone": "005",
    "not hispanic or latino asian alone": "006",
    "not hispanic or latino native hawaiian and other pacific islander alone": "007",
    "not hispanic or latino some other race alone": "008",
    "not hispanic or latino two or more races": "009",
    "hispanic or latino": "012",
}
"""FactFinder's label, in lower case without marks -> cell."""

CONTROLLED = frozenset({"", "*****", "-555555555"})
NOT_AVAILABLE = frozenset(
    {
        "-666666666",
        "-222222222",
        "-333333333",
        "-888888888",
        "-999999999",
        "-",
        "N",
        "(X)",
        "**",
        "***",
        "null",
    }
)
"""What stands in a cell without a figure: ACS "Notes on ACS Estimate and Annotation Values"."""

GEOGRAPHY = (
    "us",
    "region",
    "division",
    "state",
    "county",
    "county subdivision",
    "place",
    "tract",
    "block group",
    "zip code tabulation area",
)


def read(
    path: str | Path | Sequence[str | Path],
    *,
    place: str | Sequence[str] | None,
    scheme: str = "us1997",
    year: int | None = None,
) -> pd.DataFrame:
    """Read residents of a place from a B03002 file as the Census Bureau gives it.

    Who lives here? See `standardize` for the parameters, the result and the errors. Without
    `year` the year is taken from a name such as ACSDT5Y2020.B03002-Data.csv, else it is missing.
    """
    path = Path(path) if isinstance(path, str) else path
    if isinstance(path, Path) and _files.starts_with(path, b"["):
        frame: Any = _api(path)
    else:
        frame = _files.scan(path)
    name = path.name if isinstance(path, Path) else ""
    official = re.search(r"ACS[DS][TP][135]Y(20\d\d)|ACS_(\d\d)_[135]YR", name)
    if year is None and official:
        year = int(official[1] or f"20{official[2]}")
    try:
        return standardize(frame, place=place, scheme=scheme, year=year)
    except ValueError as error:
        raise ValueError(f"{name}: {error}" if name else str(error)) from None


def standardize(
    frame: Any,
    *,
    place: str | Sequence[str] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
) -> pd.DataFrame:
    """Bring a wide B03002 frame, one row per place, into the residents table.

    Parameters
    ----------
    frame : frame of any engine with the columns of one of the four layouts.
    place : name or code of the place as the file has it, or several; None for all.
    scheme : groups to return, see `equity.groups.SCHEMES`.
    year : last year of the survey period.

    Returns
    -------
    DataFrame
        `place, place_id, year, universe, race, n, moe, controlled, place_n, place_moe`; `moe` at
        90 % confidence, 0 where the estimate is controlled to official figures, missing where it
        is not available. `place_n` and `place_moe` are the published total of all groups
        (B03002_001) and its margin, the same in each row of a place, missing where the file has
        no total; the margin of a share rests on them.
        With some cells of the table only, the groups that are there, without the rest of the
        people: `universe` then names those groups, and shares are shares of them alone.

    Raises
    ------
    ValueError
        If the place is not there, an estimate is not available, or the cells do not add up.

    What it cannot show: adults, applicants or drivers; it counts residents of all ages.

    Source: US Census Bureau, *Understanding and Using ACS Data* (2020), ch. 7 and 8.

    Examples
    --------
    >>> cells = pd.DataFrame({"NAME": ["Rivertown"], "GEO_ID": ["1600000US00001"],
    ...     "B03002_003E": ["600"], "B03002_003M": ["40"],
    ...     "B03002_004E": ["400"], "B03002_004M": [""]})
    >>> standardize(cells)[["race", "n", "moe", "controlled"]].values.tolist()
    [['white', 600.0, 40.0, False], ['black', 400.0, 0.0, True]]
    """
    wide = _wide(frame)
    estimates = pd.DataFrame({c: _estimate(wide[f"{c}E"]) for c in _cells(wide)}, index=wide.index)
    _check_sums(estimates, wide["place"])
    chosen = _choose(wide, place)
    here = [c for c in CELLS if c in estimates]
    missing = estimates.loc[chosen, here].isna()
    if missing.to_numpy().any():
        where = wide["place"][chosen][missing.any(axis=1)].tolist()
        cells = ", ".join(f"B03002_{c}E" for c in here if missing[c].any())
        raise ValueError(
            f"An estimate is not available ({cells}) for {_few(where)}. Name other places, or a "
            "larger area or a longer survey period, in which it is published."
        )
    whole_n, whole_moe = _total(wide, estimates, chosen)
    parts = []
    for cell in here:
        margin, controlled = _margin(wide, cell, chosen)
        parts.append(
            pd.DataFrame(
                {
                    "place": wide["place"][chosen],
                    "place_id": wide["place_id"][chosen],
                    "race": CELLS[cell],
                    "n": estimates.loc[chosen, cell],
                    "moe": margin,
                    "controlled": controlled,
                    "place_n": whole_n,
                    "place_moe": whole_moe,
                    "order": np.flatnonzero(chosen),
                }
            )
        )
    table = pd.concat(parts).sort_values("order", kind="stable").drop(columns="order")
    table.insert(2, "year", pd.array([year] * len(table), "Int64"))
    table.insert(3, "universe", _universe(here))
    table = table.astype(dict.fromkeys(("place", "place_id", "universe", "race"), "str"))
    table = table.astype({"controlled": "boolean"}).reset_index(drop=True)
    return table if scheme == "us1997" else _to_scheme(table, here, scheme)


def _api(path: Path) -> pd.DataFrame:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
        header, *records = rows
        if not records or any(len(r) != len(header) for r in records):
            raise ValueError
        records = [["null" if v is None else str(v) for v in r] for r in records]
        return pd.DataFrame(records, columns=header, dtype=object)
    except (ValueError, TypeError):
        raise ValueError(
            f"{path.name} is not an answer of the Census API: an array with a header and one "
            "array per place is expected. Save the answer again, whole."
        ) from None


def _wide(frame: Any) -> pd.DataFrame:
    """Return the cells as text under the names 001E, 001M ..., with place and place_id."""
    source = _text.start(frame)
    names: dict[str, str] = {}
    for column in source.collect_schema().names():
        if (new := _cell_name(column)) and new not in names.values():
            names[column] = new
    found = set(names.values())
    if "place" not in found or not any(f"{c}E" in found for c in CELLS):
        lost = "a place (NAME)" if "place" not in found else "estimates (B03002_003E ...)"
        columns = source.collect_schema().names()
        raise ValueError(
            f"This is not table B03002 in a layout that is known: it has no column with {lost}. "
            "Download the table as 'ZIP' from data.census.gov and take the file whose name ends "
            f"in -Data.csv. Its columns are: {', '.join(map(repr, columns[:12]))} ..."
        )
    source = source.select(*(nw.col(c).cast(nw.String).alias(n) for c, n in names.items()))
    wide = (source.collect() if isinstance(source, nw.LazyFrame) else source).to_pandas()
    wide = wide.astype(object).where(wide.notna(), None)
    wide["place"] = [" ".join(str(v or "").split()) for v in wide["place"]]
    if "place_id" not in wide:
        parts = [f"geo:{g}" for g in GEOGRAPHY if f"geo:{g}" in wide]
        wide["place_id"] = ["".join(filter(None, row)) for row in wide[parts].to_numpy()]
    labels = wide["place"].isin(["Geographic Area Name", "Geography"]) | (wide["place"] == "")
    return wide[~labels].reset_index(drop=True)


def _cell_name(column: str) -> str | None:
    plain = " ".join(column.strip().strip("\ufeff").split())
    if code := re.fullmatch(r"B03002_(\d{3})(E|M)", plain, re.I):
        return code[1] + code[2].upper()
    if code := re.fullmatch(r"HD0([12])_VD(\d\d)", plain, re.I):
        return f"0{code[2]}{'EM'[int(code[1]) - 1]}"
    if label := re.fullmatch(r"(Estimate|Margin of Error); (.*)", plain, re.I):
        words = " ".join(re.sub(r"[:\-;]", " ", label[2]).lower().split())
        return f"{LABELS[words]}{label[1][0].upper()}" if words in LABELS else None
    if plain.casefold() in ("name", "geography", "geo.display-label"):
        return "place"
    if plain.casefold() in ("geo_id", "geo.id", "id"):
        return "place_id"
    return f"geo:{plain.lower()}" if plain.lower() in GEOGRAPHY else None


def _cells(wide: pd.DataFrame) -> list[str]:
    known = ("001", "002", *CELLS)
    return [c for c in known if f"{c}E" in wide]


def _estimate(column: pd.Series) -> pd.Series:
    text = column.fillna("").str.replace(r"[,\s+]", "", regex=True)
    number = pd.to_numeric(text.where(~text.isin(CONTROLLED | NOT_AVAILABLE)), errors="coerce")
    if (number < 0).any():
        raise ValueError(
            f"An estimate is {number.min():g}, which is neither a number of people nor a code of "
            "the Census Bureau. The file is damaged or of another table; download it again."
        )
    return number.astype("float64")


def _margin(wide: pd.DataFrame, cell: str, rows: np.ndarray) -> tuple[pd.Series, pd.Series]:
    if f"{cell}M" not in wide:
        nothing = pd.Series(np.nan, wide.index[rows])
        return nothing, nothing.astype("boolean")
    text = wide[f"{cell}M"][rows]
    plain = text.fillna("").str.replace(r"[,\s±]|\+/-", "", regex=True)
    controlled = plain.isin(CONTROLLED)
    number = pd.to_numeric(plain.where(~plain.isin(NOT_AVAILABLE)), errors="coerce")
    return number.where(number >= 0).mask(controlled, 0.0).astype("float64"), controlled


def _total(
    wide: pd.DataFrame, estimates: pd.DataFrame, rows: np.ndarray
) -> tuple[pd.Series, pd.Series]:
    """Return the total of each place and its margin; missing where the file has none."""
    if "001" not in estimates:
        nothing = pd.Series(np.nan, wide.index[rows])
        return nothing, nothing
    people = estimates.loc[rows, "001"]
    return people, _margin(wide, "001", rows)[0].where(people.notna())


def _check_sums(estimates: pd.DataFrame, places: pd.Series) -> None:
    for total, parts in SUMS.items():
        if not {total, *parts} <= set(estimates):
            continue
        added = estimates[list(parts)].sum(axis=1, skipna=False)
        broken = (estimates[total] - added).abs() > 0.5
        if broken.any():
            at = int(np.flatnonzero(broken)[0])
            raise ValueError(
                f"The cells do not add up in {int(broken.sum())} of {len(broken)} places: in "
                f"{places.iloc[at]}, B03002_{total} is {estimates[total].iloc[at]:.0f} and its "
                f"parts ({', '.join(parts)}) are {added.iloc[at]:.0f}. The file is damaged or its "
                "columns have moved; download it again."
            )


def _choose(wide: pd.DataFrame, place: str | Sequence[str] | None) -> np.ndarray:
    if place is None:
        return np.ones(len(wide), bool)
    chosen = np.zeros(len(wide), bool)
    names = wide["place"].str.casefold()
    for one in [place] if isinstance(place, str) else place:
        wanted = " ".join(str(one).split()).casefold()
        codes = wide["place_id"].fillna("").str.casefold()
        hit = ((names == wanted) | (codes == wanted)).to_numpy()
        if not hit.any():
            near = [n for n in wide["place"] if wanted in n.casefold()][:5]
            close = difflib.get_close_matches(wanted, names.unique().tolist(), n=5, cutoff=0.5)
            near += [wide["place"][names == c].iloc[0] for c in close]
            raise ValueError(
                f"place={one!r} is not among the {len(wide)} places of the file. The nearest are: "
                f"{'; '.join(dict.fromkeys(near)) or _few(wide['place'].tolist())}."
            )
        if hit.sum() > 1:
            raise ValueError(
                f"place={one!r} names {hit.sum()} places. Give the code of one: "
                f"{_few(wide['place_id'][hit].tolist())}."
            )
        chosen |= hit
    return chosen


def _universe(here: list[str]) -> str:
    if len(here) == len(CELLS):
        return "residents"
    named = ", ".join(groups.label(CELLS[c]) for c in here)
    return f"residents who are {named} (the file has no others)"


def _to_scheme(table: pd.DataFrame, here: list[str], scheme: str) -> pd.DataFrame:
    mapping = groups.crosswalk("us1997", scheme)
    there = {CELLS[c] for c in here}
    for group in dict.fromkeys(mapping.values()):
        parts = {g for g, to in mapping.items() if to == group}
        if parts & there and not parts <= there:
            raise ValueError(
                f"scheme={scheme!r} needs {', '.join(sorted(parts))} for {group!r}; the file has "
                f"no {', '.join(sorted(parts - there))}. Download all cells of B03002."
            )
    return groups.regroup(table, source="us1997", to=scheme).astype({"controlled": "boolean"})


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return "; ".join(map(str, names[:5])) + more
