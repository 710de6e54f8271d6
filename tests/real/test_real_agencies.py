"""Two real agencies from their files to figures: Hartford's stops and Nashville's roster."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import equity as eq
from equity.__main__ import main

pytestmark = pytest.mark.real
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def agency(tmp_path_factory, real_data_folder):
    """Check and count an agency by the command line, once; return its folder."""
    made: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            text = (HERE / f"{name}.toml").read_text(encoding="utf-8")
            path = folder / "equity.toml"
            path.write_text(text.replace("SHARED", str(real_data_folder)), encoding="utf-8")
            with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
                patch.setattr(sys, "argv", ["equity", "count", "--check", "--quick", str(folder)])
                main()
            assert not end.value.code
            made[name] = folder
        return made[name]

    return run


@pytest.fixture(scope="module")
def real_data_folder() -> Path:
    folder = HERE.parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real files are not beside this repository")
    return folder


class TestHartford:
    def test_every_record_is_counted_or_accounted_for(self, agency):
        counts = eq.read_counts(agency("hartford") / "counts" / "stops.parquet")
        ledger = counts.ledger
        assert ledger["rows"].iloc[0] == 18_646
        assert ledger["left_out"].sum() + counts.table["n"].sum() == 18_646
        # four records have no date, and so no year (DATA.md)
        assert counts.table["n"].sum() == 18_642

    def test_the_search_rate_jumps_by_year_as_the_file_has_it(self, agency):
        """DATA.md: 1.9 % in 2013, 57.7 % in 2014, 12.4 % in 2015, 2.3 % in 2016."""
        counts = eq.read_counts(agency("hartford") / "counts" / "stops.parquet")
        years = counts.table.groupby("year")[["search_conducted", "search_conducted_known"]].sum()
        rates = years["search_conducted"] / years["search_conducted_known"]
        assert rates.round(3).to_dict() == {2013: 0.019, 2014: 0.577, 2015: 0.124, 2016: 0.023}

    def test_the_benchmark_is_the_county_and_says_so(self, agency):
        residents = eq.read_counts(agency("hartford") / "counts" / "residents_stops.parquet")
        assert residents.table["n"].sum() == 897_417
        (benchmark,) = residents.provenance["benchmarks"]
        assert "Hartford County" in benchmark["label"]
        assert "not those of Hartford city" in benchmark["note"]

    def test_stop_rates_can_be_computed(self, agency):
        folder = agency("hartford") / "counts"
        rates = eq.stop_rates(
            eq.read_counts(folder / "stops.parquet"),
            eq.read_counts(folder / "residents_stops.parquet").split("benchmark"),
            group="subject_race",
            reference="white",
        ).set_index("group")
        # by hand: (7,185 / 114,711) / (6,110 / 560,997), before rows without a date are set aside
        by_hand = (7_185 / 114_711) / (6_110 / 560_997)
        assert rates.loc["black", "ratio"] == pytest.approx(by_hand, rel=0.001)

    def test_partial_first_and_last_months_are_seen(self, agency):
        counts = eq.read_counts(agency("hartford") / "counts" / "stops_by_month.parquet")
        table = eq.coverage(counts, group="subject_race")
        assert table[["year", "month"]].iloc[[0, -1]].to_numpy().tolist() == [
            [2013, 10],
            [2016, 9],
        ]
        assert table["thin"].iloc[0]


class TestNashville:
    def test_the_published_figures_of_2017_come_out(self, agency):
        """METHODS.md: 1,447 sworn, 162 of them Black; ratio .4106, z -13.73, shortfall 232.5.

        These figures take people of unknown race into the total and the county's share as free
        of sampling error; both are asked for here, and are not our default.
        """
        folder = agency("nashville") / "counts"
        sworn = eq.read_counts(folder / "workforce.parquet").where(year=2017, sworn=True)
        residents = eq.read_counts(folder / "residents_workforce.parquet").table
        exact = residents.assign(moe=0.0, place_moe=0.0)
        table = eq.representation(sworn, exact, group="race", include_unknown=True)
        black = table.set_index("group").loc["black"]
        assert (black["n"], black["x"]) == (1_447, 162)
        assert black["population_share"] == pytest.approx(0.2726, abs=5e-5)
        assert black["ratio"] == pytest.approx(0.4106, abs=5e-5)
        assert black["z"] == pytest.approx(-13.73, abs=0.005)
        assert black["shortfall_exact"] == pytest.approx(232.5, abs=0.05)

    def test_by_default_unknown_races_are_left_out_and_the_survey_error_is_counted(self, agency):
        folder = agency("nashville") / "counts"
        sworn = eq.read_counts(folder / "workforce.parquet").where(year=2017, sworn=True)
        residents = eq.read_counts(folder / "residents_workforce.parquet").split("benchmark")
        black = eq.representation(sworn, residents, group="race").set_index("group").loc["black"]
        assert (black["n"], black["unknown"]) == (1_444, 3)
        # the county's total is controlled, so the share's error is 921 / 1.645 / 678,322
        assert black["population_share_se"] == pytest.approx(0.000825, abs=5e-7)
        assert black["z"] == pytest.approx(-13.66, abs=0.005)

    def test_the_rows_are_those_of_the_file(self, agency):
        counts = eq.read_counts(agency("nashville") / "counts" / "workforce.parquet")
        assert counts.ledger["rows"].iloc[0] == 23_645
        assert counts.ledger["left_out"].sum() + counts.table["n"].sum() == 23_645
        # DATA.md and the file: the same person twice in one year, 5 times
        assert counts.provenance["rows_set_aside"] <= 6
