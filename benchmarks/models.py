"""Models on counts: the veil of darkness, the threshold test, and 500 pairs of groups.

    .venv/bin/python benchmarks/models.py                 (--quick for a first look, a minute)
    .venv/bin/python benchmarks/models.py --only threshold

Each program is given the same counts in the same run, and times are those of the processor, which
another program on the machine disturbs less than the clock. Programs that are not installed
(glum; pystan, which needs a C++ compiler) are left out, and it is said. All counts are drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import platform
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import psutil
import statsmodels.api as sm
from scipy import special, stats
from statsmodels.stats import proportion

from equity import proportions
from equity.measures import _threshold_fit, rates, threshold_test, veil_of_darkness
from equity.measures import _threshold_sampler as sampling
from equity.measures._spline import spline_columns

VEIL: dict[str, Any] = {"group": "race", "reference": "white", "within": "place"}
ALSO = ("weekday", "year")


def timed(
    work: Callable[[], Any], times: int = 1, clock: Callable[[], float] = time.process_time
) -> tuple[Any, float]:
    """Return what `work` returns and the least seconds of the processor that it took."""
    out, least = None, np.inf
    for _ in range(times):
        start = clock()
        out = work()
        least = min(least, clock() - start)
    return out, least


def spent() -> float:
    """Return the seconds of the processor so far, of this program and of those it started."""
    gone = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    running = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(u.ru_utime + u.ru_stime for u in gone) + sum(t.user + t.system for t in running)


def say(what: str, seconds: float, more: str = "") -> None:
    print(f"  {what:<44}{seconds:10.3f} s  {more}", flush=True)


# ---- the veil of darkness -------------------------------------------------------------------


def cells(places: int, years: int, stops: float, seed: int = 1) -> pd.DataFrame:
    """Draw counts by place, weekday, year, 5-minute bin, darkness and race."""
    random = np.random.default_rng(seed)
    axes = [np.arange(places), np.arange(7), np.arange(years), np.arange(204, 264), np.arange(2)]
    place, weekday, year, clock, dark = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    late = np.clip((clock - 208) / 50, 0, 1)
    size = random.gamma(2.0, 1.0, places)[place] * np.where(dark, late, 1 - late)
    n = random.poisson(size * stops / size.sum())
    eta = random.normal(-0.6, 0.6, places)[place] + random.normal(0, 0.1, 7)[weekday]
    black = random.binomial(
        n, special.expit(eta + 0.02 * year + 0.01 * (clock - 234) - 0.1 * dark)
    )
    frame = pd.DataFrame(
        {"place": place, "weekday": weekday, "year": 2014 + year, "clock_bin": clock}
    ).assign(is_dark=dark == 1)
    both = [frame.assign(race="black", n=black), frame.assign(race="white", n=n - black)]
    out = pd.concat(both, ignore_index=True)
    return out[out["n"] > 0].reset_index(drop=True)


def veil(places: int, years: int, stops: float) -> None:
    counts = cells(places, years, stops)
    by = ["place", *ALSO, "clock_bin", "is_dark"]
    wide = counts.assign(black=counts["n"].where(counts["race"] == "black", 0))
    wide = wide.groupby(by)[["black", "n"]].sum().reset_index()
    y, n = wide["black"].to_numpy(dtype=float), wide["n"].to_numpy(dtype=float)
    print(f"veil of darkness: {n.sum():,.0f} stops, {len(wide):,} cells, {places} places, "
          "clustered by place")  # fmt: skip
    call = {**VEIL, "also": ALSO, "cluster": "place"}
    table, ours = timed(lambda: veil_of_darkness(counts, **call), 3)
    row = table.iloc[0]
    say("equity, from the table of counts", ours)

    curve = spline_columns(wide["clock_bin"].to_numpy(dtype=float), n, 6)
    plain = np.column_stack([wide["is_dark"].to_numpy(dtype=float), curve])
    dummies = [pd.get_dummies(wide[c], drop_first=True, dtype=float) for c in ("place", *ALSO)]
    design = np.column_stack([np.ones(len(n)), plain, *dummies])
    outcome, owner = np.column_stack([y, n - y]), wide["place"].to_numpy()
    # statsmodels takes cells for stops in its factor for few clusters, so that is made here
    clustered = {"groups": owner, "use_correction": False}
    factor = places / (places - 1) * (n.sum() - 1) / (n.sum() - design.shape[1])
    fit, theirs = timed(
        lambda: sm.GLM(outcome, design, family=sm.families.Binomial()).fit(
            tol_criterion="params", tol=1e-9, cov_type="cluster", cov_kwds=clustered
        )
    )
    off = abs(fit.params[1] - row.log_odds), abs(fit.bse[1] * factor**0.5 / row.se - 1)
    more = f"coefficient differs by {off[0]:.0e}, clustered error by {off[1]:.0e} of itself"
    say("statsmodels, design made before", theirs, f"{theirs / ours:.0f} x; {more}")
    if importlib.util.find_spec("glum") is None:
        print("  glum is not installed")
        return
    from glum import GeneralizedLinearRegressor

    frame = pd.DataFrame(plain, columns=[f"c{k}" for k in range(plain.shape[1])])
    frame = frame.assign(**{c: pd.Categorical(wide[c]) for c in ("place", *ALSO)})

    def by_glum() -> tuple[float, float]:
        model = GeneralizedLinearRegressor(
            family="binomial", alpha=0, drop_first=True, gradient_tol=1e-11
        )
        model.fit(frame, y / n, sample_weight=n)
        errors = model.std_errors(frame, y / n, sample_weight=n, clusters=owner)
        return model.coef_[0], errors[1]

    (beta, _), seconds = timed(by_glum)
    say("glum, design made before", seconds, f"{seconds / ours:.1f} x; coefficient differs by "
        f"{abs(beta - row.log_odds):.0e}")  # fmt: skip


def rows_and_cells(stops: int) -> None:
    """Fit the same stops as rows (each of n = 1) and as cells."""
    counts = cells(100, 10, stops)
    rows = counts.loc[counts.index.repeat(counts["n"])].assign(n=1)
    call = {**VEIL, "also": ALSO, "cluster": "place"}
    print(f"veil of darkness: {len(rows):,} rows against {len(counts):,} counts")
    one, by_rows = timed(lambda: veil_of_darkness(rows, **call).iloc[0])
    two, by_cells = timed(lambda: veil_of_darkness(counts, **call).iloc[0])
    say("equity, rows", by_rows)
    off = abs(one.log_odds - two.log_odds), abs(one.se / two.se - 1)
    more = f"coefficient differs by {off[0]:.0e}, clustered error by {off[1]:.0e} of itself"
    say("equity, counts", by_cells, more)


# ---- the threshold test ---------------------------------------------------------------------

STAN = """
data {
  int N; int D; int R; array[N] int r; array[N] int d;
  array[N] int n; array[N] int s; array[N] int h;
}
parameters {
  real<lower=0> sigma_t; vector[R] t_r; vector[N] t_raw; real mu_phi; real mu_delta;
  vector[R] phi_r; vector[D - 1] phi_raw; vector[R] delta_r; vector[D - 1] delta_raw;
}
transformed parameters {
  vector[N] phi; vector[N] delta; vector[N] t = t_r[r] + sigma_t * t_raw;
  vector<lower=0, upper=1>[N] search_rate; vector<lower=0, upper=1>[N] hit_rate;
  {
    vector[D] phi_d = append_row(0, 0.1 * phi_raw);
    vector[D] delta_d = append_row(0, 0.1 * delta_raw);
    for (i in 1:N) {
      phi[i] = inv_logit(phi_r[r[i]] + phi_d[d[i]]);
      delta[i] = exp(delta_r[r[i]] + delta_d[d[i]]);
      real found = phi[i] * (1 - normal_cdf(t[i] | delta[i], 1));
      search_rate[i] = found + (1 - phi[i]) * (1 - normal_cdf(t[i] | 0, 1));
      hit_rate[i] = found / search_rate[i];
    }
  }
}
model {
  sigma_t ~ std_normal(); t_r ~ std_normal(); t_raw ~ std_normal();
  mu_phi ~ std_normal(); mu_delta ~ std_normal();
  phi_r ~ normal(mu_phi, 0.1); delta_r ~ normal(mu_delta, 0.1);
  phi_raw ~ std_normal(); delta_raw ~ std_normal();
  s ~ binomial(n, search_rate); h ~ binomial(s, hit_rate);
}
"""
"""The model of Pierson, Corbett-Davies and Goel (2018), written out anew."""
CHAINS = 4


def searches(areas: int, seed: int = 1) -> pd.DataFrame:
    """Draw searches and finds of three groups in areas of very different size."""
    random = np.random.default_rng(seed)
    groups, shape = np.array(["white", "black", "hispanic"]), (areas, 3)
    n = np.rint(400 + 8000 * random.lognormal(0, 1.2, (areas, 1)) * [0.55, 0.3, 0.15]).astype(int)
    logit = random.normal(-1.4, 0.1, 3) + random.normal(0, 0.1, (areas, 1))
    delta = np.exp(random.normal(0.2, 0.1, 3) + random.normal(0, 0.1, (areas, 1)))
    t = np.array([1.5, 1.35, 1.25]) + random.normal(0, 0.25, shape)
    found = special.expit(logit) * special.ndtr(delta - t)
    searched = found + special.expit(-logit) * special.ndtr(-t)
    s = random.binomial(n, searched)
    h = random.binomial(s, found / searched)
    return pd.DataFrame(
        {
            "beat": np.repeat([f"beat {k + 1}" for k in range(areas)], 3),
            "race": np.tile(groups, areas),
            **{"n": n.ravel(), "search_conducted": s.ravel()},
            **{"search_conducted_known": n.ravel(), "contraband_found": h.ravel()},
            "contraband_found_known": s.ravel(),
        }
    )


def published(threshold: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return by draw every threshold that the measure gives: of each cell, and of all areas."""
    weight = np.repeat(stops.reshape(-1, 3).sum(axis=1), 3)
    cells = [threshold[..., k::3] @ (weight[k::3] / weight[k::3].sum()) for k in range(3)]
    whole = np.stack([*cells, cells[1] - cells[0], cells[2] - cells[0]], axis=-1)
    apart = [threshold[..., k::3] - threshold[..., ::3] for k in (1, 2)]
    return np.concatenate([threshold, whole, *apart], axis=-1)


def threshold(areas: int, draws: int, tune: int) -> None:
    counts = searches(areas)
    counts["size"] = counts.groupby("beat")["n"].transform("sum")
    counts = counts.sort_values(["size", "beat"], ascending=False, kind="stable")
    n, s, h = (counts[c].to_numpy() for c in ("n", "search_conducted", "contraband_found"))
    print(f"threshold test: {areas} areas x 3 groups, {s.sum():,} searches, {CHAINS} chains")
    kept: list[tuple[sampling.Draws, float]] = []
    draw = sampling.draw
    sampling.sampler()  # the import is not timed
    _threshold_fit.sampling.draw = lambda *a, **k: (
        kept.append(timed(lambda: draw(*a, **k))) or kept[-1][0]
    )
    call = {"group": "race", "reference": "white", "within": "beat", "prior_scales": (1.0,)}
    _, whole = timed(lambda: threshold_test(counts, **call, chains=CHAINS, draws=draws, tune=tune))
    found, ours = kept[-1]
    model, theta = found.model, found.theta
    # cells of the model are ordered by group within area of the call
    order = np.lexsort([(model.group - model.groups + 1) % 3, model.area])
    mine = model.predict(theta).threshold[..., order]
    stops = model.stops[order]
    rhat, ess = sampling.diagnose(published(mine, stops))
    more = f"least ESS {ess:,.0f} of all thresholds, R-hat {rhat:.3f}"
    what = f"equity (nutpie), {CHAINS} x {theta.shape[1]:,} draws"
    say(what, ours, f"{more}; {1000 * ours / ess:.1f} s for 1,000")
    say("the whole measure, with its checks", whole, f"fits: {len(kept)}")
    if importlib.util.find_spec("stan") is None:
        print("  pystan is not installed, so the published model is not run")
        return
    import stan

    # the same order of areas and groups as above: white, then the others by name
    data: dict[str, Any] = {"N": len(n), "D": areas, "R": 3}
    data |= {
        "r": [1 + int(g) for g in (model.group[order])],
        "d": (model.area[order] + 1).tolist(),
    }
    for name, values in (("n", stops), ("s", model.searches[order]), ("h", model.hits[order])):
        data[name] = values.astype(int).tolist()
    start: dict[str, Any] = {"sigma_t": 0.5, "mu_phi": -1.0, "mu_delta": 0.0}
    start |= {"t_r": [1.0] * 3, "t_raw": [0.0] * len(n), "phi_r": [-1.0] * 3, "delta_r": [0.0] * 3}
    start |= {"phi_raw": [0.0] * (areas - 1), "delta_raw": [0.0] * (areas - 1)}
    with contextlib.redirect_stderr(io.StringIO()):
        built = stan.build(STAN, data=data, random_seed=1)
    chains = {"num_chains": CHAINS, "num_samples": 1000, "num_warmup": 1000}
    with contextlib.redirect_stderr(io.StringIO()):
        fit, theirs = timed(lambda: built.sample(**chains, init=[start] * CHAINS), clock=spent)
    phi, delta, t = (
        fit[k].reshape(len(n), -1, CHAINS).transpose(2, 1, 0) for k in ("phi", "delta", "t")
    )
    said = special.expit(special.logit(phi) + delta * t - delta**2 / 2)
    far = np.abs(said.mean((0, 1)) - mine.mean((0, 1))) / said.std((0, 1))
    rhat_stan, ess_stan = sampling.diagnose(published(said, stops))
    more = f"least ESS {ess_stan:,.0f}, R-hat {rhat_stan:.3f}"
    what = f"published model (pystan), {CHAINS} x 1,000 draws"
    say(what, theirs, f"{more}; {1000 * theirs / ess_stan:.1f} s for 1,000")
    share = (ours / ess) / (theirs / ess_stan)
    print(f"  at equal ESS ours takes {share:.2f} of its time; means of thresholds differ by at "
          f"most {far.max():.2f} of their spread (median {np.median(far):.2f})")  # fmt: skip


# ---- 500 pairs of groups --------------------------------------------------------------------


def pairs(number: int = 500) -> None:
    random = np.random.default_rng(1)
    n1, n2 = random.integers(20, 4000, number), random.integers(500, 20_000, number)
    x1 = random.binomial(n1, random.uniform(0.02, 0.3, number))
    x2 = random.binomial(n2, random.uniform(0.02, 0.3, number))
    tables = list(zip(*(a.tolist() for a in (x1, n1, x2, n2)), strict=True))

    def score(a: int, m: int, b: int, n: int) -> Any:
        return proportion.confint_proportions_2indep(
            a, m, b, n, compare="ratio", method="score", correction=False
        )

    def exact(a: int, m: int, b: int, n: int) -> Any:
        return stats.fisher_exact([[a, m - a], [b, n - b]])

    def newcombe(a: int, m: int, b: int, n: int) -> Any:
        return proportion.confint_proportions_2indep(a, m, b, n, method="newcomb")

    print(f"intervals and tests of {number} pairs")
    whole = 0.0
    for what, ours, name, theirs in (
        ("Wilson", lambda: proportions.wilson(x1, n1), "statsmodels",
         lambda a, m, b, n: proportion.proportion_confint(a, m, method="wilson")),
        ("Newcombe, difference", lambda: proportions.newcombe(x1, n1, x2, n2), "statsmodels",
         newcombe),
        ("Koopman, ratio", lambda: proportions.koopman(x1, n1, x2, n2), "statsmodels", score),
        ("Miettinen-Nurminen", lambda: proportions.miettinen_nurminen(x1, n1, x2, n2), "", None),
        ("Fisher", lambda: proportions.fisher(x1, n1, x2, n2), "scipy", exact),
        ("the test of the measures", lambda: proportions.two_by_two_test(x1, n1, x2, n2), "",
         None),
    ):  # fmt: skip
        _, mine = timed(ours, 7)
        whole += mine
        more = f"{1000 * mine:.1f} ms"
        if theirs is not None:
            _, loop = timed(lambda call=theirs: [call(*t) for t in tables])
            more += f"; {name} one by one {1000 * loop:.0f} ms, {loop / mine:,.0f} x"
        say(what, mine, more)
    say("all of these", whole, f"{1000 * whole:.0f} ms")
    frame = pd.DataFrame({"area": np.repeat(np.arange(number // 5), 6)})
    frame = frame.assign(race=np.tile(list("abcdef"), number // 5))
    frame["n"] = frame["yes_known"] = random.integers(50, 5000, len(frame))
    frame["yes"] = random.binomial(frame["n"], 0.1)
    call = {"of": "yes", "group": "race", "reference": "a", "within": "area"}
    _, mine = timed(lambda: rates(frame, **call), 7)
    say("equity.measures.rates, all of its columns", mine, f"{1000 * mine:.1f} ms")


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--only", choices=["veil", "threshold", "pairs"])
    given = parser.parse_args()
    quick = given.quick
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{platform.machine()}, {os.cpu_count()} processors, {versions}")
    if given.only in (None, "veil"):
        veil(20 if quick else 100, 3 if quick else 10, 5e5 if quick else 13.3e6)
        rows_and_cells(200_000 if quick else 1_000_000)
    if given.only in (None, "pairs"):
        pairs()
    if given.only in (None, "threshold"):
        threshold(20 if quick else 100, 500 if quick else 1000, 300 if quick else 500)


if __name__ == "__main__":
    main()
