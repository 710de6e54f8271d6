"""Breaks files in every way that offices, mail programs and disks do, and counts what is left.

The counting is independent of the package: Python's own csv module and openpyxl, and decoding by
hand. Everything is drawn from a seed, so that a mutation has the same bytes at every run.
"""

from __future__ import annotations

import codecs
import csv
import io
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from equity.sources._files import scan

__all__ = [
    "BLANK",
    "RANDOM",
    "Mutation",
    "Rows",
    "as_csv",
    "csv_mutations",
    "expect",
    "records",
    "with_values",
]

SECONDS = 20
"""No mutation may take longer; most take 0.01 s."""
BLANK = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\ufeff"
ADDED = ("source_row", "source_file", "source_sheet", "not_a_record")
Rows = list[list[str]]


@dataclass(frozen=True)
class Mutation:
    """One broken file.

    rows : what must be read if it is read at all, cell for cell; None if only `count` is known.
    count : number of rows that must be read, if cells may have changed without a trace.
    outcome : "loads" or "fails" where only one of them is right; otherwise "".
    """

    name: str
    content: bytes
    rows: Rows | None
    count: int = 0
    suffix: str = ".csv"
    options: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""


def records(content: bytes, delimiter: str = ",", encoding: str | None = None) -> Rows:
    """Return the records of a CSV file by Python's own reader: not its header, nor blank ones."""
    text = _decoded(content, encoding)
    limit = csv.field_size_limit(1 << 30)
    try:
        return with_values(
            list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
        )
    finally:
        csv.field_size_limit(limit)


def with_values(rows: Sequence[Sequence[str]]) -> Rows:
    """Return the rows that hold a value, without the blank cells at their ends."""
    kept = [list(row) for row in rows if any(cell.strip(BLANK) for cell in row)]
    for row in kept:
        while not row[-1].strip(BLANK):
            row.pop()
    return kept


def _decoded(content: bytes, encoding: str | None) -> str:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32", errors="replace")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for name in (encoding, "utf-8", "cp1252") if encoding else ("utf-8", "cp1252"):
        try:
            return content.decode(str(name)).lstrip("\ufeff").removeprefix("\u00ef\u00bb\u00bf")
        except (UnicodeError, LookupError):
            continue
    return content.decode("latin-1")


def expect(mutation: Mutation, folder: Path, private: Sequence[str] = ()) -> str:
    """Read a mutation; assert that it ends in a clear error or a full account of its rows.

    private : values of records; none may be in the words of an error.

    Returns "loads" or "fails".
    """
    path = folder / f"m{mutation.suffix}"
    path.write_bytes(mutation.content)
    start = perf_counter()
    try:
        relation = scan(path, **mutation.options)
        names = relation.columns
        read = relation.order("source_row").fetchall()
    except ValueError as error:
        said = str(error)
        assert perf_counter() - start < SECONDS, f"{mutation.name}: too slow"
        assert mutation.outcome != "loads", f"{mutation.name}: {said}"
        assert path.name in said or "encoding=" in said, f"{mutation.name}: {said}"
        assert re.fullmatch(r"[^\n\r]{30,700}[.)]", said), f"{mutation.name}: {said}"
        assert not re.search(r"Error|Traceback|duckdb|openpyxl|zipfile|codec|\bXMLS", said), said
        assert not [v for v in private if v in said], f"{mutation.name}: {said}"
        return "fails"
    assert perf_counter() - start < SECONDS, f"{mutation.name}: too slow"
    assert mutation.outcome != "fails", f"{mutation.name} was read: {len(read)} rows"
    wide = [i for i, name in enumerate(names) if name not in ADDED]
    if mutation.rows is None:
        assert len(read) == mutation.count, mutation.name
        return "loads"
    cells = [[row[i] or "" for i in wide] for row in read]
    assert len(read) == len(mutation.rows), (
        f"{mutation.name}: {len(read)} rows read of {len(mutation.rows)}"
    )
    for got, want in zip(with_values(cells), mutation.rows, strict=True):
        assert got == want, f"{mutation.name}: a row differs\n{got}\n{want}"
    numbers = [row[names.index("source_row")] for row in read]
    assert len(set(numbers)) == len(numbers), f"{mutation.name}: a row number is there twice"
    return "loads"


def as_csv(rows: Sequence[Sequence[str]], **dialect: Any) -> bytes:
    """Return rows as CSV in some dialect."""
    out = io.StringIO(newline="")
    csv.writer(out, **{"lineterminator": "\n", **dialect}).writerows(rows)
    return out.getvalue().encode()


def csv_mutations(table: Rows, seed: int, rounds: int, name: str) -> Iterator[Mutation]:
    """Yield a CSV file with a header and text in quotation marks, broken in many ways."""
    draw = random.Random(seed)
    plain = as_csv(table)
    for number in range(rounds):
        for kind, change in RANDOM.items():
            content = change(plain, draw)
            yield Mutation(f"{name} {kind} {number}", content, records(content))
    for kind, content, extra in _same(table, plain):
        yield Mutation(f"{name} {kind}", content, with_values(table[1:]), outcome="loads", **extra)
    for kind, rows, outcome in _shapes(table, draw):
        content = as_csv(rows)
        yield Mutation(f"{name} {kind}", content, records(content), outcome=outcome)
    for kind, content, options, outcome in _strange(table, plain):
        rows = records(content, encoding=options.get("encoding"))
        yield Mutation(f"{name} {kind}", content, rows, options=options, outcome=outcome)


Change = Callable[[bytes, random.Random], bytes]


def _at(content: bytes, draw: random.Random) -> int:
    return draw.randrange(1, len(content))


def _truncated(content: bytes, draw: random.Random) -> bytes:
    return content[: _at(content, draw)]


def _without_bytes(content: bytes, draw: random.Random) -> bytes:
    at = _at(content, draw)
    return content[:at] + content[at + draw.choice((1, 1, 2, 7, 40, 300)) :]


def _twice(content: bytes, draw: random.Random) -> bytes:
    at = _at(content, draw)
    return content[: at + draw.choice((1, 5, 90))] + content[at:]


def _with(piece: Callable[[random.Random], bytes]) -> Change:
    def change(content: bytes, draw: random.Random) -> bytes:
        for _ in range(draw.choice((1, 1, 1, 2, 5))):
            at = _at(content, draw)
            content = content[:at] + piece(draw) + content[at:]
        return content

    return change


def _flipped(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        changed[_at(content, draw)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _line_ends(content: bytes, draw: random.Random) -> bytes:
    ends = draw.choice(((b"\n", b"\r\n"), (b"\n", b"\r"), (b"\r\n", b"\r"), (b"\n", b"\n\n")))
    return b"".join(line + draw.choice(ends) for line in content.split(b"\n"))


def _less(mark: bytes) -> Change:
    def change(content: bytes, draw: random.Random) -> bytes:
        places = [found.start() for found in re.finditer(re.escape(mark), content)]
        at = draw.choice(places)
        return content[:at] + content[at + 1 :]

    return change


def _moved(content: bytes, draw: random.Random) -> bytes:
    one, two = sorted((_at(content, draw), _at(content, draw)))
    return content[two:] + content[one:two] + content[:one]


def _zeroed(content: bytes, draw: random.Random) -> bytes:
    at = _at(content, draw)
    size = draw.choice((1, 16, 512))
    return content[:at] + bytes(size) + content[at + size :]


RANDOM: dict[str, Change] = {
    "truncated": _truncated,
    "bytes deleted": _without_bytes,
    "bytes twice": _twice,
    "bytes inserted": _with(lambda draw: draw.randbytes(draw.choice((1, 3, 20)))),
    "bits flipped": _flipped,
    "zero byte": _with(lambda draw: b"\x00"),
    "block of zeros": _zeroed,
    "quote inserted": _with(lambda draw: b'"'),
    "quote and break inserted": _with(lambda draw: draw.choice((b'"\n', b'\n"', b'"\r\n"'))),
    "quote deleted": _less(b'"'),
    "comma inserted": _with(lambda draw: b","),
    "comma deleted": _less(b","),
    "break inserted": _with(lambda draw: draw.choice((b"\n", b"\r\n", b"\r", b"\n\n"))),
    "break deleted": _less(b"\n"),
    "line ends mixed": _line_ends,
    "mark in the middle": _with(lambda draw: codecs.BOM_UTF8),
    "letter of Windows": _with(lambda draw: draw.choice((b"\xe9", b"\x93", b"\x81", b"\xff"))),
    "blank lines": _with(lambda draw: draw.choice((b"\n\n", b"\n \n", b"\n,,\n"))),
    "parts in another order": _moved,
}


def _same(table: Rows, plain: bytes) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Yield the same table, written in other ways that mean the same."""
    text = plain.decode()
    yield "mark in front", codecs.BOM_UTF8 + plain, {}
    yield "two marks in front", codecs.BOM_UTF8 * 2 + plain, {}
    yield "quotation marks everywhere", as_csv(table, quoting=csv.QUOTE_ALL), {}
    yield "mark and quotes", codecs.BOM_UTF8 + as_csv(table, quoting=csv.QUOTE_ALL), {}
    for mark in (";", "\t", "|"):
        yield f"delimiter {mark!r}", as_csv(table, delimiter=mark), {}
        told = {"options": {"delimiter": mark}}
        yield f"delimiter {mark!r} told", as_csv(table, delimiter=mark), told
    yield "ends of Windows", as_csv(table, lineterminator="\r\n"), {}
    yield "ends of old Macs", as_csv(table, lineterminator="\r", quoting=csv.QUOTE_ALL), {}
    yield "no last end", plain.rstrip(b"\n"), {}
    yield "blank lines at the end", plain + b"\n\n \n,\n", {}
    for encoding in ("utf-16", "utf-32", "utf-8-sig"):
        yield encoding, text.encode(encoding), {}
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        yield f"{encoding} told", text.encode(encoding), {"options": {"encoding": encoding}}
    yield "utf-16 from the end", codecs.BOM_UTF16_BE + text.encode("utf-16-be"), {}
    yield "Windows", text.encode("cp1252"), {}
    yield "Windows told", text.encode("cp1252"), {"options": {"encoding": "cp1252"}}
    ends = ["\n", "\r\n", "\r"] * len(table)
    lines = (
        as_csv([row], lineterminator=end, quoting=csv.QUOTE_ALL)
        for row, end in zip(table, ends, strict=False)
    )
    yield "line ends mixed in turn", b"".join(lines), {}


def _shapes(table: Rows, draw: random.Random) -> Iterator[tuple[str, Rows, str]]:
    """Yield tables whose rows or column names are not as they should be."""
    header, *rows = table
    width = len(header)
    yield "short rows", [header, *(r[: draw.randrange(1, width + 1)] for r in rows)], "loads"
    yield "one long row", [header, *rows[:5], [*rows[5], "x"], *rows[6:]], "fails"
    yield "all rows long", [header, *([*r, "x", "y"] for r in rows)], "fails"
    yield "rows with blanks beyond", [header, *([*r, "", " "] for r in rows)], "loads"
    yield "delimiter at every end", [[*r, ""] for r in table], "loads"
    yield "one name twice", [[*header[:-1], header[0]], *rows], "loads"
    yield "all names the same", [["a"] * width, *rows], "loads"
    yield "names that differ by case", [["a", "A", *header[2:]], *rows], "loads"
    yield "a name is blank", [[header[0], "", *header[2:]], *rows], "loads"
    yield "no name at the end", [[*header[:-1], ""], *rows], "loads"
    yield "no names", [[""] * width, *rows], "fails"
    yield "names only", [header], "fails"
    yield "names twice", [header, *table], "loads"
    yield "names on every page", [header, *rows[:9], header, *rows[9:]], "loads"
    yield "without names", rows, "loads"
    yield "our own names", [["source_row", "source_file", "not_a_record", *header[3:]], *rows], ""
    sql = [f"\"'; DROP TABLE stops; -- {i}" for i in range(width)]
    yield "names that are SQL", [sql, *rows], "loads"
    lines = [[f"{c}\nof the\r\noffice" for c in header], *rows]
    yield "names of several lines", lines, "loads"
    yield "a long name", [["n" * 200_000, *header[1:]], *rows], "loads"
    yield "a long value", [*table[:3], [*table[3][:-1], "v" * 2_100_000], *table[4:]], "loads"
    yield "formulas", [header, *([f"{m}1+1", *r[1:]] for m, r in zip("=+-@\t", rows))], "loads"  # noqa: B905
    one = [[r[0]] for r in table]
    yield "one column", one, ""
    yield "a blank in one column", [*one[:4], [""], *one[4:]], ""


def _strange(table: Rows, plain: bytes) -> Iterator[tuple[str, bytes, dict[str, Any], str]]:
    """Yield files that are no table, or in another encoding than the one that is told."""
    for kind, start in {
        "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "PNG": b"\x89PNG\r\n\x1a\n",
        "JPEG": b"\xff\xd8\xff\xe0",
        "gzip": b"\x1f\x8b\x08\x00",
        "old workbook or password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "empty archive": b"PK\x05\x06" + bytes(18),
        "broken archive": b"PK\x03\x04",
        "web page": b"<!DOCTYPE html><table><tr><td>",
        "XML": b'<?xml version="1.0"?>',
        "JSON": b'[{"a": ',
        "Parquet": b"PAR1",
        "program": b"\x7fELF\x02\x01\x01" + bytes(9),
        "control letters": bytes(range(1, 32)) * 20,
    }.items():
        yield f"{kind} named .csv", start + plain, {}, "fails"
    text = plain.decode()
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-be"):
        yield f"{encoding} without a mark", text.encode(encoding), {}, "fails"
    yield "half a letter of UTF-16", text.encode("utf-16")[:-1], {}, "fails"
    yield "not UTF-8, though told", text.encode("cp1252"), {"encoding": "utf-8"}, "fails"
    yield "not ASCII, though told", plain, {"encoding": "ascii"}, "fails"
    yield "no letter of Windows", plain + b"\x81", {}, "fails"
    yield "that letter, Latin-1 told", plain + b"\x81", {"encoding": "latin-1"}, "loads"
    for encoding in ("rot13", "base64", "zip", "klingon", "undefined"):
        yield f"{encoding} told", plain, {"encoding": encoding}, "fails"
    yield "zero byte, UTF-8 told", plain + b"\x00", {"encoding": "utf-8"}, "fails"
    yield "nothing", b"", {}, "fails"
    yield "a mark only", codecs.BOM_UTF16_LE, {}, "fails"
    yield "an open quotation mark", plain + b'"', {}, "fails"
    yield "text after a quotation mark", plain + b'"a"b,1\n', {}, "fails"
    yield "rows within quotation marks", _merged(table), {}, "fails"


def _merged(table: Rows) -> bytes:
    """Return the table with a quotation mark before one value and another one rows later."""
    flat = [[c.replace("\n", " ").replace('"', "") for c in row] for row in table]
    lines = [",".join(c.replace(",", " ") for c in row) for row in flat]
    at = len(flat[3][0]) + 1
    lines[3] = f'{lines[3][:at]}"{lines[3][at:]}'
    end = len(flat[7][0]) + 1 + len(flat[7][1])
    lines[7] = f'{lines[7][:end]}"{lines[7][end:]}'
    return "\n".join(lines).encode()
