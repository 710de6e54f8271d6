"""Tells who is in a figure, who is left out, and where the figures come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets
import pandas as pd

from equity.counts import CountTable
from equity.widgets._show import is_fictional, note, source_of, table

__all__ = ["remarks", "sources", "who"]


def who(counts: CountTable | None, name: str, *, missing: str = "") -> ipywidgets.Widget:
    """Show how many records were left after each step, and why the others were left out.

    Parameters
    ----------
    counts : the counts, or None where the agency has no such table; that is then said in words.
    name : the table, such as "applicants".
    missing : these words; "": that the agency's file names no such table.
    """
    if counts is None:
        usual = f"This agency's file names no {name}, so the sections on {name} are empty."
        return note(missing or usual)
    ledger = counts.ledger
    if ledger.empty:
        return note(f"How the {name} were chosen is not told.")
    about = counts.provenance
    words = about.get("hidden") or {}
    days = [d for d in (about.get("first_date"), about.get("last_date")) if d]
    period = " to ".join(dict.fromkeys(days))
    numbers = {"left_out": _or_words(ledger["left_out"], words.get("left_out", "not known"))}
    numbers["rows"] = _or_words(ledger["rows"], words.get("rows", "not known"))
    return table(
        ledger.assign(step=ledger["step"].map(_STEPS).fillna(ledger["step"]), **numbers),
        caption=f"{about.get('title', name.capitalize())}: who is counted",
        columns={
            "step": ("Step", "text"),
            "because": ("Which records, and why", "text"),
            "left_out": ("Left out", _kind(numbers["left_out"])),
            "rows": ("Records left", _kind(numbers["rows"])),
        },
        filename=f"{name}-who-is-in",
        summary=_counted(ledger, period, words),
        source=source_of(counts),
        fictional=is_fictional(counts),
    )


def sources(*counts: CountTable | None) -> ipywidgets.Widget:
    """Show the files behind the figures, what the data checks found, and the benchmarks."""
    there = [c for c in counts if c is not None]
    if not there:
        return note("This agency's file names no records for this page.")
    fictional = any(is_fictional(c) for c in there)
    rows = [row for c in there for row in _files(c)]
    shown: list[ipywidgets.Widget] = [
        table(
            pd.DataFrame(rows),
            caption="Files and data checks",
            columns={
                "title": ("Table", "text"),
                "file": ("File", "text"),
                "first": ("First date", "text"),
                "last": ("Last date", "text"),
                "rows": ("Records", "text"),
                "aside": ("Set aside", "text"),
                "checks": ("Data checks", "text"),
                "accepted": ("Accepted by", "text"),
                "sha256": ("Fingerprint", "text"),
            },
            filename="sources",
            summary=_made(there),
            fictional=fictional,
        )
    ]
    shown += _found(there, fictional=fictional)
    known = [b for c in there for b in c.provenance.get("benchmarks", [])]
    if known:
        shown.append(
            table(
                pd.DataFrame(known),
                caption="Residents compared with",
                columns={
                    "label": ("Benchmark", "text"),
                    "place": ("Place", "text"),
                    "year": ("Survey period ends", "text"),
                    "note": ("Note", "text"),
                },
                filename="benchmarks",
                fictional=fictional,
            )
        )
    schemes = {s["title"]: s.get("note", "") for c in there if (s := c.provenance.get("scheme"))}
    words = "\n\n".join(f"**Groups: {t}.** {n}" for t, n in schemes.items() if n)
    return ipywidgets.VBox([*shown, *([note(words)] if words else [])])


def remarks(residents: CountTable | None) -> ipywidgets.Widget:
    """Say where residents are those of another place than the one that the agency serves."""
    known = residents.provenance.get("benchmarks", []) if residents is not None else []
    said = [f"**{b['label']}.** {b['note']}" for b in known if b.get("note")]
    return note("\n\n".join(said))


def _counted(ledger: pd.DataFrame, period: str, words: dict[str, Any]) -> str:
    """Say how many records are counted, as far as that is known."""
    start, end = ledger["rows"].iloc[0], ledger["rows"].iloc[-1]
    when = f", {period}." if period else "."
    if pd.isna(end) and words.get("rows"):
        aside = f", {period}," if period else ""
        return f"How many records are counted{aside} is not shown: {_GIVEN_AWAY}."
    if pd.isna(end):
        said = f"How many records are counted is not known{when}"
    elif pd.isna(start):
        said = f"{int(end):,} records are counted{when}"
    else:
        said = f"{int(end):,} of {int(start):,} records are counted{when}"
    some = ledger[["rows", "left_out"]].isna().to_numpy().any()
    return f"{said} {words['why']}" if some and words.get("why") else said


def _or_words(numbers: pd.Series, words: str) -> pd.Series:
    """Return whole numbers; or, where some are missing, text with these words for them."""
    if not numbers.isna().any():
        return numbers
    return numbers.map(lambda n: words if pd.isna(n) else f"{int(n):,}").astype("str")


def _kind(column: pd.Series) -> str:
    return "whole" if pd.api.types.is_integer_dtype(column) else "text"


_GIVEN_AWAY = "it would give a small number away"
_SMALLEST = 0.0005  # a share that would read 0.0% is not written
_STEPS = {"start": "In the file", "set aside": "Set aside", "keep": "Kept", "drop": "Left out"}


def _files(counts: CountTable) -> list[dict[str, Any]]:
    """Return a line for each file of a table; how many records are in all of them stands once."""
    files = counts.provenance.get("sources", [])
    rows = [_file(counts, source) for source in files]
    for row in rows if len(rows) > 1 else []:
        row["rows"] += f" in {len(rows)} files" if row is rows[0] else ""
        for key in ("rows", "aside", "checks", "accepted") if row is not rows[0] else ():
            row[key] = "with the first"
    return rows


def _file(counts: CountTable, source: dict[str, Any]) -> dict[str, Any]:
    about = counts.provenance
    checks = [c for c in about.get("checks", []) if c.get("outcome") != "nothing to test"]
    failed = sum(c.get("outcome") != "passed" for c in checks)
    said = f"{len(checks) - failed} of {len(checks)} passed" if checks else "does not apply"
    return {
        "title": about.get("title", ""),
        "file": source["file"],
        "first": about.get("first_date") or "not dated",
        "last": about.get("last_date") or "not dated",
        "rows": _whole(about, "rows_in"),
        "aside": _whole(about, "rows_set_aside"),
        "checks": said,
        "accepted": _accepted(about),
        "sha256": source.get("sha256", "")[:12],
    }


def _accepted(about: Mapping[str, Any]) -> str:
    """Return which version of the rules accepted the file, and when; the load only inside."""
    check = about.get("checked") or {}
    if not check.get("suite"):
        return "does not apply"
    load = f", load {check['load']}" if check.get("load") else ""
    return f"rules {check['suite']} on {check.get('on', '')}{load}"


def _found(counts: list[CountTable], *, fictional: bool) -> list[ipywidgets.Widget]:
    """Show the rules of the data checks that did not hold, and what was done to the rows."""
    about = {c.provenance.get("table", ""): c.provenance for c in counts}
    notes = list(dict.fromkeys(n for p in about.values() for n in p.get("notes", [])))
    broken = [
        {
            "title": p.get("title", ""),
            "says": rule.get("says", ""),
            "exceptions": _exceptions(rule),
            "then": _then(rule),
            "do": rule.get("do", ""),
        }
        for p in about.values()
        for rule in sorted(p.get("checks", []), key=lambda r: r.get("severity") == "warn")
        if rule.get("outcome") in ("failed", "could not run")
    ]
    shown: list[ipywidgets.Widget] = [note("\n\n".join(notes))] if notes else []
    if broken:
        columns = {
            "title": ("Table", "text"),
            "says": ("What was checked", "text"),
            "exceptions": ("Exceptions", "text"),
            "then": ("What happens with them", "text"),
            "do": ("What to look at", "text"),
        }
        if len({row["title"] for row in broken}) == 1:
            del columns["title"]
        shown.append(
            table(
                pd.DataFrame(broken),
                caption="What the data checks found",
                columns=columns,
                filename="data-checks",
                summary="The rules that did not hold in every row. No other rule was broken.",
                fictional=fictional,
            )
        )
    return shown


def _exceptions(rule: dict[str, Any]) -> str:
    bad, tested, unit = rule.get("bad"), rule.get("tested"), rule.get("unit") or "rows"
    if rule.get("outcome") == "could not run":
        return "could not be tested"
    if "hidden" in rule:
        return rule["hidden"] if bad is None else f"{bad:,} {unit[:-1] if bad == 1 else unit}"
    if bad is None or tested is None:
        return "could not be tested"
    share = rule.get("share")
    said = f" ({share:.1%})" if share and unit == "rows" and share >= _SMALLEST else ""
    return f"{bad:,} of {tested:,} {unit[:-1] if tested == 1 else unit}{said}"


def _then(rule: dict[str, Any]) -> str:
    if rule.get("outcome") == "could not run":
        return "Nothing is set aside"
    if rule.get("severity") == "set the row aside":
        return "Set aside: in no figure"
    return "Kept and counted" if rule.get("unit", "rows") == "rows" else "Nothing is set aside"


def _whole(about: Mapping[str, Any], key: str) -> str:
    number = about.get(key)
    if number is not None and not pd.isna(number):
        return f"{number:,}"
    hidden = (about.get("hidden") or {}).get("rows")
    return hidden if hidden and key in about else "does not apply"


def _made(counts: list[CountTable]) -> str:
    about = counts[0].provenance
    text = f"{about.get('agency', '')}. Counted on {about.get('made', '')}"
    text += f" with equity {about.get('equity_version', '')}."
    engines = dict.fromkeys((c.provenance.get("checked") or {}).get("by", "") for c in counts)
    judges = ", ".join(engine for engine in engines if engine)
    text += f" The data checks were run by {judges}." if judges else ""
    if about.get("fictional"):
        text += " All of it is fictional: no such place, department or person exists."
    return text
