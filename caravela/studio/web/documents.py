"""What the page reads once: the frontier of the results that lie at hand, and the card of the model that drives. What is missing is told
with the command that makes it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.evaluate.frontier import frontier_of

KEYS = {"map", "seed", "allowed_s", "distance_m", "expected_m", "failures", "first_failure_s"}  # of every row of a result
LARGEST = 20_000_000  # bytes of a result
MOST_RESULTS = 60
MAKES = "caravela evaluate run --suite nominal"
LONGEST_CARD = 60_000  # characters


@dataclass
class Documents:
    """`results` is a folder of results, `bundle` the model that drives (a folder, or its .onnx file)."""

    results: Path = Path("results")
    bundle: Path | None = None
    _curves: dict[tuple[Path, int], dict[str, Any] | None] = field(default_factory=dict)

    def frontier(self) -> dict[str, Any]:
        """Every result's curve, by suite and policy: coverage and safety at each threshold of the driver's own risk."""
        files = sorted(self.results.glob("evaluate-*.json"))[:MOST_RESULTS] if self.results.is_dir() else []
        curves = [curve for file in files if (curve := self._curve(file)) is not None]
        return {"curves": curves, "makes": MAKES, "folder": self.results.name}

    def card(self) -> dict[str, Any]:
        """The model card that lies beside the model, as Markdown."""
        folder = self.bundle if self.bundle is None or self.bundle.is_dir() else self.bundle.parent
        file = None if folder is None else folder / "README.md"
        if folder is None or file is None or not file.is_file():
            return {"name": "", "text": "", "missing": "README.md beside the model"}
        try:
            return {"name": folder.name, "text": file.read_text(errors="replace")[:LONGEST_CARD], "missing": ""}
        except OSError:
            return {"name": folder.name, "text": "", "missing": f"{file.name} (it cannot be read)"}

    def _curve(self, file: Path) -> dict[str, Any] | None:
        """A result's curve, kept while the file stays as it is; None for a file that is none of ours."""
        try:
            key = (file, file.stat().st_mtime_ns)
        except OSError:
            return None
        if key not in self._curves:
            self._curves[key] = _read(file)
        return self._curves[key]


def _read(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > LARGEST:
            return None
        result = json.loads(file.read_text())
        rows = result["rows"]
        if not rows or not all(row.keys() >= KEYS for row in rows):
            return None
        curve = frontier_of(rows, policy=str(result["policy"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, CaravelaError):
        return None
    points = zip(curve.coverage.tolist(), curve.safety.tolist(), strict=True)
    return {
        "suite": str(result.get("suite", "")),
        "policy": curve.policy,
        "episodes": len(rows),
        "maps": len(curve.maps),
        "tells_risk": curve.tells_risk,
        "points": [[round(coverage, 4), round(safety, 4)] for coverage, safety in points],
        "safety": round(float(curve.safety[-1]), 4),
        "progress": round(float(curve.coverage[-1]), 4),
        "score": round(float(curve.score[-1]), 4),
    }
