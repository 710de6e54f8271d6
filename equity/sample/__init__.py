"""A fictional police agency whose truth is known, for the first start and for calibration tests.

The files look like those of a real office; `truth.json` says what is true of them.
"""

from __future__ import annotations

import hashlib
import io
import json
import operator
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from equity.sample import careers, defects, leavers, people, residents, stops
from equity.sample.texts import AGENCY, AGENCY_DEFECTS, KEYS, NAME, README

__all__ = ["write_sample"]


def write_sample(folder: str | os.PathLike[str], *, seed: int = 20260101) -> list[Path]:
    """Write the files of the fictional Riverton Police Department, and what is true of them.

    Question: does a measure find what is known to be there?

    Parameters
    ----------
    folder : where to write; made if it is not there. Files of an earlier sample are replaced, if
        they are as they were written.
    seed : whole number from 0; the same seed gives the same files.

    Returns
    -------
    list of Path: truth.json, README.txt, equity.toml, equity_defects.toml and, in data/,
    applicants.xlsx, promotions.xlsx, roster.csv, exits.csv, ACSDT5Y2023.B03002-Data.csv,
    residents_by_district.csv, adults_by_district.csv, adults_by_sex.csv, stops.csv,
    stops_with_defects.csv.
    They are the same to the byte for the same seed and the same versions of numpy and openpyxl.

    Raises
    ------
    ValueError : `folder` is a file, or holds a file of one of these names that this sample did not
        write or that was changed since; `seed` is negative.
    TypeError : `seed` is not a whole number.

    Cannot show
    -----------
    How any real agency works. The rates were chosen so that there is something to find; people
    who are stopped all live in the city, which is true nowhere.

    Source: the threshold model is Pierson, Corbett-Davies and Goel (2018), "Fast threshold
    tests", AISTATS, sec. 2; the daylight effect is the model of Grogger and Ridgeway (2006),
    JASA 101, pp. 878-887.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_sample(folder)
    ...     sorted(p.name for p in paths if "stops" in p.name)
    ['stops.csv', 'stops_with_defects.csv']
    """
    seed = _whole(seed)
    root = Path(folder)
    contents = _contents(seed)
    _refuse_foreign(root, list(contents))
    (root / "data").mkdir(parents=True, exist_ok=True)
    waiting = []
    try:
        for name, content in contents.items():  # all are on disk before the first is in place
            path = root / name
            beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            waiting.append((beside, path))
            beside.write_bytes(content)
        for beside, path in waiting:
            os.replace(beside, path)
    finally:
        for beside, _ in waiting:
            beside.unlink(missing_ok=True)
    return [path for _, path in waiting]


def _contents(seed: int) -> dict[str, bytes]:
    """Return file name -> content; each file has its own stream, so that one may change alone."""
    # a stream that is added comes last, so that all others stay as they were
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(12)]
    acs, places = residents.draw_residents(streams[0])
    people_in_groups = residents.in_stop_groups(residents.TRUE_RESIDENTS)
    register, adults = (residents.by_district(stops.DISTRICTS, adults=a) for a in (False, True))
    women_and_men = residents.by_sex(adults)
    columns, drawn = stops.draw_stops(streams[1], people_in_groups, streams[5:9])
    broken, planted = defects.plant(streams[2], columns)
    in_groups = [
        {d: residents.in_stop_groups(p) for d, p in t.items()} for t in (register, adults)
    ]
    applicants, applied = people.draw_applicants(streams[3])
    applicants, decided = careers.add_dates(streams[9], applicants)
    roster, staff = people.draw_roster(streams[4])
    exits, left = leavers.draw_exits(streams[10], roster)
    candidates, promoted = careers.draw_promotions(streams[11])
    truth = {
        "about": "What is true of the fictional Riverton Police Department. "
        "Probabilities are those of the model, not what happened to be drawn.",
        "fictional": True,
        "seed": seed,
        "keys": KEYS,
        "agency": {
            "name": NAME, "place": residents.CITY, "latitude": stops.LATITUDE,
            "longitude": stops.LONGITUDE, "timezone": stops.TIMEZONE,
        },
        "residents": {"year": residents.ACS_YEAR, "scheme": "us1997", "places": places,
                      "districts": register, "adults": adults,
                      "adults_by_sex": women_and_men},
        "stops": stops.stop_truth(people_in_groups, *in_groups) | {"drawn": drawn},
        "applicants": people.applicant_truth()
        | {"waits": careers.wait_truth(), "drawn": applied | decided},
        "workforce": staff,
        "exits": leavers.exit_truth() | {"drawn": left},
        "promotions": careers.promotion_truth() | {"drawn": promoted},
        "defects": planted,
    }  # fmt: skip
    files = {
        "README.txt": README.encode(),
        "data/ACSDT5Y2023.B03002-Data.csv": acs,
        "data/residents_by_district.csv": residents.population_file(register),
        "data/adults_by_district.csv": residents.population_file(adults),
        "data/adults_by_sex.csv": residents.file_by_sex(women_and_men),
        "data/stops.csv": _csv(columns),
        "data/stops_with_defects.csv": _csv(broken),
        "data/roster.csv": roster,
        "data/exits.csv": exits,
        "data/applicants.xlsx": _xlsx(
            "Applicant Flow (fictional)", people.PREAMBLE, careers.HEADER, applicants
        ),
        "data/promotions.xlsx": _xlsx(
            "Promotions (fictional)",
            careers.PROMOTION_PREAMBLE,
            careers.PROMOTION_HEADER,
            candidates,
        ),
        "equity_defects.toml": AGENCY_DEFECTS.encode(),
        "equity.toml": AGENCY.encode(),
    }
    truth["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {"truth.json": (json.dumps(truth, indent=1) + "\n").encode()} | files


def _csv(columns: dict[str, list[str]]) -> bytes:
    """Return the columns as CSV; no value of the stops holds a comma or a quote."""
    lines = [",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]
    return ("\n".join(lines) + "\n").encode()


def _xlsx(
    title: str, preamble: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[Any]]
) -> bytes:
    """Return a workbook: title, run date, blank row, header in row 4, two blank rows last."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for line in preamble:
        sheet.append([line])
    sheet.append([None])
    sheet.append(header)
    for row in rows:
        cells = list(row)
        for at, value in enumerate(cells):
            if isinstance(value, datetime):
                cells[at] = WriteOnlyCell(sheet, value=value)
                cells[at].number_format = "m/d/yyyy"
        sheet.append(cells)
    for _ in range(2):
        sheet.append([" "] + [None] * (len(header) - 1))
    book.properties.title = preamble[0]
    book.properties.creator = f"{NAME} (fictional)"
    content = io.BytesIO()
    book.save(content)
    return _same_zip(content)


def _same_zip(content: io.BytesIO) -> bytes:
    """Return the workbook without the time of writing, so that its bytes are the same again."""
    out = io.BytesIO()
    with ZipFile(content) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb">[^<>]*</dcterms:", b">2026-01-05T08:14:00Z</dcterms:", part)
            new.writestr(ZipInfo(name, (2026, 1, 5, 8, 14, 0)), part, ZIP_DEFLATED)
    return out.getvalue()


def _whole(seed: object) -> int:
    try:
        whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"seed={seed!r} is not a whole number; give one such as 1.") from None
    if whole < 0:
        raise ValueError(f"seed={whole} is negative; give a whole number from 0.")
    return whole


def _refuse_foreign(root: Path, names: list[str]) -> None:
    """Raise ValueError rather than replace a file that this sample did not write."""
    if root.exists() and not root.is_dir():
        raise ValueError(f"folder={str(root)!r} is a file; give the name of a folder.")
    written = _written(root / "truth.json")
    foreign = [
        name
        for name in names
        if (root / name).exists()
        and (
            not written
            if name == "truth.json"
            else hashlib.sha256((root / name).read_bytes()).hexdigest() != written.get(name)
        )
    ]
    if foreign:
        raise ValueError(
            f"folder={str(root)!r} already holds {', '.join(foreign)}, which this sample did not "
            "write or which was changed since. Nothing was written; give an empty or a new folder."
        )


def _written(path: Path) -> dict[str, str]:
    """Return file name -> SHA-256 as an earlier sample noted it; empty if there is none."""
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        return dict(truth["files"]) if truth["fictional"] is True else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
