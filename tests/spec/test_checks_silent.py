"""A check says its own lines and nothing else, asks nobody, and leaves nothing behind.

Great Expectations draws progress bars, logs, warns, and makes folders; PySpark prints when it is
imported; DuckDB reports a leak at the end of a process. Nothing of that may reach a person.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOML = """
[agency]
name = "Test PD"
place = "Testville"
timezone = "America/New_York"

[stops]
format = "opp"
files = ["stops.csv"]
"""
STOPS = """raw_row_number,date,time,subject_race,search_conducted,contraband_found
1,2023-01-01,10:00:00,white,FALSE,NA
2,2023-01-02,11:00:00,black,TRUE,TRUE
3,2023-13-45,12:34:56,black,FALSE,NA
4,2099-01-04,13:00:00,white,FALSE,NA
5,2023-01-05,14:00:00,white,FALSE,NA
6,2023-01-06,15:00:00,hispanic,FALSE,NA
7,2023-01-07,15:00:00,hispanic,FALSE,NA
8,2023-01-08,15:00:00,hispanic,FALSE,NA
9,2023-01-09,15:00:00,hispanic,FALSE,NA
10,2023-01-10,15:00:00,hispanic,FALSE,NA
"""

# Python tells an audit hook of every socket and process, whoever opens it; the attempt is written
# down and refused, so that a library cannot try, fail and go on without our noticing.
SPY = """
import json, logging, sys

WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
           "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")
asked = []

def spy(event, arguments):
    if event in WATCHED:
        asked.append(f"{event} {arguments[:2]!r}")
        raise OSError(f"{event} is not allowed")

sys.addaudithook(spy)
logging.basicConfig(level=logging.INFO)
"""
CHECK = """
import io
from equity import __main__ as cli

# Our own lines go elsewhere: what is left on the two streams is of somebody else.
cli.out.file, cli.err.file = io.StringIO(), io.StringIO()
code, (_, office, folder) = None, sys.argv
sys.argv = ["equity", "check", office]
try:
    cli.main()
except SystemExit as end:
    code = end.code
said = {"code": code, "out": cli.out.file.getvalue(), "err": cli.err.file.getvalue(),
        "asked": asked, "used": "great_expectations" in sys.modules}
with open(folder + "/said.json", "w") as file:
    json.dump(said, file)
"""
IMPORTS = """
import equity, data_checks, equity.pipeline, equity.__main__

heavy = ("great_expectations", "sqlalchemy", "duckdb_engine", "bs4", "pyspark")
early = [m for m in heavy if m in sys.modules]

from data_checks import judge

judge.load()
with open(sys.argv[1] + "/said.json", "w") as file:
    json.dump({"early": early, "shouted": getattr(sys, "shouted", 0), "asked": asked}, file)
"""
LOUD = """
import sys, warnings
sys.shouted = getattr(sys, "shouted", 0) + 1
print("PySpark says hello")
print("PySpark says hello", file=sys.stderr)
warnings.warn("PySpark warns", FutureWarning)
raise ImportError("this is the PySpark of a test")
"""


def run(folder: Path, code: str, *arguments: str, path: Path | None = None, warn: str):
    """Run a script in an empty world; return what it wrote down and what the streams show."""
    world = {name: folder / name for name in ("home", "tmp", "cwd")}
    for place in world.values():
        place.mkdir()
    script = folder / "script.py"
    script.write_text(SPY + code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", warn, str(script), *arguments, str(folder)],
        cwd=world["cwd"],
        env={
            "HOME": str(world["home"]),
            "TMPDIR": str(world["tmp"]),
            "PATH": "",
            "PYTHONPATH": os.pathsep.join(str(p) for p in (path, ROOT) if p),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode == 0
    left = {name: [str(p) for p in place.rglob("*")] for name, place in world.items()}
    assert left == {"home": [], "tmp": [], "cwd": []}
    return json.loads((folder / "said.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    (folder / "equity.toml").write_text(TOML, encoding="utf-8")
    (folder / "stops.csv").write_text(STOPS, encoding="utf-8")
    return folder


def test_a_whole_check_is_silent_asks_nobody_and_leaves_nothing_behind(office, tmp_path):
    # Every warning counts, also one that Python would not show.
    said = run(tmp_path, CHECK, str(office), warn="error")
    assert said["used"], f"without Great Expectations this test shows nothing: {said}"
    assert said["asked"] == []
    assert said["code"] == 1  # two rows are set aside
    assert len(said["out"].splitlines()) <= 3
    assert all(line.endswith(" ...") for line in said["err"].splitlines())
    found = [p.name for p in office.rglob("*") if ".work-" in p.name or p.suffix == ".duckdb"]
    assert found == []


def test_nothing_is_imported_early_and_a_loud_pyspark_is_not_heard(tmp_path):
    (tmp_path / "loud" / "pyspark").mkdir(parents=True)
    (tmp_path / "loud" / "pyspark" / "__init__.py").write_text(LOUD, encoding="utf-8")
    said = run(tmp_path, IMPORTS, path=tmp_path / "loud", warn="default")
    assert said["early"] == []
    assert said["shouted"] > 0, "Great Expectations no longer imports PySpark: drop this test"
    assert said["asked"] == []


@pytest.mark.parametrize("event", ["connect", "process"])
def test_the_spy_sees_what_it_is_there_for(event):
    act = {
        "connect": "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "process": "import subprocess; subprocess.run(['true'])",
    }[event]
    code = f"{SPY}\ntry:\n    {act}\nexcept OSError:\n    pass\nprint(len(asked))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr
