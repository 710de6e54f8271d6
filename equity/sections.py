"""The sections of the agency's file, equity.toml: their keys, and what each may say."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from equity.groups import SCHEMES

__all__ = [
    "BENCHMARKS",
    "FORMATS",
    "Benchmark",
    "Choose",
    "Disposition",
    "Format",
    "Input",
    "Place",
    "Publish",
    "Section",
    "Stage",
    "near",
]


LEAST, MOST = 5, 100
"""Between these lies the number of people under which a count is hidden."""


def _known_scheme(value: str) -> str:
    if value not in SCHEMES:
        raise ValueError(f"one of {', '.join(SCHEMES)}")
    return value


def _names(value: Any) -> str | list[str]:
    several = isinstance(value, list) and value and all(isinstance(v, str) for v in value)
    if not several and not isinstance(value, str):
        raise ValueError("the name of a column, or a list of names")
    return value


def _sheets(value: Any) -> str | list[str]:
    if not isinstance(value, str) and not (
        isinstance(value, list) and value and all(isinstance(v, str) for v in value)
    ):
        raise ValueError('the name of a sheet, a list of names, or "*" for every sheet')
    return value


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        raise ValueError('a date such as "2025-07-01"') from None


def _period(value: Any) -> tuple[dt.date, dt.date]:
    try:
        first, last = map(_day, value)
    except (TypeError, ValueError):
        raise ValueError('the first and the last day, ["2024-01-01", "2024-12-31"]') from None
    if first > last:
        raise ValueError("the first day, then the last")
    return first, last


def _header(value: Any) -> int | list[int]:
    rows = value if isinstance(value, list) else [value]
    whole = all(isinstance(r, int) and not isinstance(r, bool) and r > 0 for r in rows)
    if not rows or not whole:
        raise ValueError("a row number, such as 3, or two below each other, such as [2, 3]")
    return value


def _large_enough(value: int) -> int:
    if not LEAST <= value <= MOST:
        raise ValueError(
            f"a whole number from {LEAST} to {MOST}; where {LEAST - 1} people are shown, each of "
            "them knows nearly all about the others"
        )
    return value


def _email(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+", value):
        raise ValueError("an address such as figures@anytown.example")
    return value


def _address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s<>\"]+", value):
        raise ValueError("a full address such as https://www.anytown.example/equity/")
    return value


def _section_id(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise ValueError(
            "the id of a section, as it stands in the address of the page after #: small letters, "
            "digits and hyphens"
        )
    return value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Scheme = Annotated[str, AfterValidator(_known_scheme)]
Names = Annotated[Any, AfterValidator(_names)]
"""One column of the file, or several."""
HeaderRow = Annotated[Any, AfterValidator(_header)]
"""The row with the names of the columns, or several rows of which they are made."""


class Format(BaseModel):
    """How a file is read: of which tables it can be, which groups it has, which keys it takes.

    scheme : the groups that it has where the agency file names none.
    keys : the keys of the section that it reads, besides those that every format reads.
    """

    tables: tuple[str, ...]
    scheme: str
    keys: frozenset[str] = frozenset()


_STOPS = frozenset({"area", "copies"})
_ROSTER = frozenset({"columns", "date", "date_from", "rules", "scheme", "year"})
_PIPELINE = frozenset({"columns", "disposition", "scheme", "stages", "year"})
FORMATS: dict[str, Format] = {
    "opp": Format(tables=("stops",), scheme="stanford", keys=_STOPS),
    "ctrp3": Format(tables=("stops",), scheme="us1977", keys=_STOPS | {"scheme"}),
    "police_uk": Format(tables=("stops",), scheme="uk5", keys=_STOPS | {"ethnicity"}),
    "ripa": Format(tables=("stops",), scheme="ripa", keys=_STOPS | {"scheme"}),
    "openpolicedata": Format(
        tables=("stops",), scheme="stanford", keys=_STOPS | {"columns", "scheme", "times"}
    ),
    "stops": Format(
        tables=("stops",), scheme="stanford", keys=_STOPS | {"columns", "scheme", "times", "year"}
    ),
    "roster": Format(tables=("workforce", "exits"), scheme="us1997", keys=_ROSTER),
    "peoplesoft": Format(tables=("workforce", "exits"), scheme="us1977", keys=_ROSTER),
    "workday": Format(tables=("workforce", "exits"), scheme="us1997", keys=_ROSTER),
    "eeo4": Format(
        tables=("workforce",),
        scheme="us1997",
        keys=frozenset({"columns", "date", "scheme", "year"}),
    ),
    "applicants": Format(tables=("applicants", "promotions"), scheme="us1997", keys=_PIPELINE),
    "neogov": Format(tables=("applicants", "promotions"), scheme="us1997", keys=_PIPELINE),
    "applicant_totals": Format(
        tables=("applicants",), scheme="us1997", keys=frozenset({"columns", "groups", "scheme"})
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


class Disposition(Section):
    """[applicants.disposition]: one column of codes that says how far each person came.

    passed : the codes of people who passed every stage.
    failed, withdrew, pending : code -> the stage that the person did not pass, at which the
        person withdrew, or whose outcome is still open.
    """

    column: str
    passed: list[str] = []
    failed: dict[str, Name] = {}
    withdrew: dict[str, Name] = {}
    pending: dict[str, Name] = {}


class Stage(Section):
    """[[applicants.stages]]: one stage of the pipeline, in order, and how the file says it.

    `column` holds yes and no, or dates; `date` is the column with the date of the stage, if that
    is another. Neither is needed where [applicants.disposition] tells all stages.
    ``not_reached = "*"`` reads every word that is not among `reached` as not reached; the words in
    `unknown` say that the outcome is not known.
    """

    name: Name
    label: str = ""
    column: str | None = None
    date: str | None = None
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
        "peoplesoft",
        "workday",
        "eeo4",
        "applicants",
        "neogov",
        "applicant_totals",
    ]
    files: list[str] = Field(min_length=1)
    title: str = ""
    scheme: Scheme | None = None
    header_row: HeaderRow = 1
    sheet: Annotated[Any, AfterValidator(_sheets)] = None
    encoding: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2200)
    period: Annotated[Any, AfterValidator(_period)] = None
    date: Annotated[Any, AfterValidator(_day)] = None
    date_from: Literal["file", "sheet"] | None = None
    area: Name = "district"
    times: Literal["local", "UTC"] = "local"
    ethnicity: Literal["self-defined", "officer-defined"] = "self-defined"
    copies: Literal["set aside", "keep"] = "set aside"
    people: bool = Field(default=True, strict=True)
    columns: dict[Name, Names] = {}
    groups: dict[Literal["race", "sex"], dict[str, Names]] = {}
    values: dict[Name, dict[str, str]] = {}
    rules: dict[Name, dict[str, Any]] = {}
    disposition: Disposition | None = None
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
    tables: list[Literal["stops", "workforce", "applicants"]] = []
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
    """[publish]: what may leave the house, and what the published pages say of it.

    minimum : counts of fewer people are hidden; at least 5.
    contact, email : whom a reader can ask, in words and by mail.
    licence : under which others may use the figures.
    url : where the pages will be, for links and for citing.
    leave_out : the sections of the pages that are not published, each by its id.
    together : how many filters (a year, a posting ...) a reader can set at a time. More filters
        are more tables of the same people, so more is hidden.
    """

    minimum: Annotated[int, AfterValidator(_large_enough)] = 10
    contact: str = ""
    email: Annotated[str, AfterValidator(_email)] = ""
    licence: str = Field(default="CC BY 4.0", min_length=1)
    url: Annotated[str, AfterValidator(_address)] = ""
    leave_out: list[Annotated[str, AfterValidator(_section_id)]] = []
    together: int = Field(default=1, ge=1, le=3)


def near(value: str, allowed: Any) -> str:
    """Return the nearest of the names that are allowed, quoted."""
    close = difflib.get_close_matches(value, sorted(allowed), n=1, cutoff=0.3)
    return repr(close[0] if close else sorted(allowed)[0])
