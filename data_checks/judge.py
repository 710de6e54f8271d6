"""Great Expectations over DuckDB: what it counts for each rule. Nothing is printed or kept."""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Verdict", "judge", "load"]


COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts and no values: which values break a rule is looked up by our own query, see `sql.found`;
Great Expectations would ask for them rule by rule."""


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of one rule; `because` where it could not say."""

    success: bool = False
    tested: int | None = None
    bad: int | None = None
    because: str = ""


@cache
def load() -> Any:
    """Import Great Expectations (2-3 s), quietly, and return it."""
    # A handler that is there already would write what the import logs.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    # With PySpark installed, the import writes notes to both streams and warns.
    nowhere = io.StringIO()
    with _quiet(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        import duckdb_engine  # noqa: F401
        import great_expectations
        import great_expectations.expectations
    # One module of theirs sets a level of its own.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    atexit.register(_let_go)
    return great_expectations


def judge(
    database: Path,
    expectations: Mapping[str, Sequence[Any]],
    *,
    config: dict[str, Any],
    keep: list[Any] | None = None,
) -> dict[str, Verdict]:
    """Return rule id -> verdict for the rows of tables of a DuckDB file.

    `expectations` are those for each table or view, `config` DuckDB's settings; the results as
    Great Expectations has them are added to `keep`. No other connection to the file may be open.
    """
    gx = load()
    with _quiet():
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql(
            "duckdb",
            connection_string=f"duckdb:///{database}",
            kwargs={"connect_args": {"config": dict(config)}},
        )
        engine = source.get_execution_engine().engine
        found = []
        try:
            buffer_results(engine)
            for view, wanted in expectations.items():
                batch = source.add_table_asset(view, table_name=view)
                definition = gx.ValidationDefinition(
                    name=view,
                    data=batch.add_batch_definition_whole_table("all"),
                    suite=context.suites.add(
                        gx.ExpectationSuite(name=view, expectations=list(wanted))
                    ),
                )
                ran = context.validation_definitions.add(definition).run(result_format=COUNTS)
                found += ran.results
                if keep is not None:
                    keep.append(ran)
        finally:
            for used in (engine, source.get_engine()):
                used.dispose()
                vars(used.dialect).get("_type_memos", {}).clear()  # they hold DuckDB's types
    # Results come back in another order than the suite's: they are known by their rule's id.
    return {r.expectation_config.meta["rule"]: read_result(r) for r in found}


def read_result(result: Any) -> Verdict:
    """Return the counts of one validation result."""
    errors = result.exception_info or {}
    errors = [errors] if "raised_exception" in errors else list(errors.values())
    if any(e.get("raised_exception") for e in errors):
        # The message of the exception may quote a value of somebody's row.
        return Verdict(because="Great Expectations could not evaluate it")
    counts = result.result
    if "element_count" not in counts or "unexpected_count" not in counts:
        return Verdict(because="Great Expectations gave no count")
    tested = int(counts["element_count"] or 0) - int(counts.get("missing_count") or 0)
    return Verdict(bool(result.success), tested, int(counts["unexpected_count"] or 0))


def buffer_results(engine: Any) -> None:
    """Fetch every result at once: GX reads rows after it has handed the connection back.

    DuckDB drops a result as soon as its connection is used again.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import cursor as results

    @event.listens_for(engine, "after_cursor_execute")
    def _buffer(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if (
            cursor.description is not None
            and context.cursor_fetch_strategy is results._DEFAULT_FETCH
        ):
            # DuckDB's type objects would live on in SQLAlchemy's caches; their names do as well.
            described = [(name, str(kind), *rest) for name, kind, *rest in cursor.description]
            context.cursor_fetch_strategy = results.FullyBufferedCursorFetchStrategy(
                cursor,
                alternate_description=described,
                initial_buffer=cursor.fetchall(),
            )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _let_go() -> None:
    # At the end of the process duckdb_engine, kept alive by SQLAlchemy's registries, would hold
    # on to DuckDB's types past DuckDB's own end, and DuckDB prints 40 lines about a leak.
    for name in [n for n in sys.modules if n.partition(".")[0] == "duckdb_engine"]:
        vars(sys.modules[name]).clear()
