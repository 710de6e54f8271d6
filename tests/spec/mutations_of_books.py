"""Breaks Parquet files and workbooks: as bytes, as archives, and in the XML of their parts."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from mutations import BLANK, RANDOM, Mutation, Rows, as_csv, with_values

__all__ = ["bombs", "parquet_mutations", "workbook_mutations"]


def parquet_mutations(
    content: bytes, count: int, seed: int, rounds: int, name: str
) -> Iterator[Mutation]:
    """Yield a Parquet file that is cut, or changed here and there."""
    draw = random.Random(seed)
    for number in range(rounds):
        for kind in ("truncated", "bytes deleted", "bits flipped", "block of zeros"):
            broken = RANDOM[kind](content, draw)
            yield Mutation(f"{name} {kind} {number}", broken, None, count, ".parquet")
        at = draw.randrange(len(content) - 400, len(content))
        footer = content[:at] + draw.randbytes(1) + content[at + 1 :]
        yield Mutation(f"{name} footer {number}", footer, None, count, ".parquet")


def workbook_mutations(
    table: Rows, folder: Path, seed: int, rounds: int, name: str
) -> Iterator[Mutation]:
    """Yield a workbook that is broken as bytes, as an archive, and in its XML."""
    draw = random.Random(seed)
    path = folder / "whole.xlsx"
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in table:
        page.append([c.replace("\r", "") or None for c in row])
    book.save(path)
    content, want = (
        path.read_bytes(),
        with_values([[c.strip(BLANK) for c in r] for r in table[1:]]),
    )
    yield Mutation(f"{name} whole", content, want, suffix=".xlsx", outcome="loads")
    for number in range(rounds):
        for kind in ("truncated", "bytes deleted", "bytes inserted", "bits flipped", "zero byte"):
            broken = RANDOM[kind](content, draw)
            yield Mutation(f"{name} {kind} {number}", broken, want, suffix=".xlsx")
    for kind, parts, outcome in _parts(content):
        yield Mutation(f"{name} {kind}", _zipped(parts), want, suffix=".xlsx", outcome=outcome)
    yield Mutation(f"{name} named .csv", content, want, outcome="fails")
    yield Mutation(
        f"{name} CSV named .xlsx", as_csv(table), with_values(table[1:]), suffix=".xlsx"
    )


SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"


def _parts(content: bytes) -> Iterator[tuple[str, dict[str, bytes], str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = _shared({name: archive.read(name) for name in archive.namelist()})
    sheet = parts[SHEET]
    yield "texts in a part of their own", parts, "loads"

    def changed(old: bytes, new: bytes, part: str = SHEET) -> dict[str, bytes]:
        assert old in parts[part], (part, old)
        return {**parts, part: parts[part].replace(old, new, 1)}

    for part in parts:
        without = {k: v for k, v in parts.items() if k != part}
        yield f"without {part}", without, ""
        yield f"{part} cut", {**parts, part: parts[part][: len(parts[part]) // 2]}, ""
        yield f"{part} blank", {**parts, part: b""}, ""
    end = b"</sheetData>"
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    head = sheet.index(b"<worksheet")
    yield "entities", {**parts, SHEET: sheet[:head] + laughs + sheet[head:]}, "fails"
    wide = (sheet[:head] + laughs + sheet[head:]).decode().encode("utf-16")
    yield "entities in UTF-16", {**parts, SHEET: wide}, "fails"
    for cell in (b"<f>1+1</f>", b"<f>1+1</f><v></v>", b"<f>1+1</f><v/>", b"<f si='0'/><v />"):
        row = b'<row r="900"><c r="A900">' + cell + b"</c></row>"
        yield f"formula without result {cell!r}", changed(end, row + end), "fails"
    for far in (b'<row r="999999999"><c r="A999999999"><v>1</v></c></row>',
                b'<row r="900"><c r="ZZZZZZ900"><v>1</v></c></row>',
                b'<row r="9000000"><c r="A9000000"><v>1</v></c></row>'):  # fmt: skip
        yield f"a cell far out {far[:22]!r}", changed(end, far + end), "fails"
    yield "a row twice", changed(b'<row r="9"', b'<row r="8"'), "fails"
    yield "rows in another order", changed(b'<row r="9"', b'<row r="3"'), "fails"
    first = parts[TEXTS]
    yield "a text that is not there", changed(b"<v>5</v>", b"<v>555555</v>"), "fails"
    yield "shared texts cut", {**parts, TEXTS: first[:400] + b"</sst>"}, "fails"
    merged = b'<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    yield "merged cells", changed(end, end + merged), "loads"
    short = re.sub(rb'<dimension ref="[A-Z0-9:]+"', b'<dimension ref="A1:A2"', sheet)
    yield "a wrong range", {**parts, SHEET: short}, "loads"
    macro = {**parts, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 macros"}
    yield "with macros", macro, "loads"
    link = b'<externalLink xmlns="x"/>'
    yield "with a link", {**parts, "xl/externalLinks/externalLink1.xml": link}, "loads"
    yield "many parts", {**parts, **{f"xl/x{i}": b"" for i in range(10_001)}}, "fails"


def bombs(table: Rows, folder: Path) -> Iterator[Mutation]:
    """Yield workbooks of some kilobytes that would unpack to many megabytes."""
    path = folder / "whole.xlsx"
    book = openpyxl.Workbook()
    for row in table:
        book.worksheets[0].append(row)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = _shared({name: archive.read(name) for name in archive.namelist()})
    sheet, texts = parts[SHEET], parts[TEXTS]
    end = b"</sheetData>"
    size = 60_000_000
    many = b"<si><t>aaaaaaaaaaaa</t></si>" * (size // 28)
    made = {
        "in a picture": {**parts, "xl/media/a.bin": bytes(size)},
        "in the sheet": {**parts, SHEET: sheet.replace(end, b" " * size + end)},
        "of texts": {**parts, TEXTS: texts.replace(b"</sst>", many + b"</sst>")},
    }
    for kind, broken in made.items():
        content = _zipped(broken)
        yield Mutation(f"bomb {kind}", content, None, suffix=".xlsx", outcome="fails")
        for stated in (1000, 1 << 24):  # it may lie of its size
            lie = content
            for part in broken.values():
                if len(part) >= size:
                    lie = lie.replace(struct.pack("<I", len(part)), struct.pack("<I", stated))
            name = f"bomb {kind} that says {stated}"
            yield Mutation(name, lie, None, suffix=".xlsx", outcome="fails")


def _shared(parts: dict[str, bytes]) -> dict[str, bytes]:
    """Return a workbook's parts with its texts in one of them, as Excel writes them."""
    texts: list[bytes] = []

    def place(found: re.Match[bytes]) -> bytes:
        texts.append(b"<si>" + found[1] + b"</si>")
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    sheet = re.sub(rb't="inlineStr"><is>(.*?)</is>', place, parts[SHEET], flags=re.DOTALL)
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    kinds = parts["[Content_Types].xml"].replace(
        b"</Types>",
        f'<Override PartName="/{TEXTS}" ContentType="{main}.sharedStrings+xml"/></Types>'.encode(),
    )
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    whole = b'<sst xmlns="' + space + b'">' + b"".join(texts) + b"</sst>"
    return {**parts, SHEET: sheet, "[Content_Types].xml": kinds, TEXTS: whole}


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
