"""Runs SUMO's netconvert and netgenerate (the wheel `eclipse-sumo`, extra `maps`). Offline tools only: nothing at drive
time needs them."""

import importlib.util
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from caravela.core.errors import MapError, install_hint

TIME_LIMIT = 600  # s

DETAIL = (  # real junction shapes, no U-turns, quiet
    "--no-turnarounds",
    "--junctions.corner-detail=5",
    "--junctions.internal-link-detail=12",
    "--no-warnings",
    "--xml-validation=never",
    "--xml-validation.net=never",
)
SIGNALS = ("--tls.default-type=static", "--tls.allred.time=1")
REPAIR = ("--geometry.remove", "--junctions.join", "--roundabouts.guess", "--ramps.guess")  # for maps drawn by people


def sumo_home() -> Path:
    """Where SUMO is installed. Raises MapError if it is not."""
    spec = importlib.util.find_spec("sumo")
    home = Path(spec.origin).parent if spec is not None and spec.origin else Path(os.environ.get("SUMO_HOME", "/nonexistent"))
    if not (home / "bin" / "netconvert").exists() and not (home / "bin" / "netconvert.exe").exists():
        raise MapError(f"importing or generating maps needs SUMO, which is not installed; install it with: {install_hint('maps')}.")
    return home


def run_tool(tool: str, arguments: Sequence[str], *, subject: str) -> str:
    """Run `netconvert` or `netgenerate`; `subject` names the map in errors. Returns what it printed. Raises MapError."""
    home = sumo_home()
    environment = dict(os.environ, SUMO_HOME=str(home), PROJ_DATA=str(home / "data" / "proj"), PROJ_LIB=str(home / "data" / "proj"))
    try:
        done = subprocess.run(
            [str(home / "bin" / tool), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MapError(f"{tool} took more than {TIME_LIMIT} s on {subject}; cut a smaller extract.") from error
    if done.returncode != 0:
        raise MapError(
            f"{tool} could not read {subject} ({_reason(done.stderr)}); expected a road map: check the file or give a smaller extract."
        )
    return done.stdout + done.stderr


def _reason(stderr: str) -> str:
    """The first error that the tool named, shortened."""
    lines = [line.split("Error:", 1)[-1].strip() for line in stderr.splitlines() if "Error" in line]
    text = lines[0] if lines else (stderr.strip().splitlines() or ["no reason given"])[-1]
    return text[:160].rstrip(". ")
