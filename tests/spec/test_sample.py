"""The sample says what is true of it: read with plain tools, the files must agree with truth.json.

Nothing here uses the adapters or measures of equity: the sample is what they are checked with.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import tomllib
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy import integrate, stats

from equity.daylight import sun_times
from equity.sample import stops as model
from equity.sample import write_sample

SEED = 20260101
FILES = [
    "README.txt",
    "data/ACSDT5Y2023.B03002-Data.csv",
    "data/adults_by_district.csv",
    "data/adults_by_sex.csv",
    "data/applicants.xlsx",
    "data/exits.csv",
    "data/promotions.xlsx",
    "data/residents_by_district.csv",
    "data/roster.csv",
    "data/stops.csv",
    "data/stops_with_defects.csv",
    "equity.toml",
    "equity_defects.toml",
    "truth.json",
]
GROUPS = ["white", "black", "hispanic", "asian_pacific", "other"]
FICTIONAL_LINES = (
    "data/stops.csv",
    "data/stops_with_defects.csv",
    "data/roster.csv",
    "data/exits.csv",
)
BEFORE = "de6142977b808d3b748a5f4455a060b8b37e1df99517cef7d41ba945916d06f2"
"""SHA-256 of data/stops.csv as it was before it had beats and further flags."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The sample as the default seed writes it."""
    path = tmp_path_factory.mktemp("riverton")
    write_sample(path, seed=SEED)
    return path


@pytest.fixture(scope="module")
def truth(folder) -> dict:
    """What truth.json says."""
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def stops(folder, truth) -> pd.DataFrame:
    """The stops as text, with the group of each; NA is missing."""
    frame = pd.read_csv(folder / "data/stops.csv", dtype=str)
    names = {v: k for k, v in truth["stops"]["file_race"].items()}
    return frame.assign(group=frame["subject_race"].map(names))


@pytest.fixture(scope="module")
def defects(folder) -> list[list[str]]:
    """The lines of the file with defects, the header first: line i is spreadsheet row i + 1."""
    with (folder / "data/stops_with_defects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def applicants(folder) -> pd.DataFrame:
    """The applicants, blanks trimmed."""
    frame = pd.read_excel(folder / "data/applicants.xlsx", header=3, dtype=object)
    frame = frame.map(lambda v: v.strip() or None if isinstance(v, str) else v)
    return frame.dropna(how="all")


@pytest.fixture(scope="module")
def acs(folder) -> pd.DataFrame:
    """The ACS file without its second header row."""
    path = folder / "data/ACSDT5Y2023.B03002-Data.csv"
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", skiprows=[1]).set_index("NAME")


def z_binomial(x: int, n: int, p: float) -> float:
    """How many standard errors x of n is from a true share p."""
    return (x - n * p) / math.sqrt(n * p * (1 - p))


# --- the folder -------------------------------------------------------------------------------


def test_same_seed_same_bytes_other_seed_other_rows(folder, tmp_path):
    paths = write_sample(tmp_path / "again", seed=SEED)
    assert sorted(p.relative_to(tmp_path / "again").as_posix() for p in paths) == FILES
    for path in paths:
        first = folder / path.relative_to(tmp_path / "again")
        assert path.read_bytes() == first.read_bytes(), path.name
    write_sample(tmp_path / "other", seed=1)
    drawn = [n for n in FILES if n.startswith("data/") and "_by_" not in n]
    for name in drawn:  # the register is no draw: everybody is counted
        assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes(), name


def test_nothing_else_is_left_in_the_folder(folder):
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert found == FILES


def test_it_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    written = []
    real = Path.write_bytes

    def fails(self, content):
        if len(written) == 4:
            raise OSError("disk full")
        written.append(self)
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(OSError, match="disk full"):
        write_sample(tmp_path / "r")
    assert [p for p in (tmp_path / "r").rglob("*") if p.is_file()] == []


def test_it_never_replaces_a_file_that_is_not_its_own(tmp_path):
    own = tmp_path / "own"
    (own / "data").mkdir(parents=True)
    (own / "data/stops.csv").write_text("date\n2024-01-01\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"already holds data/stops\.csv"):
        write_sample(own)
    assert (own / "data/stops.csv").read_text(encoding="utf-8") == "date\n2024-01-01\n"

    write_sample(tmp_path / "r", seed=1)
    write_sample(tmp_path / "r", seed=2)  # an untouched sample is replaced
    (tmp_path / "r/equity.toml").write_text("# mine now\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"already holds equity\.toml"):
        write_sample(tmp_path / "r", seed=3)
    assert (tmp_path / "r/equity.toml").read_text(encoding="utf-8") == "# mine now\n"


@pytest.mark.parametrize(
    ("seed", "error"), [(1.5, TypeError), ("1", TypeError), (None, TypeError), (-1, ValueError)]
)
def test_a_seed_is_a_whole_number_from_zero(tmp_path, seed, error):
    with pytest.raises(error, match="seed="):
        write_sample(tmp_path / "r", seed=seed)
    assert not (tmp_path / "r").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "r").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="is a file"):
        write_sample(tmp_path / "r")


def test_everything_says_that_it_is_fictional(folder, acs, truth):
    assert "FICTIONAL" in (folder / "README.txt").read_text(encoding="utf-8").splitlines()[0]
    assert truth["fictional"] is True
    for name in ("equity.toml", "equity_defects.toml"):
        agency = tomllib.loads((folder / name).read_text(encoding="utf-8"))["agency"]
        assert agency["fictional"] is True
        assert agency["place"] == "Riverton city, Fictional State"
    assert all(name.endswith("Fictional State") for name in acs.index)
    sheet = openpyxl.load_workbook(folder / "data/applicants.xlsx", read_only=True).worksheets[0]
    assert "FICTIONAL" in next(sheet.values)[0]
    assert "fictional" in sheet.title
    for name in FICTIONAL_LINES:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()[1:]
        assert all("(fictional)" in line for line in lines), name


def test_agency_file_names_columns_and_files_that_exist(folder, applicants, acs):
    agency = tomllib.loads((folder / "equity.toml").read_text(encoding="utf-8"))
    roster = pd.read_csv(folder / "data/roster.csv", dtype=str, encoding="utf-8-sig")
    assert set(agency["workforce"]["columns"].values()) <= set(roster.columns)
    assert set(agency["applicants"]["columns"].values()) <= set(applicants.columns)
    assert {s["column"] for s in agency["applicants"]["stages"]} <= set(applicants.columns)
    exits = pd.read_csv(folder / "data/exits.csv", dtype=str, encoding="utf-8-sig")
    assert set(agency["exits"]["columns"].values()) <= set(exits.columns)
    candidates = pd.read_excel(folder / "data/promotions.xlsx", header=3)
    assert set(agency["promotions"]["columns"].values()) <= set(candidates.columns)
    for part, table in (("applicants", applicants), ("promotions", candidates)):
        stages = agency[part]["stages"]
        assert {s[k] for s in stages for k in ("column", "date")} <= set(table.columns)
    for part in ("stops", "workforce", "exits", "applicants", "promotions"):
        assert all((folder / f).exists() for f in agency[part]["files"])
    columns = pd.read_csv(folder / "data/stops.csv", nrows=0).columns
    assert agency["stops"]["area"] in columns
    for benchmark in agency["benchmarks"]:
        assert (folder / benchmark["file"]).exists()
        assert benchmark["place"] in acs.index
        named = set(benchmark.get("columns", {}).values())
        assert named <= set(pd.read_csv(folder / benchmark["file"], nrows=0).columns)


def test_truth_is_complete_and_explains_its_keys(truth):
    assert truth["seed"] == SEED
    for key in truth["keys"]:
        value = truth
        for step in key.split("."):
            assert step in value, key
            value = value[step]
    for part in ("stops", "applicants", "workforce", "residents", "defects"):
        assert truth[part], part
    for name in ("stop_rate_ratio", "dark_log_odds", "threshold", "hit_rate", "search_rate"):
        assert set(GROUPS) <= set(truth["stops"][name]), name


# --- stops ------------------------------------------------------------------------------------


def test_stops_columns_and_size(stops):
    assert list(stops.columns[:-1]) == list(model.COLUMNS)
    assert 58_000 < len(stops) < 62_000
    assert stops["raw_row_number"].is_unique
    assert stops["date"].min() == "2023-01-01"
    assert stops["date"].max() == "2025-12-31"
    assert stops["date"].nunique() == 1096
    assert stops["officer_id_hash"].nunique() == 120
    assert stops["district"].nunique() == 6


def test_stops_hold_no_defect(stops):
    pd.to_datetime(stops["date"], format="%Y-%m-%d")
    pd.to_datetime(stops["time"].dropna(), format="%H:%M:%S")
    for flag in ("arrest_made", "citation_issued", "search_conducted", "frisk_performed"):
        assert set(stops[flag]) == {"TRUE", "FALSE"}
    unsearched = stops[stops["search_conducted"] == "FALSE"]
    assert unsearched[["contraband_found", "search_basis"]].isna().all(axis=None)
    assert (unsearched["search_vehicle"] == "FALSE").all()
    assert (stops["outcome"].eq("arrest") == stops["arrest_made"].eq("TRUE")).all()
    assert (stops.query("outcome == 'citation'")["citation_issued"] == "TRUE").all()
    assert (stops.query("warning_issued == 'TRUE'")["outcome"] == "warning").all()
    assert (stops.query("search_basis == 'frisk'")["frisk_performed"] == "TRUE").all()
    assert stops["subject_age"].dropna().astype(int).between(16, 92).all()
    assert stops["lat"].dropna().astype(float).between(41.6, 41.95).all()
    assert not stops.drop(columns="raw_row_number").duplicated().any()


def test_stops_per_group_follow_the_rates_per_true_resident(truth):
    said = truth["stops"]
    for g in GROUPS:
        expected = said["expected_stops"][g]
        rate = said["stops_per_resident_year"][g]
        assert expected == pytest.approx(said["residents"][g] * rate * 3)
        drawn = said["drawn"]["stops"][g]
        assert abs(drawn - expected) / math.sqrt(expected) < 4, g
    assert said["stop_rate_ratio"] == {
        "white": 1, "black": 2, "hispanic": 1.4, "asian_pacific": 0.6, "other": 0.5
    }  # fmt: skip


def test_missing_values_are_as_frequent_as_said(stops, truth):
    said = truth["stops"]["missing"]
    ordinary = stops[~stops["date"].str.startswith("2024-02")]
    gap = stops[stops["date"].str.startswith("2024-02")]
    for column in ("district", "time", "subject_age", "subject_sex"):
        assert abs(z_binomial(stops[column].isna().sum(), len(stops), said[column])) < 4, column
    race = said["subject_race"]
    assert abs(z_binomial(ordinary["subject_race"].isna().sum(), len(ordinary), race)) < 4
    race = said["subject_race_2024-02"]
    assert abs(z_binomial(gap["subject_race"].isna().sum(), len(gap), race)) < 4


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("search_conducted", "TRUE", "search_rate"),
        ("arrest_made", "TRUE", "arrest_rate"),
        ("citation_issued", "TRUE", "citation_rate"),
        ("warning_issued", "TRUE", "warning_rate"),
        ("subject_sex", "female", "female_share"),
        ("type", "pedestrian", "pedestrian_share"),
    ],
)
def test_rates_are_near_the_truth(stops, truth, column, value, key):
    for g in GROUPS:
        known = stops.loc[stops["group"] == g, column].dropna()
        z = z_binomial(known.eq(value).sum(), len(known), truth["stops"][key][g])
        assert abs(z) < 4, (g, z)


def test_frisk_rates_are_near_the_truth(stops, truth):
    for (kind, g), part in stops.groupby(["type", "group"]):
        p = truth["stops"]["frisk_rate"][kind][g]
        assert abs(z_binomial(part["frisk_performed"].eq("TRUE").sum(), len(part), p)) < 4
        whole = stops[stops["group"] == g]
        p = truth["stops"]["frisk_rate"]["all"][g]
        assert abs(z_binomial(whole["frisk_performed"].eq("TRUE").sum(), len(whole), p)) < 4


def discretionary(stops: pd.DataFrame) -> pd.DataFrame:
    """Searches that an officer chose; a missing basis is read as probable cause."""
    basis = ["k9", "plain view", "consent", "probable cause", "frisk"]
    searched = stops["search_conducted"].eq("TRUE")
    return stops[searched & stops["search_basis"].fillna("probable cause").isin(basis)]


def test_searches_and_hits_follow_the_threshold_model(stops, truth):
    said = truth["stops"]
    chosen = discretionary(stops)
    total = 0.0
    for g in GROUPS:
        for d in said["districts"]:
            here = stops["group"].eq(g) & stops["district"].eq(d)
            n, cell = int(here.sum()), chosen[here.reindex(chosen.index)]
            p = said["model"]["search_rate_discretionary"][g][d]
            z = z_binomial(len(cell), n, p)
            assert abs(z) < 4, (g, d, z)
            total += z * z
        mine = stops["group"].eq(g)
        searches = chosen[chosen["group"].eq(g)]
        assert abs(z_binomial(len(searches), mine.sum(), said["search_rate_discretionary"][g])) < 4
        known = searches["contraband_found"].dropna()
        assert abs(z_binomial(known.eq("TRUE").sum(), len(known), said["hit_rate"][g])) < 4
    assert stats.chi2.sf(total, 30) > 1e-4  # the 30 cells together


def test_the_threshold_is_a_probability_and_the_same_in_every_district(truth):
    """Integrate the model from its definition: searched where P(contraband | signal) is above."""
    said = truth["stops"]
    for g in GROUPS:
        for d in said["districts"]:
            carrying = said["model"]["carrying"][g][d]
            shift = said["model"]["shift"][g][d]

            def found(x, carrying=carrying, shift=shift):
                return carrying * stats.norm.pdf(x - shift)

            def empty(x, carrying=carrying):
                return (1 - carrying) * stats.norm.pdf(x)

            signal = said["model"]["signal"][g][d]
            chance = found(signal) / (found(signal) + empty(signal))
            assert chance == pytest.approx(said["threshold"][g], abs=1e-5)
            hits = integrate.quad(found, signal, 12)[0]
            searched = hits + integrate.quad(empty, signal, 12)[0]
            assert said["model"]["search_rate_discretionary"][g][d] == pytest.approx(
                searched, abs=1e-5
            )
            assert said["model"]["hit_rate"][g][d] == pytest.approx(hits / searched, abs=1e-4)


def test_search_grounds_that_are_no_choice_are_there(stops, truth):
    searched = stops[stops["search_conducted"] == "TRUE"]
    forced = searched[
        searched["search_basis"].isin(["incident to arrest", "inventory", "warrant", "other"])
    ]
    assert 0.1 < len(forced) / len(searched) < 0.4
    assert set(searched["search_basis"].dropna()) == {
        "k9", "plain view", "consent", "probable cause", "frisk", "incident to arrest",
        "inventory", "warrant", "other",
    }  # fmt: skip
    known = forced["contraband_found"].dropna()
    p = truth["stops"]["hit_rate_not_discretionary"]
    assert abs(z_binomial(known.eq("TRUE").sum(), len(known), p)) < 4


def test_three_officers_differ_from_colleagues_by_the_said_log_odds(stops, truth):
    said = truth["stops"]["drawn"]["officers"]
    assert len(said["differ"]) == 3
    known = stops.dropna(subset=["group", "district", "time"])
    hour = known["time"].str[:2].astype(int)
    known = known.assign(shift=(hour - 7) % 24 // 8, black=known["group"].eq("black"))
    for officer, log_odds in said["differ"].items():
        mine = known[known["officer_id_hash"] == officer]
        assert len(mine) >= 50
        assert len(mine[["district", "shift"]].drop_duplicates()) == 1
        same = known["district"].eq(mine["district"].iloc[0]) & known["shift"].eq(
            mine["shift"].iloc[0]
        )
        others = known[same & known["officer_id_hash"].ne(officer)]
        a, b = mine["black"].sum(), (~mine["black"]).sum()
        c, d = others["black"].sum(), (~others["black"]).sum()
        estimate = math.log(a * d / (b * c))
        assert abs(estimate - log_odds) < 4 * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


# --- beats, force, cameras, complaints --------------------------------------------------------


def test_columns_that_were_added_change_nothing_of_the_others(folder):
    """The first 23 columns are, to the byte, those of the sample before there were more."""
    lines = (folder / "data/stops.csv").read_text(encoding="utf-8").splitlines()
    before = "".join(line.rsplit(",", 4)[0] + "\n" for line in lines)
    assert hashlib.sha256(before.encode()).hexdigest() == BEFORE


def test_beats_lie_in_their_districts(stops, truth):
    said = truth["stops"]["beats"]
    assert {d: len(b) for d, b in said.items()} == dict.fromkeys(truth["stops"]["districts"], 4)
    assert (stops["beat"].isna() == stops["district"].isna()).all()
    known = stops.dropna(subset=["district"])
    assert all(b in said[d] for d, b in zip(known["district"], known["beat"], strict=True))
    for d, beats in said.items():
        assert all(b[0] == d[0] for b in beats)
    for g in GROUPS:
        share = truth["stops"]["beat_share"][g]
        assert sum(share.values()) == pytest.approx(1, abs=1e-4)
        got = known.loc[known["group"] == g, "beat"].value_counts().reindex(list(share))
        p = stats.chisquare(got, np.array(list(share.values())) / sum(share.values()) * got.sum())
        assert p.pvalue > 1e-4, g


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("force_used", "force_rate"),
        ("body_camera_on", "body_camera_rate"),
        ("complaint_made", "complaint_rate"),
    ],
)
def test_added_flags_are_near_the_truth(stops, truth, flag, said):
    for g in GROUPS:
        known = stops.loc[stops["group"] == g, flag].dropna()
        assert set(known) <= {"TRUE", "FALSE"}
        p = stats.binomtest(
            int(known.eq("TRUE").sum()), len(known), truth["stops"][said][g]
        ).pvalue
        assert p > 6e-5, g  # as |z| < 4
    missing = truth["stops"]["missing"].get(flag, 0)
    assert abs(z_binomial(stops[flag].isna().sum(), len(stops), missing or 1e-9)) < 4


def test_cameras_follow_the_year_alone(stops, truth):
    year = stops["date"].str[:4]
    for y, rate in truth["stops"]["body_camera_rate_by_year"].items():
        known = stops.loc[year == y].dropna(subset=["body_camera_on", "group"])
        on = known["body_camera_on"].eq("TRUE")
        assert abs(z_binomial(on.sum(), len(on), rate)) < 4
        assert stats.chi2_contingency(pd.crosstab(known["group"], on)).pvalue > 1e-4
    assert len(set(truth["stops"]["body_camera_rate"].values())) == 1


def test_the_register_adds_up_to_the_true_residents(folder, truth):
    """By district and in all; and the ratios that follow from it."""
    names = {
        "White": "white", "Black or African American": "black", "Hispanic or Latino": "hispanic",
        "Asian": "asian_pacific", "Native Hawaiian or Other Pacific Islander": "asian_pacific",
    }  # fmt: skip
    city = truth["residents"]["places"]["Riverton city, Fictional State"]["true"]
    tables = {
        kind: pd.read_csv(folder / f"data/{file}_by_district.csv")
        for kind, file in (("districts", "residents"), ("adults", "adults"))
    }
    for kind, table in tables.items():
        assert table["place"].eq("Riverton city, Fictional State").all()
        assert set(table["district"]) == set(truth["stops"]["districts"])
        assert len(table) == 6 * 8
        wide = table.pivot_table(index="district", columns="race", values="people")
        for d, people in truth["residents"][kind].items():
            assert sorted(wide.loc[d]) == sorted(people.values())
    assert tables["districts"]["people"].sum() == sum(city.values())
    assert (tables["adults"]["people"] <= tables["districts"]["people"]).all()
    said = truth["stops"]
    for kind, table in tables.items():
        table["group"] = table["race"].map(names).fillna("other")
        people = table.pivot_table("people", "district", "group", aggfunc="sum")
        expected = pd.Series(said["expected_stops"])
        if kind == "adults":
            rate = expected / people.sum()
            for g in GROUPS:
                ratio = said["stop_rate_ratio_adults"][g]
                assert rate[g] / rate["white"] == pytest.approx(ratio, abs=1e-5)
            continue
        for d in said["districts"]:
            share = pd.Series({g: said["district_share"][g][d] for g in GROUPS})
            rate = expected * share / people.loc[d]
            for g in GROUPS:
                ratio = said["stop_rate_ratio_by_district"][d][g]
                assert rate[g] / rate["white"] == pytest.approx(ratio, rel=1e-4)


def test_adults_by_sex_are_the_adults_of_the_register(folder, truth):
    """Women and men of a group add up to its adults in all districts, as does "both sexes"."""
    wide = pd.read_csv(folder / "data/adults_by_sex.csv").pivot(
        index="race", columns="sex", values="people"
    )
    register = pd.read_csv(folder / "data/adults_by_district.csv")
    adults = register.groupby("race")["people"].sum()
    assert (wide["Female"] + wide["Male"] == wide["Both sexes"]).all()
    assert wide["Both sexes"].to_dict() == adults.to_dict()
    said = truth["residents"]["adults_by_sex"]
    assert sorted(wide["Female"]) == sorted(people["female"] for people in said.values())
    for group, people in said.items():
        assert sum(people.values()) == sum(d[group] for d in truth["residents"]["adults"].values())
        assert 0.48 < people["female"] / sum(people.values()) < 0.56


# --- daylight ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sun() -> dict[str, np.ndarray]:
    """Sun times of the three years, as the sample computes them."""
    days = np.arange(np.datetime64("2023-01-01"), np.datetime64("2026-01-01"))
    place = {"latitude": 41.77, "longitude": -72.69, "timezone": "America/New_York"}
    times = sun_times(days, **place)
    return {"day": days, **{name: times[name].to_numpy() for name in times.columns[1:]}}


def logistic(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors of a logistic regression, by Newton's method."""
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        information = (x * (p * (1 - p))[:, None]).T @ x
        step = np.linalg.solve(information, x.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


@pytest.mark.parametrize("group", ["black", "hispanic"])
def test_the_daylight_effect_can_be_recovered(stops, truth, sun, group):
    """Veil of darkness by hand: evening hours of the year's range of dusk, twilight left out."""
    known = stops.dropna(subset=["time", "group", "district"])
    known = known[known["group"].isin([group, "white"])]
    minute = known["time"].str[:2].astype(int) * 60 + known["time"].str[3:5].astype(int)
    index = (known["date"].astype("datetime64[s]").to_numpy().astype("datetime64[D]")
             - sun["day"][0]).astype(int)  # fmt: skip
    t, sunset, dusk = minute.to_numpy(), sun["sunset"][index], sun["dusk"][index]
    window = (t >= sun["dusk"].min()) & (t <= sun["dusk"].max())
    clear = (t < sunset) | (t > dusk)

    def estimate(kind: str) -> tuple[float, float]:
        keep = window & clear & known["type"].eq(kind).to_numpy()
        clock = (t[keep] - t[keep].mean()) / 100
        place = pd.get_dummies(known["district"][keep], drop_first=True).to_numpy(float)
        x = np.column_stack(
            [(t > dusk)[keep], np.ones(keep.sum()), *(clock**k for k in range(1, 5)), place]
        ).astype(float)
        beta, se = logistic(x, known["group"][keep].eq(group).to_numpy(float))
        return beta[0], se[0]

    said = truth["stops"]["dark_log_odds"]
    got, se = estimate("vehicular")
    assert abs(got - said[group]) < 4 * se
    assert se < 0.12
    got, se = estimate("pedestrian")  # none for people on foot
    assert abs(got) < 4 * se


# --- defects ----------------------------------------------------------------------------------


def test_each_defect_is_at_its_row(defects, truth):
    said = truth["defects"]
    header = defects[0]
    assert len(defects) == said["rows"] + 1 == said["last_row"]
    assert header == list(model.COLUMNS)
    for entry in said["planted"] + said["accepted_spellings"]:
        row = defects[entry["row"] - 1]
        if entry["rule"] == "row_unique":
            assert row == defects[entry["first"] - 1]
            continue
        assert row[header.index(entry["column"])] == entry["value"]
        for column, value in entry.get("also", {}).items():
            assert row[header.index(column)] == value
        if entry["rule"] == "stop_id_unique":
            first = defects[entry["first"] - 1]
            assert first[0] == row[0]
            assert first != row
        if entry["rule"].endswith("_only_if_searched"):
            assert row[header.index("search_conducted")] == "FALSE"


def test_no_defect_is_unlisted(defects, truth):
    """Each rule, applied by hand, finds the listed rows and no other."""
    said = truth["defects"]["rows_by_rule"]
    assert set(said) == set(truth["defects"]["rules"])
    assert all(said.values())
    frame = pd.DataFrame(defects[1:], columns=defects[0])
    frame.index = frame.index + 2
    date = pd.to_datetime(frame["date"], format="%Y-%m-%d", errors="coerce")
    blank = frame["date"].isin(["", "NA"])
    clock = pd.to_datetime(frame["time"], format="%H:%M:%S", errors="coerce")
    age = pd.to_numeric(frame["subject_age"], errors="coerce")
    lat = pd.to_numeric(frame["lat"], errors="coerce")
    unsearched = frame["search_conducted"].eq("FALSE")
    flags = ["arrest_made", "citation_issued", "search_conducted", "frisk_performed"]
    spelled = frame[flags].map(lambda v: v.strip().lower())
    broken = {
        "date_unreadable": date.isna() & ~blank,
        "date_future": date > pd.Timestamp("2026-01-05"),
        "date_missing": blank,
        "time_unreadable": clock.isna() & frame["time"].ne("NA"),
        "row_unique": frame.duplicated(),
        "stop_id_unique": frame["raw_row_number"].duplicated() & ~frame.duplicated(),
        "contraband_only_if_searched": unsearched & frame["contraband_found"].ne("NA"),
        "basis_only_if_searched": unsearched & frame["search_basis"].ne("NA"),
        "age_range": age.notna() & ~age.between(0, 110),
        "outcome_allowed": ~frame["outcome"].isin(
            ["warning", "citation", "summons", "arrest", "NA"]
        ),
        "type_allowed": ~frame["type"].isin(["vehicular", "pedestrian"]),
        "flag_unreadable": ~spelled.isin(["true", "false", "yes", "no", "y", "n"]).all(axis=1),
        "place_implausible": lat.notna() & ~lat.between(41, 43),
    }
    found = {rule: frame.index[where].tolist() for rule, where in broken.items()}
    assert found == said


def test_races_in_the_file_with_defects_are_all_known(defects, truth):
    column = defects[0].index("subject_race")
    known = {*truth["stops"]["file_race"].values(), "unknown", "NA"}
    assert {row[column] for row in defects[1:]} <= known


# --- residents --------------------------------------------------------------------------------


def test_acs_file_has_the_layout_of_data_census_gov(folder):
    raw = (folder / "data/ACSDT5Y2023.B03002-Data.csv").read_bytes()
    assert raw.startswith(b'\xef\xbb\xbf"GEO_ID","NAME","B03002_001E","B03002_001M",')
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert {len(row) for row in rows} == {2 + 2 * 21 + 1}
    assert {row[-1] for row in rows} == {""}
    assert rows[1][:4] == [
        "Geography", "Geographic Area Name", "Estimate!!Total:", "Margin of Error!!Total:"
    ]  # fmt: skip
    assert rows[0][-3:] == ["B03002_021E", "B03002_021M", ""]
    assert len(rows) == 2 + 5


def test_acs_identities_hold_exactly(acs):
    e = acs.filter(regex=r"E$").drop(columns="NAME", errors="ignore").astype(int)
    e.columns = [int(c[7:10]) for c in e.columns]
    assert (e[1] == e[2] + e[12]).all()
    assert (e[2] == e[list(range(3, 10))].sum(axis=1)).all()
    assert (e[9] == e[10] + e[11]).all()
    assert (e[12] == e[list(range(13, 20))].sum(axis=1)).all()
    assert (e[19] == e[20] + e[21]).all()
    assert (e >= 0).all(axis=None)
    county = "Harbor County, Fictional State"
    assert e.loc[county, 1] > e.drop(county)[1].sum()  # the county holds its cities
    controlled = acs.columns[acs.loc[county].eq("*****")]
    assert list(controlled) == ["B03002_001M", "B03002_002M", "B03002_012M"]
    margins = acs.filter(regex=r"M$").drop(county).astype(int)
    assert (margins > 0).all(axis=None)


def test_published_residents_are_within_their_margins_of_the_truth(acs, truth):
    for place, said in truth["residents"]["places"].items():
        assert int(acs.loc[place, "B03002_001E"]) == sum(said["true"].values()) == said["total"]
        for g, number in said["published"].items():
            se = said["moe"][g] / 1.645
            assert abs(number - said["true"][g]) <= 4 * se, (place, g)
    city = "Riverton city, Fictional State"
    said = truth["residents"]["places"][city]
    assert int(acs.loc[city, "B03002_004E"]) == said["published"]["black"]
    assert sum(said["true"].values()) == pytest.approx(180_000, rel=0.01)


# --- applicants -------------------------------------------------------------------------------


def test_the_workbook_is_an_export(folder):
    sheet = openpyxl.load_workbook(folder / "data/applicants.xlsx").worksheets[0]
    rows = list(sheet.values)
    assert rows[0][1:] == (None,) * 18
    assert rows[1][0].startswith("Run date")
    assert not any(rows[2])
    assert rows[3][0] == "Applicant No."
    assert len(rows) == 4 + 6_000 + 2
    assert all(not str(v or "").strip() for row in rows[-2:] for v in row)
    kinds = {type(row[3]).__name__ for row in rows[4:-2]}
    assert kinds == {"datetime", "str"}
    assert any(isinstance(v, str) and v != v.rstrip() for row in rows[4:-2] for v in row)


STAGES = ["Min. Quals Met", "Test Passed", "Interview Passed", "Offer Made", "Hired"]


def test_stages_are_nested_and_blank_after_the_first_no(applicants):
    assert len(applicants) == 6_000
    assert applicants["Applicant No."].is_unique
    assert set(applicants[STAGES[0]]) == {"Yes", "No"}
    for before, after in zip(STAGES, STAGES[1:], strict=False):
        going = applicants[before].eq("Yes") & ~applicants["Disposition Code"].eq("ACTIVE")
        assert applicants.loc[going, after].notna().all()
        assert applicants.loc[~applicants[before].eq("Yes"), after].isna().all()
    dates = pd.to_datetime(applicants["Date Applied"].astype(str), format="mixed")
    assert sorted(dates.dt.year.unique()) == [2022, 2023, 2024, 2025]
    assert applicants["Posting Title"].nunique() == 12


def test_selection_rates_are_near_the_truth(applicants, truth):
    said = truth["applicants"]
    words = {
        "white": "White", "black": "Black or African American", "hispanic": "Hispanic or Latino",
        "asian": "Asian", "nhpi": "Native Hawaiian or Other Pacific Islander",
        "aian": "American Indian or Alaska Native", "multiple": "Two or More Races",
    }  # fmt: skip
    for stage, column in zip(said["stages"], STAGES, strict=True):
        for g, label in words.items():
            reached = applicants.loc[applicants["Race/Ethnicity"] == label, column].dropna()
            passed = int(reached.eq("Yes").sum())
            assert said["drawn"]["counts"][stage][g] == {"reached": len(reached), "passed": passed}
            rate = said["selection_rate"][stage][g]
            if len(reached):  # of the smallest group nobody may come so far
                p = stats.binomtest(passed, len(reached), rate).pvalue
                assert p > 6e-5, (stage, g)  # as |z| < 4
        for sex in ("female", "male"):
            reached = applicants.loc[applicants["Gender"] == sex.capitalize(), column].dropna()
            rate = said["selection_rate_by_sex"][stage][sex]
            assert abs(z_binomial(reached.eq("Yes").sum(), len(reached), rate)) < 4, (stage, sex)


def test_one_stage_and_one_group_are_below_four_fifths_and_all_others_at_parity(truth):
    said = truth["applicants"]
    below = [
        {"stage": stage, "group": g}
        for stage, ratios in said["impact_ratio"].items()
        for g, ratio in ratios.items()
        if stage != "bottom line" and ratio < 0.8
    ]
    assert below == said["below_four_fifths"] == [{"stage": "tested", "group": "black"}]
    for stage in said["stages"]:
        for g, ratio in said["impact_ratio"][stage].items():
            wanted = 0.7 if (stage, g) == ("tested", "black") else 1
            assert ratio == pytest.approx(wanted, abs=1e-5), (stage, g)
    assert said["impact_ratio"]["bottom line"]["black"] == pytest.approx(0.7, abs=1e-5)


def test_waits_are_near_the_truth_and_nothing_is_decided_after_the_report(applicants, truth):
    said = truth["applicants"]
    applied = pd.to_datetime(applicants["Date Applied"].astype(str), format="mixed")
    before = applied
    dates = [c for c in applicants if str(c).endswith(" Date") and c != "Status Date"]
    assert len(dates) == len(STAGES)
    for stage, column, at in zip(said["stages"], STAGES, dates, strict=True):
        day = pd.to_datetime(applicants[at].astype(str), format="mixed", errors="coerce")
        decided = applicants[column].notna()
        assert (day.notna() == decided).all()
        assert (day[decided] < pd.Timestamp(said["waits"]["until"])).all()
        assert (day[decided] >= before[decided]).all()
        before = day
        early = decided & applied.dt.year.lt(2025)  # nobody of these is still waiting
        for label, g in (("White", "white"), ("Black or African American", "black")):
            days = (day - applied).dt.days[early & applicants["Race/Ethnicity"].eq(label)]
            median = said["waits"]["median_days"][stage][g]
            # the median's standard error is 1.25 times that of the mean
            se = 1.2533 * said["waits"]["spread"] / math.sqrt(len(days))
            assert abs(math.log(days.median() / median)) < 4 * se + 0.5 / median, (stage, g)
    waiting = applicants["Disposition Code"].eq("ACTIVE")
    assert waiting.sum() == sum(said["drawn"]["pending"].values()) > 50
    assert (applied[waiting].dt.year == 2025).all()


def test_why_a_race_is_not_known(applicants, truth):
    why = truth["applicants"]["drawn"]["race_unknown"]
    race = applicants["Race/Ethnicity"]
    assert race.isna().sum() == why["not stated"]
    assert race.eq("Withheld").sum() == why["withheld"]
    assert race.eq("Decline to answer").sum() == why["declined"]


# --- promotions -------------------------------------------------------------------------------


def test_candidates_for_promotion_are_few_and_near_the_truth(folder, truth):
    said = truth["promotions"]
    frame = pd.read_excel(folder / "data/promotions.xlsx", header=3, dtype=object)
    frame = frame.map(lambda v: v.strip() or None if isinstance(v, str) else v)
    frame = frame.dropna(how="all")
    assert frame["Examination"].value_counts().to_dict() == said["candidates"]
    assert frame["Candidate No."].is_unique
    words = {"white": "White", "black": "Black or African American",
             "hispanic": "Hispanic or Latino"}  # fmt: skip
    columns = {"written": "Written Exam", "oral": "Oral Board", "promoted": "Promoted"}
    for stage, column in columns.items():
        for g, label in words.items():
            reached = frame.loc[frame["Race/Ethnicity"] == label, column].dropna()
            passed = int(reached.isin(["Pass", "Yes"]).sum())
            assert said["drawn"]["counts"][stage][g] == {"reached": len(reached), "passed": passed}
            rate = said["selection_rate"][stage][g]
            assert stats.binomtest(passed, len(reached), rate).pvalue > 6e-5, (stage, g)
    assert said["impact_ratio"]["written"]["black"] == pytest.approx(0.62)
    assert frame["Promotion Date"].notna().eq(frame["Promoted"].eq("Yes")).all()


# --- exits ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exits(folder) -> pd.DataFrame:
    """The exits, with dates."""
    frame = pd.read_csv(folder / "data/exits.csv", dtype=str, encoding="utf-8-sig")
    dates = ["Date Started", "Separation Date"]
    frame[dates] = frame[dates].apply(pd.to_datetime, format="%m/%d/%Y")
    return frame


@pytest.fixture(scope="module")
def staff(folder) -> pd.DataFrame:
    """The roster, with dates."""
    frame = pd.read_csv(folder / "data/roster.csv", dtype=str, encoding="utf-8-sig")
    dates = ["Snapshot Date", "Date Started"]
    frame[dates] = frame[dates].apply(pd.to_datetime, format="%m/%d/%Y")
    return frame


def test_exits_agree_with_the_rosters(exits, staff, truth):
    said = truth["exits"]["drawn"]
    assert len(exits) == said["rows"]
    assert exits["Employee ID"].is_unique
    seen = staff.groupby("Employee ID")["Snapshot Date"]
    last, first = seen.max(), seen.min()
    days = sorted(staff["Snapshot Date"].unique())
    after = dict(zip(days, [*days[1:], pd.Timestamp("2026-01-05")], strict=True))
    known = exits[exits["Employee ID"].isin(last.index)].set_index("Employee ID")
    assert (known["Separation Date"] >= last[known.index]).all()
    assert (known["Separation Date"] < last[known.index].map(after)).all()
    gone = last.index[last < days[-1]]
    assert len(set(gone) - set(known.index)) == said["gone_without_exit"] > 0
    never = exits[~exits["Employee ID"].isin(last.index)]
    assert len(never) == said["never_in_a_roster"]
    backwards = never["Date Started"] > never["Separation Date"]
    assert backwards.sum() == said["hired_again"] == 3
    fine = never[~backwards]
    for day in days:  # nobody who was in service on the day of a roster is missing from it
        assert not ((fine["Date Started"] <= day) & (fine["Separation Date"] > day)).any()
    assert exits["Separation Reason"].value_counts().to_dict() == said["reasons"]
    assert first.notna().all()


def test_early_exits_are_near_the_truth(exits, staff, truth):
    """Exits for each year of service before the first roster, since the exits are known."""
    said = truth["exits"]
    start, first = pd.Timestamp(said["known_from"]), pd.Timestamp(said["first_roster"])
    there = staff[staff["Snapshot Date"] == first].assign(left=pd.NaT)
    gone = exits[exits["Separation Date"] < first].assign(left=lambda f: f["Separation Date"])
    gone = gone[gone["Date Started"] <= gone["left"]]
    both = pd.concat([there, gone])
    hired, left = both["Date Started"], both["left"].fillna(first)
    for early in (True, False):
        low = hired if early else hired + pd.Timedelta(days=730.5)
        high = hired + pd.Timedelta(days=730.5 if early else 40_000)
        begins, ends = low.where(low > start, start), left.where(left < high, high)
        years = ((ends - begins).dt.days / 365.25).clip(lower=0)
        out = both["left"].notna() & (left < high) & (left >= low)
        for black in (True, False):
            mine = both["Ethnic Code Description"].str.startswith("Black") == black
            rate = said["hazard_per_year"]["early" if early else "later"][
                "black" if black else "white"
            ]
            n, expected = int(out[mine].sum()), years[mine].sum() * rate
            # the staff of the roster are given, so chance is a little more than Poisson's
            assert abs(n - expected) < 4 * math.sqrt(expected) * 1.3, (early, black)
    assert said["survival"]["24"]["black"] == pytest.approx(math.exp(-0.6), abs=1e-6)


# --- workforce --------------------------------------------------------------------------------


def test_roster_counts_are_the_said_ones(folder, truth):
    raw = (folder / "data/roster.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfSnapshot Date,")
    assert raw.count(b"\r\n") == raw.count(b"\n")
    roster = pd.read_csv(folder / "data/roster.csv", dtype=str, encoding="utf-8-sig")
    said = truth["workforce"]
    assert len(roster) == said["rows"]
    agency = tomllib.loads((folder / "equity.toml").read_text(encoding="utf-8"))
    rule = agency["workforce"]["rules"]["sworn"]
    title = roster["Job Title"].str.strip()
    sworn = title.map(
        lambda t: any(w in t for w in rule["any_of"]) and not any(w in t for w in rule["none_of"])
    )
    codes = {"white": "01", "black": "02", "hispanic": "03", "asian": "04", "nhpi": "05",
             "aian": "06", "multiple": "30", "unknown": "99"}  # fmt: skip
    for day, numbers in said["counts"].items():
        date = pd.Timestamp(day)
        here = roster["Snapshot Date"].eq(f"{date.month}/{date.day}/{date.year}")
        assert here.sum() == numbers["total"]
        assert roster.loc[here, "Employee ID"].is_unique
        assert (here & sworn).sum() == said["sworn_posts"] == 423
        for kind, where in (("sworn", here & sworn), ("civilian", here & ~sworn)):
            got = roster.loc[where, "Ethnic Code"].value_counts()
            for g, code in codes.items():
                assert got.get(code, 0) == numbers["groups"][kind][g], (day, kind, g)
            assert roster.loc[where, "Gender"].eq("F").sum() == numbers["women"][kind]
        for g, p in said["sworn_share"].items():
            assert stats.binomtest(numbers["groups"]["sworn"][g], 423, p).pvalue > 6e-5
    started = pd.to_datetime(roster["Date Started"], format="%m/%d/%Y")
    assert (started <= pd.to_datetime(roster["Snapshot Date"], format="%m/%d/%Y")).all()
    fixed = roster.groupby("Employee ID")[["Gender", "Ethnic Code", "Date Started"]].nunique()
    assert (fixed == 1).all(axis=None)
    assert roster["Annual Salary"].str.match(r"^\$\d{2,3},\d{3}\.\d{2}$").all()
