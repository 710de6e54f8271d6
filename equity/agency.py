"""The agency's file, equity.toml: which files, which place, which rules for publishing."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from equity.groups import SCHEMES
from equity.tables import TABLES

__all__ = ["Agency", "AgencyError", "Benchmark", "Input", "Stage", "read_agency"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_OWN = {"folder", "results"}

_UNUSED = {
    "opp": {"columns", "rules", "scheme", "year", "stages"},
    "roster": {"stages"},
    "applicants": {"rules"},
}
"""Keys that a format does not read: naming one is a mistake that must not pass silently."""


class AgencyError(ValueError):
    """The agency file cannot be used; the message names the key, the value and what is allowed."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Place(_Section):
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
            raise ValueError(f"a time-zone name such as {_near(value, regions)}")
        return value


class Choose(_Section):
    """[[stops.keep]] and [[stops.leave_out]]: rows that are in, or are not, with the reason."""

    column: Name
    values: list[str] = []
    missing: bool = False
    because: str = Field(min_length=3)


class Stage(_Section):
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


class Input(_Section):
    """One table of the agency: its files, their format, and how their columns are called."""

    format: Literal["opp", "roster", "applicants"]
    files: list[str] = Field(min_length=1)
    title: str = ""
    scheme: str = "us1997"
    header_row: int = Field(default=1, ge=1)
    sheet: str | None = None
    encoding: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2200)
    columns: dict[Name, str] = {}
    values: dict[Name, dict[str, str]] = {}
    rules: dict[Name, dict[str, Any]] = {}
    stages: list[Stage] = []
    keep: list[Choose] = []
    leave_out: list[Choose] = []

    @field_validator("scheme")
    @classmethod
    def _scheme(cls, value: str) -> str:
        if value not in SCHEMES:
            raise ValueError(f"one of {', '.join(SCHEMES)}")
        return value


class Benchmark(_Section):
    """[[benchmarks]]: a population to compare with, always named on the chart."""

    name: Name
    label: str = Field(min_length=1)
    format: Literal["acs"] = "acs"
    file: str
    place: str
    year: int | None = Field(default=None, ge=1900, le=2200)
    note: str = ""


class Publish(_Section):
    """[publish]: what may leave the house. Counts of fewer than `minimum` people are hidden."""

    minimum: int = Field(default=10, ge=3, le=100)


class Agency(_Section):
    """An agency file that has been read and found valid; paths are relative to its folder."""

    agency: Place
    stops: Input | None = None
    workforce: Input | None = None
    applicants: Input | None = None
    benchmarks: list[Benchmark] = []
    publish: Publish = Publish()
    folder: Path = Field(default=Path(), exclude=True)
    results: Path = Field(default=Path(), exclude=True)

    @property
    def inputs(self) -> dict[str, Input]:
        """The tables of rows that this agency has, by name."""
        found = {"stops": self.stops, "workforce": self.workforce, "applicants": self.applicants}
        return {name: table for name, table in found.items() if table}

    def scheme(self, table: str) -> str:
        """Return the scheme of groups of a table: Stanford's for stops, as stated for the rest."""
        given = self.inputs[table]
        return "stanford" if given.format == "opp" else given.scheme

    def paths(self, table: str) -> list[Path]:
        """Return the files of a table; a pattern with * may name several, in alphabetical order.

        Raises FileNotFoundError, naming the key and the folder in which the file was looked for.
        """
        found: list[Path] = []
        for name in self.inputs[table].files:
            found.extend(self._find(name, f"[{table}] files"))
        return found

    def benchmark_path(self, benchmark: Benchmark) -> Path:
        """Return the file of a benchmark, or raise FileNotFoundError."""
        return self._find(benchmark.file, f"[[benchmarks]] {benchmark.name}: file")[0]

    @property
    def counts(self) -> Path:
        """The folder of the count files: all that a dashboard opens."""
        return self.results / "counts"

    @property
    def checks(self) -> Path:
        """The folder of the results of the data checks; no person's record is in it."""
        return self.results / "checks"

    @property
    def private(self) -> Path:
        """The folder of checked rows and of rows set aside: people's records, never published."""
        return self.results / "private"

    def _find(self, name: str, key: str) -> list[Path]:
        pattern = Path(name).expanduser()
        if not pattern.is_absolute():
            pattern = self.folder / pattern
        if "*" in pattern.name:
            # a workbook that is open in Excel has a lock file beside it, which is no workbook
            found = sorted(p for p in pattern.parent.glob(pattern.name) if p.name[:2] != "~$")
        else:
            found = [pattern] if pattern.is_file() else []
        if not found:
            raise FileNotFoundError(
                f"equity.toml, {key}: there is no file {name!r} in {pattern.parent}."
                f"{_siblings(pattern)} Put the file there, or correct the name in equity.toml."
            )
        return found


def read_agency(path: str | os.PathLike[str]) -> Agency:
    """Read and validate an agency file.

    Parameters
    ----------
    path : the file, or the folder that holds an ``equity.toml``.

    Raises
    ------
    AgencyError
        The file is missing or invalid: the message names the key, the value and what is allowed.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "equity.toml"
    if not path.is_file():
        raise AgencyError(_no_file(path))
    if path.suffix != ".toml":
        raise AgencyError(
            f"{path.name} is not an agency file: that is a text file whose name ends in .toml. "
            "Name the equity.toml that lists your files, or the folder that holds it."
        )
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise AgencyError(f"{path.name} is not valid TOML: {error}. {_hint(str(error))}") from None
    except UnicodeDecodeError:
        raise AgencyError(f"{path.name} is not saved as UTF-8. Save it again as UTF-8.") from None
    for key in _OWN & set(given):
        raise AgencyError(f"{path.name}: {key!r} is not a key. Remove it.")
    # another agency file beside equity.toml keeps its results apart, in a folder of its name
    results = path.parent if path.stem == "equity" else path.parent / path.stem
    try:
        agency = Agency.model_validate({**given, "folder": path.parent, "results": results})
    except ValidationError as error:
        raise AgencyError(f"{path.name}: {'; '.join(_in_words(error, given))}.") from None
    _agree(agency, path.name)
    return agency


def _no_file(path: Path) -> str:
    misnamed = path.with_name(path.name + ".txt")
    if misnamed.is_file():
        return (
            f"There is no {path}, but there is {misnamed.name}: rename it to {path.name}. "
            "(Windows hides the ending unless you let it show file name extensions.)"
        )
    return (
        f"There is no agency file {path}. Run the command in the folder that holds it, or name "
        "that folder: `equity check FOLDER`. To start from a fictional agency with an "
        "equity.toml, run `equity sample riverton`; docs/your-own-data.md explains every key."
    )


def _hint(error: str) -> str:
    if any(word in error for word in ("hex value", "escape", "Unescaped")):
        return (
            "A backslash has a meaning of its own in double quotes: write paths with forward "
            'slashes, "C:/files/roster.csv".'
        )
    if "declare" in error or "overwrite" in error:
        return "A section that may stand several times has double brackets: [[applicants.stages]]."
    return "Texts stand in straight double quotes, sections in [square brackets]."


def _agree(agency: Agency, file: str) -> None:
    """Check what one key says against another."""
    if not agency.inputs:
        raise AgencyError(
            f"{file} names no files. Add at least one of [stops], [workforce], [applicants]."
        )
    expected = {"stops": "opp", "workforce": "roster", "applicants": "applicants"}
    for name, table in agency.inputs.items():
        if table.format != expected[name]:
            raise AgencyError(
                f"{file}: [{name}] format = {table.format!r}: not a format of {name}. "
                f"Allowed: {expected[name]!r}."
            )
        unused = sorted(table.model_fields_set & _UNUSED[table.format])
        if unused:
            raise AgencyError(
                f"{file}: [{name}] {unused[0]} has no effect on the format {table.format!r}, "
                f"which does not read it. Remove it."
            )
        for verb in ("keep", "leave_out"):
            for rule in getattr(table, verb):
                _can_choose(rule, f"[[{name}.{verb}]]", name, file)
        if name == "applicants" and not table.stages:
            raise AgencyError(
                f"{file}: [applicants] has no stages. Name each stage of the pipeline, in order, "
                "with [[applicants.stages]] name, label, column."
            )
        if table.format != "opp" and "race" not in table.columns:
            raise AgencyError(
                f"{file}: [{name}.columns] race is missing. Say which column of the file holds "
                'race or ethnicity, such as race = "Ethnic Code Description".'
            )
    names = [b.name for b in agency.benchmarks]
    for name in names:
        if names.count(name) > 1:
            raise AgencyError(f"{file}: [[benchmarks]] name = {name!r} is given twice.")


def _can_choose(rule: Choose, key: str, name: str, file: str) -> None:
    """Check that rows can be kept or left out by the words of this column."""
    kinds = {c.name: c.kind for c in TABLES[name].columns}
    words = [c for c, kind in kinds.items() if kind in ("category", "text", "flag")]
    if rule.column not in words:
        raise AgencyError(
            f"{file}: {key} column = {rule.column!r} is not allowed. Allowed: {', '.join(words)}."
        )
    if kinds[rule.column] == "flag" and not set(rule.values) <= {"true", "false"}:
        raise AgencyError(
            f"{file}: {key} values = {rule.values!r} is not allowed for {rule.column}, which is "
            "yes or no. Allowed: 'true', 'false'."
        )
    if not rule.values and not rule.missing:
        raise AgencyError(
            f"{file}: {key} names neither values nor missing = true, so it chooses nothing. Name "
            "one of them."
        )


def _in_words(error: ValidationError, given: dict[str, Any]) -> Iterator[str]:
    for problem in error.errors():
        where = [part for part in problem["loc"] if part != "[key]"]
        section = f"[{where[0]}]" if len(where) > 1 else ""
        key = ".".join(str(part + 1) if isinstance(part, int) else part for part in where[1:])
        name = f"{section} {key or where[0]}".strip()
        value = problem["input"]
        context = problem.get("ctx", {})
        match problem["type"]:
            case "model_type" | "list_type" | "model_attributes_type" if isinstance(value, dict):
                yield f"{name} stands in single brackets. Write [[{where[0]}]] in double brackets"
            case "list_type":
                yield f"{name} = {value!r} is not a list. Put it in brackets: [{value!r}]"
            case "missing":
                yield f"{name} is missing; it must be given"
            case "extra_forbidden":
                yield f"{name} is not a key{_did_you_mean(where)}"
            case "literal_error":
                yield f"{name} = {value!r} is not allowed. Allowed: {context.get('expected')}"
            case "value_error":
                yield f"{name} = {value!r} is not allowed. Allowed: {context.get('error')}"
            case "string_pattern_mismatch":
                yield f"{name}: {value!r} is not a name. Allowed: small letters, digits and _"
            case _:
                plain = isinstance(value, str | int | float | list)
                shown = repr(value) if plain else f"a {type(value).__name__}"
                yield f"{name} = {shown} is not allowed: {_lower(problem['msg'])}"


def _did_you_mean(where: list[Any]) -> str:
    model: Any = {"agency": Place, "benchmarks": Benchmark, "publish": Publish}.get(
        where[0], Input if len(where) > 1 else Agency
    )
    if "stages" in where:
        model = Stage
    if "leave_out" in where:
        model = Choose
    keys = [k for k in model.model_fields if k not in _OWN]
    return f". Did you mean {_near(str(where[-1]), keys)}? Keys: {', '.join(keys)}"


def _near(value: str, allowed: Any) -> str:
    close = difflib.get_close_matches(value, sorted(allowed), n=1, cutoff=0.3)
    return repr(close[0] if close else sorted(allowed)[0])


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _siblings(path: Path) -> str:
    if not path.parent.is_dir():
        return " That folder does not exist."
    close = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1)
    return f" There is {close[0]!r}; did you mean that?" if close else ""
