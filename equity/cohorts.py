"""Which rows are in, which are left out, and why: the ledger that stands before every figure."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from equity.engine import Files, open_files

__all__ = ["Cohort", "col"]

col = nw.col
"""A column of the rows, for conditions: ``col("type") == "vehicular"`` (narwhals' expression)."""


@dataclass(frozen=True)
class _Step:
    verb: str
    because: str
    condition: Any


@dataclass(frozen=True, init=False)
class Cohort:
    """Rows, and the named steps by which some of them were left out.

    Nothing runs until the rows are counted, or until the ledger is asked for. Every step states
    its reason, because whoever reads a figure must be able to see whom it leaves out.

    Parameters
    ----------
    rows : a pandas or Polars (eager or lazy) frame, a DuckDB relation or a Spark frame, with one
        row for each person or stop; or the name of a CSV or Parquet file, of a folder of such
        files, a pattern such as ``"stops-*.parquet"``, or a list of these. Files are read when
        they are counted, in bounded memory (`equity.engine`); the columns of a CSV file that are
        in `equity.tables` get its types, those of others are guessed.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"type": ["vehicular", "pedestrian", None], "race": ["a", None, "b"]})
    >>> cohort = Cohort(rows).keep(col("type") == "vehicular", because="drivers only")
    >>> cohort.ledger.to_numpy().tolist()
    [['start', 'all records', 3, 0], ['keep', 'drivers only', 1, 2]]
    """

    given: Any
    steps: tuple[_Step, ...]
    weight: str | None
    maps: tuple[Any, ...]

    def __init__(
        self,
        rows: IntoFrame | Files | str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        weight: str | None = None,
        _steps: tuple[_Step, ...] = (),
        _maps: tuple[Any, ...] = (),
    ) -> None:
        given: Any = rows
        if isinstance(rows, str | os.PathLike | list | tuple):
            given = open_files(rows)
        elif not isinstance(rows, Files):
            given = nw.from_native(_without_objects(rows))
        object.__setattr__(self, "given", given)
        object.__setattr__(self, "steps", _steps)
        object.__setattr__(self, "weight", weight)
        object.__setattr__(self, "maps", _maps)
        names = self._unmapped.collect_schema().names() if weight is not None else []
        if weight is not None and weight not in names:
            raise ValueError(
                f"weight={weight!r} is not a column of these rows: {', '.join(names)}."
            )

    @property
    def _unmapped(self) -> Any:
        rows = self.given.relation if isinstance(self.given, Files) else self.given
        return nw.from_native(rows)

    @cached_property
    def frame(self) -> Any:
        """All rows, also those that a step leaves out, as a narwhals frame of their engine."""
        frame = self._unmapped
        for function in self.maps:
            frame = nw.from_native(function(frame))
        return frame

    def keep(self, condition: nw.Expr, *, because: str) -> Cohort:
        """Keep the rows for which `condition` is true; a row for which it is unknown is left out.

        Parameters
        ----------
        condition : an expression over the columns, see :data:`col`.
        because : the reason, in words that a resident understands; it is shown in the ledger.
        """
        return self._with("keep", condition, because)

    def drop(self, condition: nw.Expr, *, because: str) -> Cohort:
        """Leave out the rows for which `condition` is true; a row for which it is unknown stays.

        Parameters are those of :meth:`keep`.
        """
        return self._with("drop", condition, because)

    def _with(self, verb: str, condition: nw.Expr, because: str) -> Cohort:
        if not isinstance(because, str) or not because.strip():
            raise ValueError(
                f"because={because!r} states no reason. Say in words why these rows are left out."
            )
        if not isinstance(condition, nw.Expr):
            raise TypeError(
                f"The condition is a {type(condition).__name__}, not an expression. Write it over "
                'columns, such as eq.col("type") == "vehicular".'
            )
        steps = (*self.steps, _Step(verb, because.strip(), condition))
        return Cohort(self.given, weight=self.weight, _steps=steps, _maps=self.maps)

    def map_rows(self, function: Callable[[Any], Any]) -> Cohort:
        """Return the cohort with columns added to its rows; its steps and its ledger stay.

        Parameters
        ----------
        function : takes a narwhals frame of **all** rows, also of those that a step leaves out,
            and returns one of the same engine with the same rows. Rows are left out by
            :meth:`keep` and :meth:`drop` only, so that the ledger tells of each.

        Raises
        ------
        ValueError
            The function changed the number of rows (seen where a frame is not lazy).

        Examples
        --------
        >>> people = Cohort(pd.DataFrame({"age": [17, 40]}))
        >>> adults = people.keep(col("age") > 17, because="adults only")
        >>> adults = adults.map_rows(lambda frame: frame.with_columns(decade=col("age") // 10))
        >>> adults.rows["decade"].to_list(), adults.ledger["rows"].to_list()
        ([4], [2, 1])
        """
        if isinstance(self.given, Files) and hasattr(function, "coded"):
            # looked up when the files are counted, in the same pass (equity.counts)
            maps = (*self.maps, function)
            return Cohort(self.given, weight=self.weight, _steps=self.steps, _maps=maps)
        frame = nw.from_native(function(self.frame))
        if isinstance(frame, nw.DataFrame) and len(frame) != len(self.frame):
            raise ValueError(
                f"The function made {len(frame)} rows of {len(self.frame)}. Leave rows out by "
                "keep() or drop(), which state the reason in the ledger."
            )
        return Cohort(frame, weight=self.weight, _steps=self.steps)

    @property
    def rows(self) -> Any:
        """The rows that are in, as a narwhals frame of the engine that they came in."""
        frame = self.frame
        for step in self.steps:
            frame = frame.filter(is_in(step))
        return frame

    @property
    def ledger(self) -> pd.DataFrame:
        """Rows left after each step, how many it left out, and why: step, because, rows, left_out.

        With `weight`, rows are the sums of the weights. One pass over the rows, whatever the
        number of steps.
        """
        unit = nw.lit(1) if self.weight is None else nw.col(self.weight)
        inside = nw.lit(True)
        sizes = [unit.cast(nw.Int64).sum().alias("s0")] if self.weight else [nw.len().alias("s0")]
        for i, step in enumerate(self.steps, 1):
            inside = inside & is_in(step)
            sizes.append(nw.when(inside).then(unit).otherwise(0).sum().alias(f"s{i}"))
        frame = self.frame.lazy() if isinstance(self.frame, nw.DataFrame) else self.frame
        row = frame.select(*sizes).collect()
        return self.told([int(row[f"s{i}"][0] or 0) for i in range(len(sizes))])

    def told(self, left: Sequence[int]) -> pd.DataFrame:
        """Return the ledger from the rows left at the start and after each step."""
        return pd.DataFrame(
            {
                "step": ["start", *(s.verb for s in self.steps)],
                "because": ["all records", *(s.because for s in self.steps)],
                "rows": list(left),
                "left_out": [0, *(a - b for a, b in zip(left, left[1:], strict=False))],
            }
        )


def is_in(step: _Step) -> nw.Expr:
    """Return a condition that is never unknown: true for the rows that stay."""
    if step.verb == "keep":
        return nw.when(step.condition).then(nw.lit(True)).otherwise(nw.lit(False))
    return nw.when(step.condition).then(nw.lit(False)).otherwise(nw.lit(True))


def _without_objects(rows: Any) -> Any:
    """Give a pandas frame's object columns of truth values or dates their proper types.

    On object columns pandas reads a missing truth value as False and knows no year of a date;
    every other engine keeps them apart, and so do we. Other frames are returned as they are.
    """
    if not isinstance(rows, pd.DataFrame):
        return rows
    proper = {}
    for name in rows.columns:
        if not pd.api.types.is_object_dtype(rows[name].dtype):
            continue
        kind = pd.api.types.infer_dtype(rows[name], skipna=True)
        if kind == "boolean":
            proper[name] = rows[name].astype("boolean")
        elif kind in ("date", "datetime") or (kind == "empty" and str(name).endswith("date")):
            proper[name] = pd.to_datetime(rows[name])
    return rows.assign(**proper) if proper else rows
