"""The command line: equity init | sample | check | count | publish | compare | serve | lab."""

from __future__ import annotations

import os
import shlex
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
        "See who a public employer hires, who works there and whom it stops, and how that "
        "compares with the community it serves.\n\n"
        "A first look, with a fictional police department:\n\n"
        "    equity sample riverton\n\n"
        "    equity check riverton\n\n"
        "    equity count riverton\n\n"
        "    equity serve riverton\n\n"
        "For your own files:\n\n"
        "    equity init roster.xlsx applicants.csv\n\n"
        "It proposes an equity.toml and asks what it cannot tell; docs/first-steps.md leads "
        "through it. Nothing leaves this machine."
    ),
)

Folder = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="The folder that holds equity.toml, or another agency file (.toml).",
        show_default="this folder",
    ),
]
Option = Annotated[
    Path | None,
    typer.Option("--agency", "-a", help="The same, as an option.", show_default=False),
]
Port = Annotated[int, typer.Option(help="The port on this machine.", min=1, max=65_535)]

out = Console(highlight=False, markup=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@app.command()
def init(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="The files of your system, or their folder."),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="Where to write equity.toml.",
            show_default="the folder of the first file",
        ),
    ] = None,
) -> None:
    """Look at your files, propose an equity.toml, and ask what nobody can tell from them.

    An equity.toml that is there is never replaced. No person's record is shown or written.
    """
    from equity.proposal import write_proposal

    with _working() as tell:
        path, proposal = write_proposal(files, folder=folder, tell=tell)
    for words in proposal.files:
        out.print(words)
    out.print(f"Wrote {path}.")
    if path.name != "equity.toml":
        out.print(f"{path.with_name('equity.toml')} was there already and stays as it is.")
    out.print(f"{len(proposal.questions)} questions are left. Open the file in a text editor:")
    for number, (line, question) in enumerate(proposal.questions, start=1):
        out.print(f"  {number}. (line {line}) {question}")
    out.print("Write each answer in the place of ?, and take `# DECIDE: ` away before it.")
    place = path.parent if path.name == "equity.toml" else path
    out.print(f"Next: {_say('check', place)}")


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
    out.print(f"Next: {_say('check', folder)}")


@app.command()
def check(
    folder: Folder = None,
    agency: Option = None,
    data_docs: Annotated[
        bool,
        typer.Option(
            "--data-docs", help="Also write Great Expectations' own pages, to checks/data_docs."
        ),
    ] = False,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="The files are right although records are fewer or more than in the load before: "
            "compare the next load with this one.",
        ),
    ] = False,
) -> None:
    """Check every input file, and set aside the rows that cannot be used.

    Exit code 0: all rows can be used. 1: some rows were set aside, or a warning was given.
    2: a file cannot be used.
    """
    raise typer.Exit(_check(_place(folder, agency), data_docs=data_docs, accept=accept))


@app.command()
def count(
    folder: Folder = None,
    agency: Option = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Leave out the threshold test, which takes longest. Its figures are then missing "
            "until the counting is run without --quick.",
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Check the files first if they have changed, as `equity check` does.",
        ),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Count all files once more, and stop if that gives other counts than those of "
            "the files added up.",
        ),
    ] = False,
) -> None:
    """Count the checked rows into the small tables that the dashboards open.

    Only delivered files that changed are counted; the counts of the others are kept.
    Files that changed since they were checked are not counted: run `equity check` first.
    """
    from equity.agency import read_agency
    from equity.pipeline import count_agency, is_current, unchecked

    place = _place(folder, agency)
    found = read_agency(place)
    if is_current(found) and not verify:
        out.print(f"The counts in {found.counts} are up to date.")
        return
    if check and unchecked(found) and _check(place) == 2:
        raise typer.Exit(2)
    with _working() as tell:
        paths = count_agency(found, fits=not quick, verify=verify, tell=tell)
    out.print(f"Wrote {len(paths)} count files to {found.counts}.")
    if not found.benchmarks:
        out.print(
            "Note: equity.toml names no [[benchmarks]], so nothing can be compared with the "
            "people who live here. docs/your-own-data.md says how to add them."
        )
    out.print(f"Next: {_say('serve', place)}")


@app.command()
def serve(
    folder: Folder = None,
    agency: Option = None,
    port: Port = 8866,
    browser: Annotated[bool, typer.Option(help="Open the web browser.")] = False,
    host: Annotated[
        str,
        typer.Option(help="The address to listen on. Any but 127.0.0.1 asks viewers for a token."),
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="EQUITY_TOKEN",
            help="What viewers must know, 24 characters or more; better given in the environment, "
            "as others on this machine can read a command.",
            show_default="none on 127.0.0.1, else one is made and shown",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="A name under which viewers come, such as that of a web server before this one. "
            "Can be given several times.",
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str, typer.Option(help="The path under which that web server shows the dashboards.")
    ] = "/",
) -> None:
    """Serve the dashboards on this machine (127.0.0.1), from the count files.

    docs/serving.md says how to let colleagues in.
    """
    from equity.serve import serve as start

    counts = _counts(_place(folder, agency))
    start(
        counts,
        port=port,
        open_browser=browser,
        host=host,
        token=token,
        names=name or (),
        base_url=base_url,
    )


@app.command()
def publish(
    folder: Folder = None,
    agency: Option = None,
    site: Annotated[
        Path | None,
        typer.Option(
            "--site", help="The folder to write.", show_default="site beside the agency's file"
        ),
    ] = None,
) -> None:
    """Write the dashboards as static pages for the public, with small numbers hidden.

    Nothing is sent anywhere: a folder is written, which any web server can show.
    """
    from equity.agency import read_agency
    from equity.publish import publish as write

    place = _place(folder, agency)
    _counts(place)
    with _working() as tell:
        made = write(read_agency(place), site=site, tell=tell)
    for body, told in made.protection.items():
        hidden = told["primary"] + told["complementary"]
        out.print(
            f"{body.capitalize()}: {hidden:,} of {told['cells']:,} numbers are hidden "
            f"({told['primary']:,} small ones, {told['complementary']:,} that give one away)."
        )
    for words in made.problems:
        out.print(f"Not published: {words}")
    out.print(f"Wrote {len(made.pages)} dashboards, release {made.release}. Look at them before")
    out.print(f"anybody else does: {made.site / 'index.html'}")


@app.command()
def compare(
    sites: Annotated[
        list[Path], typer.Argument(metavar="SITE...", help="Folders that `equity publish` wrote.")
    ],
    into: Annotated[Path, typer.Option("--into", help="The folder to write.")],
) -> None:
    """Put the published sites of several agencies side by side, in a folder of their own."""
    from equity.publish import compare as write

    made = write(sites, into)
    out.print(f"Wrote {made}. It holds a copy of each site and nothing that was not published.")


@app.command()
def lab(folder: Folder = None, agency: Option = None) -> None:
    """Open the notebooks behind the dashboards in JupyterLab, on the agency's counts."""
    from equity.serve import lab as start

    start(_counts(_place(folder, agency)))


def _check(place: Path, *, data_docs: bool = False, accept: bool = False) -> int:
    """Check the files, say in three lines what was found, and return the exit code."""
    from data_checks import first, verdict
    from equity.agency import read_agency
    from equity.pipeline import check_agency

    found = read_agency(place)
    with _working() as tell:
        reports = check_agency(found, data_docs=data_docs, accept=accept, tell=tell)
    out.print(verdict(reports))
    out.print(first(reports))
    out.print(f"What was found, where, and how to mend it: {found.checks / 'index.html'}")
    return max((r.exit_code for r in reports.values()), default=0)


def _place(folder: Path | None, agency: Path | None) -> Path:
    if folder and agency:
        raise ValueError(
            f"The agency is named twice, as {folder} and as --agency {agency}. Name it once."
        )
    return folder or agency or Path("equity.toml")


def _say(command: str, place: Path) -> str:
    """Return a command as it can be pasted: a name with spaces in quotation marks."""
    return shlex.join(["equity", command, str(place)])


def _counts(agency: Path) -> Path:
    from equity.agency import read_agency
    from equity.pipeline import is_current

    found = read_agency(agency)
    if not list(found.counts.glob("*.parquet")):
        raise FileNotFoundError(
            f"There are no counts in {found.counts} yet. Run: {_say('count', agency)}"
        )
    if not is_current(found):
        err.print(
            "Note: the files or equity.toml have changed since they were counted. To bring the "
            f"dashboards up to date, run: {_say('count', agency)}"
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
    except Exception as error:
        if os.environ.get("EQUITY_DEBUG"):
            raise
        from equity.widgets._safety import speaks_for_itself

        if isinstance(error, OSError) or speaks_for_itself(error):
            _refuse(" ".join(str(error).split()) or type(error).__name__)
        else:
            # the message of an unforeseen error may quote a record, so it is not shown
            _refuse(
                f"Something went wrong inside equity ({type(error).__name__}). This is a fault of "
                "ours: please report it. With EQUITY_DEBUG=1 in the environment the same command "
                "shows where it happened; that text may quote a record, so read it before you "
                "pass it on."
            )
        sys.exit(2)


def _refuse(why: str) -> None:
    err.print("Cannot go on.", style="bold", end=" ")
    err.print(why)


if __name__ == "__main__":
    main()
