"""Threshold test: the density against scipy, known thresholds found again, and all refusals."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

from equity.measures import _threshold_sampler as sampling
from equity.measures import threshold_test
from equity.measures._threshold_model import Model, Space, settled

BEATS = {"group": "race", "reference": "white", "within": "beat"}


def model(scale: float = 1.0, *, typical: float = 1.0, apart: float | np.ndarray = 1.0) -> Model:
    """Two groups in three areas; one cell has no stops and is not there."""
    return Model(
        stops=np.array([900.0, 400.0, 250.0, 1000.0, 300.0]),
        searches=np.array([80.0, 30.0, 25.0, 60.0, 12.0]),
        hits=np.array([20.0, 6.0, 9.0, 20.0, 0.0]),
        group=np.array([0, 0, 0, 1, 1]),
        area=np.array([0, 1, 2, 0, 1]),
        groups=2,
        areas=3,
        scale=scale,
        typical=typical,
        apart=apart,
    )


def by_scipy(m: Model, theta: np.ndarray) -> float:
    """Return the log-density as METHODS writes the model: binomials, and priors of parameters."""
    at, k = m.at, m.scale
    mu_phi, mu_delta = k * theta[at["mu_phi"]][0], k * theta[at["mu_delta"]][0]
    phi_r = mu_phi + 0.1 * k * theta[at["phi"]]
    delta_r = mu_delta + 0.1 * k * theta[at["delta"]]
    phi_d, delta_d = 0.1 * k * theta[at["phi_d"]], 0.1 * k * theta[at["delta_d"]]
    t_r, sigma = k * theta[at["t"]], k * np.exp(theta[at["log_sigma"]][0])
    unit = m.typical ** (1 - m.apart) * sigma**m.apart
    t = t_r[m.group] + unit * theta[at["z"]]
    phi = special.expit(phi_r[m.group] + np.append(0, phi_d)[m.area])
    delta = np.exp(delta_r[m.group] + np.append(0, delta_d)[m.area])
    found, empty = phi * stats.norm.sf(t, delta, 1), (1 - phi) * stats.norm.sf(t, 0, 1)
    likelihood = stats.binom.logpmf(m.searches, m.stops, found + empty).sum()
    likelihood += stats.binom.logpmf(m.hits, m.searches, found / (found + empty)).sum()
    priors = (
        stats.norm.logpdf([mu_phi, mu_delta], 0, k).sum()
        + stats.norm.logpdf(phi_r, mu_phi, 0.1 * k).sum()
        + stats.norm.logpdf(delta_r, mu_delta, 0.1 * k).sum()
        + stats.norm.logpdf(np.concatenate([phi_d, delta_d]), 0, 0.1 * k).sum()
        + stats.norm.logpdf(t_r, 0, k).sum()
        + stats.halfnorm.logpdf(sigma, 0, k)
        + stats.norm.logpdf(t, t_r[m.group], sigma).sum()
    )
    volume = np.log(sigma) + np.sum(np.log(unit * np.ones(len(t))))  # log sigma; z instead of t
    return likelihood + priors + volume


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
@pytest.mark.parametrize(
    ("typical", "apart"),
    [(1.0, 1.0), (0.2, 0.0), (0.2, np.array([0.0, 0.3, 0.5, 0.1, 1.0]))],
    ids=["as in the paper", "thresholds", "mixed"],
)
def test_log_density_is_that_of_scipy(scale, typical, apart) -> None:
    """Binomial and normal densities of scipy.stats, up to the constant of the priors."""
    m = model(scale, typical=typical, apart=apart)
    rng = np.random.default_rng(1)
    points = rng.normal(0, 0.4, size=(6, m.size))
    ours = np.array([m.log_density(p)[0] for p in points])
    theirs = np.array([by_scipy(m, p) for p in points])
    assert_allclose(ours - ours[0], theirs - theirs[0], rtol=1e-9, atol=1e-8)


def test_threshold_is_the_chance_of_contraband_at_the_signal() -> None:
    """Bayes' rule at the signal t, in the model's own densities."""
    m = model()
    theta = np.random.default_rng(2).normal(0, 0.3, size=m.size)
    logit, delta, t = m.cells(theta)
    guilty = special.expit(logit) * stats.norm.pdf(t, delta, 1)
    innocent = special.expit(-logit) * stats.norm.pdf(t, 0, 1)
    said = m.predict(theta)
    assert_allclose(said.threshold, guilty / (guilty + innocent))
    searched = special.expit(logit) * stats.norm.sf(t, delta, 1)
    assert_allclose(said.hit_rate, searched / said.search_rate)


def beats(
    areas: int = 12,
    thresholds: tuple[float, ...] = (0.30, 0.15),
    *,
    stops: int = 60_000,
    seed: int = 3,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw counts from the model with known thresholds; return them and the thresholds."""
    rng = np.random.default_rng(seed)
    groups = ("white", "black", "hispanic")[: len(thresholds)]
    shape = areas, len(groups)
    n = rng.multinomial(stops, rng.dirichlet(np.full(areas * len(groups), 8.0))).reshape(shape)
    logit = -1.6 + rng.normal(0, 0.1, shape[1]) + rng.normal(0, 0.1, (areas, 1))
    delta = np.exp(0.3 + rng.normal(0, 0.1, shape[1]) + rng.normal(0, 0.1, (areas, 1)))
    t = (special.logit(np.array(thresholds)) - logit) / delta + delta / 2
    found = special.expit(logit) * special.ndtr(delta - t)
    empty = special.expit(-logit) * special.ndtr(-t)
    s = rng.binomial(n, found + empty)
    h = rng.binomial(s, found / (found + empty))
    table = pd.DataFrame(
        {
            "beat": np.repeat([f"B{i + 1}" for i in range(areas)], len(groups)),
            "race": np.tile(groups, areas),
            "n": n.ravel(),
            "search_conducted": s.ravel(),
            "search_conducted_known": n.ravel(),
            "contraband_found": h.ravel(),
            "contraband_found_known": s.ravel(),
        }
    )
    return table, np.array(thresholds)


@pytest.fixture
def quick(monkeypatch) -> list[dict]:
    """Draw from the approximation at the mode instead of with the sampler; note each call."""
    calls: list[dict] = []

    def draw(model, *, chains, draws, tune, seed, accept=0.8, tell=None):
        calls.append({"draws": draws, "tune": tune, "seed": seed, "accept": accept})
        space = Space(*settled(model))
        w = np.random.default_rng(seed).normal(size=(chains, draws, model.size))
        return sampling.Draws(space.model, space.theta(w), 0)

    monkeypatch.setattr(sampling, "sampler", lambda: (None, None))
    monkeypatch.setattr(sampling, "draw", draw)
    monkeypatch.setattr(sampling, "diagnose", lambda values: (1.001, 2000.0))
    return calls


FEW = {"draws": 200, "tune": 100, "prior_scales": (1.0,)}


def test_known_thresholds_are_found_again() -> None:
    """With the sampler: both thresholds and their difference lie in their intervals."""
    pytest.importorskip("nutpie")
    table, (white, black) = beats()
    said: list[str] = []
    found = threshold_test(
        table, **BEATS, prior_scales=(1.0,), draws=500, tune=300, seed=5, tell=said.append
    )
    row = found[found.stratum == "all"].set_index("group")
    assert row.converged.all() and (row.rhat <= 1.01).all() and (row.ess >= 400).all()
    assert row.low["white"] <= white <= row.high["white"]
    assert row.low["black"] <= black <= row.high["black"]
    assert row.difference_low["black"] <= black - white <= row.difference_high["black"] < 0
    assert row.threshold["black"] - row.threshold["white"] == pytest.approx(
        row.difference["black"]
    )
    inside = found[found.stratum != "all"]
    assert inside.search_covered.mean() > 0.9 and inside.hit_covered.mean() > 0.9
    assert said[0].startswith("threshold test, prior scale 1: ")
    steps = {f"threshold test, prior scale 1: {p}% of the draws" for p in (25, 50, 75)}
    assert set(said) <= steps and len(said) == len(set(said))


def test_the_same_seed_gives_the_same_draws() -> None:
    """Chains do not disturb each other's chance."""
    pytest.importorskip("nutpie")
    few = {"chains": 2, "draws": 50, "tune": 100}
    first, second, other = (sampling.draw(model(), seed=seed, **few).theta for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_shape_of_the_table(quick) -> None:
    """Scales x (all areas and each) x groups; fixed columns; counts are those of the input."""
    table, _ = beats(areas=4)
    found = threshold_test(table, **BEATS, draws=200, tune=100)
    assert found.prior_scale.unique().tolist() == [0.5, 1.0, 1.5]
    assert len(found) == 3 * 5 * 2
    one = found[found.prior_scale == 1.0]
    assert one.stratum.unique().tolist() == ["all", "B1", "B2", "B3", "B4"]
    assert " ".join(found.columns) == (
        "stratum group reference prior_scale n x hits search_rate hit_rate search_rate_model "
        "hit_rate_model search_rms hit_rms search_covered hit_covered threshold low high "
        "difference difference_low difference_high rhat ess divergences areas draws converged "
        "left_out_basis left_out_unknown left_out unknown method reason"
    )
    whole = one[one.stratum == "all"].set_index("group")
    sums = table.groupby("race")[["n", "search_conducted", "contraband_found"]].sum()
    assert (whole[["n", "x", "hits"]].to_numpy() == sums.loc[whole.index].to_numpy()).all()
    assert whole.difference["white"] == 0 and np.isnan(whole.difference_low["white"])
    assert whole.reason.isna().all()


def test_thresholds_are_weighted_by_the_stops_of_all_groups(quick) -> None:
    """The mean of the areas' thresholds, each with its stops of everybody (Simoiu 2018)."""
    table, _ = beats(areas=5)
    found = threshold_test(table, **BEATS, **FEW)
    weight = table.groupby("beat")["n"].sum()
    for group, rows in found[found.stratum != "all"].groupby("group"):
        mean = np.average(rows.threshold, weights=weight[rows.stratum])
        whole = found[(found.stratum == "all") & (found.group == group)].iloc[0]
        assert whole.threshold == pytest.approx(mean)


def test_only_chosen_searches_with_a_known_outcome_count(quick) -> None:
    """Another search is a stop without one; an unknown outcome takes its stop along."""
    table, _ = beats(areas=3)
    table["search_basis"] = "consent"
    extra = table.assign(
        search_basis="inventory", n=100, search_conducted=100, search_conducted_known=100,
        contraband_found=40, contraband_found_known=100,
    )  # fmt: skip
    silent = table.assign(
        n=7, search_conducted=7, search_conducted_known=7, contraband_found=0,
        contraband_found_known=0,
    )  # fmt: skip
    untold = table.assign(
        search_basis=None, n=11, search_conducted=0, search_conducted_known=0,
        contraband_found=0, contraband_found_known=0,
    )  # fmt: skip
    nowhere = table.assign(beat=None)
    nobody = table.assign(race=None, n=1, search_conducted=0, search_conducted_known=1,
                          contraband_found=0, contraband_found_known=0)  # fmt: skip
    plain = threshold_test(table, **BEATS, **FEW).set_index(["stratum", "group"])
    every = pd.concat([table, extra, silent, untold, nowhere, nobody], ignore_index=True)
    found = threshold_test(every, **BEATS, **FEW).set_index(["stratum", "group"])
    b1 = ("B1", "black")
    assert found.n[b1] == plain.n[b1] + 100
    assert (found.x[b1], found.hits[b1]) == (plain.x[b1], plain.hits[b1])
    assert (found.left_out_basis[b1], found.left_out_unknown[b1]) == (100, 7)
    assert found.left_out[b1] == 7 + 11
    assert found.left_out["all", "black"] == 3 * (7 + 11) + plain.n["all", "black"]
    assert found.unknown["B1", "black"] == 2 and found.unknown["all", "black"] == 6
    assert "not known" not in found.index.get_level_values(0)


def test_cells_without_stops_and_groups_with_few_searches(quick) -> None:
    """Both are left out, and it is said; the others keep their figures."""
    table, _ = beats(areas=4, thresholds=(0.3, 0.15, 0.2))
    flags = [c for c in table if c not in ("beat", "race")]
    table.loc[table.race == "hispanic", flags] = [90, 9, 90, 3, 9]
    table.loc[(table.race == "black") & (table.beat == "B2"), flags] = 0
    found = threshold_test(table, **BEATS, **FEW).set_index(["stratum", "group"])
    why = "left out, with fewer than 50 searches (36)"
    assert (found.xs("hispanic", level="group").reason == why).all()
    assert found.xs("hispanic", level="group").threshold.isna().all()
    assert found.reason["B2", "black"] == "no stops of this group in this area"
    assert np.isfinite(found.threshold["B2", "white"])
    assert np.isnan(found.difference_low["B2", "black"])
    assert found.reason["B2", "white"] is None or pd.isna(found.reason["B2", "white"])
    # compared where both were stopped: not over B2
    both = table.groupby("beat")["n"].sum().drop("B2")
    gap = found.xs("black", level="group").difference[both.index]
    assert found.difference["all", "black"] == pytest.approx(np.average(gap, weights=both))


def test_an_area_without_the_reference_has_a_threshold_and_no_comparison(quick) -> None:
    """And where no area has both, the whole has none either."""
    table, _ = beats(areas=4)
    flags = [c for c in table if c not in ("beat", "race")]
    table.loc[(table.race == "white") & (table.beat == "B2"), flags] = 0
    found = threshold_test(table, **BEATS, **FEW).set_index(["stratum", "group"])
    assert np.isfinite(found.threshold["B2", "black"])
    assert np.isnan(found.difference["B2", "black"])
    why = "no comparison: no stops of white in the same area"
    assert found.reason["B2", "black"] == why and pd.isna(found.reason["all", "black"])
    white = table.beat.isin(["B1", "B2"])
    table.loc[white & (table.race == "black"), flags] = 0
    table.loc[~white & (table.race == "white"), flags] = 0
    found = threshold_test(table, **BEATS, **FEW).set_index(["stratum", "group"])
    assert found.reason["all", "black"] == why and np.isnan(found.difference["all", "black"])
    assert np.isfinite(found.threshold["all", "black"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"areas": 2}, "the model needs at least 3 areas with stops, and there are 2"),
        ({"thresholds": (0.3,)}, "only one group has at least 50 searches"),
        ({"stops": 300}, "the reference, white, has fewer than 50 searches: "),
    ],
    ids=["areas", "groups", "reference"],
)
def test_refusals(quick, change, says) -> None:
    """No figure, and the reason on every row; nothing is drawn."""
    table, _ = beats(**change)
    found = threshold_test(table, **BEATS)
    assert not quick
    assert found.threshold.isna().all() and found.reason.str.startswith(says).all()
    assert not found.converged.any()


def test_without_the_sampler_it_says_what_to_install(monkeypatch) -> None:
    """No exception: figures are missing, and counts are there."""
    monkeypatch.setitem(sys.modules, "nutpie", None)
    found = threshold_test(beats()[0], **BEATS)
    assert found.threshold.isna().all() and (found.n > 0).all()
    assert (found.reason == "the sampler is not installed: run `make install`").all()


@pytest.mark.parametrize(
    ("rhat", "ess", "says"),
    [
        (1.05, 900.0, "R-hat is 1.050, above 1.01"),
        (1.0, 120.0, "the effective sample size is 120, below 400"),
        (np.nan, np.nan, "R-hat is nan, above 1.01 and the effective sample size is nan"),
    ],
)
def test_a_fit_that_does_not_converge_is_refused(quick, monkeypatch, rhat, ess, says) -> None:
    """After a second try with twice the draws; what it fell short of is said."""
    monkeypatch.setattr(sampling, "diagnose", lambda values: (rhat, ess))
    told: list[str] = []
    found = threshold_test(beats(areas=3)[0], **BEATS, **FEW, tell=told.append)
    assert [c["draws"] for c in quick] == [200, 400]
    assert found.threshold.isna().all() and not found.converged.any()
    assert found.reason.str.startswith(f"the fit did not converge: {says}").all()
    assert found.hit_rate_model.notna().all()
    assert told[0].startswith(
        "threshold test, prior scale 1: once more with 400 draws a chain, because the fit"
    )


def test_other_prior_scales_get_no_second_try(quick, monkeypatch) -> None:
    """The main fit is tried twice; a scale besides it once, and its rows say so."""
    monkeypatch.setattr(sampling, "diagnose", lambda values: (1.05, 900.0))
    found = threshold_test(beats(areas=3)[0], **BEATS)
    sizes = [(c["draws"], c["tune"]) for c in quick]
    assert sizes == [(1000, 500), (1000, 500), (2000, 1000), (1000, 500)]
    assert found.groupby("prior_scale").draws.first().tolist() == [4000, 8000, 4000]
    assert not found.converged.any()
    says = {s: rows.reason.unique().tolist() for s, rows in found.groupby("prior_scale")}
    why = "the fit did not converge: R-hat is 1.050, above 1.01"
    short = f"at this prior scale {why}"
    assert says == {0.5: [short], 1.0: [why], 1.5: [short]}


def test_a_scale_that_is_asked_for_alone_is_the_main_fit(quick) -> None:
    threshold_test(beats(areas=3)[0], **BEATS, prior_scales=(0.5,))
    assert [(c["draws"], c["tune"]) for c in quick] == [(1000, 500)]


@pytest.mark.parametrize(("diverged", "tries"), [(4, 1), (5, 2), (9, 2)])
def test_divergences_above_a_share_are_refused(quick, monkeypatch, diverged, tries) -> None:
    """More than 5 in 1,000 draws: 4 of 800, then 8 of 1,600."""
    draw = sampling.draw

    def diverging(model, **words):
        out = draw(model, **words)
        return sampling.Draws(out.model, out.theta, diverged)

    monkeypatch.setattr(sampling, "draw", diverging)
    found = threshold_test(beats(areas=3)[0], **BEATS, **FEW)
    assert len(quick) == tries and (found.divergences == diverged).all()
    if diverged == 9:
        assert (found.reason == "the fit did not converge: 9 of 1,600 draws diverged").all()
    else:
        assert found.reason.isna().all() and found.converged.all()


def test_finds_without_a_search_leave_the_cell_out(quick) -> None:
    """More outcomes than searches is an error of the file."""
    table, _ = beats(areas=4)
    table.loc[0, "contraband_found_known"] += 5
    found = threshold_test(table, **BEATS, **FEW).set_index(["stratum", "group"])
    assert found.reason["B1", "white"] == (
        "contraband_found is recorded for more stops than were searched"
    )
    assert np.isnan(found.threshold["B1", "white"])
    assert np.isfinite(found.threshold["all", "white"])
    assert found.left_out["all", "white"] == table.n[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"within": "district"}, "within='district': there is no such column"),
        ({"reference": "asian"}, "reference='asian' is not one of the groups"),
        ({"prior_scales": (0,)}, "must be positive numbers"),
        ({"prior_scales": ()}, "must be positive numbers"),
        ({"draws": 5}, "draws=5 must be at least 100"),
        ({"chains": 1}, "chains=1 must be at least 2"),
        ({"confidence_level": 95}, "must lie between 0 and 1"),
    ],
)
def test_errors_name_the_rule_and_the_value(words, says) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        threshold_test(beats()[0], **{**BEATS, **words})


def test_the_sampler_is_not_loaded_with_equity() -> None:
    code = "import sys, equity; print([m in sys.modules for m in ('nutpie', 'arviz')])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[False, False]"
