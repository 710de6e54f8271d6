"""What every test shares: where the real files are, and that none goes missing unseen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# new examples at every run find new faults, but a change must not be refused for an old one
settings.register_profile("landing", derandomize=True)
if os.environ.get("EQUITY_NO_SKIPS"):
    settings.load_profile("landing")

pytest.register_assert_rewrite("chart_rules")

# Spark's workers must be of the same Python; it would take the first python3 on the path
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

# a worker of pytest-xdist has a main module without a file, and pyspark, which Great Expectations
# imports, takes that for a doctest and ends the process
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

REAL = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real files; it lies beside the repository where there is one."""
    if not REAL.is_dir():
        pytest.skip("the real files are not beside this repository")
    return REAL


@pytest.fixture(scope="session")
def riverton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the fictional agency as the default seed writes it; not to be changed.

    A test that writes into it works on a copy (`shutil.copytree`).
    """
    from equity.sample import write_sample

    path = tmp_path_factory.mktemp("riverton") / "riverton"
    write_sample(path)
    return path


@pytest.fixture(scope="session")
def spark_session() -> Any:
    """Return a Spark session of this machine, stopped when all tests are done.

    It is set up for many queries of a few rows: to compile each costs more than to run it.
    """
    pytest.importorskip("pyspark")
    import warnings

    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.sql.codegen.wholeStage", "false")
            .getOrCreate()
        )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_frame(spark_session: Any) -> Any:
    """Return a function that makes a Spark frame from columns of text."""

    def make(rows: dict[str, list[Any]]) -> Any:
        schema = ", ".join(f"`{c}` string" for c in rows)
        return spark_session.createDataFrame(list(zip(*rows.values(), strict=True)), schema)

    return make


@pytest.fixture
def counted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our own counts stand for those of Great Expectations, which take most of the time."""
    import duckdb

    from data_checks import run, sql
    from data_checks.judge import Verdict

    def judge(database: Path, rules: list[Any], config: Any, *_: Any) -> dict[str, Verdict]:
        with duckdb.connect(str(database), config=config) as con:
            counts = sql.counts(con, rules)
        return {r.id: Verdict(b <= r.allowed * t, t, b) for r in rules for t, b in [counts[r.id]]}

    monkeypatch.setattr(run, "_judge", judge)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped a test, where EQUITY_NO_SKIPS says that all must run."""
    if not os.environ.get("EQUITY_NO_SKIPS"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", [])
    if skipped and session.exitstatus == 0:
        reporter.write_line(f"{len(skipped)} tests were skipped, and all must run here:")
        for report in skipped:
            reporter.write_line(f"  {report.nodeid}: {report.longrepr[-1]}")
        session.exitstatus = 1
