"""Applicants and how far each came: any CSV, Parquet or Excel export, by a mapping of its columns.

Source : the agency's own export; labels of race as in `equity.groups.HR_RACE_LABELS`.
Checked : on made-up files only (tests/spec/test_sources_people.py); no real file with one row per
    applicant was at hand, the Los Angeles file has totals only.
Gaps : one row per application; a file with one row per applicant and step has to be put beside
    each other first. Whether later stages imply earlier ones is for the data checks to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from equity.sources import _columns, _dispositions, _files, _people, _snapshots, _text, _unmapped
from equity.sources.roster import table_of
from equity.tables import APPLICANTS, PROMOTIONS

__all__ = ["read", "standardize"]

WORDS: dict[str, bool] = _text.YES_NO | {
    **dict.fromkeys(("pass", "passed", "hired", "selected", "offered", "qualified"), True),
    **dict.fromkeys(("fail", "failed", "rejected", "not selected", "not qualified"), False),
}
"""Words that are understood where a stage is given by its column alone."""
PENDING = ("pending", "in process", "in progress", "open", "active", "waiting", "scheduled")
"""Words for an outcome that is not known yet: who has one of them is still waiting."""


def read(
    path: str | Path | Sequence[str | Path],
    *,
    columns: _people.Headers,
    stages: Mapping[str, Any],
    disposition: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    table: str = "applicants",
    header_row: int | list[int] = 1,
    sheet: str | list[str] | None = None,
    encoding: str | None = None,
) -> Any:
    """Read applicants (CSV, Parquet or .xlsx), or several files alike, as a DuckDB relation.

    Who applied, and how far did each come? One row per application. `header_row` is the row with
    the column names, `sheet` the sheet of a workbook, `encoding` that of a CSV file (found out if
    not given); for all else see `standardize`.
    """
    return standardize(
        _files.scan(path, header_row=header_row, sheet=sheet, encoding=encoding),
        columns=columns,
        stages=stages,
        disposition=disposition,
        values=values,
        scheme=scheme,
        year=year,
        table=table,
    )


def standardize(
    frame: Any,
    *,
    columns: _people.Headers,
    stages: Mapping[str, Any],
    disposition: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scheme: str = "us1997",
    year: int | None = None,
    table: str = "applicants",
) -> Any:
    """Bring applicants of any engine into the applicants table, in that engine.

    Parameters
    ----------
    frame : pandas, Polars, DuckDB or Spark frame, one row per application.
    columns : our column -> column of the file, apart from case and spaces, or a list of what it
        is called in one file or another; `race` is needed.
    stages : stage -> its column, in the order of the stages. A column alone is read by its
        contents: yes/no words, or dates, of which one means that the stage was reached. Other
        words are named: {"column": "Status", "reached": ["Hired"], "not": ["Rejected"],
        "unknown": ["Withdrew"]}, with "not": "*" for all others ("not_reached" is the same key).
        Where more than half of the values are dates, a date always means reached, and only the
        words need be named; "N/A" there says that the outcome is not known. An "unknown" word
        says so too: it is read like a blank in a column of words, and its `raw_<stage>` is empty.
        {"date": "Test Date"} names the column with the date of the stage, if that is another.
    disposition : {"column": "Disposition Code", "passed": [codes of those who passed every
        stage], "failed": {code: the stage not passed}, "withdrew": {code: the stage at which
        they withdrew}, "pending": {code: the stage that is still open}}. A stage may then be {}.
        Its own column, where it says something, comes first. Codes may have lost zeros in front.
    values, scheme, year : as in `equity.sources.roster.standardize`.
    table : "applicants", or "promotions" for candidates for promotion.

    Returns
    -------
    frame of the same engine
        One flag per stage, its text in `raw_<stage>`, and `<stage>_date` where the file tells it.
        Where words or codes say of anybody that the outcome is not known, the flag `still_open`:
        True of who is still in the running ("Pending", a code of `pending`), False of who withdrew
        or has another "unknown" word, missing of all others. `equity.stage_waits` goes by it.
        A blank says nothing by itself: if a later stage was reached it is True; else if the stage
        before was not reached it is False; else it is False in a column of dates and missing in a
        column of words. What is written is never overruled, also where it contradicts another
        stage.

    Raises
    ------
    ValueError
        If a column is not there, or a label of race, sex or a stage is not known.

    What it cannot show: who did not apply, and why someone withdrew.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"Race": ["White", "Black"], "Test": ["Yes", "No"],
    ...                        "Start": ["2020-05-01", ""]})
    >>> standardize(people, columns={"race": "Race"}, stages={"tested": "Test", "hired": "Start"}
    ...             )[["race", "tested", "hired"]].values.tolist()
    [['white', True, True], ['black', False, False]]
    """
    specs = _specs(stages, columns, disposition)
    constants = _snapshots.constants_of(columns, year)
    own = {f"raw_{stage}": spec["column"] for stage, spec in specs.items() if "column" in spec}
    dates = {
        f"{stage}_date": spec["date"] if "date" in spec else spec["column"]
        for stage, spec in specs.items()
        if ("date" in spec or "column" in spec) and f"{stage}_date" not in columns
    }
    extra = own | ({_CODE: disposition["column"]} if disposition else {})
    rows = _people.people(
        frame,
        table_of(table, APPLICANTS, PROMOTIONS),
        columns={**columns, **dates},
        values=values,
        scheme=scheme,
        constants=constants,
        extra=extra,
    )
    contents = _columns.distinct(
        rows.select(
            *(
                nw.when(_text.is_date(nw.col(raw)))
                .then(nw.lit(_DATE))
                .otherwise(nw.col(raw))
                .alias(raw)
                for raw in extra
            )
        ),
        list(extra),
    )
    rows = _snapshots.with_year(rows)
    dated: dict[str, bool] = {}
    codes = contents.pop(_CODE, [])
    flags = _dispositions.flags_of(disposition, list(specs), codes, _CODE)
    going = _dispositions.still_open(disposition, list(specs), codes, _CODE)
    ended = []
    written = []
    for stage, spec in specs.items():
        seen = contents.get(f"raw_{stage}", [])
        spec["unknown"] = [*spec.get("unknown", []), *filter(_people.cites_a_law, seen)]
        gone = [w for w in _words(spec["unknown"]) if w not in PENDING]
        named = _words([*spec.get("reached", []), *spec.get("not", [])])
        spec["unknown"] += [w for w in _text.NOT_KNOWN if w.lower() not in named]
        open_words = _words(spec["unknown"])
        if any(v.lower() in gone for v in seen):
            ended.append(_text.is_one_of(_columns.lower(f"raw_{stage}"), gone).fill_null(False))
        seen = [v for v in seen if v.lower() not in open_words]
        alone = seen == [_DATE] and "reached" not in spec
        dated[stage] = alone or (_DATE in seen and _mostly_dates(rows, f"raw_{stage}", open_words))
        if "column" in spec:
            said = _written(stage, spec, seen, dated[stage], rows)
            written.append(nw.coalesce(said, flags[stage]) if flags else said)
        else:
            written.append(flags[stage])
    if ended or going is not None:
        over = [nw.when(gone).then(~gone) for gone in ended]
        rows = rows.with_columns(
            nw.coalesce(*over, *([] if going is None else [going])).alias(OPEN)
        )
    rows = rows.with_columns(
        *(flag.alias(stage) for stage, flag in zip(specs, written, strict=True))
    )
    rows = _fill(rows, list(specs), {s: dated[s] and not flags for s in specs})
    told = []
    for stage, spec in specs.items():  # a word that was explained is not one that cannot be read
        raw = f"raw_{stage}"
        if raw in own and spec["unknown"]:
            explained = _text.is_one_of(_columns.lower(raw), _words(spec["unknown"]))
            told.append(nw.when(~explained).then(nw.col(raw)).alias(raw))
    rows = rows.with_columns(*told) if told else rows
    kept = {f"{s}_date" for s, spec in specs.items() if dated[s] or "date" in spec}
    out = set(dates) - kept
    out |= {_CODE} | {f"raw_{c}" for c in out}
    names = [c for c in rows.collect_schema().names() if c not in out]
    plain = [c for c in names if not c.startswith("raw_") and c not in specs and c not in kept]
    staged = [c for s in specs for c in (s, f"{s}_date") if c in names and c not in plain]
    raw = [c for c in names if c.startswith("raw_")]
    return _text.finish(rows.select(*plain, *staged, *raw))


OPEN = "still_open"
_CODE = "disposition code"
_DATE = "(a date)"


def _specs(
    stages: Mapping[str, Any], columns: Mapping[str, Any], disposition: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    if not isinstance(stages, Mapping) or not stages:
        raise ValueError(
            'stages must name the stages in their order, such as {"tested": "Test", "hired": '
            '"Hire date"}.'
        )
    specs: dict[str, dict[str, Any]] = {}
    for stage, given in stages.items():
        spec = dict(given) if isinstance(given, Mapping) else {"column": given}
        if "not_reached" in spec:
            spec["not"] = spec.pop("not_reached")
        if spec.get("not") == ["*"]:
            spec["not"] = "*"
        if "date" in spec and "reached" not in spec and not disposition:
            spec.setdefault("column", spec["date"])
        wrong = set(spec) - {"column", "date", "reached", "not", "unknown"}
        if (
            wrong
            or not (_is_header(spec.get("column")) or ("column" not in spec and disposition))
            or not _is_header(spec.get("date", "-"))
        ):
            raise ValueError(
                f"Stage {stage!r} must be the name of a column, or say 'column', 'reached' and "
                f"'not_reached'; it says {', '.join(map(repr, spec))}."
            )
        if stage in APPLICANTS.names or stage in columns or stage == OPEN:
            raise ValueError(f"Stage {stage!r} has the name of a column. Call it otherwise.")
        for key in ("reached", "not", "unknown"):
            words = spec.get(key, [])
            if (key, words) == ("not", "*"):
                continue
            if isinstance(words, str):
                raise ValueError(f"{key!r} of stage {stage!r} must be a list of values.")
            if "*" in words:
                raise ValueError(
                    f"{key!r} of stage {stage!r} holds '*' in a list of words. Only not_reached "
                    'can be "*", alone: every word that is not named otherwise.'
                )
        specs[str(stage)] = spec
    return specs


def _mostly_dates(rows: Any, raw: str, unknown: Sequence[str]) -> bool:
    """Return whether of the values that say something more than half are dates."""
    open_words = [*unknown, *_words(_text.NOT_KNOWN)]
    text = nw.when(~_text.is_one_of(_columns.lower(raw), open_words)).then(nw.col(raw))
    dates = nw.when(_text.is_date(text)).then(text).count().alias("dates")
    found = rows.select(dates, text.count().alias("all"))
    found = found.collect() if isinstance(found, nw.LazyFrame) else found
    return 2 * int(found["dates"][0]) > int(found["all"][0])


def _written(
    stage: str, spec: Mapping[str, Any], seen: Sequence[str], dated: bool, rows: Any
) -> nw.Expr:
    """Return the flag that the cell itself says, missing where it says nothing."""
    text = _columns.lower(f"raw_{stage}")
    neither = _words(spec["unknown"])
    said = nw.when(~_text.is_one_of(text, neither))
    if dated and seen == [_DATE]:
        return said.then(~text.is_null())
    if "not" in spec and "reached" not in spec and not dated:
        raise ValueError(
            f"Stage {stage!r} says which words of the column {spec['column']!r} mean not reached. "
            'Say too which mean reached: in equity.toml reached = ["Hired"].'
        )
    no = [] if spec.get("not") == "*" else _words(spec.get("not", []))
    if "reached" in spec:
        yes = _words(spec["reached"])
    else:
        named = {*neither, *no}
        yes = [word for word, value in WORDS.items() if value and word not in named]
        no += [word for word, value in WORDS.items() if not value and word not in named]
    for one, other, words in (
        (yes, no, "as reached and as not"),
        ([*yes, *no], neither, "as reached or as not, and as unknown"),
    ):
        if both := sorted(set(one) & set(other)):
            raise ValueError(
                f"Stage {stage!r} names {', '.join(map(repr, both))} {words}. Keep one."
            )
    reached = _text.is_one_of(text, yes)
    if dated:
        reached = reached | _text.is_date(text)
    if spec.get("not") == "*":
        return said.then(reached)
    strange = [v for v in seen if v.lower() not in {*yes, *no} and not (dated and v == _DATE)]
    if strange:
        raise ValueError(_strange(stage, spec["column"], strange, dated, rows))
    return nw.when(_text.is_one_of(text, no) | reached).then(reached)


def _strange(stage: str, column: Any, strange: Sequence[str], dated: bool, rows: Any) -> str:
    """Say which values of a stage are not understood, and what to do about them."""
    raw, serial = f"raw_{stage}", re.compile(r"[0-9]{5}(?:[.][0-9]+)?")
    days = [v for v in strange if serial.fullmatch(v)]
    if days and (dated or len(days) == len(strange)):
        return (
            f"Column {column!r} for stage {stage!r} holds numbers of five digits"
            f"{_unmapped.rows_of(rows, raw, days)}. So Excel stores a date in a cell that is not "
            "formatted as one: format the cells as Date."
        )
    told, kept = _unmapped.split(v for v in strange if v != _DATE)
    shown = _unmapped.quoted(told, kept, _unmapped.rows_of(rows, raw, kept))
    if _DATE in strange:
        shown += " and dates, which are at most half of its values" if shown else "dates"
    return (
        f"Column {column!r} for stage {stage!r} holds values of which it is not known whether "
        f"they mean reached: {shown}. Name {'the words' if dated else 'them'} at the stage in "
        'equity.toml: reached = ["Hired"] and not_reached = ["Rejected"], or not_reached = "*" '
        'for all other words, or unknown = ["Withdrew"] where the outcome is not known.'
        + (" A date always means reached." if dated else "")
    )


def _is_header(given: Any) -> bool:
    several = isinstance(given, list) and given and all(isinstance(h, str) for h in given)
    return isinstance(given, str) or bool(several)


def _words(given: Sequence[str]) -> list[str]:
    return [str(word).strip().lower() for word in given]


def _fill(rows: Any, stages: Sequence[str], dated: Mapping[str, bool]) -> Any:
    """Fill blanks from the stages after and before, see `standardize`."""
    for stage, later in reversed(list(zip(stages, stages[1:], strict=False))):
        # Backward first: `later` already knows of all stages after it.
        known = nw.col(stage)
        reached = known.is_null() & nw.col(later)
        rows = rows.with_columns(nw.when(reached).then(reached).otherwise(known).alias(stage))
    before = None
    for stage in stages:
        known = nw.col(stage)
        blank = nw.col(f"raw_{stage}").is_null()
        if dated[stage]:
            missed = known.is_null() & (blank if before is None else blank | ~nw.col(before))
        elif before is not None:
            missed = known.is_null() & ~nw.col(before)
        else:
            missed = None
        if missed is not None:
            rows = rows.with_columns(nw.when(missed).then(~missed).otherwise(known).alias(stage))
        before = stage
    return rows
