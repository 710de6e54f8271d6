"""The agency's file, equity.toml: which files, which place, which rules for publishing."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from equity import groups
from equity.sections import (
    BENCHMARKS,
    FORMATS,
    Benchmark,
    Choose,
    Disposition,
    Input,
    Place,
    Publish,
    Section,
    Stage,
    near,
)
from equity.tables import PIPELINES, TABLES

__all__ = ["Agency", "AgencyError", "Benchmark", "Choose", "Input", "Stage", "read_agency"]

_OWN = {"folder", "results"}
ROWS = ("stops", "workforce", "exits", "applicants", "promotions")
"""The sections that are tables of rows."""


class AgencyError(ValueError):
    """The agency file cannot be used; the message names the key, the value and what is allowed."""


class Agency(Section):
    """An agency file that has been read and found valid; paths are relative to its folder."""

    agency: Place
    stops: Input | None = None
    workforce: Input | None = None
    exits: Input | None = None
    applicants: Input | None = None
    promotions: Input | None = None
    benchmarks: list[Benchmark] = []
    publish: Publish = Publish()
    folder: Path = Field(default=Path(), exclude=True)
    results: Path = Field(default=Path(), exclude=True)

    @property
    def inputs(self) -> dict[str, Input]:
        """The tables of rows that this agency has, by name."""
        found = {name: getattr(self, name) for name in ROWS}
        return {name: table for name, table in found.items() if table}

    def scheme(self, table: str) -> str:
        """Return the scheme of groups of a table: as stated, else that of its format."""
        given = self.inputs[table]
        return given.scheme or FORMATS[given.format].scheme

    def benchmarks_of(self, table: str) -> list[Benchmark]:
        """Return the benchmarks meant for a table that can be brought to its groups."""
        meant = [b for b in self.benchmarks if not b.tables or table in b.tables]
        return [b for b in meant if _reaches(b.scheme, self.scheme(table))]

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
            f"{file} names no files. Add at least one of {', '.join(f'[{t}]' for t in ROWS)}."
        )
    for name, table in agency.inputs.items():
        form = FORMATS[table.format]
        if name not in form.tables:
            fitting = [repr(f) for f, about in FORMATS.items() if name in about.tables]
            raise AgencyError(
                f"{file}: [{name}] format = {table.format!r}: not a format of {name}. "
                f"Allowed: {', '.join(fitting)}."
            )
        if not table.people and name != "stops":
            raise AgencyError(
                f"{file}: [{name}] people = false is not allowed: these records are about people "
                "who applied or work here, and small counts of them are always hidden. Only "
                "[stops] may say that its records are public already. Remove the line."
            )
        always = {"format", "files", "title", "header_row", "sheet", "encoding", "values"}
        always |= {"people", "period"}
        unused = sorted(table.model_fields_set - always - {"keep", "leave_out"} - form.keys)
        if unused:
            raise AgencyError(
                f"{file}: [{name}] {unused[0]} has no effect on the format {table.format!r}, "
                f"which does not read it. Remove it."
            )
        for verb in ("keep", "leave_out"):
            for rule in getattr(table, verb):
                _can_choose(rule, f"[[{name}.{verb}]]", name, file)
        if name in PIPELINES:
            _can_tell_stages(table, name, file)
        _has_columns(table, name, file)
    _usable_benchmarks(agency, file)
    names = [b.name for b in agency.benchmarks]
    for name in names:
        if names.count(name) > 1:
            raise AgencyError(f"{file}: [[benchmarks]] name = {name!r} is given twice.")


def _can_tell_stages(table: Input, name: str, file: str) -> None:
    """Check that a pipeline has stages, and that the file tells each of them."""
    if table.format == "applicant_totals":
        return
    if not table.stages:
        raise AgencyError(
            f"{file}: [{name}] has no stages. Name each stage of the pipeline, in order, "
            f"with [[{name}.stages]] name, label, column."
        )
    stages = [s.name for s in table.stages]
    for stage in table.stages:
        if stage.column is None and table.disposition is None and table.format != "neogov":
            raise AgencyError(
                f"{file}: [[{name}.stages]] {stage.name}: column is missing. Say which column of "
                f"the file tells whether the stage was reached, or add [{name}.disposition]."
            )
    told = table.disposition
    for key in ("failed", "withdrew", "pending") if told else ():
        for code, stage in getattr(told, key).items():
            if stage not in stages:
                raise AgencyError(
                    f"{file}: [{name}.disposition] {key}.{code} = {stage!r} is not a stage. "
                    f"Allowed: {', '.join(map(repr, stages))}."
                )


def _has_columns(table: Input, name: str, file: str) -> None:
    """Check that a table that is read by its columns names those that are needed."""
    race = "subject_race" if name == "stops" else "race"
    exits = name == "exits" and table.format == "roster"
    if exits and "exit_date" not in table.columns:
        raise AgencyError(
            f"{file}: [exits.columns] exit_date is missing. Say which column of the file holds "
            'the date on which the person left, such as exit_date = "Separation Date".'
        )
    if table.format in ("roster", "applicants", "stops") and race not in table.columns:
        raise AgencyError(
            f"{file}: [{name}.columns] {race} is missing. Say which column of the file holds "
            f'race or ethnicity, such as {race} = "Ethnic Code Description".'
        )
    if table.format == "stops" and not ({"date", "year"} & set(table.columns) or table.year):
        raise AgencyError(
            f"{file}: [{name}.columns] date is missing. Say which column of the file holds the "
            "date of the stop; in a file without dates, which holds the year."
        )


def _usable_benchmarks(agency: Agency, file: str) -> None:
    """Check what the benchmarks say against their formats and the groups of the tables."""
    always = {"name", "label", "format", "file", "place", "year", "note", "tables"}
    for benchmark in agency.benchmarks:
        key = f"[[benchmarks]] {benchmark.name}:"
        unused = sorted(benchmark.model_fields_set - always - BENCHMARKS[benchmark.format])
        if unused:
            raise AgencyError(
                f"{file}: {key} {unused[0]} has no effect on the format {benchmark.format!r}, "
                "which does not read it. Remove it."
            )
        wrong = [g for g in benchmark.groups if g not in groups.scheme(benchmark.scheme).groups]
        if wrong:
            raise AgencyError(
                f"{file}: {key} groups.{wrong[0]} is not a group of scheme = "
                f"{benchmark.scheme!r}. Allowed: "
                f"{', '.join(groups.scheme(benchmark.scheme).groups)}."
            )
        schemes = {name: agency.scheme(name) for name in agency.inputs}
        if not any(_reaches(benchmark.scheme, to) for to in schemes.values()):
            raise AgencyError(
                f"{file}: {key} its groups are those of {benchmark.scheme!r}, from which none of "
                f"these can be made: {', '.join(f'[{n}] {s!r}' for n, s in schemes.items())}. Put "
                "both into the same groups with the key scheme."
            )


def _reaches(source: str, to: str) -> bool:
    """Return whether residents in the groups of one scheme can be brought to another."""
    try:
        groups.crosswalk(source, to)
    except ValueError:
        return False
    return True


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
            case "dict_type":
                yield f'{name} = {value!r} is not allowed. Write a table: {{"word" = "meaning"}}'
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
    if "disposition" in where[:-1]:
        model = Disposition
    if "leave_out" in where:
        model = Choose
    keys = [k for k in model.model_fields if k not in _OWN]
    return f". Did you mean {near(str(where[-1]), keys)}? Keys: {', '.join(keys)}"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _siblings(path: Path) -> str:
    if not path.parent.is_dir():
        return " That folder does not exist."
    close = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1)
    return f" There is {close[0]!r}; did you mean that?" if close else ""
