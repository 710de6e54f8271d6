"""What the checks lean on inside Great Expectations, SQLAlchemy and duckdb_engine, tried out.

None of it is promised by those libraries. Each test tries one behaviour and, if it has changed,
says which code of ours relied on it and what to do. Nothing here is about our own rules.
"""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest

from data_checks import judge

ROOT = Path(__file__).parents[2]
ROWS = """
    SELECT * FROM (VALUES
        (1, 'white', 30.0, DATE '2024-01-01', DATE '2024-01-02', TRUE),
        (2, 'martian', 200.0, DATE '2024-01-03', DATE '2024-01-02', FALSE),
        (3, NULL, 40.0, NULL, DATE '2024-01-02', FALSE),
        (4, 'white', NULL, NULL, NULL, NULL)
    ) AS t(number, race, age, later, earlier, searched)
"""
"""Four rows by hand: an unknown race, an age of 200, a pair of dates the wrong way round."""


def expectation(kind: str, rule: str, **more):
    import great_expectations.expectations as gxe

    return getattr(gxe, kind)(**more, meta={"rule": rule})


def column(name: str):
    from great_expectations.expectations.row_conditions import Column

    return Column(name)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Ask Great Expectations all at once; return its results in their order."""
    gx = judge.load()
    pair = {"column_A": "later", "column_B": "earlier", "or_equal": True}
    wanted = [
        expectation("ExpectColumnValuesToBeInSet", "set", column="race", value_set=["white"]),
        expectation("ExpectColumnValuesToNotBeNull", "known", column="race", mostly=0.75),
        expectation("ExpectColumnValuesToNotBeNull", "known more", column="race", mostly=0.76),
        expectation("ExpectColumnValuesToBeBetween", "age", column="age", max_value=110),
        expectation("ExpectColumnValuesToBeBetween", "none", column="no_such", max_value=1),
        expectation("ExpectColumnValuesToBeNull", "when", column="age",
                    row_condition=column("searched") == False),  # noqa: E712
        expectation("ExpectColumnValuesToBeBetween", "age when", column="age", max_value=35,
                    row_condition=column("number") >= 3),
        expectation("ExpectColumnValuesToBeBetween", "no row", column="age", max_value=110,
                    row_condition=column("number") == 99),
        expectation("ExpectColumnPairValuesAToBeGreaterThanB", "either",
                    ignore_row_if="either_value_is_missing", **pair),
        expectation("ExpectColumnPairValuesAToBeGreaterThanB", "both", **pair),
    ]  # fmt: skip
    database = tmp_path_factory.mktemp("canary") / "rows.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute(f"CREATE TABLE checked AS {ROWS}")
    found = []
    with pytest.MonkeyPatch.context() as patch:
        real_run = gx.ValidationDefinition.run

        def run(self, **more):
            found.append(real_run(self, **more))
            return found[-1]

        patch.setattr(gx.ValidationDefinition, "run", run)
        verdicts = judge.judge(database, {"checked": wanted}, config={})
    return wanted, found[0].results, verdicts


def result(asked, rule: str):
    (one,) = [r for r in asked[1] if r.expectation_config.meta["rule"] == rule]
    return one


# --- versions ------------------------------------------------------------------------------------


def test_the_installed_version_is_the_pinned_one():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [d for d in declared["dependencies"] if d.startswith("great-expectations")]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^great_expectations==(\S+)$", pins, flags=re.M)
    installed = version("great-expectations")
    assert wanted == f"great-expectations=={installed}" and pinned == installed, (
        f"Great Expectations {installed} is installed, pyproject.toml says {wanted}, "
        f"constraints.txt {pinned}. Before you change the pin, make this whole file pass with the "
        "new version, then change both."
    )


def test_sqlalchemy_is_below_2_1():
    major, minor = map(int, version("sqlalchemy").split(".")[:2])
    assert (major, minor) == (2, 0), (
        "SQLAlchemy 2.1 breaks the reflection of duckdb_engine (pg_catalog.pg_collation), and "
        "Great Expectations then falls back without a word. Keep sqlalchemy<2.1 in pyproject.toml "
        "until duckdb_engine can do without."
    )


# --- DuckDB under SQLAlchemy ---------------------------------------------------------------------


def test_results_of_duckdb_can_be_fetched_at_once(tmp_path):
    """Without judge.buffer_results every rule fails: rows are read after their connection."""
    import sqlalchemy
    from sqlalchemy.engine import cursor

    todo = "See judge.buffer_results: every result must be in memory before GX hands back."
    assert isinstance(cursor._DEFAULT_FETCH, cursor.CursorFetchStrategy), todo
    judge.load()
    engine = sqlalchemy.create_engine(f"duckdb:///{tmp_path / 'x.duckdb'}")
    try:
        judge.buffer_results(engine)
        with engine.connect() as con:
            late = con.execute(sqlalchemy.text("SELECT i, i / 2 AS h FROM range(3) AS r(i)"))
            con.execute(sqlalchemy.text("SELECT 99")).fetchall()
            strategy = late.cursor_strategy
            assert type(strategy) is cursor.FullyBufferedCursorFetchStrategy, todo
            assert list(late.keys()) == ["i", "h"]
            assert late.fetchall() == [(0, 0.0), (1, 0.5), (2, 1.0)], todo
    finally:
        engine.dispose()
        vars(engine.dialect).get("_type_memos", {}).clear()


def test_the_dialect_keeps_types_that_judge_must_let_go_of(tmp_path):
    import sqlalchemy

    judge.load()
    engine = sqlalchemy.create_engine(f"duckdb:///{tmp_path / 'x.duckdb'}")
    kept = getattr(engine.dialect, "_type_memos", None)
    engine.dispose()
    assert hasattr(kept, "clear"), (
        "judge.judge clears dialect._type_memos, or DuckDB prints 40 lines about a leak at the "
        "end of the process. It is gone: look for where the types are kept now; "
        "test_checks_silent.py tells whether it still leaks."
    )


# --- silence -------------------------------------------------------------------------------------


def test_progress_bars_are_off_by_the_setting_that_turns_them_off(tmp_path, monkeypatch):
    from great_expectations.data_context.types import base

    database = tmp_path / "x.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE checked AS SELECT 1 AS c")
    heard = {}
    real = base.ProgressBarsConfig
    for wanted in (False, True):
        monkeypatch.setattr(base, "ProgressBarsConfig", lambda globally, w=wanted: real(w))
        one = expectation("ExpectColumnValuesToNotBeNull", "one", column="c")
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            judge.judge(database, {"checked": [one]}, config={})
        heard[wanted] = "Calculating Metrics" in stderr.getvalue()
    assert heard == {False: False, True: True}, (
        "judge.judge turns progress bars off by context.variables.progress_bars. That setting no "
        "longer decides: find the new one (TQDM_DISABLE does not reach them)."
    )


# --- results -------------------------------------------------------------------------------------


def test_results_are_known_by_the_id_in_meta_and_not_by_their_place(asked):
    wanted, found, _ = asked
    given = [e.meta["rule"] for e in wanted]
    back = [r.expectation_config.meta["rule"] for r in found]
    assert sorted(back) == sorted(given), "a result is missing or has lost meta: see judge.judge"
    assert back != given, (
        "Results now come in the order of the suite. Nothing breaks: take this assertion out."
    )


def test_a_missing_column_is_told_in_exception_info(asked):
    info = result(asked, "none").exception_info
    assert "raised_exception" not in info and len(info) > 0
    told = [key.startswith("MetricConfigurationID(") and e["raised_exception"] is True
            for key, e in info.items()]  # fmt: skip
    assert all(told), (
        "judge.read_result reads both shapes of exception_info. There is a third: teach it, or a "
        "rule that could not run looks as if it had failed or passed."
    )
    flat = result(asked, "set").exception_info
    assert flat["raised_exception"] is False
    assert asked[2]["none"].because and not asked[2]["set"].because


def test_no_value_of_a_row_is_in_a_result(asked):
    for one in asked[1]:
        values = {k: v for k, v in one.result.items() if "list" in k or "counts" in k}
        assert not any(values.values()), (
            f"{one.expectation_config.meta['rule']} holds values of rows: {sorted(values)}. With "
            "judge.COUNTS there were none (partial_unexpected_count 0)."
        )


# --- how it counts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "elements", "missing", "unexpected", "success"),
    [
        # counted by hand from ROWS
        ("set", 4, 1, 1, False),  # a blank is not tested
        ("known", 4, None, 1, True),  # 3 of 4 is 0.75: at the limit is within it
        ("known more", 4, None, 1, False),
        ("age", 4, 1, 1, False),
        ("when", 2, None, 2, False),  # only the rows of the condition are elements
        ("age when", 2, 1, 1, False),  # and blanks are taken from those
        ("no row", 0, None, 0, True),
        ("either", 4, 2, 1, False),
    ],
)
def test_what_it_counts(asked, rule, elements, missing, unexpected, success):
    one = result(asked, rule)
    counts = one.result
    told = (
        counts["element_count"], counts.get("missing_count") or None,
        counts["unexpected_count"] or 0, one.success,
    )  # fmt: skip
    assert told == (elements, missing, unexpected, success), (
        "Great Expectations counts in another way than the query that sets rows aside. "
        "judge.read_result (tested = element_count - missing_count) and the conditions in "
        "data_checks/sql.py must say the same: mend them before anything else."
    )


def test_a_condition_that_matches_no_row_passes_silently(asked):
    assert result(asked, "no row").success is True, (
        "It used to pass; run.py says 'nothing to test' from our own counts. If it fails now, the "
        "comparison of the two in run.py needs a case for that."
    )
    assert (asked[2]["no row"].tested, asked[2]["no row"].bad) == (0, 0)


def test_a_pair_with_a_blank_is_left_out_only_where_we_say_so(asked):
    either, both = (result(asked, rule).result for rule in ("either", "both"))
    assert either["unexpected_count"] == 1  # row 2: later is before earlier
    assert both["unexpected_count"] == 1 and both["element_count"] == 4
    assert both.get("missing_count") == 1, (
        "ignore_row_if means something else now. suite.not_after says either_value_is_missing; by "
        "default only a pair with both blank is left out."
    )


def test_shares_are_not_rounded_before_they_are_compared(tmp_path):
    """2 of 3 with mostly=0.6667 is below, with mostly=0.666666667 (nine places) as well."""
    database = tmp_path / "x.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("CREATE TABLE checked AS SELECT nullif(i, 0) AS c FROM range(3) AS r(i)")
    limits = {"above": 0.6667, "just above": round(2 / 3, 9), "below": 0.666}
    wanted = [
        expectation("ExpectColumnValuesToNotBeNull", name, column="c", mostly=limit)
        for name, limit in limits.items()
    ]
    found = judge.judge(database, {"checked": wanted}, config={})
    assert {name: v.success for name, v in found.items()} == {
        "above": False, "just above": False, "below": True,
    }, "mostly is compared in another way: see _result in data_checks/run.py"  # fmt: skip


def test_conditions_are_of_the_classes_that_sql_py_translates():
    from great_expectations.expectations import row_conditions as rc

    judge.load()
    one = column("a") == 1
    todo = "data_checks/sql.py turns these into SQL: teach it the new classes."
    assert type(one) is rc.ComparisonCondition, todo
    assert (one.column.name, one.parameter) == ("a", 1), todo
    assert str(getattr(one.operator, "value", one.operator)) == "==", todo
    nothing = column("a").is_null()
    assert type(nothing) is rc.NullityCondition and nothing.is_null is True, todo
    assert column("a").is_not_null().is_null is False, todo
    assert type(one & nothing) is rc.AndCondition, todo
    assert (one & nothing).conditions == [one, nothing], todo
    assert type(one | nothing) is rc.OrCondition, todo
    assert type(column("a").is_in([1])) is rc.ComparisonCondition, todo
