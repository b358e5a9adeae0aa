"""What stays of a drive, with a page or without: its recording, where one is asked for, and its summary."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.commands._progress import progress
from caravela.core.errors import RecordingError
from caravela.core.units import STEP_S

if TYPE_CHECKING:
    from caravela.core.responsibility import Tenure
    from caravela.core.types import Rig
    from caravela.studio.driving.body import Cost, Outfit
    from caravela.studio.driving.latency import Latencies
    from caravela.studio.driving.stage import DriveSettings
    from caravela.studio.record.recording import Recording
    from caravela.vehicle.policy import OnnxPolicy


def open_recording(path: Path | None, *, rig: "Rig", tell: Callable[[str], None]) -> "Recording | None":
    """A recording to `path`, if there is to be one. Raises RecordingError where it cannot be written."""
    if path is None:
        return None
    from caravela.studio.record.recording import Recording
    from caravela.vehicle.recorder import Recorder

    recorder = Recorder(path, cameras=rig.cameras, epoch_ns=time.time_ns())

    def notify(failure: str) -> None:
        if recorder.notice:  # the whole sentence comes at the end of the drive
            tell(recorder.notice)

    return Recording(recorder, rig=rig, on_failure=notify)


def finish(recording: "Recording | None", *, seconds: float, distance: float) -> None:
    """Close the recording. Raises RecordingError where it lacks something."""
    if recording is None:
        return
    recording.close()
    if recording.failure:
        progress(f"the drive itself went on to its end: {seconds:.1f} s, {distance:.0f} m")
        raise RecordingError(recording.failure)


def summary(
    *,
    seconds: float,
    distance: float,
    factor: float,
    events: list[dict[str, Any]],
    notes: list[dict[str, Any]],
    ledger: "Sequence[Tenure]",
    latencies: "Latencies",
    settings: "DriveSettings",
    policy: "OnnxPolicy",
    outfit: "Outfit",
    cost: "Cost",
    drives: int = 1,
) -> dict[str, Any]:
    """What `--json` prints; of several drives that were begun on the page, all together, with the settings of the newest. `limited`:
    whether the car did no more than battery, motor and tyres allow; `clipped`: share of ticks in which that was less than it was asked
    for; `sickness_dose` in m/s^1.5."""
    stages = latencies.percentiles()
    whole = stages.pop("tick", {"p50": 0.0, "p99": 0.0})
    return {
        "seconds": round(seconds, 1),
        "distance_m": round(distance, 1),
        "realtime_factor": round(factor, 3) if seconds > 0.0 else None,
        "events": events,
        "notes": notes,
        "tenures": [tenure.fields() for tenure in ledger],
        "latency_ms": {**whole, "stages": stages},
        "policy": policy.name,
        "plan": outfit.plan,
        "condition": outfit.sets_out,
        "limited": outfit.limited,
        "clipped": round(cost.clipped * STEP_S / seconds, 4) if seconds > 0.0 else None,
        "energy_wh": round(cost.energy, 2),
        "sickness_dose": round(cost.dose, 3),
        "drives": drives,
        "town": settings.town,
        "weather": settings.weather,
        "traffic": settings.traffic,
        "seed": settings.seed,
    }
