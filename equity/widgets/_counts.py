"""Opens count files for a notebook, and makes choices from what they hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from equity.counts import CountTable
from equity.measures.evidence_ladder import Evidence
from equity.widgets._choices import Choice, Part, batch, choice, key_of
from equity.widgets._columns import words_of
from equity.widgets._stage import stage

__all__ = [
    "by_margin",
    "choose",
    "choose_flag",
    "choose_focal",
    "choose_group",
    "choose_other",
    "choose_reference",
    "choose_stage",
    "choose_within",
    "column",
    "evidence",
    "load",
    "nothing",
    "offer",
    "stages",
]

FLAGS = {
    "search_conducted": "Searched",
    "frisk_performed": "Frisked",
    "arrest_made": "Arrested",
    "citation_issued": "Given a citation",
    "warning_issued": "Given a warning",
    "contraband_found": "Contraband found",
    "force_used": "Force used",
    "body_camera_on": "Body camera on",
    "complaint_made": "Complaint made",
}
GROUPS = {"race": "Race or ethnicity", "sex": "Sex", "race_sex": "Race and sex"}
DRILL_DOWNS = {
    "rank": "Rank",
    "job_category": "Job category",
    "sworn": "Sworn and civilian",
    "sex": "Sex",
    "hire_cohort": "Years of hiring",
}
ONLY_AFTER_A_SEARCH = ("contraband_found",)


def load(folder: str | os.PathLike[str], name: str) -> CountTable | None:
    """Open a count file of an agency, or return None where the agency has no such table.

    Parameters
    ----------
    folder : the agency's ``counts`` folder.
    name : the file without its ending, such as ``stops_by_month``.

    Counts of people by race and sex get the column `race_sex`, to compare both at once.

    Raises
    ------
    FileNotFoundError
        The folder holds no counts at all; the message says what to run.
    """
    folder = Path(folder)
    path = folder / f"{name}.parquet"
    if path.exists():
        counts = stage().open(path, name)
        pa.default_memory_pool().release_unused()  # else what reading took stays with the page
        if counts is None:  # a published page has no way out for them
            return None
        both = {"race", "sex"} <= set(counts.by) and counts.provenance.get("table") != "residents"
        return counts.crossed("race", "sex") if both else counts
    if not list(folder.glob("*.parquet")):
        raise FileNotFoundError(
            f"There are no counts in {folder.name!r} yet. Run `equity count`, then open the page "
            "again."
        )
    return None


def evidence(
    stops: CountTable | None,
    residents: CountTable | None = None,
    *,
    ages: CountTable | None = None,
    daylight: CountTable | None = None,
    thresholds: CountTable | None = None,
) -> Evidence | None:
    """Hold the count files of stops together for `equity.evidence_ladder`; None without stops."""
    if stops is None:
        return None
    parts = residents.split("benchmark") if residents is not None else {}
    here = str(stops.provenance.get("place") or "").casefold()
    told = residents.provenance.get("benchmarks", []) if residents is not None and here else []
    elsewhere = tuple(b["label"] for b in told if str(b["place"]).casefold() != here)
    return Evidence(stops, parts, ages, daylight, thresholds, elsewhere)


def choose(
    counts: CountTable | None,
    column: str,
    label: str,
    *,
    all: str | None = None,
    first: Any = None,
    newest: bool = False,
) -> Choice:
    """Return a choice among the values of a column of counts.

    `first` is chosen at first, where it occurs; with `newest` the last value is, such as the
    latest year. A value in capitals ("EAST SIDE") is shown as a name ("East Side").

    Where the agency has no such table or column, or the column has one value only, there is
    nothing to choose: the choice then stands for None and is not shown.

    Examples
    --------
    >>> choose(None, "district", "District", all="All districts").picked is None
    True
    """
    if counts is None or column not in counts.by:
        return nothing(label, all)
    values = counts.values(column)
    if len(values) < 2 and all is not None:
        return nothing(label, all)
    start = values[-1] if newest else first if first in values else None
    return choice(label, values, all=all, labels=words_of(counts, column), value=start)


def choose_group(
    counts: CountTable | None,
    columns: Mapping[str, str] | None = None,
    label: str = "Compare by",
) -> Choice:
    """Return a choice among the columns by which people can be compared: column -> words.

    Without `columns`: race, sex, and both at once.
    """
    columns = columns or GROUPS
    first = next(iter(columns))

    def offered(column: str) -> bool:
        if counts is None or column not in counts.by:
            return False
        # where the first is known of nobody, the figure says so, and why
        known = len(counts.values(column))
        return known > 1 or (not known and column == first)

    there = {c: w for c, w in columns.items() if offered(c)}
    group = choice(label, list(there or columns), labels=columns)
    if counts is None:
        group.layout.display = "none"
    return group


def by_margin(counts: CountTable | None, group: Choice | str) -> CountTable | Part | None:
    """Return the counts in which each person is once, whatever they are compared by.

    Some files hold totals only, once by race and once by sex. Then these are the totals by the
    column that `group` names; counts of single people are returned as they are.
    """
    if counts is None or "margin" not in counts.by:
        return counts
    parts = {margin: counts.where(margin=margin) for margin in counts.values("margin")}
    return Part(group, parts) if isinstance(group, Choice) else parts.get(group)


def choose_reference(
    counts: CountTable | None,
    group: Choice,
    label: str = "Compared with",
    *,
    highest: str | None = None,
) -> Choice:
    """Return a choice of the reference among the groups of the column that `group` picks.

    It offers the groups of the other column as soon as that is picked. At first it is White, or
    men, as in most of the literature; where there are none of these, the largest group. With
    `highest` (words), None is on offer too, as the last: the measure then takes the group with the
    highest rate. It stays chosen where another column is compared by. A measure that needs one
    group takes the usual one, `start`, and the panel says so.
    """
    if counts is None:
        return nothing(label, highest)
    offered = _groups(counts, group.picked, highest)
    reference = choice(label, [k for k in offered["words"] if k is not None])
    offer(reference, offered)
    group.observe(
        lambda _: offer(reference, _groups(counts, group.picked, highest)), names="value"
    )
    return reference


def _groups(counts: CountTable, column: str, highest: str | None) -> dict[str, Any]:
    values = counts.values(column)
    size = counts.table.groupby(column)["n"].sum()
    usual = next((g for g in ("white", "male", "white male") if g in values), size.idxmax())
    words = {key: str(counts.labels(column).get(key, key)) for key in values}
    return {"words": words | ({None: highest} if highest else {}), "first": usual}


def offer(one: Choice, offered: dict[str, Any], *, keep: bool = False) -> None:
    """Put other things on offer and choose the usual one; what stands for none of them stays.

    keep : whatever has been chosen stays, where it is still on offer.
    """
    options = [(words, key_of(key)) for key, words in offered["words"].items()]
    made = one.value != one.start if keep else one.picked is None
    kept = made and one.value in [key for _, key in options]
    with batch():
        now = one.value
        one.options = options
        one.start = offered["first"]
        one.value = now if kept else offered["first"]


def choose_other(
    counts: CountTable | None, group: Choice, reference: Choice, label: str = "Group"
) -> Choice:
    """Return a choice among the groups other than the reference; it follows that choice.

    At first it is the largest of them. Where the reference is the highest rate, its usual group
    is left out: it takes the place of the reference where one group is needed.
    """
    if counts is None:
        return nothing(label, None)

    def offered() -> dict[str, Any]:
        words = _groups(counts, group.picked, None)["words"]
        against = reference.start if reference.picked is None else reference.picked
        size = counts.table.groupby(group.picked)["n"].sum().drop(against, errors="ignore")
        rest = {k: w for k, w in words.items() if k != against}
        return {"words": rest, "first": str(size.idxmax()) if len(size) else None}

    other = choice(label, list(offered()["words"]), labels=offered()["words"])
    offer(other, offered())
    for one in (group, reference):
        one.observe(lambda _: offer(other, offered()), names="value")
    return other


def choose_focal(counts: CountTable | None, group: Choice, label: str = "Follow") -> Choice:
    """Return a choice of the one group that is followed; at first women, or the largest but one.

    It offers the groups of the other column as soon as `group` picks that.
    """
    if counts is None:
        return nothing(label, None)

    def offered() -> dict[str, Any]:
        found = _groups(counts, group.picked, None)
        size = counts.table.groupby(group.picked)["n"].sum().drop(found["first"])
        rest = str(size.idxmax()) if len(size) else found["first"]
        return found | {"first": "female" if "female" in found["words"] else rest}

    focal = choice(label, list(offered()["words"]))
    offer(focal, offered())
    group.observe(lambda _: offer(focal, offered()), names="value")
    return focal


def column(counts: CountTable | None, name: str) -> str | None:
    """Return the name of a column where the counts have several values of it, else None."""
    there = counts is not None and name in counts.by and len(counts.values(name)) > 1
    return name if there else None


def choose_within(
    counts: CountTable | None,
    columns: Mapping[str, str] | None = None,
    label: str = "Broken down by",
    *,
    all: str | None = "Not broken down",
) -> Choice:
    """Return a choice among the columns by which a figure can be broken down: column -> words.

    Without `columns`: what a workforce can be broken down by. Columns with one value only are not
    on offer. With ``all=None`` one of them is always chosen.
    """
    there = {c: words for c, words in (columns or DRILL_DOWNS).items() if column(counts, c)}
    if not there:
        return nothing(label, all)
    return choice(label, list(there), all=all, labels=there)


def choose_stage(
    counts: CountTable | None, label: str = "Stage", *, all: str | None = None
) -> Choice:
    """Return a choice among the stages of a pipeline; at first it is the bottom line."""
    if counts is None or not stages(counts):
        return nothing(label, all)
    words = {s["name"]: s["label"] for s in counts.provenance.get("stages", [])}
    words["bottom line"] = "Bottom line: applied to last stage"
    keys = ["bottom line", *stages(counts)]
    return choice(label, keys, all=all, labels=words, value="bottom line")


def choose_flag(counts: CountTable | None, label: str = "What happened") -> Choice:
    """Return a choice among the flags that were counted, in plain words."""
    if counts is None:
        return nothing(label, None)
    words = {key: FLAGS.get(key, key.replace("_", " ").capitalize()) for key in counts.of}
    return choice(label, [f for f in counts.of if f not in ONLY_AFTER_A_SEARCH], labels=words)


def stages(counts: CountTable | None) -> list[str]:
    """Return the stages of a pipeline in their order."""
    if counts is None:
        return []
    return [s["name"] for s in counts.provenance.get("stages", [])] or list(counts.of)


def nothing(label: str, all: str | None) -> Choice:
    """Return a choice without anything to choose: it stands for None and is not shown."""
    hidden = choice(label, [], all=all or "—")
    hidden.layout.display = "none"
    return hidden
