"""Disclosure control hides what textbooks say, no more than brute force, and completes truly."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from equity.disclosure import Disclosed, Margin, Protection, Table, hidden_reason, protect
from equity.disclosure._audit import audit, ranges


def square(numbers, columns=("group", "area")):
    """Return a table of two columns from rows of counts; nobody: no row."""
    rows = [(f"g{i}", f"a{j}", n) for i, row in enumerate(numbers) for j, n in enumerate(row) if n]
    return Table(pd.DataFrame(rows, columns=[*columns, "n"]), columns)


def value(protection, cell, quantity="n"):
    rows = protection.cells.query("cell == @cell and quantity == @quantity")
    assert len(rows) == 1
    return None if rows["hidden"].item() else int(rows["value"].item())


def reach(numbers, hidden):
    """Return the attacker's range of each hidden cell of a two-way table with totals (by hand)."""
    grid = np.array(numbers)
    a, b = grid.shape
    full = np.zeros((a + 1, b + 1))
    full[:a, :b], full[a, :b], full[:a, b], full[a, b] = (
        grid, grid.sum(0), grid.sum(1), grid.sum(),
    )  # fmt: skip
    rows = []
    for i in range(a + 1):
        row = np.zeros((a + 1, b + 1))
        row[i, :b], row[i, b] = 1, -1
        rows.append(row.ravel())
    for j in range(b + 1):
        row = np.zeros((a + 1, b + 1))
        row[:a, j], row[a, j] = 1, -1
        rows.append(row.ravel())
    bounds = [
        (1, None) if (i, j) in hidden else (full[i, j],) * 2
        for i in range(a + 1)
        for j in range(b + 1)
    ]
    found = {}
    for i, j in hidden:
        ends = []
        for sign in (1, -1):
            cost = np.zeros(full.size)
            cost[i * (b + 1) + j] = sign
            answer = linprog(cost, A_eq=np.array(rows), b_eq=np.zeros(a + b + 2), bounds=bounds)
            ends.append(np.inf * -sign if answer.status == 3 else sign * answer.fun)
        found[i, j] = tuple(ends)
    return full, found


def test_the_words_of_a_hidden_number():
    assert hidden_reason(5).startswith("Hidden: fewer than 5 people")


def test_hiding_the_next_smallest_of_row_and_column_leaks_and_is_not_what_is_done():
    numbers = [[3, 20, 50], [20, 12, 60], [50, 60, 70]]
    # next smallest in row and column, closed to a square: (0,0), (0,1), (1,0), (1,1)
    _, loose = reach([[3, 4, 50], [20, 30, 60], [50, 60, 70]], [(0, 0), (0, 1), (1, 0), (1, 1)])
    assert loose[0, 0][1] < 9  # the neighbour 4 is known to be at least 1: 3 + 3 = 6
    found = protect({"t": square([[3, 4, 50], [20, 30, 60], [50, 60, 70]])},
                    [Margin("t", ("group", "area"))])  # fmt: skip
    names = {(i, j): f"group=g{i}, area=a{j}" for i in range(3) for j in range(3)}
    names |= {(i, 3): f"group=g{i}" for i in range(3)} | {(3, j): f"area=a{j}" for j in range(3)}
    names |= {(3, 3): "all"}
    hidden = [at for at, name in names.items() if value(found, name) is None]
    full, ranges = reach([[3, 4, 50], [20, 30, 60], [50, 60, 70]], hidden)
    for at, (least, most) in ranges.items():
        assert most - least >= 1 - 1e-7
        if full[at] < 10:
            assert least <= 1 + 1e-7 and most >= 9 - 1e-7
    safe = protect({"t": square(numbers)}, [Margin("t", ("group", "area"))])
    assert safe.report["complementary"] == 3  # here one square is enough


def test_nothing_small_means_nothing_hidden_and_zeros_are_shown():
    found = protect({"t": square([[30, 0], [20, 15]])}, [Margin("t", ("group", "area"))])
    assert not found.cells["hidden"].any()
    assert value(found, "group=g0, area=a1") == 0
    assert found.report["method"] == "nothing to hide"


def test_a_zero_never_hides_a_small_number():
    found = protect(
        {"t": square([[4, 0, 60], [0, 30, 40], [25, 70, 80]])}, [Margin("t", ("group", "area"))]
    )
    hidden = found.cells[found.cells["hidden"]]
    assert found.cells.loc[~found.cells["hidden"], "value"].eq(0).sum() == 2
    assert set(hidden["cell"]) > {"group=g0, area=a0"}


@pytest.mark.parametrize("seed", range(3))
def test_the_least_is_hidden_by_brute_force(seed):
    random = np.random.default_rng(seed)
    numbers = random.choice([3, 5, 7, 12, 25, 40], size=(2, 3))
    found = protect({"t": square(numbers)}, [Margin("t", ("group", "area"))])
    full = np.pad(numbers, ((0, 1), (0, 1))).astype(float)
    full[2, :3], full[:2, 3], full[2, 3] = numbers.sum(0), numbers.sum(1), numbers.sum()
    every = list(itertools.product(range(3), range(4)))
    primary = [at for at in every if full[at] < 10]
    _, open_ = reach(numbers, every)  # what is possible at all
    others = [at for at in every if at not in primary]
    patterns = sorted(
        (sum(np.sqrt(full[at]) for at in more), more)
        for size in range(len(others) + 1)
        for more in itertools.combinations(others, size)
        if size < 5
    )
    paid = 0.0
    for r in found.cells[found.cells["hidden"]].itertuples():
        at = (int(r.group[1:]) if r.group else 2, int(r.area[1:]) if r.area else 3)
        paid += np.sqrt(full[at]) if at not in primary else 0
    for cost, more in patterns:
        if cost > paid - 1e-9:
            break  # nothing cheaper protects
        if any(
            sum(h[axis] == at[axis] for h in [*primary, *more]) < 2
            for at in primary
            for axis in (0, 1)
        ):
            continue  # alone in its row or column
        _, ranges = reach(numbers, [*primary, *more])
        good = all(
            ranges[at][0] <= max(1, open_[at][0]) + 1e-7 and ranges[at][1] >= 9 - 1e-7
            for at in primary
        )
        assert not good, f"{more} is cheaper"
    assert found.report["method"] == "exact"


def stages():
    rows = []
    for race, year, n, a, b in (
        ("x", 2023, 60, 40, 20), ("y", 2023, 40, 30, 4), ("z", 2023, 30, 12, 11),
        ("x", 2024, 80, 50, 30), ("y", 2024, 50, 20, 12), ("z", 2024, 33, 7, 2),
    ):  # fmt: skip
        rows.append((race, year, n, a, n, b, a))
    names = ["race", "year", "n", "passed", "passed_known", "hired", "hired_known"]
    return Table(pd.DataFrame(rows, columns=names), ("race", "year"), ("passed", "hired"), True)


def published(table, margin):
    """Return {cell, quantity: value} computed from a table, without the code under test."""
    out = {}
    frame = table.assign(no=0)
    for size in range(len(margin.by) + 1):
        for by in itertools.combinations(margin.by, size):
            groups = frame.groupby(list(by), dropna=False) if by else [((), frame)]
            for key, part in groups:
                key = key if isinstance(key, tuple) else (key,)
                told = {c: "not known" if pd.isna(k) else str(k) for c, k in zip(by, key)}  # noqa: B905
                name = ", ".join(f"{c}={told[c]}" for c in margin.by if c in told) or "all"
                out[name, "n"] = part["n"].sum()
                for flag in margin.of:
                    known = part[f"{flag}_known"].sum()
                    out[name, f"{flag}: yes"] = part[flag].sum()
                    out[name, f"{flag}: no"] = known - part[flag].sum()
                    out[name, f"{flag}: not known"] = part["n"].sum() - known
    return out


def test_years_and_stages_are_protected_together_and_completed():
    table = stages()
    margin = Margin("t", ("race", "year"), {}, ("passed", "hired"))
    found = protect({"t": table}, [margin])
    assert "hired is known only of those with passed" in found.report["known"]
    for cell in ("race=z, year=2024",):
        assert value(found, cell, "passed: yes") is None
    draws = found.complete(3, seed=1)
    assert len(draws) == 3
    seen = []
    for draw in draws:
        frame = draw["t"]
        assert list(frame.columns) == list(table.frame.columns)
        assert (frame.dtypes == table.frame.dtypes).all()
        assert (frame["passed"] <= frame["passed_known"]).all()
        assert (frame["hired_known"] <= frame["passed"]).all()
        assert (frame["passed_known"] <= frame["n"]).all()
        numbers = published(frame, margin)
        hidden = {}
        for row in found.cells.itertuples():
            got = int(numbers.get((row.cell, row.quantity), 0))
            if row.hidden:
                assert got >= 1
                hidden[row.cell, row.quantity] = got
            else:
                assert got == row.value, (row.cell, row.quantity)
        seen.append(hidden)
    assert all(len({s[key] for s in seen}) > 1 for key in seen[0])


def test_the_same_seed_gives_the_same_completion_and_the_truth_is_not_needed():
    table, margin = stages(), Margin("t", ("race", "year"), {}, ("passed",))
    found = protect({"t": table}, [margin])
    first, again = found.complete(2, seed=7), found.complete(2, seed=7)
    for a, b in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(a["t"], b["t"])
    assert all(p.truth.size == 0 for p in found._completer.system.parts.values())


def test_a_list_is_a_cell_of_its_own_and_unused_columns_are_summed_out():
    frame = pd.DataFrame(
        [(g, a, y, 30 + 7 * i + (3 if g == "b" else 0))
         for i, (g, a, y) in enumerate(itertools.product("ab", "xyz", (2023, 2024)))],
        columns=["g", "a", "year", "n"],
    )  # fmt: skip
    found = protect(
        {"t": Table(frame, ("g", "a", "year"))}, [Margin("t", ("g",), {"a": ["x", "y"]})]
    )
    assert set(found.cells["cell"]) == {"a=x + y", "g=a, a=x + y", "g=b, a=x + y"}
    assert "year" not in found.cells.columns
    (draw,) = found.complete(1)
    assert draw["t"]["year"].isna().all()
    total = draw["t"].loc[draw["t"]["a"].isin(["x", "y"]), "n"].sum()
    assert total == frame.loc[frame["a"].isin(["x", "y"]), "n"].sum()


def test_a_missing_group_is_a_category():
    frame = pd.DataFrame({"g": ["a", "b", None], "n": [40, 30, 4]}).astype({"g": "str"})
    found = protect({"t": Table(frame, ("g",))}, [Margin("t", ("g",))])
    assert value(found, "g=not known") is None
    assert found.cells["hidden"].sum() == 2


def test_two_tables_of_the_same_people_are_linked():
    random = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            "g": random.choice(list("abc"), 400, p=[0.7, 0.28, 0.02]),
            "y": random.choice([1, 2], 400),
            "k": random.choice(list("uv"), 400),
        }
    )
    one = rows.groupby(["g", "y"]).size().reset_index(name="n")
    two = rows.groupby(["g", "k"]).size().reset_index(name="n")
    tables = {"one": Table(one, ("g", "y")), "two": Table(two, ("g", "k"))}
    found = protect(tables, [Margin("one", ("g", "y")), Margin("two", ("g", "k"))])
    for draw in found.complete(3):
        sums = [draw[t].groupby("g")["n"].sum() for t in ("one", "two")]
        pd.testing.assert_series_equal(*sums)


def test_what_an_earlier_release_showed_stays_and_a_small_change_is_hidden():
    before = square([[40, 25, 50], [20, 32, 60], [50, 60, 70]])
    after = square([[43, 25, 50], [20, 32, 60], [50, 60, 70]])
    margins = [Margin("t", ("group", "area"))]
    known = protect({"t": before}, margins).cells
    found = protect({"t": after}, margins, known=known).cells
    changed = {"all", "group=g0", "area=a0", "group=g0, area=a0"}
    assert set(found.loc[found["hidden"], "cell"]) == changed  # the rest was known before


def test_what_is_not_there_is_refused_in_words():
    table = square([[30, 20], [20, 15]])
    with pytest.raises(ValueError, match="no table 'u'"):
        protect({"t": table}, [Margin("u", ("group",))])
    with pytest.raises(ValueError, match="'year' is not"):
        protect({"t": table}, [Margin("t", ("year",))])
    with pytest.raises(ValueError, match="does not occur"):
        protect({"t": table}, [Margin("t", ("group",), {"area": "nowhere"})])
    with pytest.raises(ValueError, match="not a count"):
        Table(pd.DataFrame({"g": ["a"], "n": [-1]}), ("g",))
    assert isinstance(protect({"t": table}, [Margin("t", ("group",))]), Protection)


def workforce():
    """Return a body of several hundred cells, and its margins: people by year, with two flags."""
    random = np.random.default_rng(11)
    names = ("race", "sex", "year", "job")
    values = (["a", "b", "c", "not known"], ["f", "m"], [2022, 2023, 2024], ["x", "y", "z"])
    frame = pd.DataFrame(itertools.product(*values), columns=list(names))
    size = frame["race"].map({"a": 60, "b": 14, "c": 6, "not known": 2})
    frame["n"] = random.poisson(size * random.gamma(2, 0.5, len(frame)))
    for flag, share in (("joined", 0.2), ("left", 0.1)):
        frame[f"{flag}_known"] = frame["n"]
        frame[flag] = random.binomial(frame["n"], share)
    flags = ("joined", "left")
    margins = [
        Margin("t", ("race", "year", "job"), {}, ("joined",)),
        Margin("t", ("race", "sex", "year"), {}, flags),
        Margin("t", ("race", "job"), {"year": [2022, 2023], "sex": "f"}),
    ]
    return Table(frame[frame["n"] > 0], names, flags), margins


def test_no_hidden_number_is_the_same_on_all_completions():
    table, margins = workforce()
    found = protect({"t": table}, margins, seconds=1)
    assert len(found.cells) > 500 and found.cells["hidden"].sum() > 150
    for draws, seed in ((2, 1), (4, 2)):
        seen = []
        completions = found.complete(draws, seed)
        assert len(completions) >= draws  # more where it takes more
        for draw in completions:
            numbers = {}
            for margin in margins:
                frame, told = draw["t"], []
                for column, wanted in margin.where.items():
                    wanted = wanted if isinstance(wanted, list) else [wanted]
                    frame = frame[frame[column].isin(wanted)]
                    told.append(f"{column}={' + '.join(map(str, wanted))}")
                for (name, quantity), value_ in published(frame, margin).items():
                    parts = ([] if name == "all" else name.split(", ")) + told
                    numbers[frozenset(parts), quantity] = value_
            seen.append(numbers)
        for row in found.cells.itertuples():
            at = frozenset([] if row.cell == "all" else row.cell.split(", ")), row.quantity
            got = {int(numbers.get(at, 0)) for numbers in seen}
            if row.hidden:
                assert len(got) > 1 and min(got) >= 1, row.cell
            else:
                assert got == {row.value}, (row.cell, row.quantity)


def test_a_hidden_number_that_cannot_differ_fails_closed():
    numbers = [[3, 20, 50], [20, 12, 60], [50, 60, 70]]
    found = protect({"t": square(numbers)}, [Margin("t", ("group", "area"))])
    completer = found._completer
    hidden = np.flatnonzero(completer.shown < 0)
    completer.shown[hidden[1:]] = completer.system.groups_of(completer.draw(1, 1)[0])[hidden[1:]]
    assert len(found.complete(1)) == 1
    with pytest.raises(Disclosed, match="the same on all tables"):
        found.complete(2)


def untold(rows, **more):
    names = ["race", "sex", "n", "passed", "passed_known"]
    frame = pd.DataFrame(rows, columns=names)
    nothing = {"race": "not known", "sex": "not known"}
    return {"t": Table(frame, ("race", "sex"), ("passed",), untold=nothing, **more)}


def test_how_few_did_not_say_what_they_are_is_published_and_what_became_of_them_is_not():
    tables = untold(
        [("a", "f", 90, 40, 90), ("b", "f", 80, 30, 80), ("not known", "f", 6, 4, 6),
         ("a", "m", 70, 35, 70), ("b", "m", 60, 25, 60)]
    )  # fmt: skip
    plain = {"t": Table(tables["t"].frame, ("race", "sex"), ("passed",))}
    margins = [Margin("t", ("race",))]
    found = protect(tables, margins)
    assert value(found, "race=not known") == 6 and not found.cells["hidden"].any()
    assert audit(tables, margins, found.cells).empty
    assert value(protect(plain, margins), "race=not known") is None
    with pytest.raises(Disclosed, match="1 to 9 would be published"):
        audit(plain, margins, found.cells)
    margins = [Margin("t", ("race",), {}, ("passed",))]
    found = protect(tables, margins)
    assert value(found, "race=not known", "passed: yes") is None
    assert value(found, "race=not known", "passed: no") is None
    seen = audit(tables, margins, found.cells)
    assert seen["safe"].all() and len(seen) == found.cells["hidden"].sum()
    open_ = found.cells["quantity"].eq("passed: yes") & found.cells["race"].eq("not known")
    told = found.cells.assign(value=found.cells["value"].mask(open_, 4))
    with pytest.raises(Disclosed, match="1 to 9 would be published"):
        audit(tables, margins, told)


def test_another_group_told_in_the_same_cell_keeps_a_small_number_hidden():
    tables = untold(
        [("a", "f", 90, 40, 90), ("b", "f", 80, 30, 80), ("not known", "f", 6, 4, 6),
         ("a", "m", 70, 35, 70), ("b", "m", 60, 25, 60), ("not known", "m", 30, 9, 30),
         ("not known", "not known", 5, 2, 5), ("a", "not known", 40, 20, 40)]
    )  # fmt: skip
    margins = [Margin("t", ("race", "sex"))]
    found = protect(tables, margins)
    assert value(found, "race=not known, sex=f") is None
    alone = protect(tables, [Margin("t", (), {"race": "not known", "sex": "not known"})])
    assert value(alone, "race=not known, sex=not known") == 5
    assert audit(tables, margins, found.cells)["safe"].all()
    row = found.cells["cell"].eq("race=not known, sex=f")
    told = found.cells.assign(value=found.cells["value"].mask(row, 6))
    with pytest.raises(Disclosed, match="1 to 9 would be published"):
        audit(tables, margins, told)


def test_what_matters_most_is_shown_and_finer_tables_give_way_to_it():
    # three areas of a group of 10, none of them 0: each is 8 at most, unless the 10 is hidden
    table = square([[4, 3, 3], [40, 50, 60], [30, 45, 52]])
    fine = Margin("t", ("group", "area"))
    assert value(protect({"t": table}, [fine]), "group=g0") is None
    found = protect({"t": table}, [Margin("t", ("group",)), replace(fine, weight=0.1)])
    assert value(found, "group=g0") == 10
    assert not found.cells["cell"].str.contains("area").any()
    found = protect({"t": square([[6, 7, 9], [40, 50, 60], [30, 45, 52]])},
                    [Margin("t", ("group",)), replace(fine, weight=0.1)])  # fmt: skip
    assert value(found, "group=g0") == 22  # here there is room beside it
    assert value(found, "group=g0, area=a0") is None
    assert found.cells["cell"].str.contains("area").any()


def test_of_a_finer_table_the_groups_that_can_be_protected_are_still_told():
    few = square([[4, 3, 3], [40, 50, 60], [30, 45, 52], [25, 31, 44]])
    table = replace(few, prized=("group",))
    margins = [Margin("t", ("group",)), Margin("t", ("group", "area"), weight=0.1)]
    found = protect({"t": table}, margins)
    assert value(found, "group=g0") == 10
    assert value(found, "group=g1, area=a0") == 40
    told = set(found.cells["cell"])
    assert "group=g0, area=a0" not in told
    assert "area=a0" not in told, "less the other groups that would be the 4"
    assert ranges({"t": table}, margins[:1], found.cells[found.cells["area"].eq("")])["safe"].all()


def all_known(rows):
    """Return stages of which everybody's result is known: group, n, offered, hired."""
    frame = pd.DataFrame(rows, columns=["group", "n", "offered", "hired"])
    known = {"offered_known": frame["n"], "hired_known": frame["n"]}
    return Table(frame.assign(**known), ("group",), ("offered", "hired"), True)


OFFERS = [("x", 300, 60, 56), ("y", 250, 50, 30), ("z", 220, 44, 25), ("w", 180, 40, 22)]


def test_how_few_were_lost_between_two_stages_is_a_small_number_too():
    table, margin = all_known(OFFERS), Margin("t", ("group",), {}, ("offered", "hired"))
    found = protect({"t": table}, [margin])
    assert value(found, "group=x", "hired: lost") is None
    for one, other in (("offered: yes", "hired: yes"), ("offered: no", "hired: no")):
        shown = [value(found, "group=x", q) for q in (one, other)]
        assert None in shown, "4 would be the difference"
    assert value(found, "group=y", "hired: lost") in (20, None)
    lost = {
        int(frame.loc[frame["group"] == "x", "offered"].sum() - frame.loc[
            frame["group"] == "x", "hired"].sum())
        for frame in (draw["t"] for draw in found.complete(4))
    }  # fmt: skip
    assert len(lost) > 1, "a rate of those offered would else look settled"


def test_the_audit_finds_a_loss_that_follows_from_two_stages():
    table, margin = all_known(OFFERS), Margin("t", ("group",), {}, ("offered", "hired"))
    cells = protect({"t": table}, [margin]).cells
    true = {f"group={g}": (n, o, h) for g, n, o, h in OFFERS}
    for cell, (n, offered, hired) in true.items():
        of = {"n": n, "offered: yes": offered, "offered: no": n - offered, "hired: yes": hired,
              "hired: no": n - hired}  # fmt: skip
        for quantity, number in of.items():
            here = cells["cell"].eq(cell) & cells["quantity"].eq(quantity)
            cells.loc[here, ["value", "hidden"]] = [number, False]
    found = ranges({"t": table}, [margin], cells)
    row = found[found["cell"].eq("group=x") & found["quantity"].eq("hired: lost")].squeeze()
    assert (row["least"], row["most"], bool(row["safe"])) == (4, 4, False)
