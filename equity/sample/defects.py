"""A stops file with planted defects: the row, the column, the value and the rule it breaks."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["RULES", "plant"]

ROWS = 2_000

RULES: dict[str, str] = {
    "date_unreadable": "date: is there, but is no date of the calendar",
    "date_future": "date: lies after the file was made",
    "date_missing": "date: must be there",
    "time_unreadable": "time: is there, but is no time of day",
    "stop_id_unique": "raw_row_number: no two stops share a number",
    "row_unique": "the whole row is there twice",
    "contraband_only_if_searched": "contraband_found: only if a search was conducted",
    "basis_only_if_searched": "search_basis: only if a search was conducted",
    "age_range": "subject_age: 0 to 110 years",
    "outcome_allowed": "outcome: warning, citation, summons or arrest",
    "type_allowed": "type: vehicular or pedestrian",
    "flag_unreadable": "a flag: is there, but is neither yes nor no",
    "place_implausible": "lat, lng: swapped or 0, far from the agency's place",
}
ACCEPTED = "flag_spelling"

# rule -> (column, values to plant one by one)
SINGLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "date_unreadable": ("date", ("2024-02-30", "13/45/2024", "2023-00-17", "unknown date")),
    "date_future": ("date", ("2099-01-01", "2031-07-04")),
    "date_missing": ("date", ("", "NA", "")),
    "time_unreadable": ("time", ("25:61", "24:75:00", "noonish")),
    "age_range": ("subject_age", ("212", "-3", "999")),
    "outcome_allowed": ("outcome", ("verbal", "towed", "verbal")),
    "type_allowed": ("type", ("vehiclular", "on foot")),
    "flag_unreadable": ("search_conducted", ("maybe",)),
}
SPELLINGS = ("yes", "TRUE ", "True", "no", "FALSE ", "False", "Y", "N")


def plant(
    rng: np.random.Generator, columns: dict[str, list[str]]
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return about 2,000 of the stops with defects planted in them, and the list of the defects.

    Rows are numbered as a spreadsheet numbers them: the header is row 1. No row has two defects.
    """
    size = len(columns["raw_row_number"])
    chosen = np.sort(rng.choice(size, size=ROWS, replace=False))
    out = {name: [values[i] for i in chosen] for name, values in columns.items()}
    out["raw_row_number"] = [str(i + 1) for i in range(ROWS)]
    searched = [v == "TRUE" for v in out["search_conducted"]]
    plain = [
        i for i in range(20, ROWS - 20)
        if not searched[i] and out["lat"][i] != "NA" and out["arrest_made"][i] == "FALSE"
    ]  # fmt: skip
    free = iter(rng.permutation(plain).tolist())
    listed: list[dict[str, Any]] = []

    def put(rule: str, column: str, value: str, row: int | None = None, **more: Any) -> int:
        row = next(free) if row is None else row
        out[column][row] = value
        listed.append({"rule": rule, "row": row, "column": column, "value": value, **more})
        return row

    for rule, (column, values) in SINGLE.items():
        for value in values:
            put(rule, column, value)
    for value in ("TRUE", "TRUE", "FALSE"):
        put("contraband_only_if_searched", "contraband_found", value)
    for value in ("consent", "probable cause"):
        put("basis_only_if_searched", "search_basis", value)
    for swap in (True, True, False):
        row = next(free)
        lat, lng = (out["lng"][row], out["lat"][row]) if swap else ("0", "0")
        out["lng"][row] = lng
        put("place_implausible", "lat", lat, row, also={"lng": lng})
    for _ in range(3):  # two stops under one number: the later row takes the earlier one's
        first, later = sorted((next(free), next(free)))
        put("stop_id_unique", "raw_row_number", out["raw_row_number"][first], later, first=first)
    for value in SPELLINGS:  # not defects: a reader takes these for yes and no
        wanted = value.strip().lower() in ("yes", "true", "y")
        row = next(i for i in free if (out["citation_issued"][i] == "TRUE") == wanted)
        put(ACCEPTED, "citation_issued", value, row, means=wanted)

    copies = sorted((next(free) for _ in range(4)), reverse=True)
    for row in copies:  # from the end, so that earlier rows keep their places
        for values in out.values():
            values.insert(row + 1, values[row])
    shift = np.zeros(ROWS, dtype=int)
    for row in copies:
        shift[row + 1 :] += 1
    for entry in listed:
        for key in ("row", "first"):
            if key in entry:
                entry[key] = int(entry[key] + shift[entry[key]] + 2)
    for row in sorted(copies):
        first = int(row + shift[row] + 2)
        listed.append({"rule": "row_unique", "row": first + 1, "column": None, "value": None,
                       "first": first})  # fmt: skip
    listed.sort(key=lambda e: (e["rule"], e["row"]))
    broken = [e for e in listed if e["rule"] != ACCEPTED]
    return out, {
        "file": "data/stops_with_defects.csv",
        "rows": ROWS + len(copies),
        "last_row": ROWS + len(copies) + 1,
        "rules": RULES,
        "planted": broken,
        "rows_by_rule": {rule: [e["row"] for e in broken if e["rule"] == rule] for rule in RULES},
        "accepted_spellings": [e for e in listed if e["rule"] == ACCEPTED],
        "note": "row: the row as a spreadsheet numbers it, header = 1. first: the earlier row of "
        "a pair; a check that marks both rows of a pair marks that one too. The rows of "
        "row_unique share their raw_row_number as well, so they also break stop_id_unique.",
    }
