"""Looks through the bytes of a CSV file: its encoding, and what DuckDB cannot read in it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["IN_MEMORY_BYTES", "Look", "look_through", "wrong_encoding"]

CHUNK = 1 << 23
LONGEST_END = 1 << 10
IN_MEMORY_BYTES = 1 << 28
"""CSV files above this size are read by DuckDB only, however they are written."""

_EMPTY = re.compile(
    rb'\n(?:[ \t]|\xc2\xa0)*(?:"(?:[ \t]|\xc2\xa0)*")?[ \t]*[,;\t|]'
    rb'|\n[ \t]*(?:[ \t]|"(?:[ \t]|\xc2\xa0)*")[ \t]*(?:[\r\n]|$)'
)
"""A line whose first cell is blank, which may therefore be a line without any value."""
_BLANK = re.compile(rb"\n\r?\n\r?[^\r\n]")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]")
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_MARKS = (  # the longer marks first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Look:
    """What the bytes of a CSV file say.

    encoding : name of its encoding.
    awkward : whether DuckDB cannot read the file itself, or not with the right row numbers.
    empty_rows : whether there may be rows without any value.
    blank_lines : whether there are lines without any letter, which DuckDB skips.
    end : what lines end with, a line feed (before it there may be a carriage return) or a
        carriage return alone.
    lines : number of lines, those within quotation marks too.
    """

    encoding: str
    awkward: bool
    empty_rows: bool
    blank_lines: bool = False
    end: str = "\n"
    lines: int = 0


def look_through(path: Path, encoding: str | None) -> Look:
    """Read a file's bytes once; raise ValueError if they are not text of its encoding.

    DuckDB knows UTF-8 and ISO 8859-1, not the Windows code page that adds curly quotation marks;
    and it skips blank lines, after which its row numbers would be wrong.
    """
    name = _named(encoding)
    decoder = codecs.getincrementaldecoder("utf-8")()
    windows = blank = empty = latin = False
    feeds = returns = 0
    tail = b""
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, marked in _MARKS:
            if head.startswith(mark):
                return Look(marked, True, True)
        wide = name.startswith(("utf-16", "utf-32"))
        if not wide and 20 * len(_CONTROL.findall(head)) > len(head):
            raise ValueError(
                f"{path.name} is not text, whatever its name says. Open it in the program that "
                "made it and save the table as .xlsx or 'CSV UTF-8'."
            )
        file.seek(0)
        while chunk := file.read(CHUNK):
            if name == "utf-8" and not _is_utf8(decoder, chunk):
                if encoding:
                    raise wrong_encoding(path.name)
                name = "cp1252"
            text = tail + chunk
            if b"\x00" in text and not wide:
                raise ValueError(
                    f"{path.name} is not text: it holds zero bytes. If it comes from a "
                    "spreadsheet, save it as .xlsx or 'CSV UTF-8'."
                )
            blank = blank or _BLANK.search(text) is not None
            empty = empty or _EMPTY.search(text) is not None
            windows = windows or re.search(rb"[\x80-\x9f]", text) is not None
            latin = latin or _NOT_WINDOWS.search(text) is not None
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            tail = text[-LONGEST_END:]
    if name == "utf-8" and not _is_utf8(decoder, b"", final=True):  # cut within a character
        if encoding:
            raise wrong_encoding(path.name)
        name = "cp1252"
    if name == "iso8859-1" and not latin:  # what is called Latin-1 is most often of Windows
        name = "cp1252"
    awkward = name not in ("utf-8", "cp1252", "iso8859-1") or (name == "cp1252" and windows)
    if (blank or not feeds) and path.stat().st_size <= IN_MEMORY_BYTES:
        awkward = True
    end, breaks = (b"\n", feeds) if feeds else (b"\r", returns)
    lines = breaks - tail[len(tail.rstrip(b"\r\n")) :].count(end) + 1
    return Look(name, awkward, empty, blank, end.decode(), lines)


def wrong_encoding(name: str) -> ValueError:
    """Return the error of a file whose bytes are not of the encoding that it should have."""
    return ValueError(
        f"{name} holds characters that its encoding does not have. Save it as 'CSV UTF-8', or "
        "name its encoding, such as encoding='latin-1'."
    )


def _named(encoding: str | None) -> str:
    try:
        name = codecs.lookup(encoding).name if encoding else "utf-8"
        " ".encode(name)  # "rot13" and "base64" are codecs too, but not of text
    except (LookupError, ValueError):
        raise ValueError(
            f"encoding={encoding!r} is not known. Common ones are 'utf-8', 'cp1252' (Windows) "
            "and 'latin-1'."
        ) from None
    return {"utf-8-sig": "utf-8"}.get(name, name)


def _is_utf8(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
