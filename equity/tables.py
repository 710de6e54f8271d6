"""What each table is: its columns, their meaning, unit and allowed values, and the only-if rules.

Declared once. Adapters (`equity.sources`) produce these columns, `data_checks` builds its rules
from them, `equity.counts` knows from them which columns can be counted by, and the documentation
prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AGE_BANDS",
    "APPLICANTS",
    "COHORT_YEARS",
    "DERIVED",
    "EXITS",
    "PIPELINES",
    "PROMOTIONS",
    "RACE_UNKNOWN",
    "RESIDENTS",
    "STOPS",
    "TABLES",
    "WORKFORCE",
    "Column",
    "Table",
]

Kind = Literal["text", "category", "flag", "date", "integer", "number"]


@dataclass(frozen=True)
class Column:
    """One column: `kind` says how it is stored.

    text and category: strings; flag: nullable boolean; date: a date without a time;
    integer and number: nullable.

    required : the column must be there (its values may still be missing).
    present : no value may be missing.
    allowed : the closed vocabulary of a category.
    low, high : bounds, inclusive.
    only_if : a flag of the same table; where that flag is False this column must be missing.
    or_else : a column of the same table; a file that has it need not have this one.
    unique : no two rows share a value.
    personal : identifies or nearly identifies a person; never an example, never published.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    present: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    only_if: str | None = None
    or_else: str | None = None
    unique: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Table:
    """A table: what one row is, and its columns."""

    name: str
    meaning: str
    one_row_is: str
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`, or raise KeyError naming the columns there are."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{name!r} is not a column of {self.name}: {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(c.name for c in self.columns)


SEXES = ("female", "male", "nonbinary")
SOURCE_ROW = Column(
    "source_row",
    "integer",
    "row of the file as a spreadsheet numbers it: with one header row, the first record is row 2",
    personal=True,
)
SOURCE_FILE = Column("source_file", "category", "name of the file that the row comes from")

STOPS = Table(
    "stops",
    "Stops of drivers and pedestrians, as officers recorded them",
    "one person stopped once",
    (
        SOURCE_FILE,
        SOURCE_ROW,
        Column("stop_id", "text", "the agency's number of the stop", unique=True, personal=True),
        Column(
            "date",
            "date",
            "local date of the stop",
            required=True,
            present=True,
            or_else="year",
        ),
        Column(
            "year",
            "integer",
            "year of the stop, only where the file has no date",
            low=1900,
            high=2200,
        ),
        Column(
            "second_of_day",
            "integer",
            "local time of the stop",
            "seconds since midnight",
            low=0,
            high=86_399,
        ),
        Column(
            "latitude",
            "number",
            "where the stop was",
            "degrees north",
            low=-90,
            high=90,
            personal=True,
        ),
        Column(
            "longitude",
            "number",
            "where the stop was",
            "degrees east",
            low=-180,
            high=180,
            personal=True,
        ),
        Column("district", "category", "police district of the stop"),
        Column("beat", "category", "beat or other small area of the stop"),
        Column("subject_age", "integer", "age of the person stopped", "years", low=0, high=110),
        Column(
            "subject_race",
            "category",
            "race or ethnicity as the officer recorded it",
            required=True,
        ),
        Column("subject_sex", "category", "sex as the officer recorded it", allowed=SEXES),
        Column("officer_id", "text", "a key for the officer, not a badge number", personal=True),
        Column("type", "category", "who was stopped", allowed=("vehicular", "pedestrian")),
        Column("reason_for_stop", "category", "why, in the agency's words"),
        Column(
            "outcome",
            "category",
            "the most severe result of the stop",
            allowed=("warning", "citation", "summons", "arrest"),
        ),
        Column("arrest_made", "flag", "the person was arrested"),
        Column("citation_issued", "flag", "a citation was issued"),
        Column("warning_issued", "flag", "a warning was issued"),
        Column("frisk_performed", "flag", "the person was patted down"),
        Column("force_used", "flag", "force was used against the person"),
        Column("body_camera_on", "flag", "a body camera recorded the stop"),
        Column("complaint_made", "flag", "somebody complained about the stop"),
        Column("search_conducted", "flag", "person or vehicle was searched"),
        Column(
            "search_basis",
            "category",
            "legal ground of the search",
            only_if="search_conducted",
            allowed=(
                "k9",
                "plain view",
                "consent",
                "probable cause",
                "frisk",
                "incident to arrest",
                "warrant",
                "inventory",
                "other",
            ),
        ),
        Column(
            "contraband_found", "flag", "the search found contraband", only_if="search_conducted"
        ),
        Column(
            "contraband_recorded",
            "flag",
            "what the file says of contraband, with a search or without one",
        ),
        Column(
            "weight",
            "integer",
            "how many stops with exactly these values the row stands for; one where not given",
            "stops",
            low=0,
        ),
    ),
)

RACE_UNKNOWN = ("declined", "withheld", "not asked", "not stated")
UNKNOWN = Column(
    "race_unknown",
    "category",
    "why race is not known: declined, withheld by law or policy, not asked, or not stated",
    allowed=RACE_UNKNOWN,
)
PEOPLE = Column(
    "weight",
    "integer",
    "how many people with exactly these values the row stands for; one where not given",
    "people",
    low=0,
)
RACE = Column("race", "category", "race or ethnicity in the personnel system", required=True)
SEX = Column("sex", "category", "sex in the personnel system", allowed=SEXES)
JOB = (
    Column("title", "category", "job title"),
    Column("rank", "category", "rank or grade"),
    Column("job_category", "category", "job category, such as the eight of EEO-4"),
    Column("department", "category", "department or unit"),
    Column("sworn", "flag", "has police powers"),
    Column("hire_date", "date", "date of first appointment"),
    Column("exit_date", "date", "date on which the person left"),
    Column("exit_reason", "category", "why the person left, in the agency's words"),
)

WORKFORCE = Table(
    "workforce",
    "Employees at a date",
    "one person on one snapshot of the roster",
    (
        SOURCE_FILE,
        SOURCE_ROW,
        Column(
            "person_id", "text", "a key for the person, the same in every snapshot", personal=True
        ),
        Column("date", "date", "date of the snapshot"),
        Column("year", "integer", "year of the snapshot", low=1900, high=2200),
        RACE,
        UNKNOWN,
        SEX,
        *JOB,
        Column("status", "category", "employment status, in the agency's words"),
        PEOPLE,
    ),
)

EXITS = Table(
    "exits",
    "Employees who left",
    "one person who left once",
    (
        SOURCE_FILE,
        SOURCE_ROW,
        Column(
            "person_id", "text", "a key for the person, the same as in the roster", personal=True
        ),
        RACE,
        UNKNOWN,
        SEX,
        *JOB,
    ),
)

APPLICANTS = Table(
    "applicants",
    "Applicants and how far each came",
    "one person applying once for one posting",
    (
        SOURCE_FILE,
        SOURCE_ROW,
        Column("applicant_id", "text", "a key for the application", unique=True, personal=True),
        Column("date", "date", "date of the application"),
        Column("year", "integer", "year of the application", low=1900, high=2200),
        Column("posting", "category", "the job posting or examination"),
        Column("race", "category", "race or ethnicity as the applicant stated it", required=True),
        UNKNOWN,
        Column("sex", "category", "sex as the applicant stated it", allowed=SEXES),
        PEOPLE,
        Column(
            "margin",
            "category",
            "in a file of totals: whether the row is one by race or one by sex",
            allowed=("race", "sex"),
        ),
    ),
)
"""Besides these, one flag for each stage that the agency names, in the order of the stages:
True where the person reached or passed it, False where not, missing where that is not known; and
``<stage>_date``, the date of the stage, where the file tells it."""

PROMOTIONS = Table(
    "promotions",
    "Candidates for promotion and how far each came",
    "one person who is a candidate once for one post or examination",
    APPLICANTS.columns,
)

RESIDENTS = Table(
    "residents",
    "The community: how many people of each group live in a place",
    "one group in one place, or one group of one sex",
    (
        SOURCE_FILE,
        Column("place", "category", "name of the place", required=True, present=True),
        Column("place_id", "category", "code of the place"),
        Column("district", "category", "police district or other area of the place"),
        Column("year", "integer", "last year of the survey period", low=1900, high=2200),
        Column("universe", "category", "who is counted: residents, adults, labour force ..."),
        Column(
            "race",
            "category",
            "race or ethnicity",
            required=True,
            present=True,
            or_else="sex",
        ),
        Column("sex", "category", "sex, where the table tells it", present=True, allowed=SEXES),
        Column(
            "n",
            "number",
            "estimated number of people",
            "people",
            required=True,
            present=True,
            low=0,
        ),
        Column(
            "moe",
            "number",
            "margin of error at 90 % confidence; 0 for a controlled estimate",
            "people",
            low=0,
        ),
        Column("controlled", "flag", "the estimate is controlled to official figures"),
        Column(
            "place_n",
            "number",
            "estimated number of people of all groups in the place, as published",
            "people",
            low=0,
        ),
        Column(
            "place_moe",
            "number",
            "its margin of error at 90 % confidence; 0 where it is controlled",
            "people",
            low=0,
        ),
    ),
)

TABLES: dict[str, Table] = {
    t.name: t for t in (STOPS, WORKFORCE, EXITS, APPLICANTS, PROMOTIONS, RESIDENTS)
}

PIPELINES = ("applicants", "promotions")
"""The tables whose people pass stages."""

AGE_BANDS = (
    (0, "under 18"),
    (18, "18-24"),
    (25, "25-34"),
    (35, "35-44"),
    (45, "45-54"),
    (55, "55-64"),
    (65, "65 and over"),
)
"""Lowest age of each band, in years, and its words."""

COHORT_YEARS = 5
"""So many years of hiring make a cohort: 2015-2019, 2020-2024."""

DERIVED: dict[str, tuple[str, str]] = {
    "year": ("date", "calendar year"),
    "month": ("date", "calendar month, 1-12"),
    "weekday": ("date", "day of the week, Monday = 1 to Sunday = 7"),
    "hour": ("second_of_day", "local hour, 0-23"),
    "clock_bin": ("second_of_day", "local time in bins of 5 minutes, 0-287"),
    "age_band": ("subject_age", "age in bands, from under 18 to 65 and over"),
    "hire_year": ("hire_date", "calendar year of first appointment"),
    "hire_cohort": ("hire_date", "years of first appointment in fives, such as 2015-2019"),
    "exit_year": ("exit_date", "calendar year of leaving"),
}
"""Columns that `equity.count` makes itself from another: name -> (made from, meaning)."""
