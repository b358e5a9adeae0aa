"""What anybody may send a car, by chance, and what the car makes of it: messages on the bus while a car drives itself by the plan that listens
to it, and bundles, their cards and the line that holds a car's state. Counted are what was taken in, what was refused in a sentence, what
crashed (anything but such a sentence) and what was unsafe: a command that no actuator may get, a plan that is ahead of the model's own in its first second, a value
on the bus that its signal cannot hold, a damaged file that was opened. The model is a stand-in that proposes anything a car can do: this tries
the bus and the plan, not the driving."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.bundle import MODEL_FILE, BundleCard, fingerprint_of
from caravela.core.errors import CaravelaError
from caravela.core.kinematics import ACCELERATION_RANGE, CURVATURE_MAX, integrate
from caravela.core.modes import Author, Mode
from caravela.core.responsibility import Entity
from caravela.core.signals import Signal
from caravela.core.types import KNOTS, PLAN_STEP_S, PROPOSALS, Observation, Plan
from caravela.core.units import STEP_US
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.bundle import open_bundle
from caravela.vehicle.conduct import Automated, Rules, parked
from caravela.vehicle.damage import damaged
from caravela.vehicle.domains.bus import Bus
from caravela.vehicle.domains.integrated import IntegratedPolicy
from caravela.vehicle.domains.reports import DOMAINS, Domain, signals_of
from caravela.vehicle.health import plan_faults
from caravela.vehicle.loop import Loop, Tick
from caravela.vehicle.ota.state import CarState, Version, from_json, to_json
from caravela.vehicle.planner import InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import Plain, small_rig

A_TICK = 40  # messages between two ticks of the loop
AHEAD_M = 0.25  # m that a plan may be ahead of the model's own within DRIVEN: knots half a second apart cannot say it more exactly
DRIVEN = 10  # steps of a plan, 1 s: it is renewed every tick, and ridden out on for less
KEPT = 5  # sentences of what went wrong that are kept
JUNK: tuple[Any, ...] = (
    None, True, False, "", "x" * 300, "UNKNOWN", b"", [], [1.0], {}, (1,), {1}, 1j, object(), float, np.zeros(3), np.float32(1.5), np.int64(3),
    np.bool_(True), np.float64("nan"), Decimal("1e999"), Fraction(1, 3), Fraction(10**400, 3), float("nan"), float("inf"), float("-inf"),
    10**400, -(10**400), 10**5000, -0.0, 5e-324, 1.7e308,
)  # fmt: skip
JUNK_TIMES: tuple[Any, ...] = (None, "now", float("nan"), float("inf"), 10**15, 10**400, -(10**400), 1.5, True, [], 1j, -1, np.int64(-5))


@dataclass
class Tally:
    """What came of many tries."""

    messages: int = 0
    accepted: int = 0
    refused: int = 0
    crashes: int = 0
    unsafe: int = 0
    wrong: list[str] = field(default_factory=list)  # the first of what crashed or was unsafe

    def attempt(self, act: Callable[..., object], *given: Any, **named: Any) -> bool:
        """Try once; whether it was accepted. Only a CaravelaError is a refusal."""
        self.messages += 1
        try:
            act(*given, **named)
        except CaravelaError as error:
            self.refused += 1
            if "\n" in str(error):
                self.found("a refusal of more than a sentence")
            return False
        except Exception as error:  # that is what is looked for
            self.crashed(f"{type(error).__name__}: {error}")
            return False
        self.accepted += 1
        return True

    def crashed(self, what: str) -> None:
        """Something else that crashed."""
        self.crashes += 1
        self._keep(what)

    def found(self, what: str) -> None:
        """Something unsafe."""
        self.unsafe += 1
        self._keep(what)

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def _keep(self, sentence: str) -> None:
        if len(self.wrong) < KEPT:
            self.wrong.append(sentence[:200])


# The bus.
class Anything:
    """A policy that proposes whatever a car can do."""

    name = "anything"

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.newest: Plan | None = None

    def reset(self, batch: int) -> None:
        """There is no past."""

    def plan(self, observation: Observation) -> Plan:
        low, high = ACCELERATION_RANGE
        knots = self._random.uniform((low, -0.05), (high, 0.05), (1, PROPOSALS, KNOTS, 2)).astype(np.float32)
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        values = self._random.uniform(0.0, 0.03, (1, PROPOSALS)).astype(np.float32)  # many are worth as much as the best
        risk = np.full(1, 0.05, np.float32)
        self.newest = plan = Plan(trajectories, speeds, knots, values, values.argmax(axis=1), risk)
        return plan


def fuzz_bus(messages: int, *, seed: int = 0, progress: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """Drive at L4 and put `messages` on the bus meanwhile; for JSON."""
    dice, tally = random.Random(seed), Tally()
    bus, policy, rig = Bus(), Anything(np.random.default_rng(seed)), small_rig()
    entity = Entity("the fuzzer's own")
    rules = Rules(assisted_profile("unece-r171"), r157(), entity)
    planner = InlinePlanner(IntegratedPolicy(policy, lambda: [bus]))
    loop = Loop(parked(Automated(entity)), rules=rules, planner=planner, monitor=SimulatedDriver(), rig=rig, deadline_s=60.0)
    plain, ticks, ahead, authors = Plain(rig, speed=10.0, seed=seed), 0, 0.0, Counter[str]()
    while tally.messages < messages:
        now_us = (ticks + 10) * STEP_US
        for _ in range(min(A_TICK, messages - tally.messages)):
            domain, report, t_us = message(dice, now_us)
            tally.attempt(bus.publish, domain, report, t_us=t_us, now_us=now_us)
        for what in unfit(bus, now_us):
            tally.found(what)
        try:
            tick = loop.tick(plain.look(now_us), now_us=now_us, steady_us=now_us)
        except Exception as error:  # that is what is looked for
            tally.crashed(f"the loop: {type(error).__name__}: {error}")
            break
        if tick.answer.why:
            tally.crashed(f"the plan: {tick.answer.why}")
        for what in unsafe(tick, policy.newest):
            tally.found(what)
        if tick.plan is not None and policy.newest is not None:
            ahead = max(ahead, float(leads(tick.plan, policy.newest).max()))
        authors[tick.commands.author] += 1
        plain.move(tick.commands.acceleration)
        plain.speed = plain.speed if 1.0 < plain.speed < 30.0 else dice.uniform(1.0, 30.0)
        ticks += 1
        progress(tally.messages)
    return tally.told() | {"ticks": ticks, "by_the_network": authors[Author.NETWORK], "ahead_m_in_4_s": round(ahead, 2)}


def message(dice: random.Random, now_us: int) -> tuple[Any, Any, Any]:
    """Who speaks, what, and of which time."""
    kind = dice.choice(list(DOMAINS))
    signals = signals_of(kind)
    values = {name: _fitting(signal, dice) for name, signal in signals.items()}
    for name in dice.sample(list(signals), dice.choice((0, 0, 0, 1, 1, len(signals)))):
        values[name] = dice.choice(JUNK)
    report: Any = kind(**values)
    domain: Any = DOMAINS[kind]
    if dice.random() < 0.1:
        domain = dice.choice((*Domain, "chasis", "", None, 3, [], 10**5000, "x" * 5000))
    if dice.random() < 0.05:
        report = dice.choice((*JUNK, kind, values))
    t_us: Any = now_us - dice.choice((0, 0, 0, dice.randrange(600_000)))
    if dice.random() < 0.1:
        t_us = dice.choice((*JUNK_TIMES, now_us + dice.randrange(1, 10**9)))
    return domain, report, t_us


def _fitting(signal: Signal, dice: random.Random) -> Any:
    """Something that a signal can hold, often at the end of its range."""
    if isinstance(signal.start, bool):
        return dice.random() < 0.5
    if isinstance(signal.start, str):
        return dice.choice(signal.allowed or ("x",))
    return dice.choice((signal.low, signal.high, signal.start, dice.uniform(signal.low, signal.high)))


def unfit(bus: Bus, now_us: int) -> Iterable[str]:
    """What can be read and should not be there."""
    for kind in DOMAINS:
        report: Any = bus.read(kind, t_us=now_us)
        if report is None:
            continue
        for name, signal in signals_of(kind).items():
            value = getattr(report, name)
            if type(value) is not type(signal.start) and not isinstance(value, str):
                yield f"{signal.path} holds a {type(value).__name__}"
            try:
                signal.checked(value)
            except CaravelaError as error:
                yield str(error)


def unsafe(tick: Tick, own: Plan | None) -> Iterable[str]:
    """What is wrong with a tick's command and plan, beside `own`, the model's proposals before the bus was listened to."""
    commands, plan = tick.commands, tick.plan
    low, high = ACCELERATION_RANGE
    if not (low - 1e-3 <= commands.acceleration <= high + 1e-3 and abs(commands.curvature) <= CURVATURE_MAX + 1e-6):
        yield f"the command {commands.acceleration} m/s^2, {commands.curvature} 1/m"
    if commands.mode is not Mode.L4 or not isinstance(commands.responsible, Entity):
        yield f"{commands.responsible} answers in {commands.mode}"
    if tick.faults:
        yield f"the faults {', '.join(sorted(tick.faults))}"
    if plan is None or own is None:
        yield "no plan"
        return
    if plan_faults(plan):
        yield "a plan that is none"
    lead = leads(plan, own)
    if lead[:DRIVEN].max() > AHEAD_M:
        yield f"a plan {float(lead[:DRIVEN].max()):.2f} m ahead of the model's own"


def leads(plan: Plan, own: Plan) -> NDArray[np.float64]:
    """(N,) m by which the chosen plan is ahead of what the model proposed in its place."""
    chosen = int(plan.chosen[0])
    return np.cumsum((plan.speeds[0, chosen] - own.speeds[0, chosen]).astype(np.float64)) * PLAN_STEP_S


# Bundles and what is kept beside them.
def fuzz_cards(card: BundleCard, tries: int, *, seed: int = 0) -> dict[str, Any]:
    """Damage what a bundle says of itself: a card comes out that can be used, or a sentence."""
    dice, tally = random.Random(seed), Tally()
    whole = card.to_metadata()
    others = [value.encode() for value in whole.values()]
    for _ in range(tries):
        metadata = dict(whole)
        for name in dice.sample(sorted(whole), dice.choice((1, 1, 1, 2, 4))):
            metadata[name] = damaged(whole[name].encode(), others, dice).decode(errors="replace")
            if dice.random() < 0.1:
                del metadata[name]
        tally.attempt(_use, metadata)
    return tally.told()


def _use(metadata: dict[str, str]) -> None:
    """Read a card, and ask of it whatever the car does."""
    card = BundleCard.from_metadata(metadata, source="a bundle")
    shape = (*card.noise_shape, card.ego_values, card.paced, card.steps, card.rig.width, card.rig.height)
    assert all(isinstance(size, int) and size >= 0 for size in shape), f"sizes {shape}"
    places = [[camera.focal, camera.yaw, camera.pitch, *camera.position] for camera in card.rig.cameras]
    assert np.isfinite(np.array(places, np.float64)).all() and len(places[0]) == 6, "a camera"


def fuzz_states(tries: int, *, seed: int = 0) -> dict[str, Any]:
    """Damage the line that holds a car's state: what is read is what was written, or it is told to be none."""
    dice, tally = random.Random(seed), Tally()
    version = Version(3, "ab" * 32, 9_000_000, "2030-01-01T00:00:00Z")
    text = to_json(CarState("nano", version, version, version).with_staged(version).swapped().given_up("x").with_staged(version)).encode()

    def read(content: str) -> None:
        try:
            state = from_json(content)
        except ValueError as error:
            raise CaravelaError("no state") from error
        if to_json(state) != content:
            tally.found("a state that says something else")

    for _ in range(tries):
        content = damaged(text, [text], dice).decode(errors="replace")
        tally.attempt(read, content)
    return tally.told()


def fuzz_bundles(bundle: Path, tries: int, *, seed: int = 0) -> dict[str, Any]:
    """Damage a bundle's file beside its fingerprint: none is opened."""
    dice, tally = random.Random(seed), Tally()
    file = bundle / MODEL_FILE if bundle.is_dir() else bundle
    whole, beside = file.read_bytes(), fingerprint_of(file).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / MODEL_FILE
        fingerprint_of(copy).write_bytes(beside)
        for _ in range(tries):
            while (content := damaged(whole, [dice.randbytes(4096)], dice)) == whole:
                pass  # by chance, nothing was changed
            copy.write_bytes(content)
            if tally.attempt(open_bundle, copy):
                tally.found("a damaged bundle was opened")
    return tally.told()
