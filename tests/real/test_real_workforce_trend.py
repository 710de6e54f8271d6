"""Nashville's rosters: where two or more races came into use, and a file that is there twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from equity.measures import representation_trend

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "workforce"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here"),
]

# Davidson County, ACS 2013-2017, table B03002, by the groups that the rosters have in common
COUNTY = pd.DataFrame(
    {
        "race": ["white", "black", "hispanic", "asian_pacific", "aian", "multiple", "other"],
        "n": [382_565, 184_942, 68_326, 24_305, 1_856, 14_589, 1_739],
        "moe": [357, 921, 0, 687, 365, 1_112, 586],
    }
)
CODES = {
    "White": "white",
    "Black": "black",
    "Hispanic": "hispanic",
    "Asian": "asian_pacific",
    "Hawaiian": "asian_pacific",
    "Native Hawaiian": "asian_pacific",
    "American Indian": "aian",
    "Two or More": "multiple",
}


def key(text: object) -> str | None:
    """Return the group of a code; the labels were renamed three times."""
    return next((k for begin, k in CODES.items() if str(text).strip().startswith(begin)), None)


def breaks(table: pd.DataFrame) -> dict[str, str]:
    one = table.drop_duplicates("when").set_index("when")
    return one.loc[one.break_before, "break_reason"].to_dict()


def test_the_police_in_twelve_yearly_rosters():
    people = pd.read_csv(DATA / "nashville_police_2010-2021.csv", dtype=str)
    people["race"] = people["race_ethnicity"].map(key)
    counts = people.assign(n=1).groupby(["race", "year"], dropna=False, as_index=False)["n"].sum()
    table = representation_trend(counts, COUNTY, group="race")
    assert breaks(table) == {"2018": "multiple: nobody, then 68 people"}
    black = table[table.group == "black"].set_index("when").share
    assert black["2010"].round(3) == 0.209 and black["2021"].round(3) == 0.163


def test_the_police_followed_person_by_person():
    """80 people who stayed have another code in 2018, 67 more of them two or more races."""
    people = pd.read_csv(DATA / "nashville_police_2010-2021.csv", dtype=str)
    people["race"], people["year"] = people["race_ethnicity"].map(key), people["year"].astype(int)
    there = set(zip(people["person_key"], people["year"], strict=True))
    here = list(zip(people["person_key"], people["year"], strict=True))
    first, last = people["year"].min(), people["year"].max()
    people["joined"] = [float((p, y - 1) not in there) for p, y in here]
    people["left"] = [float((p, y + 1) not in there) for p, y in here]
    people["joined_known"] = (people["year"] > first).astype(int)
    people["left_known"] = (people["year"] < last).astype(int)
    flags = ["joined", "joined_known", "left", "left_known"]
    sums = people.assign(n=1).groupby(["race", "year"], dropna=False, as_index=False)
    table = representation_trend(sums[["n", *flags]].sum(), COUNTY, group="race")
    found = breaks(table)
    assert list(found) == ["2018"]
    assert found["2018"].startswith("multiple: 67 people who stayed got this code")


def test_the_city_in_four_snapshots():
    """Two or more races: 2 people in 2016, 207 in 2017; July 2016 is April 2016 once more."""
    parts = []
    for date in ("2016-04-01", "2016-07-01", "2017-07-01", "2020-01-01"):
        file = DATA / "nashville_metro" / f"{date.replace('-', '')}.csv"
        rows = pd.read_csv(file, dtype=str, encoding="utf-8-sig")
        race = rows["Ethnic Code Description"].map(key)
        parts.append(pd.DataFrame({"race": race, "date": date, "n": 1}))
    counts = pd.concat(parts).groupby(["race", "date"], dropna=False, as_index=False)["n"].sum()
    table = representation_trend(counts, COUNTY, group="race", when="date")
    assert breaks(table) == {"2017-07-01": "multiple: 2 people, then 207"}
    again = table["reason"].str.contains("same file once more", na=False)
    assert set(table.loc[again, "when"]) == {"2016-07-01"}
