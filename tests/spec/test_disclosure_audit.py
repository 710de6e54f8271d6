"""The audit of disclosure control: planted leaks are found, and brute force gives the same ranges.

Oracle: every table of whole numbers that agrees with what is published, one by one.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from equity.disclosure import Disclosed, Margin, Table, protect
from equity.disclosure._audit import audit, ranges

RACES = ("asian", "black", "white")


def table(rows: dict[tuple, int], by: tuple[str, ...]) -> Table:
    """Return a table of counts."""
    return Table(pd.DataFrame([(*k, n) for k, n in rows.items()], columns=[*by, "n"]), by)


def everything(tables: dict[str, Table], margins: list[Margin]) -> pd.DataFrame:
    """Return the cells of margins with their true values."""
    rows = {}
    for margin in margins:
        source = tables[margin.table]
        frame = source.frame
        for column, wanted in margin.where.items():
            frame = frame[frame[column].isin(wanted if isinstance(wanted, list) else [wanted])]
        values = {c: source.frame[c].drop_duplicates().sort_values().tolist() for c in margin.by}
        for size in range(len(margin.by) + 1):
            for columns in itertools.combinations(margin.by, size):
                for told in itertools.product(*(values[c] for c in columns)):
                    part = frame
                    for column, value in zip(columns, told, strict=True):
                        same = part[column].isna() if pd.isna(value) else part[column] == value
                        part = part[same]
                    counts = {"n": part["n"].sum()}
                    for f in margin.of:
                        yes, known = part[f].sum(), part[f"{f}_known"].sum()
                        counts |= {f"{f}: yes": yes, f"{f}: no": known - yes}
                        counts |= {f"{f}: not known": counts["n"] - known}
                    words = dict.fromkeys(source.by, "")
                    words |= {
                        c: " + ".join(map(str, w if isinstance(w, list) else [w]))
                        for c, w in margin.where.items()
                    }
                    words |= {
                        c: "not known" if pd.isna(v) else str(v)
                        for c, v in zip(columns, told, strict=True)
                    }
                    name = ", ".join(f"{c}={w}" for c, w in words.items() if w) or "all"
                    for quantity, value in counts.items():
                        cell = {"table": margin.table, "cell": name, **words}
                        cell |= {"quantity": quantity, "value": int(value)}
                        rows[margin.table, name, quantity] = cell
    cells = pd.DataFrame(rows.values())
    by = [c for t in tables.values() for c in t.by]
    cells = cells.assign(**{c: cells[c].fillna("") for c in dict.fromkeys(by)})
    return cells


def published(tables: dict[str, Table], margins: list[Margin], hide=lambda cell: False):
    """Return the cells as they are published: small ones hidden, and those of `hide`."""
    cells = everything(tables, margins)
    small = (cells["value"] > 0) & (cells["value"] < 10)
    cells["hidden"] = small | np.array([hide(c) for c in cells.to_dict("records")])
    cells["value"] = cells["value"].astype("Int64").mask(cells["hidden"])
    return cells


def named(*names: str):
    """Return a rule that hides cells by their names (with the quantity after a bar, or n)."""
    return lambda cell: (
        f"{cell['cell']} | {cell['quantity']}" in {n if "|" in n else f"{n} | n" for n in names}
    )


def found(frame: pd.DataFrame, cell: str, quantity: str = "n") -> tuple[int, int, bool]:
    """Return least, most and safe of one cell."""
    row = frame[(frame["cell"] == cell) & (frame["quantity"] == quantity)].iloc[0]
    return row["least"], row["most"], row["safe"]


# ----------------------------------------------------------------------------- planted leaks


YEARS = table(
    {
        ("black", 2023): 40, ("black", 2024): 4, ("black", 2025): 30,
        ("white", 2023): 300, ("white", 2024): 200, ("white", 2025): 4,
        ("asian", 2023): 20, ("asian", 2024): 25, ("asian", 2025): 22,
    },
    ("race", "year"),
)  # fmt: skip


def test_a_hidden_cell_alone_in_its_row_is_recovered():
    margins = [Margin("a", ("race", "year"))]
    cells = published({"a": YEARS}, margins)
    seen = ranges({"a": YEARS}, margins, cells)
    assert found(seen, "race=black, year=2024") == (4, 4, False)
    with pytest.raises(Disclosed, match=r"table 'a' counted by race, year.*fewer columns"):
        audit({"a": YEARS}, margins, cells)


def test_four_cells_in_a_rectangle_are_safe():
    margins = [Margin("a", ("race", "year"))]
    hide = named("race=black, year=2025", "race=white, year=2024")
    cells = published({"a": YEARS}, margins, hide)
    seen = audit({"a": YEARS}, margins, cells)
    assert len(seen) == 4 and seen["safe"].all()
    small = seen[seen["cell"] == "race=black, year=2024"].iloc[0]
    assert (small["needed_least"], small["needed_most"]) == (1, 9)
    assert small["least"] <= 1 and small["most"] >= 9
    assert seen[seen["cell"] == "race=white, year=2024"]["needed_least"].isna().all()


def test_the_totals_of_another_table_give_a_cell_away():
    """In each table alone two cells of the column are hidden; together the total is known."""
    rows = {
        ("black", "f"): 30, ("black", "m"): 44, ("white", "f"): 204, ("white", "m"): 300,
        ("asian", "f"): 33, ("asian", "m"): 34,
    }  # fmt: skip
    tables = {"a": YEARS, "b": table(rows, ("race", "sex"))}
    by_year = Margin("a", ("year",), {"race": "black"})
    hide = named("race=black | n")
    alone = published({"a": YEARS}, [by_year], hide)
    assert ranges({"a": YEARS}, [by_year], alone)["safe"].all()
    both = [by_year, Margin("b", ("race", "sex"))]
    cells = published(tables, both, lambda c: c["table"] == "a" and hide(c))
    seen = ranges(tables, both, cells)
    assert found(seen, "race=black, year=2024") == (4, 4, False)
    assert not found(seen, "race=black")[2]  # the other table publishes it


def test_a_sum_of_years_gives_a_cell_away():
    tables = {"a": YEARS}
    hide = named("race=black, year=2025", "race=white, year=2024")
    margins = [Margin("a", ("race", "year")), Margin("a", ("race",), {"year": [2023, 2024]})]
    seen = ranges(tables, margins, published(tables, margins, hide))
    assert found(seen, "race=black, year=2024") == (4, 4, False)
    assert ranges(tables, margins[:1], published(tables, margins[:1], hide))["safe"].all()


def test_a_chain_of_stages_narrows():
    frame = pd.DataFrame(
        {"race": ["black", "white"], "n": [40, 300], "fit": [33, 200], "fit_known": [38, 300],
         "test": [12, 100], "test_known": [32, 200]}
    )  # fmt: skip
    margins = [Margin("a", (), {"race": "black"}, ("fit", "test"))]
    chained = {"a": Table(frame, ("race",), ("fit", "test"), chain=True)}
    free = {"a": Table(frame, ("race",), ("fit", "test"))}
    cells = published(chained, margins, named("race=black | fit: yes"))
    assert found(ranges(free, margins, cells), "race=black", "fit: no")[2]
    assert found(ranges(chained, margins, cells), "race=black", "fit: no") == (1, 7, False)


def test_no_and_not_known_are_kept_apart_by_n():
    frame = pd.DataFrame({"race": ["black", "white"], "n": [40, 300], "met": [33, 150],
                          "met_known": [40, 300]})  # fmt: skip
    tables = {"a": Table(frame, ("race",), ("met",))}
    margins = [Margin("a", ("race",), of=("met",))]
    seen = ranges(tables, margins, published(tables, margins))
    assert found(seen, "race=black", "met: no") == (7, 7, False)


def test_published_zeros_narrow():
    """Three hidden cells with the sum 10 can each be 8 at most, as none of them is 0."""
    rows = {("asian", 1): 2, ("black", 1): 3, ("white", 1): 5, ("other", 1): 0,
            ("asian", 2): 50, ("black", 2): 60, ("white", 2): 70, ("other", 2): 80}  # fmt: skip
    tables = {"a": table(rows, ("race", "year"))}
    margins = [Margin("a", ("race",), {"year": 1})]
    seen = ranges(tables, margins, published(tables, margins))
    assert not seen["safe"].any() and (seen["most"] == 8).all()


def test_a_sum_of_counts_that_are_each_at_least_one_needs_to_reach_no_lower():
    rows = {("asian", 1): 2, ("black", 1): 3, ("asian", 2): 1, ("black", 2): 400}
    tables = {"a": table(rows, ("race", "year"))}
    margins = [Margin("a", ("race", "year"))]
    hide = named("all", "race=black", "year=2", "race=black, year=2")
    seen = audit(tables, margins, published(tables, margins, hide))
    five = seen[seen["cell"] == "year=1"].iloc[0]
    assert (five["needed_least"], five["least"]) == (2, 2)


# -------------------------------------------------------------------- what must not be published


def test_what_is_untrue_small_or_lacking_is_refused():
    tables, margins = {"a": YEARS}, [Margin("a", ("race", "year"))]
    hide = named("race=black, year=2025", "race=white, year=2024")
    cells = published(tables, margins, hide)
    untrue = cells.assign(value=cells["value"] + (cells["cell"] == "race=white, year=2023"))
    with pytest.raises(Disclosed, match="not the sum"):
        audit(tables, margins, untrue)
    small = cells.assign(value=cells["value"].mask(cells["cell"] == "race=white, year=2025", 4))
    with pytest.raises(Disclosed, match="1 to 9 would be published"):
        audit(tables, margins, small)
    with pytest.raises(Disclosed, match="asked for are not among"):
        audit(tables, margins, cells[cells["cell"] != "race=white, year=2023"])
    with pytest.raises(Disclosed, match="unknown"):
        audit(tables, margins, cells.assign(race=cells["race"].replace("white", "blue")))
    assert audit(tables, margins, cells, minimum=3)["safe"].all()


def test_a_hidden_zero_is_refused():
    tables = {"a": table({("asian",): 0, ("black",): 30, ("white",): 40}, ("race",))}
    margins = [Margin("a", ("race",))]
    cells = published(tables, margins, named("race=asian", "race=black"))
    with pytest.raises(Disclosed, match="zero is hidden"):
        audit(tables, margins, cells)


def test_tables_of_other_records_are_refused():
    tables = {"a": YEARS, "b": table({("black", "f"): 30, ("white", "f"): 207}, ("race", "sex"))}
    margins = [Margin("a", ("race",)), Margin("b", ("race",))]
    with pytest.raises(ValueError, match="not of the same records"):
        audit(tables, margins, published(tables, margins))


def test_a_release_is_held_against_the_one_before():
    margins = [Margin("a", ("race", "year"))]
    rows = dict(zip(YEARS.frame[["race", "year"]].itertuples(index=False, name=None),
                    YEARS.frame["n"].tolist(), strict=True))  # fmt: skip
    hide = named("race=black, year=2025", "race=white, year=2024")
    now = published({"a": YEARS}, margins, hide)
    other = named("race=black, year=2023", "race=white, year=2023", "race=white, year=2025",
                  "race=black, year=2025", "race=white, year=2024")  # fmt: skip
    before = published({"a": YEARS}, margins, other)
    assert audit({"a": YEARS}, margins, now, known=before)["safe"].all()
    # what is hidden now was published then, and has not changed
    wrong = published(
        {"a": YEARS}, margins, named("race=asian, year=2024", "race=asian, year=2025")
    )
    with pytest.raises(Disclosed):
        audit({"a": YEARS}, margins, now, known=wrong)
    # three people were added to a published cell
    added = {"a": table(rows | {("white", 2023): 303}, ("race", "year"))}
    with pytest.raises(Disclosed, match="earlier release"):
        audit(added, margins, published(added, margins, hide), known=before.assign(
            value=now["value"]))  # fmt: skip


# ------------------------------------------------------------------------------- brute force


@cache
def every(parts: int, total: int) -> np.ndarray:
    """Return all ways to share out a total among parts, one row each."""
    bars = np.array(list(itertools.combinations(range(total + parts - 1), parts - 1)), dtype=int)
    bars = bars.reshape(math.comb(total + parts - 1, parts - 1), parts - 1)
    ends = np.full((len(bars), 1), total + parts - 1)
    return np.diff(np.hstack([ends * 0 - 1, bars, ends]), axis=1) - 1


def by_force(cells: pd.DataFrame, inner: list[dict], answers: list[tuple], total: int):
    """Return (least, most) of each hidden cell over all tables; inner: rows of groups."""
    worlds = every(len(inner) * len(answers), total)
    keep = np.ones(len(worlds), dtype=bool)
    sums = {}
    for i, cell in enumerate(cells.to_dict("records")):
        columns = [
            g * len(answers) + a
            for g, group in enumerate(inner)
            for a, answer in enumerate(answers)
            if all(cell[c] in ("", str(v)) for c, v in group.items())
            and (cell["quantity"] == "n" or cell["quantity"] in answer)
        ]
        sums[i] = worlds[:, columns].sum(axis=1)
        keep &= sums[i] >= 1 if cell["hidden"] else sums[i] == cell["value"]
    hidden = [i for i in sums if cells["hidden"].iloc[i]]
    if not keep.any():
        return dict.fromkeys(hidden)
    return {i: (sums[i][keep].min(), sums[i][keep].max()) for i in hidden}


ONE = [("n",)]
FLAG = [("f: yes",), ("f: no",), ("f: not known",)]
CHAIN = [
    ("f: not known", "g: not known"), ("f: no", "g: not known"),
    ("f: yes", "g: not known"), ("f: yes", "g: no"), ("f: yes", "g: yes"),
]  # fmt: skip
CASES = {
    "two ways": ((2, 3), ONE, [("a", "b")], 16),
    "three by three": ((3, 3), ONE, [("a", "b")], 10),
    "three ways": ((2, 2, 2), ONE, [("a", "b", "c")], 12),
    "all pairs of three": ((2, 2, 2), ONE, [("a", "b"), ("a", "c"), ("b", "c")], 12),
    "two pairs": ((2, 2, 2), ONE, [("a", "b"), ("b", "c")], 12),
    "a flag": ((3,), FLAG, [("a",)], 12),
    "a chain": ((2,), CHAIN, [("a",)], 10),
}


@pytest.mark.parametrize("name", CASES)
def test_ranges_are_those_of_brute_force(name):
    shape, answers, by, total = CASES[name]
    rng = np.random.default_rng(len(name))
    columns = list("abc"[: len(shape)])
    groups = [dict(zip(columns, map(str, g), strict=True)) for g in np.ndindex(*shape)]
    flags = () if answers is ONE else ("f",) if answers is FLAG else ("f", "g")
    minimum, narrow, wide = 4, 0, 0
    for _ in range(6):
        chance = rng.dirichlet(np.full(len(groups) * len(answers), 0.7))
        drawn = rng.multinomial(total, chance).reshape(len(groups), len(answers))
        frame = pd.DataFrame(groups).assign(n=drawn.sum(axis=1))
        for flag in flags:
            yes = [i for i, a in enumerate(answers) if f"{flag}: yes" in a]
            asked = [i for i, a in enumerate(answers) if f"{flag}: not known" not in a]
            frame[flag], frame[f"{flag}_known"] = drawn[:, yes].sum(1), drawn[:, asked].sum(1)
        tables = {"t": Table(frame, tuple(columns), flags, chain=len(flags) > 1)}
        margins = [Margin("t", b, of=flags) for b in by]
        cells = everything(tables, margins)
        values = cells["value"].astype("Int64")
        small = (values > 0) & (values < minimum)
        picked = rng.random(len(cells)) < rng.choice([0, 0.3, 0.6, 0.9])
        total_shown = (cells["cell"] == "all") & (cells["quantity"] == "n")
        cells["hidden"] = small | (picked & (values > 0) & ~total_shown)
        cells["value"] = values.mask(cells["hidden"])
        seen = ranges(tables, margins, cells, minimum=minimum).set_index(["cell", "quantity"])
        force = by_force(cells, groups, answers, total)
        free = {}  # what could be if everything but the zeros were hidden
        if any(least > 1 for least, _ in force.values()):
            open_ = cells.assign(hidden=values > 0)
            sizes = [by_force(open_, groups, answers, k) for k in range(1, total + 1)]
            free = {i: (min(s[i][0] for s in sizes if s[i]), 0) for i in force}
        for i, (least, most) in force.items():
            got = seen.loc[(cells["cell"].iloc[i], cells["quantity"].iloc[i])]
            assert least <= got["least"] <= got["most"] <= most
            if small.iloc[i]:
                assert got["needed_most"] == minimum - 1
                if got["most"] < minimum - 1:
                    assert got["most"] == most
                if got["least"] > got["needed_least"]:
                    assert got["least"] == least
                assert got["needed_least"] in (1, free.get(i, (1, 0))[0])
                safe = least <= free.get(i, (1, 0))[0] and most >= minimum - 1
            else:
                safe = least < most
            assert got["safe"] == safe
            narrow, wide = narrow + (not safe), wide + safe
    assert narrow and wide


# ------------------------------------------------------------------------- what is protected


def test_what_protect_hides_passes():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        itertools.product(("asian", "black", "white", None), (2023, 2024, 2025), ("f", "m")),
        columns=["race", "year", "sex"],
    )
    frame["n"] = rng.poisson(rng.gamma(0.5, 60, len(frame)))
    frame["met_known"] = rng.binomial(frame["n"], 0.97)
    frame["met"] = rng.binomial(frame["met_known"], 0.4)
    tables = {"a": Table(frame, ("race", "year", "sex"), ("met",))}
    margins = [
        Margin("a", ("race", "year")),
        Margin("a", ("race",), {"sex": "f"}),
        Margin("a", ("race",), {"year": [2023, 2024]}),
        Margin("a", (), of=("met",)),
    ]
    cells = protect(tables, margins, seconds=1).cells
    seen = audit(tables, margins, cells)
    assert len(seen) == cells["hidden"].sum() >= 4 and seen["safe"].all()
    small = seen[seen["needed_most"].notna()]
    first = (cells["table"] == small["table"].iloc[0]) & (cells["cell"] == small["cell"].iloc[0])
    first &= cells["quantity"] == small["quantity"].iloc[0]
    others = cells["hidden"] & ~first & (cells["quantity"] == small["quantity"].iloc[0])
    true = everything(tables, margins).set_index(["cell", "quantity"])["value"]
    told = [
        true[c, q] if o and true[c, q] > 9 else v
        for c, q, o, v in zip(
            cells["cell"], cells["quantity"], others, cells["value"], strict=True
        )
    ]
    with pytest.raises(Disclosed, match="coarse|fewer columns"):  # hidden too little
        audit(tables, margins, cells.assign(value=pd.array(told, dtype="Int64")))
