"""The sections of the agency's file, equity.toml: their keys, and what each may say."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from equity.groups import SCHEMES

__all__ = [
    "BENCHMARKS",
    "FORMATS",
    "Benchmark",
    "Choose",
    "Format",
    "Input",
    "Place",
    "Publish",
    "Section",
    "Stage",
    "near",
]


def _known_scheme(value: str) -> str:
    if value not in SCHEMES:
        raise ValueError(f"one of {', '.join(SCHEMES)}")
    return value


def _names(value: Any) -> str | list[str]:
    several = isinstance(value, list) and value and all(isinstance(v, str) for v in value)
    if not several and not isinstance(value, str):
        raise ValueError("the name of a column, or a list of names")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Scheme = Annotated[str, AfterValidator(_known_scheme)]
Names = Annotated[Any, AfterValidator(_names)]
"""One column of the file, or several."""


class Format(BaseModel):
    """How a file is read: of which table it is, which groups it has, which keys it takes.

    scheme : the groups that it has where the agency file names none.
    keys : the keys of the section that it reads, besides those that every format reads.
    """

    table: str
    scheme: str
    keys: frozenset[str] = frozenset()


_STOPS = frozenset({"area", "copies"})
FORMATS: dict[str, Format] = {
    "opp": Format(table="stops", scheme="stanford", keys=_STOPS),
    "ctrp3": Format(table="stops", scheme="us1977", keys=_STOPS | {"scheme"}),
    "police_uk": Format(table="stops", scheme="uk5", keys=_STOPS | {"ethnicity"}),
    "ripa": Format(table="stops", scheme="ripa", keys=_STOPS | {"scheme"}),
    "openpolicedata": Format(
        table="stops", scheme="stanford", keys=_STOPS | {"columns", "scheme", "times"}
    ),
    "stops": Format(
        table="stops", scheme="stanford", keys=_STOPS | {"columns", "scheme", "times", "year"}
    ),
    "roster": Format(
        table="workforce",
        scheme="us1997",
        keys=frozenset({"columns", "rules", "scheme", "year"}),
    ),
    "applicants": Format(
        table="applicants",
        scheme="us1997",
        keys=frozenset({"columns", "scheme", "stages", "year"}),
    ),
}
"""Every format of a table of records; naming a key that it does not read is a mistake."""

BENCHMARKS: dict[str, frozenset[str]] = {
    "acs": frozenset(),
    "population": frozenset(
        {
            "census",
            "columns",
            "encoding",
            "groups",
            "header_row",
            "scheme",
            "shares",
            "sheet",
            "universe",
            "values",
        }
    ),
}
"""Format of a benchmark -> the keys that it reads, besides those that every format reads."""


class Section(BaseModel):
    """A section: no other keys than those declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Place(Section):
    """[agency]: who and where; latitude and longitude in degrees, the time zone by its name."""

    name: str = Field(min_length=1)
    place: str = Field(min_length=1)
    fictional: bool = False
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    timezone: str
    contact: str = ""

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value not in available_timezones():
            # names without a region, such as EST, know no daylight saving
            regions = {z for z in available_timezones() if "/" in z and not z.startswith("Etc")}
            raise ValueError(f"a time-zone name such as {near(value, regions)}")
        return value


class Choose(Section):
    """[[stops.keep]] and [[stops.leave_out]]: rows that are in, or are not, with the reason."""

    column: Name
    values: list[str] = []
    missing: bool = False
    because: str = Field(min_length=3)


class Stage(Section):
    """[[applicants.stages]]: one stage of the pipeline, in order, and how the file says it.

    ``not_reached = "*"`` reads every word that is not among `reached` as not reached; the words in
    `unknown` say that the outcome is not known.
    """

    name: Name
    label: str = ""
    column: str
    reached: list[str] | None = None
    not_reached: list[str] | Literal["*"] | None = None
    unknown: list[str] | None = None


class Input(Section):
    """One table of the agency: its files, their format, and how their columns are called."""

    format: Literal[
        "opp",
        "ctrp3",
        "police_uk",
        "ripa",
        "openpolicedata",
        "stops",
        "roster",
        "applicants",
    ]
    files: list[str] = Field(min_length=1)
    title: str = ""
    scheme: Scheme | None = None
    header_row: int = Field(default=1, ge=1)
    sheet: str | None = None
    encoding: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2200)
    area: Name = "district"
    times: Literal["local", "UTC"] = "local"
    ethnicity: Literal["self-defined", "officer-defined"] = "self-defined"
    copies: Literal["set aside", "keep"] = "set aside"
    columns: dict[Name, Names] = {}
    values: dict[Name, dict[str, str]] = {}
    rules: dict[Name, dict[str, Any]] = {}
    stages: list[Stage] = []
    keep: list[Choose] = []
    leave_out: list[Choose] = []


class Benchmark(Section):
    """[[benchmarks]]: a population to compare with, always named on the chart."""

    name: Name
    label: str = Field(min_length=1)
    format: Literal["acs", "population"] = "acs"
    file: str
    place: str
    year: int | None = Field(default=None, ge=1900, le=2200)
    note: str = ""
    universe: str = Field(default="residents", min_length=1)
    scheme: Scheme = "us1997"
    columns: dict[Name, str] = {}
    groups: dict[Name, Names] = {}
    values: dict[str, str] = {}
    shares: Literal["fractions", "percents"] | None = None
    census: bool = False
    header_row: int = Field(default=1, ge=1)
    sheet: str | None = None
    encoding: str | None = None


class Publish(Section):
    """[publish]: what may leave the house. Counts of fewer than `minimum` people are hidden."""

    minimum: int = Field(default=10, ge=3, le=100)


def near(value: str, allowed: Any) -> str:
    """Return the nearest of the names that are allowed, quoted."""
    close = difflib.get_close_matches(value, sorted(allowed), n=1, cutoff=0.3)
    return repr(close[0] if close else sorted(allowed)[0])
