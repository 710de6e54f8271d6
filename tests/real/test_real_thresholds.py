"""The threshold test on 100 police departments of North Carolina, against what was published."""

from __future__ import annotations

import pandas as pd
import pytest

from equity.measures import threshold_test

pytestmark = pytest.mark.real

# Simoiu, Corbett-Davies, Goel and Pierson, The threshold test, StanCon 2018 (CC-BY 4.0): mean
# threshold of the departments, weighted by their stops of all groups, with 95 % interval
PUBLISHED = {
    "White": (0.230, 0.222, 0.238),
    "Black": (0.206, 0.197, 0.215),
    "Hispanic": (0.137, 0.130, 0.144),
}


@pytest.fixture(scope="module")
def found(real_data) -> pd.DataFrame:
    pytest.importorskip("nutpie")
    file = pd.read_csv(real_data / "stops" / "nc_100_departments.csv")
    counts = pd.DataFrame(
        {
            "department": file["police_department"],
            "race": file["driver_race"],
            "n": file["num_stops"],
            "search_conducted": file["num_searches"],
            "search_conducted_known": file["num_stops"],
            "contraband_found": file["num_hits"],
            "contraband_found_known": file["num_searches"],
        }
    )
    return threshold_test(
        counts, group="race", reference="White", within="department", prior_scales=(1.0,)
    )


@pytest.mark.parametrize("group", PUBLISHED)
def test_thresholds_are_the_published_ones(found, group):
    row = found[(found.stratum == "all") & (found.group == group)].iloc[0]
    mean, low, high = PUBLISHED[group]
    # three published digits, and the error of the draws on both sides
    assert row.threshold == pytest.approx(mean, abs=0.0011)
    assert row.low == pytest.approx(low, abs=0.0016)
    assert row.high == pytest.approx(high, abs=0.0016)


def test_the_fit_converges_and_predicts_the_rates(found):
    whole = found[found.stratum == "all"]
    assert whole.converged.all() and (whole.rhat <= 1.01).all() and (whole.ess > 400).all()
    assert (whole.divergences == 0).all() and (whole.areas == 100).all()
    assert (whole.search_rms < 0.004).all() and (whole.hit_rms < 0.06).all()
    assert (whole.search_covered > 0.95).all() and (whole.hit_covered > 0.85).all()


def test_every_department_has_its_thresholds(found):
    areas = found[found.stratum != "all"]
    assert len(areas) == 300 and areas.threshold.notna().all()
    assert ((areas.low < areas.threshold) & (areas.threshold < areas.high)).all()
