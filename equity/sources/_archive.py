"""Looks into the ZIP archive that a workbook is, before anything of it is unpacked to memory."""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["check_archive", "check_sheet", "damaged"]

CHUNK = 1 << 20
MAX_BYTES = 1 << 31
"""Unpacked size of a whole workbook; Excel's largest sheet with 30 columns needs half of it."""
MAX_RATIO = 100
"""Unpacked to packed size of a part; sheets of real offices have 5 to 60."""
RATIO_FROM = 1 << 25
"""Smaller parts may have any ratio: they do no harm."""
MAX_PARTS = 10_000
LONGEST_CELL = 1 << 16

_SPECIAL = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FAR = re.compile(
    rb"""\br=["'](?:[A-Z]{4,}[0-9]|[A-Z]*(?:[0-9]{8,}|[2-9][0-9]{6}|1[1-9][0-9]{5}))["']"""
)
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br=["']([0-9]+)["']""")
_NO_RESULT = re.compile(
    rb"""<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"""
    rb"""(?:<(?:\w+:)?v\s*/>\s*|<(?:\w+:)?v>\s*</(?:\w+:)?v>\s*)?</(?:\w+:)?c>"""
)
_PLACE = re.compile(rb"""\br=["']([A-Z]+[0-9]+)["']""")


def check_archive(path: Path) -> None:
    """Raise ValueError if an archive is damaged, no workbook, or unpacks to far too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_sizes(path, parts)
            if "xl/workbook.xml" not in archive.namelist():
                raise _NotThis(
                    f"{path.name} is a ZIP archive, not a workbook or CSV. Unpack it and name the "
                    "file in it; an .ods or .xlsb workbook must be saved as .xlsx."
                )
            for part in parts:
                for text in _texts(archive, part):  # to the end: then its check sum is compared
                    if _SPECIAL.search(text.replace(b"\x00", b"")):
                        raise _NotThis(
                            f"{path.name} defines words of its own in its XML (a DOCTYPE), which "
                            "no spreadsheet program writes. It is not opened. Ask where it is "
                            "from, or export it again."
                        )
                    if part.filename.startswith("xl/worksheets/") and _FAR.search(text):
                        raise _NotThis(
                            f"{path.name} has a cell beyond the last row or column that a "
                            "workbook can have. Export it again."
                        )
    except _NotThis as error:
        raise ValueError(str(error)) from None
    except RuntimeError:  # what zipfile raises for a part with a password
        raise ValueError(
            f"{path.name} has a password. Save it as .xlsx without a password, or as CSV."
        ) from None
    except Exception:  # a broken archive breaks zipfile and zlib in many ways
        raise damaged(path) from None


def check_sheet(path: Path, part: str, sheet: str) -> None:
    """Raise ValueError if rows of a sheet are there twice, or a formula has no result.

    Excel keeps the result beside each formula; programs that only write workbooks leave it out,
    and the cell would be read as blank.
    """
    with zipfile.ZipFile(path) as archive:
        for text in _texts(archive, archive.getinfo(part)):
            for found in _NO_RESULT.finditer(text):
                if b't="str"' in found[1]:  # the result is a text of no letters
                    continue
                place = _PLACE.search(found[1])
                where = f" ({place[1].decode()} is the first)" if place else ""
                raise ValueError(
                    f"Sheet {sheet!r} of {path.name} has formulas without their results{where}. "
                    "Open it in a spreadsheet program, save it there, and try again."
                )
            numbers = [int(number) for number in _ROW.findall(text)]
            for before, number in itertools.pairwise(numbers):
                if number <= before:
                    raise ValueError(
                        f"Sheet {sheet!r} of {path.name} is damaged: row {number} comes after "
                        f"row {before}. Open it in a spreadsheet program and save it again."
                    )


def damaged(path: Path) -> ValueError:
    """Return the error of a workbook that cannot be read."""
    return ValueError(
        f"{path.name} is a workbook or archive that is damaged. Open it in a spreadsheet program "
        "and save it again, or export it again."
    )


class _NotThis(Exception):
    """Tells our own words from the many errors of a broken archive."""


def _check_sizes(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Raise if the sizes that an archive states are too large; zipfile unpacks no more of it."""
    total = sum(part.file_size for part in parts)
    dense = any(
        part.file_size > RATIO_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    if total > MAX_BYTES or dense or len(parts) > MAX_PARTS:
        raise _NotThis(
            f"{path.name} would unpack to {total / 1e6:,.0f} MB in {len(parts):,} parts, far more "
            "than a workbook of its size holds. It is not opened. If it is yours, save the table "
            "as CSV."
        )


def _texts(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part in pieces, each with the end of the one before it."""
    tail = b""
    with archive.open(part) as file:
        while piece := file.read(CHUNK):
            yield tail + piece
            tail = piece[-LONGEST_CELL:]
