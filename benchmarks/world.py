"""How fast the world is, beside MetaDrive 0.3.0.1 on the same machine in the same run: camera frames a second, agent-steps a second
without cameras, how the cost grows, and the share of each pass. `make peers` makes MetaDrive's environment; without it the comparison
is n/a. A frame is counted when a world has moved 0.1 s and the picture lies in memory, on both sides."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tyro
from peer_process import BUILT_FOR_A_GPU, MetaDrive, PeerMissing, say
from timing import Rate, Sample, cores, machine, rate_of, sample
from world_rates import Drive, Place, SelfPlay, driving, growth, place, rig_json, rig_of, shares

BATCH = {"cameras": 16, "agents": 64}  # worlds that we step at once; MetaDrive has one a process
LEARNERS = 12
HEADLINE = "one front camera, one core, frames per second of processor time: what an idle core gives per second"


@dataclass(frozen=True)
class Options:
    """What to measure. A full run takes about ten minutes on two idle cores; --quick about two."""

    width: int = 128
    """Pixels across, of every camera on both sides."""
    height: int = 72
    """Pixels down."""
    traffic: str = "light"
    """Our traffic; MetaDrive gets as many moving cars as its maps take."""
    seconds: float = 4.0
    """Processor seconds of each repetition."""
    repetitions: int = 3
    """Repetitions, of which medians are told; ours and MetaDrive's take turns."""
    quick: bool = False
    """Fewer cases, one short repetition, smaller sweeps: to see that it runs, not to quote."""
    peer: bool = True
    """--no-peer leaves MetaDrive out: its numbers are n/a."""
    all_cores: bool = True
    """--no-all-cores measures one core only: where the machine is busy, rates of all cores by the wall mean nothing."""
    sweeps: bool = True
    """--no-sweeps leaves out growth and shares."""
    json: bool = False
    """Print one JSON object as the last line of stdout."""
    out: Path | None = None
    """Also write the JSON to this file. Parts that are done wait beside it in case the run is ended; the next one goes on from there."""


@dataclass(frozen=True)
class Case:
    """One row of the comparison."""

    name: str
    cameras: int
    cores: int
    learners: int = 0
    peer_threads: int = 1  # of MetaDrive's rasteriser in each process

    @property
    def what(self) -> str:
        return "frames" if self.cameras else "agent_steps"


class Comparison:
    """Measures cases on both sides in turns, remembering why a peer is missing."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.where: Place = place(2 if options.quick else 4)
        self.missing = "" if options.peer else "MetaDrive was left out by --no-peer."
        self._density: float | None = None

    def row(self, case: Case) -> dict[str, Any]:
        """Rates of both sides; MetaDrive's null where it is missing."""
        options, repetitions = self.options, 1 if self.options.quick else self.options.repetitions
        seconds = 1.0 if options.quick else options.seconds
        work, drawing, agents = self._ours(case)
        peer = self._start(case)
        mine, theirs, drawn, their_drawn = list[Sample](), list[Sample](), list[Sample](), list[Sample]()
        try:
            work()
            for k in range(repetitions):
                mine.append(sample(work, seconds=seconds * case.cores))
                if drawing:
                    drawn.append(sample(drawing, seconds=seconds * case.cores))
                if peer:
                    done = peer.samples(seconds)
                    theirs.append(done[case.what])
                    their_drawn += [done["drawn"]] if "drawn" in done else []
                say(f"  {k + 1}/{repetitions}: {_told(mine[-1])}" + (f", MetaDrive {_told(theirs[-1])}" if theirs else ""))
        except PeerMissing as error:
            self.missing, theirs, their_drawn = str(error), [], []
        finally:
            if peer:
                peer.close()
        return self._compared(case, agents, peer, (mine, theirs), (drawn, their_drawn))

    def _ours(self, case: Case) -> tuple[Callable[[], float], Callable[[], float] | None, int]:
        """What to repeat (moving), what to repeat (drawing alone) and how many vehicles drive in a world."""
        options = self.options
        if case.learners:
            return SelfPlay(self.where, batch=BATCH["agents"], learners=case.learners, threads=case.cores).agent_steps, None, case.learners
        batch = BATCH["cameras" if case.cameras else "agents"]
        rig = rig_of(case.cameras, width=options.width, height=options.height) if case.cameras else None
        drive = Drive(self.where, batch=batch, rig=rig, traffic=options.traffic, threads=case.cores)
        return (
            drive.frames if rig else drive.agent_steps,
            drive.draw if rig else None,
            round(driving(drive.simulator.state.controller) / batch),
        )

    def _start(self, case: Case) -> MetaDrive | None:
        """MetaDrive's processes for a case, or None with `missing` set."""
        if self.missing:
            return None
        options = self.options
        question: dict[str, Any] = {"cameras": [], "width": options.width, "height": options.height, "blocks": 3, "seed": 0}
        question["cars"] = Drive(self.where, batch=1, rig=None, traffic=options.traffic).simulator.traffic.cars
        if case.cameras:
            question["cameras"] = rig_json(rig_of(case.cameras, width=options.width, height=options.height))
        if case.learners:
            question["learners"] = case.learners
        elif self._density is not None:
            question["density"] = self._density
        try:
            peer = MetaDrive(question, processes=case.cores // case.peer_threads, threads=case.peer_threads)
        except PeerMissing as error:
            self.missing = str(error)
            say(f"  n/a: {error}")
            return None
        self._density = self._density if peer.built["density"] is None else peer.built["density"]
        if case.cameras and min(peer.built["contrast"]) < 5.0:
            peer.close()
            self.missing = f"MetaDrive drew blank frames (contrast {peer.built['contrast']}); its rate would mean nothing."
            return None
        return peer

    def _compared(
        self,
        case: Case,
        agents: int,
        peer: MetaDrive | None,
        moving: tuple[list[Sample], list[Sample]],
        drawing: tuple[list[Sample], list[Sample]],
    ) -> dict[str, Any]:
        row: dict[str, Any] = {
            "case": case.name,
            "cameras": case.cameras,
            "cores": case.cores,
            "vehicles_driving": agents,
            "metadrive_vehicles_driving": peer.built["agents"] if peer and moving[1] else None,
            "metadrive": {name: peer.built[name] for name in ("metadrive", "python", "renderer") if name in peer.built} if peer else None,
            "metadrive_missing": self.missing or None,
            "load_average": machine()["load_average"][0],
        }
        if case.peer_threads > 1:
            row["metadrive_rasteriser_threads"] = case.peer_threads
        name = "camera_fps" if case.cameras else "agent_steps_per_s"
        row |= _pair(name, *moving, by_wall=case.cores > 1)
        if case.cameras:
            row["drawing_alone"] = _pair(name, *drawing, by_wall=case.cores > 1)
        return row


def _told(done: Sample) -> str:
    return f"{done.count / done.cpu_s:,.1f} per core-second ({done.count / done.wall_s:,.1f}/s by the wall)"


def _pair(name: str, ours: list[Sample], theirs: list[Sample], *, by_wall: bool) -> dict[str, Any]:
    mine, other = rate_of(ours), rate_of(theirs) if theirs else None
    return {
        name: mine.json(),
        f"metadrive_{name}": other.json() if other else None,
        "ratio": _ratio(mine, other, by_wall=by_wall),
        "ratio_by": "wall clock" if by_wall else "processor time",
    }


def _ratio(ours: Rate, theirs: Rate | None, *, by_wall: bool) -> float | None:
    if theirs is None:
        return None
    return round(ours.wall / theirs.wall if by_wall else ours.cpu / theirs.cpu, 2)


def cases(options: Options) -> list[Case]:
    """What is compared, the headline first."""
    every = cores()
    found = [Case("1 camera, one core", 1, 1), Case("4 cameras, one core", 4, 1), Case("agents without cameras, one core", 0, 1)]
    if options.quick:
        return found
    found.append(Case("learners who each see their own vector, one core", 0, 1, learners=LEARNERS))
    if every > 1 and options.all_cores:
        found += [
            Case(f"1 camera, {every} cores, {every} MetaDrive processes", 1, every),
            Case(f"1 camera, {every} cores, one MetaDrive process", 1, every, peer_threads=every),
            Case(f"4 cameras, {every} cores, {every} MetaDrive processes", 4, every),
            Case(f"agents without cameras, {every} cores", 0, every),
        ]
    return found


class Kept:
    """Parts of a run on disk, so that a run that is ended loses one part only. Options that differ begin anew."""

    def __init__(self, options: Options) -> None:
        self.path = options.out.with_suffix(".partial.json") if options.out else None
        self._of = {name: value for name, value in asdict(options).items() if name not in ("json", "out")}
        self._parts: dict[str, Any] = {}
        if self.path and self.path.is_file():
            kept = json.loads(self.path.read_text())
            self._parts = kept["parts"] if kept["options"] == self._of else {}

    def part(self, name: str, make: Callable[[], Any]) -> Any:
        """What was measured before under this name, or what `make` measures now."""
        if name in self._parts:
            say(f"{name}: kept from the run before")
            return self._parts[name]
        say(f"{name} …")
        self._parts[name] = make()
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"options": self._of, "parts": self._parts}))
        return self._parts[name]

    def forget(self) -> None:
        if self.path:
            self.path.unlink(missing_ok=True)


def run(options: Options) -> dict[str, Any]:
    """All of it as one JSON object."""
    before, kept, comparison = machine(), Kept(options), Comparison(options)
    rows = [kept.part(case.name, partial(comparison.row, case)) for case in cases(options)]
    camera, agents = rows[0], rows[2]
    peers = [row for row in rows if row["metadrive"]]
    result: dict[str, Any] = {
        "camera_fps": camera["camera_fps"]["per_core_s"],
        "metadrive_camera_fps": _per_core(camera["metadrive_camera_fps"]),
        "ratio": camera["ratio"],
        "lowest_camera_ratio": min((row["ratio"] for row in rows if row["cameras"] and row["ratio"] is not None), default=None),
        "agent_steps_per_s": agents["agent_steps_per_s"]["per_core_s"],
        "metadrive_agent_steps_per_s": _per_core(agents["metadrive_agent_steps_per_s"]),
        "headline": HEADLINE,
        "note": BUILT_FOR_A_GPU,
        "metadrive": peers[0]["metadrive"] if peers else None,
        "metadrive_missing": next((row["metadrive_missing"] for row in rows if row["metadrive_missing"]), None),
        "resolution": [options.width, options.height],
        "traffic": options.traffic,
        "towns": list(comparison.where.names),
        "worlds_at_once": BATCH,
        "rows": rows,
        "quick": options.quick,
        "repetitions": 1 if options.quick else options.repetitions,
    }
    if options.sweeps:
        where, size, short = comparison.where, {"width": options.width, "height": options.height}, 0.3 if options.quick else 1.0
        repetitions, weathers = (1, ("day",)) if options.quick else (3, ("day", "rainy_night"))
        tables = growth(where, **size, seconds=short, repetitions=repetitions, quick=options.quick)
        result["growth"] = {name: kept.part(f"growth with {name}", table) for name, table in tables.items()}
        result["shares"] = kept.part("share of each pass", partial(shares, where, **size, weathers=weathers, seconds=2 * short))
    kept.forget()
    return result | {"machine": before, "load_average_after": machine()["load_average"]}


def _per_core(rate: dict[str, Any] | None) -> float | None:
    return None if rate is None else float(rate["per_core_s"])


def show(result: dict[str, Any]) -> None:
    """Tables for people."""
    where, size = result["machine"], result["resolution"]
    print(
        f"{where['processor']}, {where['cores']} cores, load {where['load_average'][0]} before and {result['load_average_after'][0]} after"
    )
    print(f"{size[0]}x{size[1]}, {result['traffic']} traffic; {result['headline']}\n")
    print(f"{'':<52} {'ours':>12} {'MetaDrive':>12} {'ratio':>8}")
    for row in result["rows"]:
        name = "camera_fps" if row["cameras"] else "agent_steps_per_s"
        for title, pair in ((row["case"], row), ("  drawing alone", row.get("drawing_alone"))):
            if pair:
                unit = "per_wall_s" if pair["ratio_by"] == "wall clock" else "per_core_s"
                other = pair[f"metadrive_{name}"]
                theirs = f"{other[unit]:,.1f}" if other else "n/a"
                print(f"{title:<52} {pair[name][unit]:>12,.1f} {theirs:>12} {pair['ratio'] or 'n/a':>8}")
    print(f"\n{result['metadrive_missing'] or result['note']}")
    passes = {f"share of a {name}": table["passes"] for name, table in result.get("shares", {}).items()}
    for title, table in {**result.get("growth", {}), **passes}.items():
        print(f"\n{title}")
        for row in table:
            print("  " + "  ".join(f"{k} {v['per_core_s'] if isinstance(v, dict) else v}" for k, v in row.items()))


def main() -> None:
    options = tyro.cli(Options, description=__doc__)
    if options.width < 8 or options.height < 8 or options.seconds <= 0.0 or options.repetitions < 1:
        print("world.py: expected at least 8x8 pixels, some seconds and one repetition; give other numbers.", file=sys.stderr)
        raise SystemExit(2)
    result = run(options)
    show(result)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n")
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
