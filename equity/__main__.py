"""The command line: equity sample | check | count | serve | lab."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    name="equity",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "See who a public employer hires, who it keeps and whom it stops, and how that compares "
        "with the community it serves.\n\n"
        "A first look, with a fictional police department:\n\n"
        "    equity sample riverton\n\n"
        "    equity check --agency riverton\n\n"
        "    equity count --agency riverton\n\n"
        "    equity serve --agency riverton\n\n"
        "For your own files, copy riverton/equity.toml and change it; docs/your-own-data.md "
        "explains every key. Nothing leaves this machine."
    ),
)

AgencyOption = Annotated[
    Path,
    typer.Option(
        "--agency",
        "-a",
        help="The agency file (equity.toml), or the folder that holds it.",
        show_default="equity.toml in this folder",
    ),
]
HERE = Path("equity.toml")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="A new folder for the fictional agency.")],
    seed: Annotated[int, typer.Option(help="Another seed draws another agency.")] = 20260101,
) -> None:
    """Write a fictional agency, "Riverton", as the files that a real office has."""
    from equity.sample import write_sample

    with _working() as tell:
        tell("Drawing applicants, employees, residents and stops")
        paths = write_sample(folder, seed=seed)
    out.print(f"Wrote {len(paths)} files of a fictional agency to {folder}:")
    for path in paths:
        out.print(f"  {path.relative_to(folder)}")
    out.print(f"Next: equity check --agency {folder}")


@app.command()
def check(agency: AgencyOption = HERE) -> None:
    """Check every input file, and set aside the rows that cannot be used.

    Exit code 0: all rows can be used. 1: some rows were set aside, or a warning was given.
    2: a file cannot be used.
    """
    from equity.agency import read_agency
    from equity.pipeline import check_agency

    found = read_agency(agency)
    with _working() as tell:
        reports = check_agency(found, tell=tell)
    for name, report in reports.items():
        out.print(f"{name}: {report.sentence}")
    out.print(f"Every rule and its result: {found.checks / 'index.html'}")
    if any(report.rows_set_aside for report in reports.values()):
        out.print(
            f"Rows set aside, with their reasons: {found.private / 'set_aside'}. They are "
            "people's records: keep them inside the agency."
        )
    raise typer.Exit(max((r.exit_code for r in reports.values()), default=0))


@app.command()
def count(agency: AgencyOption = HERE) -> None:
    """Count the checked rows into the small tables that the dashboards open."""
    from equity.agency import read_agency
    from equity.pipeline import count_agency, is_current

    found = read_agency(agency)
    if is_current(found):
        out.print(f"The counts in {found.counts} are up to date.")
        return
    with _working() as tell:
        paths = count_agency(found, tell=tell)
    out.print(f"Wrote {len(paths)} count files to {found.counts}.")
    out.print(f"Next: equity serve --agency {agency}")


@app.command()
def serve(
    agency: AgencyOption = HERE,
    port: Annotated[int, typer.Option(help="The port on this machine.")] = 8866,
    browser: Annotated[bool, typer.Option(help="Open the web browser.")] = False,
) -> None:
    """Serve the dashboards on this machine (127.0.0.1), from the count files."""
    from equity.serve import serve as start

    start(_counts(agency), port=port, open_browser=browser)


@app.command()
def lab(agency: AgencyOption = HERE) -> None:
    """Open the notebooks behind the dashboards in JupyterLab, on the agency's counts."""
    from equity.serve import lab as start

    start(_counts(agency))


def _counts(agency: Path) -> Path:
    from equity.agency import read_agency
    from equity.pipeline import is_current

    found = read_agency(agency)
    if not list(found.counts.glob("*.parquet")):
        raise FileNotFoundError(
            f"There are no counts in {found.counts} yet. Run: equity count --agency {agency}"
        )
    if not is_current(found):
        err.print(
            "Note: the files or equity.toml have changed since they were counted. To bring the "
            f"dashboards up to date, run: equity count --agency {agency}"
        )
    return found.counts


@contextmanager
def _working() -> Iterator[Callable[[str], None]]:
    """Show what is being done while it takes time; in a log, a line for each step."""
    if err.is_terminal:
        with err.status("Starting") as status:
            yield lambda step: status.update(step)
    else:
        yield lambda step: err.print(f"{step} ...")


def main() -> None:
    """Run the command line; an error is a paragraph with the way out, never a traceback."""
    try:
        app()
    except (ValueError, TypeError, OSError) as error:
        if os.environ.get("EQUITY_DEBUG"):
            raise
        err.print(f"[bold]Cannot go on.[/bold] {_plain(error)}")
        sys.exit(2)
    except Exception as error:
        if os.environ.get("EQUITY_DEBUG"):
            raise
        # the message of an unforeseen error may quote a record, so it is not shown
        err.print(
            f"[bold]Cannot go on.[/bold] Something went wrong inside equity "
            f"({type(error).__name__}). This is a fault of ours: please report it. With "
            "EQUITY_DEBUG=1 in the environment the same command shows where it happened; that "
            "text may quote a record, so read it before you pass it on."
        )
        sys.exit(2)


def _plain(error: BaseException) -> str:
    from rich.markup import escape

    text = " ".join(str(error).split())
    return escape(text or type(error).__name__)


if __name__ == "__main__":
    main()
