"""All tests of stops, one below the other: what each asks, says, and cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from equity.measures._cells import cells, frame_of, need
from equity.measures._rungs import ALL, RUNGS, Rung, number

__all__ = ["Evidence", "evidence_ladder"]

POINTS, OTHER_WAY, DIFFER, CANNOT_TELL, NOT_COMPUTABLE = (
    "points to a difference",
    "points the other way",
    "groups differ",
    "cannot tell",
    "not computable",
)

_COLUMNS = {
    "rung": "str", "question": "str", "group": "str", "reference": "str", "figure": "str",
    "result": "str", "value": "float64", "low": "float64", "high": "float64",
    "none": "float64", "n": "Int64", "unknown": "Int64",
    "p_value": "float64", "p_adjusted": "float64", "reads": "str", "assumes": "str",
    "cannot_show": "str", "scope": "str", "method": "str", "reason": "str",
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """The count tables of an agency's stops, held together, as `evidence_ladder` reads them.

    Attributes
    ----------
    stops : counts by group, and by the ground of a search; flags `search_conducted` and
        `contraband_found`.
    residents : benchmark name -> table of residents.
    ages : counts by group, sex and band of age, with the flag `search_conducted`.
    daylight : counts by group, `is_dark`, `clock_bin` and `date` (`equity.add_daylight`).
    thresholds : the table of `equity.threshold_test`, computed before.
    elsewhere : benchmarks whose residents are those of another place than the one policed.
    left : name of a table -> the choices that it does not follow, in words.
    kept : what several rungs ask for, computed once.
    """

    stops: Any
    residents: Mapping[str, pd.DataFrame] | None = None
    ages: Any = None
    daylight: Any = None
    thresholds: Any = None
    elsewhere: tuple[str, ...] = ()
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the counts of stops were made from."""
        return getattr(self.stops, "provenance", {})

    @property
    def by(self) -> tuple[str, ...]:
        """The columns that the stops were counted by."""
        return tuple(getattr(self.stops, "by", ()))

    def values(self, column: str) -> list[Any]:
        """Return the values of a column that occur among the stops."""
        return self.stops.values(column)

    def labels(self, column: str) -> dict[Any, str]:
        """Return key -> words for the values of a column."""
        return self.stops.labels(column) if hasattr(self.stops, "labels") else {}

    def where(self, **choices: Any) -> Evidence:
        """Return the evidence of a part; a table that cannot be parted so says it in its `scope`.

        Raises ValueError for a value that does not occur in the stops.
        """
        asked = {k: v for k, v in choices.items() if v is not None}
        left = {k: list(v) for k, v in self.left.items()}
        parts: dict[str, Any] = {"stops": self.stops.where(**asked)}
        for name in ("ages", "daylight", "thresholds"):
            parts[name] = getattr(self, name)
            for column, value in asked.items():
                if parts[name] is not None:
                    parts[name], followed = _of(parts[name], column, value)
                    if not followed:
                        left.setdefault(name, []).append(_EVERY.get(column, f"every {column}"))
        parts["residents"] = {
            name: _part(table, asked) for name, table in (self.residents or {}).items()
        }
        part = Evidence(
            **parts, elsewhere=self.elsewhere, left={k: tuple(v) for k, v in left.items()}
        )
        if len(self.kept) > _KEPT:
            self.kept.clear()
        # what was computed of the same part before: small tables, not the counts themselves
        object.__setattr__(part, "kept", self.kept.setdefault(("part", repr(asked)), {}))
        return part


_KEPT = 32


_EVERY = {
    "year": "all years",
    "district": "all districts",
    "type": "drivers and pedestrians",
    "reason_for_stop": "all reasons",
}


def _of(counts: Any, column: str, value: Any) -> tuple[Any, bool]:
    """Return the counts of a part (empty where there are none), and whether they can be parted."""
    if column in counts.by and counts.values(column):
        if value not in counts.values(column):
            return replace(counts, table=counts.table.iloc[:0]), True
        return counts.where(**{column: value}), True
    if column == "year" and "date" in counts.by:
        of_year = counts.table["date"].dt.year == value
        return replace(counts, table=counts.table[of_year].reset_index(drop=True)), True
    return counts, False


def _part(table: pd.DataFrame, asked: Mapping[str, Any]) -> Any:
    """Return the residents of a district, where districts are known; those of the whole if not."""
    if "district" not in asked:
        return table
    if "district" in table.columns and table["district"].notna().any():
        return table[table["district"] == asked["district"]].reset_index(drop=True)
    return None


def evidence_ladder(
    evidence: Evidence,
    *,
    group: str,
    reference: str,
    focus: str | None = None,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """List every test of stops with what it asks, its result, and what it cannot show.

    Taken together, what do the tests say about how people of each group are stopped and searched?

    Parameters
    ----------
    evidence : the count tables. One that is missing makes its rung "not computable".
    group : column that holds the groups.
    reference : the group to compare with.
    focus : list the rows of this group only, and of the tests over all groups; p-values are
        adjusted for all groups all the same.
    confidence_level : two-sided level of all intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        A row for each rung and group (for each benchmark too where there are several; the group
        of a test over all groups is "all"): `rung`, the `question`, the `figure` in words, the
        `result` in words, its `value` with `low` and `high`, the value that means no difference
        (`none`), the `n` records it rests on, `unknown` records without a known group, `p_value`
        and `p_adjusted` (for the groups of one
        rung, Holm); `reads`: "points to a difference" (to the disadvantage of the group), "points
        the other way", "cannot tell" or "not computable", and for a test over all groups "groups
        differ", which has no direction; what it `assumes` and `cannot_show`;
        its `scope`, where that is wider than what was chosen; `method`, `reason`.

        "Points to" and "points the other way" need an interval without `none`, and a p-value that
        allows for the number of groups, below 1 - `confidence_level`. They are not said, and
        `reason` tells why, where the benchmark is of another place, the daylight figure does not
        hold with the month held equal, the recording of searches jumped within the years counted,
        either group has fewer than 30 counted searches (for finds), or the threshold model says
        otherwise with other priors.

    Raises
    ------
    ValueError
        For a group column or a reference that is not there.

    Notes
    -----
    There is no overall score, and none can be made: the rungs ask different things, rest on the
    same stops, and each can mislead in its own way. What none of them can show is why. Source: the
    practice of judging several tests together (Connecticut Racial Profiling Prohibition Project,
    Traffic Stop Data Analysis, 2014 and later); Pierson and others, Nature Human Behaviour 4
    (2020), 736-745.

    Examples
    --------
    >>> stops = pd.DataFrame({
    ...     "race": ["black", "white"], "n": [2000, 4000],
    ...     "search_conducted": [200, 200], "search_conducted_known": [2000, 4000],
    ...     "contraband_found": [40, 80], "contraband_found_known": [200, 200],
    ... })
    >>> ladder = evidence_ladder(Evidence(stops), group="race", reference="white")
    >>> ladder.loc[ladder["group"] == "black", ["rung", "reads"]].values.tolist()[2]
    ['rates', 'points to a difference']
    >>> ladder["reads"].iloc[0]
    'not computable'
    """
    asked = {"group": group, "reference": reference, "confidence_level": confidence_level}
    frame = frame_of(evidence.stops)
    need(frame, [("group", group)])
    folded = cells(frame, group=group, within=None, columns=["n"])
    folded.column_of(reference)
    groups = [g for g in folded.groups if g != reference]
    climbed = ("ladder", group, reference, confidence_level)
    if climbed not in evidence.kept:  # for all groups: another focus shows other rows of the same
        evidence.kept[climbed] = [
            row for rung in RUNGS for row in _climb(rung, evidence, asked, groups)
        ]
    rows: list[dict[str, Any]] = evidence.kept[climbed]
    if focus is not None:
        if focus not in groups:
            raise ValueError(
                f"focus={focus!r} is not one of the groups compared: {', '.join(groups)}."
            )
        rows = [row for row in rows if row["group"] in (focus, ALL)]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return pd.DataFrame({c: table[c].astype(kind) for c, kind in _COLUMNS.items()})  # type: ignore[call-overload]


_TABLE_OF = {
    "stop_rates": "residents",
    "veil_of_darkness": "daylight",
    "standardized_rates": "ages",
    "threshold_test": "thresholds",
}


def _climb(
    rung: Rung, evidence: Evidence, asked: dict[str, Any], groups: list[str]
) -> list[dict[str, Any]]:
    """Return the rows of one rung; a rung that cannot be computed says why, for every group."""
    common = {
        "rung": rung.name,
        "question": rung.question,
        "reference": asked["reference"],
        "none": rung.none,
        "assumes": rung.assumes,
        "cannot_show": rung.cannot_show,
        "scope": "; ".join(evidence.left.get(_TABLE_OF.get(rung.name, ""), ())) or None,
    }
    lacking = rung.lacking(evidence.stops)
    try:
        found = [] if lacking else list(rung.rows(evidence, asked))
        why = lacking or "no record of this group"
    except (ValueError, TypeError) as error:
        found, why = [], str(error).rstrip(".")
    alpha = 1 - asked["confidence_level"]
    rows = []
    for row in found:
        against = f", against {row['against']}" if row.get("against") else ""
        reads, said = _reads(rung, row, alpha), [row["reason"]]
        if reads in (POINTS, OTHER_WAY, DIFFER) and row.get("doubt"):
            reads = CANNOT_TELL
            said.insert(0, row["doubt"])
        said += [row.get("note")]
        rows.append(
            common
            | row
            | {
                "figure": row.get("figure", rung.figure) + against,
                "reads": reads,
                "result": row.get("result") or _result(rung, row),
                "reason": "; ".join(words for words in said if isinstance(words, str)) or None,
            }
        )
    told = {row["group"] for row in found}
    wanted = [ALL] if rung.sign == 0 else groups
    for group in wanted:
        if group not in told:
            rows.append(
                common
                | {"group": group, "figure": rung.figure, "reads": NOT_COMPUTABLE, "reason": why}
            )
    return rows


def _reads(rung: Rung, row: dict[str, Any], alpha: float) -> str:
    """Say what a figure points to: it needs its interval and its adjusted p-value."""
    if "says" in row:  # the test concludes by itself
        if row["says"] is None:
            return NOT_COMPUTABLE
        return {1: POINTS, -1: OTHER_WAY, 0: CANNOT_TELL}[row["says"]]
    p = row["p_adjusted"] if _there(row.get("p_adjusted")) else row.get("p_value")
    if rung.sign == 0:
        if not _there(p):
            return NOT_COMPUTABLE
        return DIFFER if float(p) < alpha else CANNOT_TELL  # type: ignore[arg-type]
    low, high = row.get("low"), row.get("high")
    above = _there(low) and float(low) > rung.none  # type: ignore[arg-type]
    below = _there(high) and float(high) < rung.none  # type: ignore[arg-type]
    if not (_there(low) or _there(high)):
        return NOT_COMPUTABLE
    if not (above or below) or (_there(p) and float(p) >= alpha):  # type: ignore[arg-type]
        return CANNOT_TELL
    return POINTS if above == (rung.sign > 0) else OTHER_WAY


def _result(rung: Rung, row: dict[str, Any]) -> str | None:
    """Write a figure with its interval; differences of shares in percentage points."""
    points = rung.name == "threshold_test"

    def write(value: Any) -> str:
        return f"{100 * value:+.1f}".replace("-", "\u2212") if points else number(value)

    if not _there(row.get("value")):
        return None
    low, high = row.get("low"), row.get("high")
    ends = f" ({write(low)} to {write(high)})" if _there(low) and _there(high) else ""
    return write(row["value"]) + ends


def _there(value: Any) -> bool:
    return value is not None and not pd.isna(value)
