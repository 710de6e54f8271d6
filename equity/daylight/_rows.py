"""Daylight of rows: the sun table of the dates and places that occur, joined in their engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

from equity.cohorts import Cohort
from equity.daylight import _codes
from equity.daylight._evenings import COLUMNS, DAY, DAY_KEY, NEVER, PLACE_KEY, sun_table
from equity.daylight._places import one_place, several_places

__all__ = ["add_daylight"]

NAMES = {
    "daylight": "str",
    "is_dark": "boolean",
    "minutes_since_dusk": "Int64",
    "days_from_change": "Int64",
}
"""The columns that are added, and their types on pandas, where missing is not False or 0."""

_SECOND = "_daylight_second"


def add_daylight(
    rows: Any, *, latitude: Any, longitude: Any, timezone: Any, place: str | None = None
) -> Any:
    """Add to each row whether it was dark, light or twilight, by its date, clock time and place.

    Which stops were made in the dark, and which at the same time of the clock in daylight?

    Parameters
    ----------
    rows : Cohort or frame
        A pandas, Polars (eager or lazy), DuckDB or Spark frame, or a Cohort of one, with `date`
        and `second_of_day` (seconds after midnight) **by the local clock**. Files that record
        universal time (UTC) are converted by their adapters (`equity.sources`), not here: the
        date changes with the time.
    latitude, longitude : degrees, south and west negative: one number, or with `place` a mapping
        from place to number.
    timezone : name of the zone in the time-zone database, such as "America/New_York"; one, or
        with `place` a mapping.
    place : column that says where a row belongs, such as "department". A place for which a
        mapping holds None is not known.

    Returns
    -------
    Cohort or frame
        What was given (lazy frames stay lazy, a Cohort keeps its steps and its ledger), with

        - `daylight` : "dark", "light", "twilight", "outside the window" or "no sunset"; missing
          where date, time or place is not known;
        - `is_dark` : True for dark, False for light, else missing;
        - `minutes_since_dusk` : whole minutes in steps of 5, rounded down, negative before dusk;
          for dark, light and twilight, on evenings that have a dusk;
        - `days_from_change` : days since (negative: until) the nearest change of the clocks to or
          from daylight saving; missing beyond 30 days, and where clocks do not change.

    Raises
    ------
    ValueError
        A column that is not there, a place that is not on the globe or not in a mapping, no time
        zone or an unknown one, or a zone in which noon is hours away from the highest sun (a
        longitude without its minus sign, or times in UTC).
    TypeError
        Dates or times that are text or have a time zone; a mapping without `place`.

    Notes
    -----
    The rules, to the second (sunset and dusk are rounded up to a whole second):

    - The **window** of a place and calendar year runs from its earliest to its latest dusk over
      all days of that year, both included. A clock time that is not in it is "outside the
      window", because at that time it is never dark, or always. So what a row gets depends on its
      own date, time and place, not on which other rows there are.
    - In the window, from dusk on (the sun's centre at -6 degrees) it is **dark**; before sunset
      (-0.833 degrees) **light**; from sunset until dusk **twilight**. The second of sunset is
      twilight and the second of dusk is dark.
    - Where the sun does not set that day (or does not rise) and it is not after dusk:
      **no sunset**. In white nights, with a sunset but no dusk, twilight lasts to the end of the
      window.
    - In the far north dusk may come after midnight. A time after midnight that is still in the
      window belongs to the evening before.

    `date` may hold times of the day, which are ignored. A `second_of_day` outside 0 to 86,399 and
    a date outside 1800 to 2200 count as not known. Columns of these four names are replaced.

    One pass over `date` and `place` finds the pairs that occur; sunset and dusk are computed for
    these, handed to the frame's own engine and joined there. The rows themselves are not
    collected. pandas and Polars frames keep the order of rows.

    It cannot show whether an officer saw who drove: street lamps, headlights and tinted windows
    are not in it. Source: Grogger and Ridgeway, Journal of the American Statistical Association
    101 (2006), 878-887, section 3; the sun times are those of :func:`sun_times`.

    Examples
    --------
    >>> stops = pd.DataFrame({
    ...     "date": pd.to_datetime(["2017-06-27", "2017-12-07", "2017-04-01", None]),
    ...     "second_of_day": [64_800, 64_800, 70_800, 64_800],
    ... })
    >>> philadelphia = {"latitude": 39.95, "longitude": -75.17, "timezone": "America/New_York"}
    >>> rows = add_daylight(stops, **philadelphia)
    >>> print(rows[["daylight", "is_dark", "minutes_since_dusk"]].to_string())
       daylight  is_dark  minutes_since_dusk
    0     light    False                -190
    1      dark     True                  50
    2  twilight     <NA>                 -15
    3       NaN     <NA>                <NA>
    """
    if isinstance(rows, Cohort):
        adds = _Adds(latitude, longitude, timezone, place)
        adds.check(rows.frame)
        return rows.map_rows(adds)
    added = _add(Cohort(rows).frame, latitude, longitude, timezone, place)
    native = added.to_native()
    if added.implementation.is_pandas():  # the other columns as they came, object types too
        native = nw.to_native(rows, pass_through=True).drop(columns=list(NAMES), errors="ignore")
        native = native.assign(**{name: added.to_native()[name] for name in NAMES})
    wrapped = isinstance(rows, nw.DataFrame | nw.LazyFrame)
    return nw.from_native(native) if wrapped else native


@dataclass(frozen=True)
class _Adds:
    """Adds daylight to a frame, or looks it up in the pass over codes (`equity.counts`)."""

    latitude: Any
    longitude: Any
    timezone: Any
    place: str | None

    def __call__(self, frame: Any) -> Any:
        return _add(frame, self.latitude, self.longitude, self.timezone, self.place)

    def check(self, frame: Any) -> None:
        """Refuse what is wrong before any row is read."""
        _validate(frame, self.place)
        if self.place is None:
            self._locate([])

    def coded(self, column: Any, kinds: Any) -> dict[str, Any] | None:
        """Return the four columns as looked up by number, or None."""
        return _codes.columns(column, kinds, self.place, self._locate)

    def _locate(self, names: list[str]) -> Any:
        where = {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "timezone": self.timezone,
        }
        if self.place is None:
            return one_place(**where)
        return several_places(names, **where, column=self.place).values()


def _add(frame: Any, latitude: Any, longitude: Any, timezone: Any, place: str | None) -> Any:
    names = _validate(frame, place)
    where = {"latitude": latitude, "longitude": longitude, "timezone": timezone}
    scalar = one_place(**where) if place is None else None  # refuse before any row is read
    keyed = frame.with_columns(*_keys(frame.collect_schema(), place))
    on = [DAY_KEY, *([PLACE_KEY] if place else [])]
    pairs = _collect(keyed.select(*on).group_by(*on).agg(nw.len().alias("n")))[on]
    pairs = pairs[pairs[DAY_KEY] > 0]
    if place is None:
        sun = sun_table(pairs, {None: scalar})
    else:
        pairs = pairs[pairs[PLACE_KEY].notna()]
        there = sorted(pairs[PLACE_KEY].unique())
        sun = sun_table(pairs, several_places(there, **where, column=place))
    kept = [name for name in names if name not in NAMES]
    if frame.implementation.is_pandas():
        native, labels = frame.to_native(), _labelled(keyed.select(*on, _SECOND), sun, on, [])
        labels = labels.to_native().astype(NAMES)
        labels.index = native.index
        return nw.from_native(pd.concat([native[kept], labels], axis=1))
    return _labelled(keyed, sun, on, kept)


def _labelled(keyed: Any, sun: pd.DataFrame, on: list[str], kept: list[str]) -> Any:
    """Join the sun table; return the columns `kept` and the four new ones."""
    joined = nw.from_native(_join(keyed, sun, on))
    # a row without a partner gets NEVER, so that no comparison meets a null
    fills = [nw.col(c).fill_null(NEVER).cast(nw.Int64) for c in COLUMNS.values()]
    labels = [e.alias(name) for name, e in _labels().items()]
    return joined.with_columns(*fills).select(*kept, *labels)


def _validate(frame: Any, place: str | None) -> list[str]:
    schema = frame.collect_schema()
    for name in ("date", "second_of_day", *([place] if place is not None else [])):
        if name not in schema:
            role = f"place={name!r}" if name == place else repr(name)
            raise ValueError(
                f"{role} is needed for daylight, and these rows have no such column. They have: "
                f"{', '.join(schema.names())}."
            )
    date, second = schema["date"], schema["second_of_day"]
    if date == nw.Datetime and getattr(date, "time_zone", None) and not _is_spark(frame):
        raise TypeError(
            f"'date' has the time zone {getattr(date, 'time_zone', None)}. Daylight goes by the "
            "local clock: convert date and time to the place's zone first, then drop the zone."
        )
    if not (date == nw.Date or date == nw.Datetime):
        raise TypeError(
            f"'date' is {date}, not a date. Standardize the rows first (equity.sources), or "
            "convert the column to dates."
        )
    if not (second.is_integer() or second.is_float()):
        raise TypeError(
            f"'second_of_day' is {second}; it must be the seconds after midnight by the local "
            "clock (17:05 is 61500). Standardize the rows first (equity.sources)."
        )
    if place is not None and not _is_name(schema[place]):
        raise TypeError(
            f"place={place!r} is {schema[place]}; places are told apart by text or whole "
            "numbers. Convert the column to text."
        )
    return schema.names()


def _is_spark(frame: Any) -> bool:
    return frame.implementation.is_pyspark() or frame.implementation.is_pyspark_connect()


def _is_name(kind: Any) -> bool:
    return kind in (nw.String, nw.Categorical, nw.Enum) or kind.is_integer()


def _keys(schema: Any, place: str | None) -> list[nw.Expr]:
    """Return day (a number such as 20170627, 0 unknown), second (-1 unknown) and place as text.

    Numbers and text are the same on every engine; types of dates are not.
    """
    date, second = nw.col("date").dt, nw.col("second_of_day")
    # whole numbers of 64 bits before they are multiplied: Polars' months have 8
    number = date.year().fill_null(0).cast(nw.Int64) * 10_000
    number += date.month().fill_null(0).cast(nw.Int64) * 100
    number += date.day().fill_null(0).cast(nw.Int64)
    second = second.fill_null(-1)
    if schema["second_of_day"].is_float():  # NaN is outside, and would not cast
        second = nw.when((second >= 0) & (second < DAY)).then(second.floor()).otherwise(-1)
    keys = [
        number.alias(DAY_KEY),
        second.cast(nw.Int64).alias(_SECOND),
    ]
    if place is not None:
        name = nw.col(place)
        keys.append(
            (name if schema[place] == nw.String else name.cast(nw.String)).alias(PLACE_KEY)
        )
    return keys


def _collect(frame: Any) -> pd.DataFrame:
    table = frame.collect(backend="pyarrow") if isinstance(frame, nw.LazyFrame) else frame
    return table.to_arrow().to_pandas()


def _join(frame: Any, sun: pd.DataFrame, on: list[str]) -> Any:
    """Join the sun table to the rows in their own engine; return the engine's frame."""
    kind, native = frame.implementation, frame.to_native()
    if kind.is_pandas():
        return native.merge(
            sun.astype({PLACE_KEY: "str"}) if PLACE_KEY in on else sun, on=on, how="left"
        )
    types = [(c, pa.string() if c == PLACE_KEY else pa.int64()) for c in sun.columns]
    table = pa.Table.from_pandas(sun, schema=pa.schema(types), preserve_index=False)
    if kind.is_polars():
        import polars

        other: Any = polars.from_arrow(table)
        other = other.lazy() if isinstance(frame, nw.LazyFrame) else other
        return native.join(other, on=on, how="left", maintain_order="left")
    if kind.is_duckdb():
        other = _in_duckdb(native, table)
    elif _is_spark(frame):
        other = native.sparkSession.createDataFrame(table)
    else:
        raise TypeError(
            f"rows are a frame of {kind.name.lower()}; daylight can be added to pandas, Polars, "
            "DuckDB and Spark frames. Convert the rows to one of them."
        )
    return frame.join(nw.from_native(other), on=on, how="left").to_native()


def _in_duckdb(native: Any, _daylight_table: pa.Table) -> Any:
    """Return the table as a relation of the connection that `native` is of, whichever that is.

    A query of the relation itself runs there. A connection may be closed to Python's variables;
    then the values are written out.
    """
    import duckdb

    try:
        return native.query("_daylight_rows", "SELECT * FROM _daylight_table")
    except duckdb.CatalogException:
        columns = []
        for name, values in _daylight_table.to_pydict().items():
            kind = "VARCHAR" if name == PLACE_KEY else "BIGINT"
            literals = ("'" + str(v).replace("'", "''") + "'" for v in values)
            columns.append(f"unnest([{', '.join(literals)}]::{kind}[]) AS {name}")
        return native.query("_daylight_rows", f"SELECT {', '.join(columns)}")


def _labels() -> dict[str, nw.Expr]:
    """Return the four columns as expressions over seconds; none of their conditions is null."""
    sun = {name: nw.col(column) for name, column in COLUMNS.items()}
    second = nw.col(_SECOND)
    known = (sun["earliest"] < NEVER) & (second >= 0) & (second < DAY)
    after_midnight = second + DAY <= sun["latest"]  # belongs to the evening before

    def of_evening(name: str) -> nw.Expr:
        return nw.when(after_midnight).then(sun[f"{name}_before"]).otherwise(sun[name])

    clock = nw.when(after_midnight).then(second + DAY).otherwise(second)
    sunset, dusk = of_evening("sunset"), of_evening("dusk")
    outside = (clock < sun["earliest"]) | (clock > sun["latest"])
    dark = clock >= dusk
    light = (clock < sunset) & (sunset < NEVER)
    twilight = sunset < NEVER
    daylight = (  # without an otherwise, what is left is missing
        nw.when(known & outside)
        .then(nw.lit("outside the window"))
        .when(known & dark)
        .then(nw.lit("dark"))
        .when(known & light)
        .then(nw.lit("light"))
        .when(known & twilight)
        .then(nw.lit("twilight"))
        .when(known)
        .then(nw.lit("no sunset"))
    )
    shown = known & ~outside
    is_dark = nw.when(shown & (dark | light)).then(dark)
    ahead = 1200 * 300  # keeps the number positive: engines round negative quotients differently
    steps = (clock - dusk + ahead) // 300 * 5 - ahead // 60
    since = nw.when(shown & (dusk < NEVER) & (dark | twilight)).then(steps.cast(nw.Int64))
    change = nw.when(sun["change"] < NEVER).then(sun["change"])
    return {
        "daylight": daylight,
        "is_dark": is_dark,
        "minutes_since_dusk": since,
        "days_from_change": change,
    }
