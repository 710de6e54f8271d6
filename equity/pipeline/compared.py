"""The residents with whom an agency is compared, as one table with every benchmark in it."""

from __future__ import annotations

import pandas as pd

from equity import groups
from equity.agency import Agency
from equity.counts import CountTable
from equity.pipeline.about import about_agency, about_check
from equity.pipeline.files import read_report, residents, sha256

__all__ = ["COMPARED", "benchmarks"]

COMPARED = ("stops", "workforce", "applicants")
"""The tables that are compared with residents."""


def benchmarks(agency: Agency, table: str) -> CountTable:
    """Every benchmark side by side, under the scheme of groups of `table`."""
    scheme = agency.scheme(table)
    parts = []
    given = agency.benchmarks_of(table)
    for benchmark in given:
        part = residents(agency, benchmark, scheme)
        if table != "stops":  # a workforce is compared with the whole place
            part = _whole_place(part)
        parts.append(part.assign(benchmark=benchmark.label))
    frame = pd.concat(parts, ignore_index=True)
    by = tuple(
        c
        for c in ("benchmark", "place", "district", "year", "universe", "race", "sex")
        if c in frame.columns
    )
    numbers = ("n", "moe", "controlled", "place_n", "place_moe")
    rest = [c for c in numbers if c in frame.columns]
    provenance = {
        **about_agency(agency),
        "table": "residents",
        "title": "Residents",
        **about_check(read_report(agency, f"residents: {given[0].name}")),
        "sources": [
            {"file": p.name, "sha256": sha256(p)}
            for p in dict.fromkeys(map(agency.benchmark_path, given))
        ],
        "labels": {
            "race": dict(groups.scheme(scheme).labels),
            "benchmark": {b.label: b.label for b in given},  # in the order of the agency file
        },
        "scheme": {"name": scheme, "title": groups.scheme(scheme).title},
        "benchmarks": [
            {
                "label": b.label,
                "place": b.place,
                "year": b.year,
                "note": b.note or _other_place(agency, b.place),
            }
            for b in given
        ],
    }
    ledger = pd.DataFrame(columns=["step", "because", "rows", "left_out"])
    return CountTable(frame[[*by, *rest]], by, (), ledger, provenance)


def _whole_place(residents: pd.DataFrame) -> pd.DataFrame:
    """Add up the districts of a benchmark that has them."""
    if "district" not in residents.columns:
        return residents
    told = [c for c in ("race", "sex") if c in residents.columns]
    keys = ["place", "year", "universe", *told, "controlled"]
    squares = residents.assign(moe=residents["moe"] ** 2, place_moe=residents["place_moe"] ** 2)
    parts = squares.groupby(keys, sort=False, dropna=False)
    numbers = ["n", "moe", "place_n", "place_moe"]
    whole = parts[numbers].agg(lambda v: v.sum(skipna=False)).reset_index()
    return whole.assign(moe=whole["moe"] ** 0.5, place_moe=whole["place_moe"] ** 0.5)


def _other_place(agency: Agency, place: str) -> str:
    if place.casefold() == agency.agency.place.casefold():
        return ""
    return (
        f"These residents are those of {place}, not those of {agency.agency.place} alone. Where "
        "the two differ, so would every comparison."
    )
