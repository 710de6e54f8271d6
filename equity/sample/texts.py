"""The texts of the sample: its agency files, its README and the key to truth.json."""

from __future__ import annotations

from equity.sample.careers import PROMOTION_DATES, PROMOTION_STAGES, STAGE_DATES
from equity.sample.people import STAGES
from equity.sample.residents import ACS_YEAR, CITY
from equity.sample.stops import LATITUDE, LONGITUDE, TIMEZONE

__all__ = ["AGENCY", "AGENCY_DEFECTS", "KEYS", "NAME", "README"]

NAME = "Riverton Police Department"

_HEAD = f"""\
# {{what}}
# Fictional: no such place, department or person exists. See README.txt.

[agency]
name = "{NAME}"
place = "{CITY}"
fictional = true
latitude = {LATITUDE}
longitude = {LONGITUDE}
timezone = "{TIMEZONE}"

[stops]
format = "opp"
files = ["data/{{stops}}"]
title = "Traffic and pedestrian stops"
area = "beat"                  # the small area for comparisons place by place
people = false                 # Riverton declares its stop records public: each stop is a public
                               # record already, so that published pages hide no small count of
                               # stops. Leave the line out and small counts are hidden
# date, time, race, search and the rest come from the standard columns
"""

_PEOPLE = """
[workforce]
format = "roster"
files = ["data/roster.csv"]
scheme = "us1997"

[workforce.columns]
person_id = "Employee ID"
date = "Snapshot Date"
race = "Ethnic Code Description"
sex = "Gender"
title = "Job Title"
job_category = "EEO Job Category Description"
department = "Division"
hire_date = "Date Started"

[workforce.values.race]        # a value of the file -> the group that it means; "" = not known
"Not Specified" = ""

[workforce.rules.sworn]        # who has police powers, by words of the job title
column = "title"
any_of = ["Officer", "Sergeant", "Lieutenant", "Captain", "Commander", "Chief"]
none_of = ["Trainee", "Community Service"]

[workforce.rules.rank.Officer]     # ranks, by words of the job title; the first that fits
column = "title"
starts_with = ["Police Officer"]
none_of = ["Trainee"]

[workforce.rules.rank.Sergeant]
column = "title"
any_of = ["Sergeant"]

[workforce.rules.rank."Lieutenant and above"]
column = "title"
any_of = ["Lieutenant", "Captain", "Commander", "Chief"]

[exits]                        # everyone who left, with the date and the reason
format = "roster"
files = ["data/exits.csv"]
title = "Separations"
scheme = "us1997"

[exits.columns]
person_id = "Employee ID"      # the same key as in the roster
race = "Ethnic Code Description"
sex = "Gender"
title = "Job Title"
department = "Division"
hire_date = "Date Started"
exit_date = "Separation Date"
exit_reason = "Separation Reason"

[exits.values.race]
"Not Specified" = ""

[exits.rules.sworn]
column = "title"
any_of = ["Officer", "Sergeant", "Lieutenant", "Captain", "Commander", "Chief"]
none_of = ["Trainee", "Community Service"]

[applicants]
format = "applicants"
files = ["data/applicants.xlsx"]
header_row = 4
scheme = "us1997"

[applicants.columns]
applicant_id = "Applicant No."
date = "Date Applied"
posting = "Posting Title"
race = "Race/Ethnicity"
sex = "Gender"
"""

_PROMOTIONS = """
[promotions]
format = "applicants"
files = ["data/promotions.xlsx"]
header_row = 4
title = "Promotional examinations"
scheme = "us1997"

[promotions.columns]
applicant_id = "Candidate No."
date = "Filing Date"
posting = "Examination"
race = "Race/Ethnicity"
sex = "Gender"
"""


def _stages(table: str, stages: dict[str, tuple[str, str]], dates: dict[str, str]) -> str:
    return "".join(
        f"""
[[{table}.stages]]
name = "{name}"
label = "{label}"
column = "{column}"
date = "{dates[name]}"
"""
        for name, (label, column) in stages.items()
    )


_STAGES = _stages("applicants", STAGES, STAGE_DATES)
_CAREERS = _PROMOTIONS + _stages("promotions", PROMOTION_STAGES, PROMOTION_DATES)

_TAIL = f"""
[[benchmarks]]
name = "residents"
label = "Residents, ACS 5-year survey"
format = "acs"
file = "data/ACSDT5Y{ACS_YEAR}.B03002-Data.csv"
place = "{CITY}"
year = {ACS_YEAR}

[[benchmarks]]
name = "register"
label = "Residents, city register"
format = "population"
file = "data/residents_by_district.csv"
place = "{CITY}"
year = {ACS_YEAR}
census = true                  # everyone was counted: no margin of error

[benchmarks.columns]
place = "place"
district = "district"
group = "race"
n = "people"

[[benchmarks]]
name = "adults"
label = "Adults, city register"
format = "population"
file = "data/adults_by_district.csv"
place = "{CITY}"
year = {ACS_YEAR}
universe = "adults, 18 and over"
census = true

[benchmarks.columns]
place = "place"
district = "district"
group = "race"
n = "people"
"""

_BY_SEX = f"""
[[benchmarks]]
name = "adults_by_sex"
label = "Adults by sex, city register"
format = "population"
file = "data/adults_by_sex.csv"
place = "{CITY}"
tables = ["workforce", "applicants"]   # stops are compared with those above
year = {ACS_YEAR}
universe = "adults, 18 and over"
census = true

[benchmarks.columns]
place = "place"
group = "race"
sex = "sex"                    # rows of both sexes together are left out
n = "people"
"""

_PUBLISH = """
[publish]                      # what published pages hide, and what they say of themselves
minimum = 10                   # counts of fewer people are hidden
contact = "Office of Data and Records, Riverton Police Department (fictional)"
email = "records@riverton.example"
licence = "CC BY 4.0"          # under which others may use the figures
"""

AGENCY = (
    _HEAD.format(what="The agency file of the sample: which files, which place, which rules.",
                 stops="stops.csv")
    + _PEOPLE + _STAGES + _CAREERS + _TAIL + _BY_SEX + _PUBLISH
)  # fmt: skip
AGENCY_DEFECTS = (
    _HEAD.format(what="The sample agency with a stops file in which defects are planted.",
                 stops="stops_with_defects.csv")
    + _TAIL + _PUBLISH
)  # fmt: skip

README = f"""\
{NAME}: a FICTIONAL agency
{"=" * (len(NAME) + 22)}

Nothing here is real. There is no such department, city or state, and no row is a person. A
computer drew every row at random from rules that are known, so that everyone can try the tools
before bringing files of their own, and so that tests can ask: does a measure find what is there?
Only the sun is real: sunset and daylight saving time are those of a place in the eastern United
States (41.77 north, 72.69 west).

What is in this folder
  equity.toml                       what the tools read first: the files, the place, the rules
  equity_defects.toml               the same agency with the stops file that has defects
  truth.json                        what is true (see "keys" in it), for checking measures
  data/stops.csv                    about 60,000 stops, 2023 to 2025, Stanford standard columns
                                    and four more: beat, force, body camera, complaint
  data/stops_with_defects.csv       about 2,000 stops with planted defects, listed in truth.json
  data/applicants.xlsx              6,000 applicants, 2022 to 2025, as a personnel system exports,
                                    with the date of each stage; report of 5 January 2026
  data/promotions.xlsx              candidates for sergeant and lieutenant, 2024 and 2025
  data/roster.csv                   everyone employed on 1 July 2023, 2024 and 2025
  data/exits.csv                    everyone who left since July 2019, when and why
  data/ACSDT5Y{ACS_YEAR}.B03002-Data.csv  residents by race, in the layout of data.census.gov
  data/residents_by_district.csv    residents by district and race, from the city's own register
  data/adults_by_district.csv       the same, people of 18 and over only
  data/adults_by_sex.csv            the same adults by race and sex, for the whole city

What was built in (the figures are in truth.json)
  - Black residents are stopped at twice the rate of White residents, Hispanic residents at 1.4
    times. All who are stopped live in the city, which is true nowhere.
  - Among drivers, Black and Hispanic people are a smaller part of stops after dark than in
    daylight at the same hour. Pedestrians: no such effect.
  - Officers search when contraband seems likely enough, and that threshold is lower for Black and
    Hispanic people. Searches incident to arrest, inventories and warrants are no officer's choice.
  - Force is used more often against Black and Hispanic people, partly because they are arrested
    more often; complaints follow the group alone. Whether a body camera was on depends on the
    year alone: there, no group differs.
  - Where people live is not where they are stopped, so that the ratio of stops to residents
    depends on the district; so it does on whether residents or adults are counted.
  - Three of 120 officers differ from colleagues of the same district and shift.
  - At one stage of hiring, the test, Black applicants pass 0.70 times as often as White
    applicants; women 0.86 times as often as men. All other stages are at parity.
  - From the interview and background check on, Black applicants wait 34 days longer. In January
    2026 some who applied in 2025 are still waiting.
  - In their first two years, until they first stand in a roster, Black employees leave at about
    three times the rate of all others; after that nobody differs. A few who are gone from the
    next roster have no exit, and a few who left have the date on which they were hired again.
  - In the written examination for promotion Black candidates pass 0.62 times and Hispanic
    candidates 0.80 times as often as White candidates. There are few of them: chance is large.
  - Race is missing in a few percent of stops, and in most stops of February 2024, when the
    records system changed. Missing is not a defect; it is part of every real file.

The file with defects
  Each defect is in truth.json with its row (as a spreadsheet counts, the header is row 1) and the
  rule that it breaks. Codes for race are all readable: a race that no rule knows stops the whole
  file from loading, on purpose, and belongs into equity.toml.

Delete the folder when you no longer need it. Writing the sample again replaces these files,
unless one of them was changed: then nothing is written.
"""

KEYS = {
    "files": "file -> SHA-256 as written; a file that was changed is not replaced",
    "residents.places": "place -> true people, published estimate and 90 % margin per group; an "
    "estimate is the truth plus a normal error of margin / 1.645, White taking up the difference",
    "residents.districts": "district -> group -> people in the city's register, exactly",
    "residents.adults": "the same, people of 18 and over only",
    "residents.adults_by_sex": "group -> sex -> people of 18 and over in the register, exactly",
    "stops.stops_per_resident_year": "expected stops a year for each true resident",
    "stops.stop_rate_ratio": "the same against White",
    "stops.stop_rate_ratio_by_district": "stops in a district for each person who lives there, "
    "against White",
    "stops.stop_rate_ratio_adults": "stops for each true resident of 18 and over, against White",
    "stops.dark_log_odds": "log odds of the group against White among drivers, dark v light, "
    "given clock time; exp(-value) is the K of Grogger and Ridgeway",
    "stops.search_rate_discretionary": "searches that an officer chose, of all stops",
    "stops.search_rate": "searches on any ground, of all stops",
    "stops.hit_rate": "contraband found, of searches that an officer chose",
    "stops.threshold": "probability of contraband above which a search is made, in every district",
    "stops.model": "the threshold model by group and district",
    "stops.frisk_rate": "of all stops, of drivers and of pedestrians",
    "stops.arrest_rate": "arrests on any ground, of all stops",
    "stops.citation_rate": "of all stops",
    "stops.warning_rate": "warnings without arrest or citation, of all stops",
    "stops.beats": "district -> its beats; a beat is missing where the district is",
    "stops.beat_share": "share of a group's stops in each beat",
    "stops.force_rate": "force used, of all stops",
    "stops.body_camera_rate": "body camera on, of all stops; by year in body_camera_rate_by_year",
    "stops.complaint_rate": "complaints, of all stops",
    "stops.missing": "share of values left out at random; search_basis: of chosen searches; "
    "contraband_found: of all searches",
    "stops.drawn": "what happened to be drawn: rows, stops per group before race was left out, "
    "and the officers who differ",
    "applicants.selection_rate": "stage -> group -> true share that passes, of those who "
    "reached it",
    "applicants.selection_rate_by_sex": "stage -> sex -> the same, of those who reached it",
    "applicants.impact_ratio": "stage -> group -> selection rate against White; bottom line: all",
    "applicants.drawn.counts": "stage -> group -> how many reached and passed it in the file",
    "applicants.waits.median_days": "stage -> group -> true median of the days from application",
    "applicants.drawn.pending": "stage -> people for whom it is the first that is still open",
    "exits.hazard_per_year": "exits for each year of service, in the first early_months and "
    "later; the early one holds until a person first stands in a roster",
    "exits.survival": "months -> group -> true share that is still there, before the first roster",
    "exits.drawn": "rows; people who stand in no roster; those gone from the next roster without "
    "an exit; those whose hire date is a later one",
    "promotions.selection_rate": "stage -> group -> true share that passes, of those who reached "
    "it",
    "promotions.impact_ratio": "the same against White",
    "promotions.drawn.counts": "stage -> group -> how many reached and passed it in the file",
    "workforce.sworn_share": "expected share among sworn posts, not specified included",
    "workforce.counts": "snapshot -> people in the file, exactly: sworn and civilian by group",
    "defects.planted": "each defect: rule, row (header = 1), column, value, first row of a pair",
    "defects.rows_by_rule": "rule -> rows",
    "defects.accepted_spellings": "flags in other spellings that a reader takes: not defects",
}
