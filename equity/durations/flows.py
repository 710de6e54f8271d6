"""Who joined and who left between two snapshots of a roster."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from equity.cohorts import Cohort
from equity.durations import _engine, _snapshots
from equity.durations._snapshots import PERSON, WHEN

__all__ = ["add_flows"]

_ROW, _KEY = "_durations_row", "_durations_key"
NAMES = ("joined", "left")


def add_flows(rows: Any) -> Any:
    """Add to each person of each snapshot whether they joined since the last, left by the next.

    Who came and who went between two rosters?

    Parameters
    ----------
    rows : Cohort or frame
        A pandas, Polars (eager or lazy), DuckDB or Spark frame of the workforce table, or a Cohort
        of one, with `date` or `year` of the snapshot and `person_id`, the same in every snapshot.

    Returns
    -------
    Cohort or frame
        What was given (lazy frames stay lazy, a Cohort keeps its steps) with two nullable flags:

        - `joined` : the person was not in the snapshot before; missing in the first snapshot.
        - `left` : the person is not in the next snapshot; missing in the last.

    Raises
    ------
    ValueError
        There is neither `date` nor `year`.
    TypeError
        `date` is text, or the frame is of another engine.

    Notes
    -----
    Both are missing where a row has no `person_id` or no date (and in all rows where there is no
    such column: without a key nobody can be followed). Snapshots go by `date`, or by `year` where
    a row has no date. A person who is gone and comes back left once and joined twice. The same
    person twice in a snapshot gets the same flags in both rows. In a snapshot that copies the one
    before (500 people or more, and not one of them or of their columns differs), `joined` is
    missing, and so is `left` in the one that it copies: an export of the same day under a later
    name would else say that nobody came or went. Of a Cohort, all rows are compared, also those
    that a step leaves out: moving to a post that is left out is not leaving, and coming from one
    is not joining. Of a part of the workforce (`sworn`), `n(t+1) = n(t) - left + joined + moved`,
    and :func:`equity.parity_projection` counts those who moved.

    It cannot show who came and went between two snapshots, when exactly, or why
    (:func:`service_spells` takes a table of exits for that). A person whose key changes appears
    as one who left and one who joined. Source: the components method of workforce flows,
    Bartholomew, Forbes and McClean, Statistical Techniques for Manpower Planning (1991),
    chapter 1.

    Examples
    --------
    >>> import pandas as pd
    >>> years = [2020, 2020, 2021, 2021]
    >>> people = pd.DataFrame({"person_id": ["a", "b", "b", "c"], "year": years})
    >>> print(add_flows(people).to_string(index=False))
    person_id  year  joined  left
            a  2020    <NA>  True
            b  2020    <NA> False
            b  2021   False  <NA>
            c  2021    True  <NA>
    """
    if isinstance(rows, Cohort):
        return rows.map_rows(_add)
    added = _add(Cohort(rows).frame)
    native = added.to_native()
    if added.implementation.is_pandas():  # the other columns as they came, object types too
        native = nw.to_native(rows, pass_through=True).assign(**{n: native[n] for n in NAMES})
    wrapped = isinstance(rows, nw.DataFrame | nw.LazyFrame)
    return nw.from_native(native) if wrapped else native


def _add(frame: Any) -> Any:
    schema = frame.collect_schema()
    if "date" not in schema and "year" not in schema:
        raise ValueError(
            "Snapshots are told apart by 'date' or 'year', and these rows have neither. They "
            f"have: {', '.join(schema.names())}."
        )
    if "person_id" not in schema:
        nothing = nw.lit(None, dtype=nw.Boolean)
        if frame.implementation.is_pandas():
            native = frame.to_native()
            import pandas as pd

            empty = pd.Series(pd.NA, index=native.index, dtype="boolean")
            return nw.from_native(native.assign(joined=empty, left=empty))
        return frame.with_columns(joined=nothing, left=nothing)
    if frame.implementation.is_pandas():
        return _pandas(frame.to_native())
    kept = [c for c in schema.names() if c not in NAMES]
    eager = isinstance(frame, nw.DataFrame)
    lazy = frame.lazy()
    ordered = frame.implementation.is_polars()
    if ordered:  # a join need not keep the order of rows
        lazy = nw.from_native(lazy.to_native().with_row_index(_ROW))
    made = _flags(lazy)
    made = (made.sort(_ROW) if ordered else made).select(*kept, *NAMES)
    return made.collect() if eager else made


def _pandas(native: Any) -> Any:
    columns = [c for c in native.columns if c not in NAMES]
    numbered = native[columns].reset_index(drop=True).assign(**{_ROW: range(len(native))})
    lazy, back = _engine.lazily(numbered)
    flags = back(_flags(lazy).select(_ROW, *NAMES).sort(_ROW)).set_index(native.index)
    return nw.from_native(native.assign(**{name: flags[name] for name in NAMES}))


def _flags(frame: Any) -> Any:
    frame = _snapshots.seen(frame)
    snapshots = _snapshots.find(frame)
    dates, copies = snapshots.dates, snapshots.copies
    pairs = list(zip(dates, dates[1:], strict=False))
    before = {later: earlier for earlier, later in pairs if later not in copies}
    after = {earlier: later for earlier, later in pairs if later not in copies}
    people = frame.filter(~nw.col(PERSON).is_null() & ~nw.col(WHEN).is_null())
    people = people.group_by(PERSON, WHEN).agg(nw.len().cast(nw.Int64).alias("_durations_n"))
    for name, other in (("joined", before), ("left", after)):
        there = people.select(
            nw.col(PERSON), nw.col(WHEN).alias(_KEY), nw.col("_durations_n").alias(f"_in_{name}")
        )
        frame = frame.with_columns(_snapshots.look_up(WHEN, other).alias(_KEY))
        frame = frame.join(there, on=[PERSON, _KEY], how="left")
        known = ~nw.col(PERSON).is_null() & ~nw.col(_KEY).is_null()
        flag = nw.when(known).then(nw.col(f"_in_{name}").is_null())
        frame = frame.with_columns(flag.alias(name)).drop(_KEY, f"_in_{name}")
    return frame
