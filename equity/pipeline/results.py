"""Results that take long to compute: worked out once, stored beside the counts, kept while true.

A fit that fails never stops the counting: its file then says why there is no figure.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pandas as pd

from equity import __version__
from equity.agency import Agency
from equity.counts import CountTable, read_counts
from equity.pipeline.checking import Tell

__all__ = ["Result", "results"]

GROUP = "subject_race"
REFERENCE = "white"
LEAST_SHARE = 0.10  # of stops: officers are compared for the groups that are stopped this often
BY = ("stratum", "prior_scale", "officer", "group")  # what rows of a result can be chosen by
SAMPLERS = ("nutpie", "numpy", "scipy")  # another version is another fit


@dataclass(frozen=True)
class Result:
    """A result that is to be there: the measure, what it is computed from, and its calls."""

    name: str
    title: str
    counts: CountTable
    calls: list[dict[str, Any]]

    def stored(self, agency: Agency) -> CountTable | None:
        """Return the stored result, if it was computed from these counts in this way."""
        path = agency.counts / f"{self.name}.parquet"
        if not path.is_file() or (self.name == "officers" and not _numbers_at(agency).is_file()):
            return None
        try:
            old = read_counts(path)
        except ValueError:
            return None
        if old.provenance.get("measure", {}).get("hash") != self.mark:
            return None
        about = {**self.counts.provenance, **_kept(old)}
        return CountTable(old.table, old.by, (), self.counts.ledger, about)

    @cached_property
    def mark(self) -> str:
        """A digest of everything that the result follows from."""
        digest = hashlib.sha256()
        table = self.counts.table
        said = [self.name, __version__, self.calls, list(table.columns), _versions()]
        digest.update(json.dumps(said).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        return digest.hexdigest()

    def compute(self, agency: Agency, tell: Tell) -> CountTable:
        """Compute the measure once for each call."""
        began, tables, failed = time.monotonic(), [], []
        for arguments in self.calls:
            tell(f"Computing: {self.title.lower()}")
            table, why = _computed(self.counts, self.name, arguments, tell)
            tables.append(table)
            failed.extend([why] if why else [])
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"reason": []})
        measure = {
            "name": self.name,
            "arguments": self.calls,
            "computed": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - began, 1),
            "failed": failed,
            "hash": "" if failed else self.mark,  # what failed is tried again
        }
        by = tuple(c for c in BY if c in table.columns)
        about = {**self.counts.provenance, "title": self.title, "measure": measure}
        done = CountTable(table, by, (), self.counts.ledger, about)
        return _numbered(agency, done) if self.name == "officers" else done


def results(*, areas: CountTable | None, officers: CountTable | None) -> list[Result]:
    """Return the results that these counts allow.

    Parameters
    ----------
    areas : stops and searches by area, for the threshold test; None: there is none.
    officers : stops by officer, place and hour; None: the rows name no officer.
    """
    found: list[Result] = []
    if officers is not None:  # the quick one first
        by = [c for c in officers.by if c not in ("officer_id", GROUP)]
        calls = [
            {"group": GROUP, "of_group": g, "officer": "officer_id", "by": by}
            for g in _often(officers)
        ]
        title = "Officers compared with their colleagues"
        found.append(Result("officers", title, officers, calls))
    if areas is not None and {"search_conducted", "contraband_found"} <= set(areas.of):
        calls = [{"group": GROUP, "reference": _reference(areas), "within": "area"}]
        found.append(Result("threshold_test", "Threshold test", areas, calls))
    return found


def _kept(old: CountTable) -> dict[str, Any]:
    return {k: old.provenance[k] for k in ("title", "measure") if k in old.provenance}


def _computed(
    counts: CountTable, name: str, arguments: Mapping[str, Any], tell: Tell
) -> tuple[pd.DataFrame, str]:
    """Return the measure's table and "", or a table of reasons and the reason."""
    try:
        measure = getattr(import_module("equity.measures"), name)
        told = {"tell": tell} if name == "threshold_test" else {}
        return measure(counts, **arguments, **told), ""
    except (ImportError, AttributeError) as error:
        why = str(error) if isinstance(error, ImportError) else f"{name} is not installed."
    except ValueError as error:  # a rule that the counts do not meet, in words
        why = str(error)
    except Exception as error:  # the text of an unforeseen error may quote a record
        why = f"The computation stopped ({type(error).__name__})."
    return _without_figures(counts, arguments, why), why


def _without_figures(counts: CountTable, arguments: Mapping[str, Any], why: str) -> pd.DataFrame:
    wanted = arguments.get("of_group")
    groups = [wanted] if wanted else counts.values(GROUP)
    sizes = counts.table.groupby(GROUP)["n"].sum()
    return pd.DataFrame(
        {
            "stratum": "all",
            "group": groups,
            "reference": arguments.get("reference"),
            "n": [int(sizes[g]) for g in groups],
            "method": None,
            "reason": why,
        }
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in SAMPLERS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def _reference(counts: CountTable) -> str:
    """Return the group to compare with: White, or the largest where there is no such group."""
    sizes = counts.table.groupby(GROUP)["n"].sum()
    return REFERENCE if REFERENCE in sizes.index else str(sizes.idxmax())


def _often(counts: CountTable) -> list[str]:
    """Return the groups, other than the reference, that are stopped often enough to compare."""
    sizes = counts.table.groupby(GROUP)["n"].sum()
    often = sizes[sizes >= LEAST_SHARE * sizes.sum()].index
    return [g for g in counts.values(GROUP) if g in often and g != _reference(counts)]


def _numbered(agency: Agency, result: CountTable) -> CountTable:
    """Replace the officers' keys by numbers; the list of both stays in the private folder."""
    if "officer" not in result.table.columns or "numbered" in result.provenance["measure"]:
        return result
    path = _numbers_at(agency)
    numbers = _read_numbers(path)
    keys = [k for k in result.table["officer"].dropna().unique() if k not in numbers]
    random.SystemRandom().shuffle(keys)  # so that the order of the keys tells nothing
    for key in keys:
        numbers[key] = len(numbers) + 1
    _write_private(path, numbers)
    table = result.table.assign(officer=result.table["officer"].map(numbers).astype("Int64"))
    table = table.sort_values(["group", "officer"], kind="stable", ignore_index=True)
    about = {
        **result.provenance,
        "measure": {
            **result.provenance["measure"],
            "numbered": "The officers' keys are replaced by numbers; private/officers.csv, which "
            "stays inside the agency, says which is which.",
        },
    }
    return CountTable(table, result.by, result.of, result.ledger, about)


def _numbers_at(agency: Agency) -> Path:
    return agency.private / "officers.csv"


def _read_numbers(path: Path) -> dict[str, int]:
    """Return key -> number as an earlier run gave them, so that an officer keeps their number."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["officer_id"]: int(row["number"]) for row in csv.DictReader(file)}


def _write_private(path: Path, numbers: Mapping[str, int]) -> None:
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(["number", "officer_id"])
    write.writerows(sorted((number, key) for key, number in numbers.items()))
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # for its owner only
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
    os.replace(draft, path)
