"""What may be published of who is counted, of the files and of the data checks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from equity.disclosure._body import Disclosed

__all__ = ["publishable"]

_KEPT = (
    "agency", "place", "fictional", "timezone", "contact", "made", "equity_version", "table",
    "title", "source", "case", "first_date", "last_date", "scheme", "labels", "stages",
    "resolution", "area", "benchmarks",
)  # fmt: skip
"""What a count file says of itself that tells nothing about single people. What is not named here
or dealt with below is not published: a new key is looked at before it leaves the house."""
_TOTALS = "records of the file stand for them"
_ASIDE = re.compile(r", [\d,]+ more failed a data check and were set aside")
_RECORDS = re.compile(r"; [\d,]+ records of the file stand for them")
_STAND_FOR = re.compile(r"^[\d,]+ rows of the file stand for [\d,]+ ")


def publishable(
    provenance: Mapping[str, Any],
    ledger: pd.DataFrame,
    *,
    minimum: int,
    people: bool = True,
    elsewhere: Collection[int] = (),
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the provenance and the ledger of a count table as they may be published.

    How many records were left out, and why, without telling about fewer than `minimum` people.

    Parameters
    ----------
    provenance, ledger : of a count table.
    minimum : numbers of fewer people are hidden.
    people : False: the records were declared public; only examples and paths are taken away.
    elsewhere : numbers of records that are published in other places (totals of other count
        files). A number of the ledger that is one of these counts as known, even if hidden.

    Returns
    -------
    tuple of dict and DataFrame
        The ledger has nullable whole numbers, missing where hidden. A number left out of 1 to
        ``minimum - 1`` is hidden, and every number of records above it. So that such a number
        does not follow from totals published elsewhere either, the least of the larger numbers
        left out is hidden with it, where there is one. The provenance says under `hidden` what
        stands for a hidden number. Of the data checks the outcome is kept, and how many
        exceptions there are only where no rule has any, or where a single rule set aside all
        `rows_set_aside`, of which there are enough.

    Raises
    ------
    ValueError
        If `minimum` is less than 2.
    Disclosed
        If numbers published elsewhere give a small number of the ledger away whatever is hidden.

    Notes
    -----
    It does not know what the larger numbers left out are numbers of: a step such as "on foot"
    is also a count by a column, and is to be protected as such where that count is hidden. Dates
    of the first and the last record are kept.

    Examples
    --------
    >>> steps = pd.DataFrame({"step": ["start", "set aside"], "because": ["all", "failed"],
    ...                       "rows": [503, 500], "left_out": [0, 3]})
    >>> about, protected = publishable({}, steps, minimum=10)
    >>> protected[["rows", "left_out"]].astype(object).values.tolist()
    [[<NA>, 0], [500, <NA>]]
    """
    if minimum < 2:
        raise ValueError(f"minimum={minimum!r} must be 2 or more: below it nothing is hidden.")
    if not people:
        return _without_examples(provenance), ledger.copy()
    shut = _shut(ledger, minimum, {int(n) for n in elsewhere})
    rows, left = shut.pop("rows"), shut.pop("left")
    out = ledger.assign(
        because=[_because(b, minimum) for b in ledger["because"]],
        rows=ledger["rows"].astype("Int64").mask(rows),
        left_out=ledger["left_out"].astype("Int64").mask(left),
    )
    kept = {k: provenance[k] for k in _KEPT if k in provenance} | _checked(provenance)
    totals = any(_TOTALS in str(b) for b in ledger["because"])
    about = kept | _files(provenance, minimum, hide=bool(rows[:1].any()), totals=totals)
    if (left & (ledger["step"] == "set aside")).any():
        about["rows_set_aside"] = None
    # a single one is small; of several nobody is told which are
    about["hidden"] = {
        "minimum": minimum,
        "left_out": f"fewer than {minimum}" if left.sum() == 1 and not shut["few"] else "hidden",
        "rows": "hidden",
        "why": f"Hidden: fewer than {minimum} records, or it would give such a number away.",
    }
    return about, out


def _shut(ledger: pd.DataFrame, minimum: int, elsewhere: set[int]) -> dict[str, Any]:
    """Return which numbers are hidden: `rows` and `left`; `few` where few records are all."""
    rows = ledger["rows"].to_numpy(dtype="int64")
    left = ledger["left_out"].to_numpy(dtype="int64")
    steps = ledger["step"].tolist()
    small = (left > 0) & (left < minimum)
    hidden = small.copy()
    gone = (rows > 0) & (rows < minimum)
    if gone.any():  # few records are left, or there were few: nothing but the words
        return {"rows": rows > 0, "left": left > 0, "few": True}
    if not small.any():
        return {"rows": gone, "left": hidden, "few": False}
    last = len(rows) - 1
    # the first lines are those of every count file of the table, with the same numbers hidden
    first = 1 if len(steps) > 1 and steps[1] == "set aside" else 0
    known = {i for i in range(len(rows)) if int(rows[i]) in elsewhere and rows[i] > 0}
    for start, end, must in _stretches(known, first, last):
        inside = list(range(start + 1, end + 1))
        if not small[inside].any():
            continue
        others = sorted((i for i in inside if not hidden[i] and left[i]), key=lambda i: left[i])
        while others and not _free(left[inside][hidden[inside]], minimum):
            hidden[others.pop(0)] = True
        if must and not _free(left[inside][hidden[inside]], minimum):
            raise Disclosed(
                "The number of records left out is small at a step that begins and ends with "
                "numbers published elsewhere: it is the difference between them. Join the step "
                "with another in the agency file, or leave the section out."
            )
    shown = rows < 0
    shown[int(hidden.nonzero()[0].max()) :] = True  # all above could be added up to a hidden one
    return {"rows": ~shown, "left": hidden, "few": False}


def _stretches(known: set[int], first: int, last: int) -> list[tuple[int, int, bool]]:
    """Return the stretches of steps of which the sum left out can be known, and which are."""
    ends = sorted(known | {last})
    told = [(a, b, True) for a, b in zip(ends, ends[1:], strict=False)]
    if first < ends[0]:
        told.insert(0, (first, ends[0], False))
    return told


def _free(hidden: Any, minimum: int) -> bool:
    """Return whether each of these, of known sum, can be 1 to ``minimum - 1``, and is none."""
    return len(hidden) > 1 and int(hidden.sum()) - (len(hidden) - 1) >= minimum - 1


def _because(words: Any, minimum: int) -> Any:
    if _TOTALS not in str(words):
        return words
    said = _ASIDE.sub(", more failed a data check and were set aside", str(words))
    return _RECORDS.sub("; records of the file stand for them", said)


def _files(about: Mapping[str, Any], minimum: int, *, hide: bool, totals: bool) -> dict[str, Any]:
    """Return what is said of the files and the data checks, without numbers of few records."""
    rows_in, aside = about.get("rows_in"), about.get("rows_set_aside")
    few = aside is not None and 0 < aside < minimum
    short = rows_in is not None and 0 < rows_in < minimum
    closed = few or short or hide
    totals = totals or any(_STAND_FOR.match(str(n)) for n in about.get("notes", []))
    checks = list(about.get("checks", []))
    found: dict[str, Any] = {}
    if "rows_in" in about:
        found["rows_in"] = None if closed else rows_in
    if "rows_set_aside" in about:
        found["rows_set_aside"] = None if few or short else aside
        found["any_set_aside"] = bool(aside)
    if "sources" in about:
        found["sources"] = [_source(s, totals) for s in about["sources"]]
    if "notes" in about:
        found["notes"] = [_note(n) for n in about["notes"]]
    if "checks" in about:
        sets = [c for c in checks if c.get("severity") == "set the row aside" and c.get("bad")]
        alone = sets[0] if len(sets) == 1 and not (few or short) else None
        told = alone is not None and alone.get("bad") == aside
        found["checks"] = [_check(c, found.get("rows_in"), told and c is alone) for c in checks]
    if "measure" in about:  # its hash is a digest of the counts: whoever guesses them could check
        keep = ("name", "computed", "numbered")
        found["measure"] = {k: about["measure"][k] for k in keep if k in about["measure"]}
    return found


def _checked(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return by which version of the rules the file was accepted, and when.

    The name of the load stays in the house: it is made of a digest of the records.
    """
    check = about.get("checked")
    return {"checked": {k: check[k] for k in ("on", "suite", "by") if k in check}} if check else {}


def _check(rule: Mapping[str, Any], rows_in: int | None, told: bool) -> dict[str, Any]:
    """Return a rule without examples, and without numbers of rows from which few would follow.

    Rules overlap and build on each other, so that differences between their numbers are numbers
    of rows too: those of a rule about rows are kept where nothing can be taken from another.
    """
    out = _plain(rule)
    if rule.get("unit", "rows") not in ("rows", None):
        return out
    tested = rule.get("tested")
    out["tested"] = tested if tested == 0 or (tested == rows_in and tested is not None) else None
    out["bad"] = rule.get("bad") if told or not rule.get("bad") else None
    out["share"] = rule.get("share") if (told and out["tested"]) or not rule.get("bad") else None
    if out["tested"] is None or out["bad"] is None:
        out["hidden"] = "hidden"  # what stands for the number of exceptions
    return out


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule without what stands in the rows: no values, and not where they are."""
    return {**{k: v for k, v in rule.items() if k != "rows"}, "examples": []}


def _source(source: Mapping[str, Any], totals: bool) -> dict[str, Any]:
    """Return the name of a file and its fingerprint.

    A file of totals holds little but counts: whoever knows nearly all of them could try numbers
    until the fingerprint fits. It has none.
    """
    out: dict[str, Any] = {"file": _name(source.get("file", ""))}
    if "sha256" in source and not totals:
        out["sha256"] = source["sha256"]
    return out


def _note(words: str) -> str:
    return _STAND_FOR.sub("Rows of the file stand for several ", words)


def _name(file: Any) -> str:
    return re.split(r"[\\/]", str(file))[-1]


def _without_examples(provenance: Mapping[str, Any]) -> dict[str, Any]:
    about = {**provenance, **_checked(provenance)}
    if "checks" in about:
        about["checks"] = [_plain(c) for c in about["checks"]]
    if "sources" in about:
        about["sources"] = [{**s, "file": _name(s.get("file", ""))} for s in about["sources"]]
    return about
