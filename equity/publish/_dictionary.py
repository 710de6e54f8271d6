"""The data dictionary: what each column of each table of a site means, its type and its unit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from equity.publish._csv import REASON, file_names, start_state

__all__ = ["Column", "File", "columns_of", "files_of", "kind", "meaning"]

_FILE = Path(__file__).parent / "words" / "dictionary.toml"

# format of a column -> its type, and its unit or how to read it
_KINDS = {
    "text": ("text", ""),
    "flag": ("true or false", ""),
    "whole": ("whole number", "people or records"),
    "number": ("number", ""),
    "ratio": ("number", "a ratio or a statistic, without a unit"),
    "percent": ("number", "a share: 0.25 is 25%"),
    "points": ("number", "a difference of shares: 0.05 is 5 points"),
    "per_thousand": ("number", "for each person: 0.012 is 12 for each 1,000"),
    "p": ("number from 0 to 1", "a probability"),
}
# units that a format does not tell
_UNITS = {
    "months": "months",
    "since": "months",
    "months_lost": "months",
    "lost_difference": "months",
    "lost_low": "months",
    "lost_high": "months",
    "restricted_mean": "months",
    "rm_low": "months",
    "rm_high": "months",
    "median": "days",
    "quartile_1": "days",
    "quartile_3": "days",
    "minutes": "minutes",
    "ahead": "years",
    "years_to_target": "years",
    "years_low": "years",
    "years_high": "years",
    "person_years": "years of service",
    "groups": "groups",
    "strata": "parts",
    "strata_without_information": "parts",
    "areas": "areas",
    "comparisons": "comparisons",
    "clusters": "clusters",
    "draws": "draws",
    "divergences": "steps",
    "ess": "draws",
    "df": "degrees of freedom",
    "breslow_day_df": "degrees of freedom",
    "chi2": "",
    "breslow_day": "",
    "tarone": "",
    "rhat": "",
}
_DAYS = ("Median days", "Days for")
_PER_100 = "Exits per 100 years"

# columns that the glossary tells more about
_MORE = {
    "benchmark": "benchmark",
    "below_four_fifths": "four-fifths",
    "expected": "expected",
    "group": "group",
    "high": "confidence-interval",
    "hit_rate": "hit-rate",
    "impact_ratio": "impact-ratio",
    "low": "confidence-interval",
    "median": "median",
    "odds_ratio": "odds-ratio",
    "p_adjusted": "adjusted-p",
    "p_value": "p-value",
    "person_years": "years-of-service",
    "population_moe": "margin-of-error",
    "ratio": "ratio",
    "reason": "hidden",
    "reference": "reference-group",
    "selection_rate": "selection-rate",
    "shortfall": "shortfall",
    "stage": "stage",
    "standardized_rate": "holding-equal",
    "survival": "kaplan-meier",
    "threshold": "threshold-test",
    "too_few": "too-few",
    "unknown": "not-known",
}


@dataclass(frozen=True)
class Column:
    """A column as the tables of a site have it."""

    key: str
    heading: str
    meaning: str  # "" where nothing is known of it: a column of an analyst's own table
    type: str
    unit: str
    word: str = ""  # the anchor in the glossary
    files: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class File:
    """A table of a site with the two files that hold it."""

    page: str
    section: str
    where: str  # address of the section
    name: str  # of the files, without the ending
    title: str
    start: str  # address of what is seen first
    all: str  # address of all choices
    rows: int
    states: int
    columns: tuple[Column, ...]


@cache
def _meanings() -> dict[str, str]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


def meaning(key: str, heading: str = "") -> str:
    """Return what a column means; "" for a column that no measure of ours returns."""
    return _meanings().get(f"{key}: {heading}") or _meanings().get(key, "")


def kind(key: str, heading: str, form: str) -> tuple[str, str]:
    """Return the type and the unit of a column."""
    type_, unit = _KINDS.get(form, ("text", ""))
    if heading.startswith(_DAYS):
        return type_, "days"
    if heading.startswith(_PER_100):
        return type_, "exits for each 100 years of service"
    if form in ("whole", "number"):
        unit = _UNITS.get(key, unit or ("people" if "expected" in heading.lower() else ""))
    return type_, unit


def files_of(site: Mapping[str, Any]) -> list[File]:
    """Return the tables of a site in the order of its pages."""
    found = []
    for page in site.get("pages", []):
        names = file_names(page)
        for section, where, pid in _panels(page):
            if pid not in names:
                continue
            panel, base = page["panels"][pid], f"csv/{page['name']}/{names[pid]}"
            state = start_state(panel)
            tables = [s for s in panel["pool"] if s.get("columns")]
            there = state if state.get("rows") and state.get("columns") else {}
            own = {(c["key"], c["heading"]): c for s in tables for c in s["columns"]}
            told = any(r.get("reason") for s in tables for r in s.get("rows", []))
            if told and not any(key == "reason" for key, _ in own):
                own["reason", REASON["heading"]] = REASON
            found.append(
                File(
                    page=page["title"],
                    section=section,
                    where=f"{page['name']}.html{where}",
                    name=names[pid],
                    title=(there or tables[0]).get("title") or names[pid],
                    start=f"{base}.csv",
                    all=f"{base}-all.csv",
                    rows=len(there.get("rows", [])),
                    states=len(panel["states"]),
                    columns=tuple(_column(c) for c in own.values()),
                )
            )
    return found


def columns_of(files: list[File]) -> list[Column]:
    """Return the columns of all tables, each meaning once, by name."""
    where: dict[Column, list[str]] = {}
    for file in files:
        for column in file.columns:
            where.setdefault(column, []).append(file.all)
    found = [
        Column(c.key, c.heading, c.meaning, c.type, c.unit, c.word, tuple(there))
        for c, there in where.items()
    ]
    return sorted(found, key=lambda c: (c.key, c.heading.lower()))


def _column(given: Mapping[str, str]) -> Column:
    key, heading = given["key"], given["heading"]
    told = meaning(key, heading)
    return Column(key, heading, told, *kind(key, heading, given["format"]), _MORE.get(key, ""))


def _panels(page: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Return title and anchor of the section, and panel, as on the page; the rest at the end."""
    seen = set()
    for section in page.get("sections", []):
        for part in section.get("parts", []):
            if part.get("kind") == "panel" and part["panel"] not in seen:
                seen.add(part["panel"])
                yield section["title"], f"#{section['id']}", part["panel"]
    for pid in page.get("panels", {}):
        if pid not in seen:
            yield page["title"], "", pid


def plain_text(html: str) -> str:
    """Return the words of a piece of HTML."""
    import html as entities

    text = re.sub(r"</(p|li|h\d)>", " ", html)
    return re.sub(r"\s+", " ", entities.unescape(re.sub(r"<[^>]+>", "", text))).strip()
