"""One-number indices of a workforce beside its community, and what chance alone gives."""

from __future__ import annotations

import io
import itertools
from math import comb, factorial, prod

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from equity import proportions as pr
from equity.measures import diversity


def drawn(text: str) -> pd.DataFrame:
    """Read a small table drawn as text; a dash is missing."""
    return pd.read_csv(io.StringIO(text), sep=r"\s+", na_values="-")


def of(counts, name="race") -> pd.DataFrame:
    """Return a table of counts of groups g0, g1, ..."""
    return pd.DataFrame({name: [f"g{i}" for i in range(len(counts))], "n": counts})


def by_index(*args, **kwargs) -> pd.DataFrame:
    return diversity(*args, group="race", **kwargs).set_index("index")


def test_columns_are_fixed() -> None:
    """Three rows for each stratum and benchmark, of one shape."""
    table = diversity(of([3, 7]), {"one": of([5, 5]), "two": of([1, 9])}, group="race")
    assert " ".join(table.columns) == (
        "stratum benchmark index n groups workforce community value null_mean null_low "
        "null_high p_value p_adjusted unknown method reason"
    )
    assert table["index"].tolist() == ["dissimilarity", "blau", "theil"] * 2
    assert table["benchmark"].tolist() == ["one"] * 3 + ["two"] * 3


def test_dissimilarity_of_a_published_table() -> None:
    """Taeuber and Taeuber, Negroes in Cities (1965), 236: two distributions over 7 cells, .10."""
    one = [15, 15, 10, 12, 18, 20, 10]
    two = [12, 17, 12, 12, 11, 20, 16]
    row = by_index(of(one), of(two)).loc["dissimilarity"]
    assert_allclose(row.workforce, 0.10)
    assert_allclose(row["value"], 0.10)
    assert pd.isna(row.community)


def test_dissimilarity_as_in_studies_of_segregation() -> None:
    """Massey and Denton, Social Forces 67 (1988), formula 1, groups as its areas.

    D = sum t |p - P| / (2 T P (1 - P)), as PySAL's `segregation` has it, of employees (the
    minority) among employees and residents together.
    """
    rng = np.random.default_rng(3)
    for _ in range(20):
        x, y = rng.integers(1, 400, 6), rng.integers(1, 9000, 6)
        t, total = x + y, (x + y).sum()
        p, overall = x / t, x.sum() / total
        d = (t * np.abs(p - overall)).sum() / (2 * total * overall * (1 - overall))
        assert_allclose(by_index(of(x), of(y), draws=200).workforce["dissimilarity"], d)


@pytest.mark.parametrize(
    ("counts", "raw"),
    [
        ([10, 10], 0.5),  # ten women and ten men
        ([3, 7], 0.42),
        ([5, 5, 5, 5], 0.75),  # Harrison and Klein, Academy of Management Review 32 (2007), 1210:
        ([9, 9, 9], 2 / 3),  # at most (K - 1) / K
        ([12, 0, 0], 0.0),  # all in one category: the least
    ],
)
def test_blau(counts: list[int], raw: float) -> None:
    """Blau, Inequality and Heterogeneity (1977), 9: 1 - sum of squares; over its most, 1 - 1/K."""
    row = by_index(of(counts), of([1] * len(counts))).loc["blau"]
    assert_allclose(row.workforce, raw / (1 - 1 / len(counts)), atol=1e-12)
    assert_allclose(row.community, 1)
    assert_allclose(row["value"], row.workforce - 1)


def test_blau_is_how_often_two_people_differ() -> None:
    """By counting the pairs (drawn with replacement) of a small workforce."""
    people = list("aaabbc")
    differ = sum(a != b for a, b in itertools.product(people, people)) / len(people) ** 2
    assert_allclose(by_index(of([3, 2, 1]), of([1, 1, 1])).workforce["blau"], differ * 3 / 2)


def test_theil_is_the_entropy_of_the_shares() -> None:
    """As `scipy.stats.entropy`, over the most that so many groups can give."""
    x, y = [40, 25, 3, 0], [300, 200, 100, 50]
    row = by_index(of(x), of(y)).loc["theil"]
    assert_allclose(row.workforce, stats.entropy(x, base=4))
    assert_allclose(row.community, stats.entropy(y, base=4))
    assert_allclose(row["value"], stats.entropy(x, base=4) - stats.entropy(y, base=4))


def every_workforce(n: int, q: list[float]):
    """Return every make-up of n people, its probability, and its three indices."""
    q_ = np.array(q)
    k = len(q)
    for x in itertools.product(range(n + 1), repeat=k):
        if sum(x) == n:
            ways = factorial(n) // prod(factorial(v) for v in x)
            s = np.array(x) / n
            yield (
                x,
                ways * prod(share**v for share, v in zip(q, x, strict=True)),
                (
                    np.abs(s - q_).sum() / 2,
                    (1 - (s**2).sum()) / (1 - 1 / k),
                    stats.entropy(s, base=k),
                ),
            )


@pytest.mark.parametrize("x", [(1, 2, 5), (8, 0, 0), (0, 4, 4), (4, 3, 1)])
def test_chance_is_that_of_every_possible_workforce(x: tuple[int, ...]) -> None:
    """All 45 make-ups of 8 people of three groups, by the multinomial; p within its error."""
    q = [0.5, 0.3, 0.2]
    made = list(every_workforce(8, q))
    weight = np.array([w for _, w, _ in made])
    assert_allclose(weight.sum(), 1)
    values = np.array([v for *_, v in made])
    base = np.array([0, *values_of_community(q)])
    own = next(np.array(v) for m, _, v in made if m == x)
    table = diversity(of(x), of([50, 30, 20]), group="race", draws=40_000)
    assert_allclose(table["value"], own - base, atol=1e-12)
    assert_allclose(table["null_mean"], weight @ (values - base), atol=0.004)
    below = [weight[values[:, i] <= own[i] + 1e-9].sum() for i in range(3)]
    above = [weight[values[:, i] >= own[i] - 1e-9].sum() for i in range(3)]
    p = np.minimum(1, 2 * np.minimum(below, above))
    assert_allclose(table["p_value"], p, atol=0.012)
    for i, row in enumerate(table.itertuples()):  # 95 % at least lie between the ends
        inside = (values[:, i] - base[i] >= row.null_low - 1e-9) & (
            values[:, i] - base[i] <= row.null_high + 1e-9
        )
        assert weight[inside].sum() > 0.94


def values_of_community(q: list[float]) -> tuple[float, float]:
    s = np.array(q)
    return (1 - (s**2).sum()) / (1 - 1 / len(q)), float(stats.entropy(s, base=len(q)))


def test_few_people_are_apart_by_chance_alone() -> None:
    """Carrington and Troske (1997): E D of 20 at random from halves is .0881, not 0."""
    table = by_index(of([10, 10]), of([1, 1]), draws=20_000)
    expected = sum(comb(20, k) / 2**20 * abs(k / 20 - 0.5) for k in range(21))
    assert_allclose(table.null_mean["dissimilarity"], expected, atol=0.001)
    assert table["value"]["dissimilarity"] == 0
    large = by_index(of([1000, 1000]), of([1, 1]))
    assert large.null_mean["dissimilarity"] < 0.012


def test_far_from_chance_and_adjusted_for_all_figures() -> None:
    """1,000 of 1,212 White where 56 % are: the smallest p there is; Holm over all figures."""
    force = drawn("""
     race   rank       n
     white  officer 1000
     black  officer  212
     white  captain   14
     black  captain    6
    """)
    area = drawn("race n\nwhite 56\nblack 44")
    table = diversity(force, area, group="race", within="rank")
    officer = table[table.stratum == "officer"]
    assert_allclose(officer.p_value, 2 / 2001)
    assert_allclose(table.p_adjusted, pr.holm(table.p_value))
    assert "the same residents for every rank" in table.method[0]


def test_closer_than_chance_is_seen_too() -> None:
    """400 people with exactly the shares of seven groups: hardly ever so at random."""
    row = by_index(of([100, 100, 50, 50, 50, 25, 25]), of([4, 4, 2, 2, 2, 1, 1])).loc[
        "dissimilarity"
    ]
    assert row["value"] == 0 and row.p_value < 0.01 and row["value"] < row.null_low


def test_the_error_of_the_benchmark_widens_chance() -> None:
    """A small survey: the same distance says less."""
    sure = of([600, 400])
    survey = sure.assign(moe=[120, 120])
    one, two = (by_index(of([150, 150]), t) for t in (sure, survey))
    assert (two.null_high - two.null_low > one.null_high - one.null_low).all()
    assert two.p_value["dissimilarity"] > one.p_value["dissimilarity"]
    assert "with the error of the benchmark" in two.method["blau"]
    lost = by_index(of([150, 150]), sure.assign(moe=[np.nan, 0]))
    assert "margin of error of the residents not known" in lost.reason["blau"]


def test_a_group_that_is_nowhere_in_the_counts_is_left_out() -> None:
    """The others among themselves; a row of 0 keeps it in."""
    area = of([60, 30, 10])
    out = by_index(of([70, 30]), area)
    assert out.groups["blau"] == 2
    assert_allclose(out.workforce["dissimilarity"], 0.7 - 60 / 90)
    assert out.reason["blau"] == "left out, nobody in the counts: g2"
    kept = by_index(of([70, 30, 0]), area)
    assert kept.groups["blau"] == 3 and kept.reason.isna().all()
    assert_allclose(kept.workforce["dissimilarity"], 0.1)


def test_the_same_seed_gives_the_same_figures_whatever_else_is_asked() -> None:
    """Also when another stratum is there or not."""
    force = drawn("race rank n\na x 5\nb x 9\na y 7\nb y 2")
    area = drawn("race n\na 1\nb 1")
    both = diversity(force, area, group="race", within="rank")
    alone = diversity(force[force["rank"] == "y"], area, group="race", within="rank")
    left = both[both.stratum == "y"].reset_index(drop=True).drop(columns="p_adjusted")
    pd.testing.assert_frame_equal(left, alone.drop(columns="p_adjusted"))
    other = diversity(force, area, group="race", within="rank", seed=2)
    assert not np.array_equal(other.null_mean, both.null_mean)


def test_what_cannot_be_computed_has_a_reason() -> None:
    """Nobody; one group; an incomplete benchmark; a handful of people."""
    area = of([5, 5])
    force = drawn("race rank n\ng0 x 5\ng1 x 15\ng0 y 0\ng1 y 0\n- y 3")
    table = diversity(force, area, group="race", within="rank")
    nobody = table[table.stratum == "y"]
    assert nobody[["value", "p_value"]].isna().all(axis=None)
    assert set(nobody.reason) == {"nobody with a known group"} and set(nobody.unknown) == {3}
    one = diversity(of([5]), of([5]), group="race")
    assert "nothing to compare" in one.reason[0] and one.value.isna().all()
    hole = diversity(of([5, 5]), area.assign(n=[5, np.nan]), group="race")
    assert "residents is not complete" in hole.reason[0] and hole.value.isna().all()
    few = diversity(of([3, 2]), area, group="race")
    assert few.reason[0] == "too few people to tell: fewer than 10"
    clear = diversity(of([9, 0]), of([5, 95]), group="race")  # so far out that nine are enough
    assert clear.reason.isna()[0] and clear.p_value[0] < 0.05


@pytest.mark.parametrize(
    ("more", "words"), [({"draws": 10}, "at least 200"), ({"confidence_level": 95}, "between")]
)
def test_arguments_are_checked(more, words) -> None:
    """With the rule and a way out."""
    with pytest.raises(ValueError, match=words):
        diversity(of([3, 7]), of([5, 5]), group="race", **more)
    with pytest.raises(ValueError, match="only the counts have"):
        diversity(of([3, 7, 1]), of([5, 5]), group="race")
