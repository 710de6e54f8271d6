"""Which column of a file is which of ours: by its name, and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from equity.proposal._look import Column, Looked, is_known, words
from equity.sources import _people

__all__ = ["PERSONAL", "Match", "agreed", "columns_of", "table_of"]

_ID = r"(?:id|no|num|number|key|nbr|#|code)"
PERSONAL = re.compile(
    r"(?:.* )?(?:(?:last|first|middle|full|sur|maiden|preferred) ?name|name|suffix|initial|street"
    r"|.*address.*|e ?mail|phone|telephone|ssn|social security.*|.*birth.*|dob|badge.*|supv.*"
    r"|supervisor|manager.*|postal.*|zip.*|position number|other ids|.*\bage|user ?name)(?: .*)?"
)
"""Names of columns that say who somebody is, or nearly."""

WORKFORCE: dict[str, tuple[str, ...]] = {
    "person_id": (
        rf"empl ?id|(?:empl|emp|employee|person|worker|payroll|staff) ?{_ID}",
        "worker|id|pernr",
    ),
    "date": (r"snapshot( date)?|as of( date)?|(?:report|roster|snapshot|extract) date",),
    "year": (r"(?:snapshot |calendar |report |roster )?year", "fiscal year|fy"),
    "race": (
        r"race ethnicity|ethnicity race|race|ethnicity",
        r"race ethnicity.*|ethnic(?:ity)? (?:code )?desc.*|ethnic(?:ity)? group",
        r".*\brace\b.*|.*ethnic.*",
    ),
    "sex": ("gender|sex", r".*\b(?:gender|sex)\b.*"),
    "title": (
        r"(?:job|position|class|working|business|official) title|title|job profile",
        r"job (?:desc.*|name)|class(?:ification)?(?: title| desc.*)?|position(?: desc.*)?",
    ),
    "rank": (r"(?:current )?rank(?: title| name| desc.*)?",),
    "job_category": (r"eeo.*(?:desc.*)", r"eeo.*cat.*|eeo ?4?|job category(?: desc.*)?"),
    "department": (
        r"(?:current )?dep(?:t|artment)(?: name| desc.*)?|supervisory organization",
        r"division(?: name)?|bureau|(?:unit|org(?:ani[sz]ation)?)(?: name| desc.*)?"
        r"|district division|district|work location",
    ),
    "sworn": (r"(?:is )?sworn(?: status| flag| yn?)?|sworn civilian",),
    "hire_date": (
        r"original hire date|orig hire d(?:t|ate)",
        r"hire(?:d)? d(?:t|ate)|date (?:of )?hired?|date of hire|(?:date )?appointed(?: date)?"
        r"|appointment date|date started|start(?:ed)? date|date of appointment|hired",
        r"service d(?:t|ate)|seniority date|entry date|.*\bhire date",
    ),
    "exit_date": (
        r"(?:separation|termination|exit|leaving|term) d(?:t|ate)|date of (?:separation|exit"
        r"|termination|leaving)|separated|date (?:left|separated)",
        r"resignation date|retirement date|vacate effective date|last day.*|end date",
    ),
    "exit_reason": (
        r"(?:separation|termination|exit|leaving|resignation) (?:reason|type|desc.*)"
        r"|reason for (?:leaving|separation|termination)|vacate desc.*|(?:reason|action reason)",
    ),
    "status": (r"(?:employment|empl|employee|worker|current|job|hr) status|status",),
}
APPLICANTS: dict[str, tuple[str, ...]] = {
    "applicant_id": (
        rf"(?:applicant|application|candidate|cand|app) ?{_ID}",
        rf"(?:person|master profile) ?{_ID}|id",
    ),
    "date": (
        r"date applied|appl(?:ication|ied|y|n)? d(?:ate|t)|date of application|applied(?: on)?"
        r"|app(?:lication)? (?:received|filed|submitted)(?: date| on)?",
        r"date (?:received|rec d|recd|rcvd|filed|submitted|of filing)|submi\w+ date"
        r"|(?:received|rec d|recd|rcvd|filing|filed|submitted)(?: d(?:ate|t)| on)?",
    ),
    "year": WORKFORCE["year"],
    "posting": (
        r"(?:job )?posting(?: title| name)?|exam(?:ination)?(?: title| name| plan)?",
        r"requisition(?: title| name)?|job title|position(?: title| applied for)?|vacancy.*",
        rf"job desc.*|exam(?: number)?|requisition.*|job (?:number|posting).*"
        rf"|(?:job )?(?:req|posting|exam|vacancy|announcement|bulletin|recruitment) ?{_ID}"
        r"|(?:job )?req|announcement|recruitment|bulletin",
    ),
    "race": WORKFORCE["race"],
    "sex": WORKFORCE["sex"],
}
PROMOTIONS: dict[str, tuple[str, ...]] = APPLICANTS | {
    "applicant_id": (*APPLICANTS["applicant_id"], WORKFORCE["person_id"][0]),
    "date": (*APPLICANTS["date"], r"(?:exam|test)(?:ination)? date|date of (?:exam|test).*"),
}
STOPS: dict[str, tuple[str, ...]] = {
    "stop_id": (rf"(?:stop|incident|contact|case) ?{_ID}",),
    "date": (r"(?:stop |contact |incident )?date(?: of stop)?(?: time)?|date ?time",),
    "time": (r"(?:stop |contact )?time(?: of stop)?",),
    "year": WORKFORCE["year"],
    "district": ("district|precinct|division|zone",),
    "beat": ("beat|sector|reporting area",),
    "subject_race": WORKFORCE["race"],
    "subject_sex": WORKFORCE["sex"],
    "subject_age": (r"(?:subject |driver )?age",),
    "officer_id": (rf"officer ?{_ID}.*",),
    "reason_for_stop": (r"reason(?: for stop)?|stop reason|.*stop reason.*",),
    "search_conducted": (r"search(?:ed)?(?: conducted| performed)?|.*searched",),
    "contraband_found": (r"contraband(?: found)?",),
    "arrest_made": (r"arrest(?:ed)?(?: made)?",),
    "citation_issued": (r"citation(?: issued)?",),
}
NAMES = {
    "workforce": WORKFORCE,
    "exits": {k: v for k, v in WORKFORCE.items() if k not in ("date", "year", "status")},
    "applicants": APPLICANTS,
    "promotions": PROMOTIONS,
    "stops": STOPS,
}
_DATES = ("date", "hire_date", "exit_date")


@dataclass(frozen=True)
class Match:
    """A column of the file that is proposed for one of ours, why, and what else it could be."""

    column: Column
    why: str
    others: tuple[str, ...] = ()


def columns_of(looked: Looked, table: str) -> dict[str, Match]:
    """Return our column -> the column of the file, each at most once; only what fits both ways."""
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for ours, patterns in NAMES[table].items():
        fits: list[tuple[float, int, Column]] = []
        for column in looked.columns.values():
            rank = next((i for i, p in enumerate(patterns) if re.fullmatch(p, column.words)), None)
            if rank is None or column.name in taken or not column.rows:
                continue
            if (worth := _worth(ours, column)) is not None:
                fits.append((rank - 10 * worth, column.position, column))
        fits.sort(key=lambda f: f[:2])
        if fits:
            best = fits[0][2]
            taken.add(best.name)
            others = tuple(c.name for _, _, c in fits[1:])
            found[ours] = Match(best, "by its name; " + said(ours, best), others)
    return found


def agreed(matched: list[dict[str, Match]]) -> list[dict[str, Match]]:
    """Return the same, with one name for what one list calls rank and another calls title."""
    if not all({"rank", "title"} & set(part) for part in matched):
        return matched
    if any({"rank", "title"} <= set(part) for part in matched):
        return matched
    if len({("rank" in part) for part in matched}) < 2:
        return matched
    first = "rank" if "rank" in matched[0] else "title"
    other = "title" if first == "rank" else "rank"
    return [{first if k == other else k: m for k, m in part.items()} for part in matched]


def _worth(ours: str, column: Column) -> float | None:
    """Return how well what a column holds fits: 0 or 1, None if it does not fit at all."""
    if ours in _DATES:
        return 0.0 if column.share("date") >= 0.8 else None
    if ours == "year":
        return 0.0 if column.share("year") >= 0.9 else None
    if ours in ("race", "subject_race", "sex", "subject_sex"):
        kind = "race" if "race" in ours else "sex"
        return float(column.known(kind) >= 0.5) if column.distinct <= 60 else None
    if ours in ("person_id", "applicant_id", "stop_id"):
        named = column.share("several words") > 0.2
        few = column.distinct < 0.03 * column.rows and column.rows > 50
        return None if named or few else 0.0
    if ours in ("title", "rank", "job_category", "department", "status", "exit_reason", "posting"):
        if column.share("date") > 0.5:
            return None
        return 1.0 if column.share("number") < 0.5 else 0.0
    if ours == "sworn":
        return 0.0 if column.share("yes or no") >= 0.9 else None
    return 0.0


def said(ours: str, column: Column) -> str:
    """Say what a column holds, in labels of groups and shares, never in values of a person."""
    if ours in _DATES:
        every = "all values are" if column.share("date") > 0.999 else "most values are"
        return f"{every} dates, {column.first} to {column.last}"
    if ours == "year":
        return "its values are years"
    if ours in ("race", "subject_race", "sex", "subject_sex"):
        kind = "race" if "race" in ours else "sex"
        if column.known(kind) < 0.5:
            return f"its {column.distinct} different values are codes or words to be explained"
        plain = [(v, s) for v, s in column.labels if not _people.cites_a_law(v)]
        known = [(v, s) for v, s in plain if is_known(v, kind)]
        big = [f"{_cut(v)} {share:.0%}" for v, share in known if share >= 0.01][:3]
        more = len(plain) - len(big)
        withheld = sum(s for v, s in column.labels if _people.cites_a_law(v))
        big += [f"{more} more"] if more else []
        big += [f"withheld, with a statute in the cell, {withheld:.0%}"] if withheld else []
        return f"values look like {kind}: {', '.join(big)}"
    if ours in ("person_id", "applicant_id", "stop_id"):
        each = (
            "each row has another value" if column.distinct == column.rows else "looks like keys"
        )
        return f"{each}; only used to tell persons apart, never shown"
    if column.share("number") > 0.9:
        return f"{column.distinct} different numbers"
    return f"{column.distinct} different values"


def _cut(label: str) -> str:
    label = " ".join(label.split())
    return label if len(label) <= 40 else label[:39] + "…"


def table_of(looked: Looked) -> tuple[str, str, str]:
    """Return the table that a file is, its format, and why; "" for what cannot be told."""
    names = {c.words for c in looked.columns.values()}
    raw = set(looked.columns)
    file = looked.path.stem.lower()
    stops = _stops_format(raw, names)
    if any("b03002" in n for n in names) or ({"id2", "geography"} <= names):
        return "residents", "acs", "has the columns of census table B03002"
    if stops:
        return "stops", stops, "has its standard columns"
    races = {n for n in names if _is_label(n, "race")}
    sexes = {n for n in names if n in ("male", "female", "men", "women")}
    if len(races) >= 3 and len(sexes) == 2:
        return "applicants", "applicant_totals", "has a column of numbers for each race and sex"
    crossed = [n for n in names if re.search(r"\b(?:fe)?male\b", n) and _has_race(n)]
    if len(crossed) >= 4 or (len(races) >= 4 and {"job category", "job categories"} & names):
        return "workforce", "eeo4", "has a column of numbers for each race, by job category"
    if {"people", "population", "residents"} & names and {"race", "group", "ethnicity"} & names:
        return "residents", "population", "has numbers of people by group"
    if not any(re.search(r"race|ethnic", n) for n in names):
        return "", "", "no column is called race or ethnicity"
    if any(re.fullmatch(r"stop (?:id|date|time|reason).*|.*\bstop\b.*", n) for n in names):
        return "stops", "stops", "names of columns speak of stops"
    if len({"ap", "sq", "te", "elig", "ai", "ah", "ah p"} & names) >= 2:
        return _pipeline(file), "neogov", "has the columns AP, SQ, ... of NEOGOV"
    exam = _exam(looked, file)
    if exam:
        return exam[0], "applicants", exam[1]
    fits = {t: columns_of(looked, t) for t in ("workforce", "applicants")}
    if {"applicant_id"} & set(fits["applicants"]) and any(
        "appl" in n or "cand" in n for n in names
    ):
        return _pipeline(file), "applicants", "has a number of the application"
    if re.search("applic|candidat|promot", file) or "date" in fits["applicants"]:
        return _pipeline(file), "applicants", "the file or a column is called after applicants"
    left = fits["workforce"].get("exit_date")
    if left and left.column.filled > 0.95:
        return "exits", "roster", "every row has a date of leaving"
    if {"emplid", "empl id", "ethnic grp cd"} & names or {
        "sex",
        "ethnic group",
        "job code",
    } <= names:
        return "workforce", "peoplesoft", "has names of columns of PeopleSoft"
    if any("locale sensitive" in n for n in names) or {"supervisory organization"} & names:
        return "workforce", "workday", "has names of columns of Workday"
    if {"title", "rank", "hire_date", "department", "sex"} & set(fits["workforce"]):
        return "workforce", "roster", "has race beside job, sex or date of hire"
    return "", "", "race is there, but nothing that tells employees from applicants or stops"


def _exam(looked: Looked, file: str) -> tuple[str, str] | None:
    """Return whether a file is of an exam or of promotions, and why; None if it is neither."""
    flags = [c for c in looked.columns.values() if c.share("yes or no") >= 0.9 and c.rows]
    told = next((c for c in flags if re.search(r"\bpromot", c.words)), None)
    if told is not None:
        return "promotions", f"has a column of yes and no called {told.name!r}"
    said = f"{words(file)} {' '.join(looked.titles.values()).lower()}"
    score = any(
        re.fullmatch(r"(?:.* )?(?:scores?|grade|points)(?: .*)?|(?:exam|test) results?", c.words)
        for c in looked.columns.values()
    )
    if re.search(r"\bpromot", said) and (score or flags or "promot" in file):
        return "promotions", "is called after promotions, in its name or a title"
    if not re.search(r"\bexam|\beligib\w+ list|\btest\b", said) or not (score or flags):
        return None
    if "person_id" in columns_of(looked, "workforce") or re.search(_RANK, said):
        return "promotions", "is called after an exam of people who work there already"
    return "applicants", "is called after an exam"


_RANK = r"\b(?:sgt|sergeant|lt|lieutenant|capt|captain|corporal|cpl|detective|det|commander)\b"


def _pipeline(file: str) -> str:
    return "promotions" if "promot" in file else "applicants"


def _stops_format(raw: set[str], names: set[str]) -> str:
    low = {n.casefold() for n in raw}
    if "subject_race" in low and "date" in low:
        return "opp"
    if {"driver_race", "stop_date"} <= low:
        return "opp"
    if {"interventiondate", "subjectracecode"} <= low:
        return "ctrp3"
    if {"object of search", "self defined ethnicity"} & names and "date" in low:
        return "police_uk"
    return "ripa" if any(n.startswith("rae_") for n in low) else ""


def _is_label(name: str, kind: str) -> bool:
    return is_known(name, kind) and not name.startswith("unknown")


def _has_race(name: str) -> bool:
    rest = re.sub(r"\b(?:fe)?males?\b", "", name).strip()
    return _is_label(rest, "race") or _is_label(words_of(rest), "race")


def words_of(text: str) -> str:
    """Return the text with single spaces."""
    return " ".join(text.split())


def unread(looked: Looked, used: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """Return the columns that are not read: those that say who somebody is, and all others."""
    left = [c for c in looked.columns.values() if c.name not in used]
    who = [c.name for c in left if PERSONAL.fullmatch(c.words)]
    return who, [c.name for c in left if c.name not in who]
