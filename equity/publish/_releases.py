"""The releases of a site: what each one showed in protected numbers, and what changed since."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from equity.publish._csv import read, written

__all__ = ["changes", "previous", "release_name", "releases", "write_release"]

_KEY = ["table", "cell", "quantity"]
_OWN = ("table", "cell", "quantity", "value", "hidden")
_MANY = 4  # new values of a column that are named; of more, the first and the last are


def previous(out: Path) -> dict[str, Any] | None:
    """Return the latest release of a site that was written before; None where there is none.

    Parameters
    ----------
    out : the folder of the site.

    Returns
    -------
    `release` (its name), `date`, `minimum`, `pages` (name, title, sections) and `cells`: body ->
    DataFrame with the columns of `Protection.cells`. The columns told apart hold text, as they
    were written: "2024", "true", "" where summed over.

    Raises
    ------
    ValueError
        The site is there, but what was published cannot be read again, or was changed since.
        Whoever saw it knows it: without it nobody can tell whether the new numbers give the old
        hidden ones away.
    """
    found = releases(out)
    if not found:
        if (Path(out) / "site.json").exists():
            raise _lost(Path(out) / "releases")
        return None
    latest, folder = found[0], Path(out) / "releases" / found[0]["release"]
    cells = {}
    for body, told in latest["cells"].items():
        path = folder / told["file"]
        if not path.exists() or _hash(path.read_bytes()) != told["sha256"]:
            raise _lost(path)
        cells[body] = _cells(path.read_text(encoding="utf-8"))
    return {**latest, "cells": cells}


def releases(out: Path) -> list[dict[str, Any]]:
    """Return what is noted of each release of a site, the latest first."""
    found = []
    for path in Path(out).glob("releases/*/release.json"):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            raise _lost(path) from None
    return sorted(found, key=_order, reverse=True)


def release_name(out: Path, site: Mapping[str, Any]) -> str:
    """Return the name of the folder of a release: its date; a second one of that day "...-2".

    The same numbers published again on the same day are the same release.
    """
    date, number = str(site["release"]), 1
    while (note := Path(out) / "releases" / _name(date, number) / "release.json").exists():
        told = json.loads(note.read_text(encoding="utf-8"))
        same = {body: _hash(text) for body, text in _texts(site).items()}
        if same == {body: c["sha256"] for body, c in told["cells"].items()}:
            break
        number += 1
    return _name(date, number)


def write_release(
    folder: Path, site: Mapping[str, Any], name: str, changed: list[str]
) -> dict[str, Any]:
    """Write the protected numbers of a release to ``folder/releases/<name>``; return its note."""
    here = Path(folder) / "releases" / name
    here.mkdir(parents=True, exist_ok=True)
    told = {}
    for body, text in _texts(site).items():
        file = f"cells-{_slug(body)}.csv"
        (here / file).write_bytes(text)
        told[body] = {"file": file, "sha256": _hash(text), "numbers": len(site["cells"][body])}
    note = {
        "release": name,
        "date": str(site["release"]),
        "minimum": site["minimum"],
        "pages": _pages(site),
        "changes": changed,
        "cells": told,
    }
    text = json.dumps(note, indent=1, ensure_ascii=False)
    (here / "release.json").write_text(text + "\n", encoding="utf-8")
    return note


def changes(before: Mapping[str, Any] | None, site: Mapping[str, Any]) -> list[str]:
    """Return sentences that say what changed since the release before, from what was published.

    They do not say why: a number changes because records were added, or because they were
    corrected.
    """
    if before is None:
        return ["This is the first release."]
    said = _changed_pages(before["pages"], _pages(site))
    if before["minimum"] != site["minimum"]:
        said.append(
            f"Counts of fewer than {site['minimum']} people are hidden; before, it was "
            f"{before['minimum']}."
        )
    for body, cells in site["cells"].items():
        if body not in before["cells"]:
            said.append(f"{_words(body)}: published for the first time.")
        else:
            said.append(f"{_words(body)}: {_changed_cells(before['cells'][body], cells)}")
    gone = [body for body in before["cells"] if body not in site["cells"]]
    return said + [f"{_words(body)}: no longer published." for body in gone]


def _changed_cells(before: pd.DataFrame, now: pd.DataFrame) -> str:
    both = _plain(before).add_suffix("_before").join(_plain(now).add_suffix("_now"), how="outer")
    was, new = both["hidden_before"].notna(), both["hidden_now"].notna()
    hid, hides = both["hidden_before"].eq(True), both["hidden_now"].eq(True)
    shown = was & new & ~hid & ~hides
    moved = (shown & both["value_before"].ne(both["value_now"])).sum()
    parts = [
        (moved, "changed"),
        ((new & ~was).sum(), "new"),
        ((was & ~new).sum(), "no longer given"),
        ((was & new & ~hid & hides).sum(), "now hidden"),
        ((was & new & hid & ~hides).sum(), "no longer hidden"),
    ]
    said = [f"{count:,} {what}" for count, what in parts if count]
    if not said:
        return "no number changed."
    text = f"of {int(new.sum()):,} numbers, {', '.join(said)}." if new.any() else "no numbers."
    return " ".join([text, *_new_values(before, now)])


def _new_values(before: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """Return what is there for the first time: "New in year: 2026."."""
    said = []
    for column in (c for c in now.columns if c not in _OWN):
        old = set(before[column].astype(str)) if column in before else set()
        new = sorted(set(now[column].dropna().astype(str)) - old - {""})
        if new and column in before:
            named = ", ".join(new) if len(new) <= _MANY else f"{new[0]} to {new[-1]}"
            said.append(f"New in {column.replace('_', ' ')}: {named}.")
        elif new:
            said.append(f"New: told apart by {column.replace('_', ' ')}.")
    return said


def _changed_pages(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    said = []
    old = {page["name"]: page for page in before}
    new = {page["name"]: page for page in now}
    said += [f"New page: {p['title']}." for n, p in new.items() if n not in old]
    said += [f"Page no longer published: {p['title']}." for n, p in old.items() if n not in new]
    for name in (n for n in new if n in old):
        was = {s["id"]: s["title"] for s in old[name]["sections"]}
        here = {s["id"]: s["title"] for s in new[name]["sections"]}
        title = new[name]["title"]
        said += [f"{title}, new section: {t}" for i, t in here.items() if i not in was]
        said += [
            f"{title}, section no longer published: {t}" for i, t in was.items() if i not in here
        ]
    return [line if line.endswith((".", "?", "!")) else f"{line}." for line in said]


def _pages(site: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": page["name"],
            "title": page["title"],
            "sections": [{"id": s["id"], "title": s["title"]} for s in page.get("sections", [])],
        }
        for page in site.get("pages", [])
    ]


def _plain(cells: pd.DataFrame) -> pd.DataFrame:
    frame = cells.assign(
        **{key: cells[key].astype(str) for key in _KEY},
        value=cells["value"].astype("Int64"),
        hidden=cells["hidden"].astype("boolean"),
    )
    return frame.set_index(_KEY)[["value", "hidden"]]


def _texts(site: Mapping[str, Any]) -> dict[str, bytes]:
    out = {}
    for body, cells in site["cells"].items():
        rows = [list(cells.columns)]
        for row in cells.astype(object).itertuples(index=False):
            rows.append([None if v is pd.NA else v for v in row])
        out[body] = written(rows).encode()
    return out


def _cells(text: str) -> pd.DataFrame:
    head, *rows = read(text)
    frame = pd.DataFrame(rows, columns=pd.Index(head), dtype="str")
    frame["value"] = pd.to_numeric(frame["value"].replace("", None)).astype("Int64")
    frame["hidden"] = frame["hidden"].eq("true")
    return frame


def _lost(path: Path) -> ValueError:
    return ValueError(
        f"What was published before cannot be read again: {'/'.join(path.parts[-3:])} is missing "
        "or was changed. Whoever saw it still knows it, so the new numbers cannot be checked "
        "against it. Put the file back from a copy of the site, then publish again."
    )


def _order(note: Mapping[str, Any]) -> tuple[str, int]:
    number = note["release"].removeprefix(note["date"]).lstrip("-")
    return note["date"], int(number or 1)


def _name(date: str, number: int) -> str:
    return date if number == 1 else f"{date}-{number}"


def _slug(body: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", body.lower()).strip("-") or "all"


def _words(body: str) -> str:
    text = body.replace("_", " ")
    return text[:1].upper() + text[1:]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
