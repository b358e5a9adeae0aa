"""One drive, tick by tick: the policy looks and plans under the mode machine, the world follows, people's words and wishes go in, and
everything is timed. It has no thread and no clock of its own; `drive_loop` gives it both, the headless command calls it as fast as it can."""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.core.modes import Mode
from caravela.core.protocols import Policy
from caravela.core.request import (
    START,
    CapSpeed,
    ChangeLane,
    DropCap,
    DropRoute,
    GoTo,
    KeepOffMotorways,
    Overtake,
    Park,
    PullOver,
    Request,
    TakeTurn,
)
from caravela.core.responsibility import Tenure
from caravela.core.types import Control, Event, Observation, Plan, policy_rig
from caravela.core.units import STEP_S, STEP_US, to_kph
from caravela.studio.driving.body import ENERGY, Body, Cost, Outfit
from caravela.studio.driving.car import Aboard, Seat, beginning, make_loop, phase_of, told
from caravela.studio.driving.ending import Ending
from caravela.studio.driving.hearing import UNCHANGED, Heard, Lessons, change, report_of, told_of
from caravela.studio.driving.insight import has_critic, insight_of
from caravela.studio.driving.latency import Latencies
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.studio.driving.street import Street, street_of
from caravela.vehicle.actuation import Commands
from caravela.vehicle.conduct import AskToStop, Car, Collided, Engage, Happening, Note, NoteKind, Release, TakeOver
from caravela.vehicle.domains.integrated import Choice, IntegratedPolicy
from caravela.vehicle.domains.reports import CockpitReport
from caravela.vehicle.domains.set_speed import SetSpeedPolicy
from caravela.vehicle.domains.wishes import NO_SPEED, Wishes
from caravela.vehicle.loop import NO_CONTROL, as_control
from caravela.vehicle.loop import Tick as LoopTick
from caravela.world.lane_choice import wanted_lane
from caravela.world.state import WorldState

WORDS_LIMIT = 400  # characters told to the car at once
CALM_S = 1.0  # s without it before the same kind of event counts as another
AGAIN = {Mode.MANUAL: "manual", Mode.L2: "l2"}  # how the next drive begins, by the mode that this one ended in; else as this one did


@dataclass(frozen=True)
class Tick:
    """All that happened in one tick. The observation, the plan and the street are of one moment; the events follow from it."""

    number: int
    t_s: float
    observation: Observation
    plan: Plan
    control: Control  # what the car does of its commands
    street: Street
    insight: Mapping[str, Any]  # what the model made of it, arrays with a leading batch axis
    judged: bool  # whether the plan's values and risk mean anything: they come from a critic that has been trained
    heard: Heard
    commands: Commands  # what the actuators are told, by whom, in which mode, and who answers
    car: Car  # as the mode machine has it
    loop: LoopTick  # the same for the vehicle's recorder
    body: Mapping[str, float]  # signals of the whole car, by VSS path
    set_speed: float | None = None  # m/s that somebody had the car keep below
    asked_to_stop: bool = False  # the driver has heard of a stop that nobody has ended
    notes: tuple[Note, ...] = ()  # what the mode machine wants in the record
    events: tuple[Event, ...] = ()

    @property
    def responsible(self) -> str:
        """Who answers for the driving at this tick, by name and role."""
        return told(self.commands.responsible)

    @property
    def phase(self) -> str:
        """Where L4 is; "" in the other modes."""
        return phase_of(self.car)


@dataclass
class Drive:
    """A drive in progress, world 0 of a batch of one. Raises CaravelaError for a world of another batch."""

    stage: Stage
    policy: Policy
    settings: DriveSettings
    latencies: Latencies = field(default_factory=Latencies)
    words: str = ""
    lessons: Lessons = field(default_factory=Lessons)
    aboard: Aboard = Aboard()
    seat: Seat = field(default_factory=Seat)
    outfit: Outfit = Outfit()

    def __post_init__(self) -> None:
        if self.stage.world.batch != 1:
            raise CaravelaError(f"a drive needs a world of batch 1; got {self.stage.world.batch}.")
        self.number = 0
        self.distance = 0.0  # m
        self.seed = self.settings.seed
        self.tenures: tuple[Tenure, ...] = ()  # of the run cycles that are over
        self._spoken: list[Event] = []
        self._happenings: list[Happening] = []
        self._heard = Heard()
        self._judged = has_critic(self.policy)
        self._off_motorways = False  # asked for, and kept from drive to drive
        self._asked = CockpitReport()  # what people ask of driving, as the bus has it
        self._spent = Cost()  # in the drives before
        self.wishes = Wishes()  # what was asked and still holds, from drive to drive
        self._driver: Policy = self.policy
        if self.outfit.integrated:  # what an untrained critic thinks chooses nothing
            self._driver = IntegratedPolicy(self.policy, lambda: [self.body.bus], choice=Choice(choose=self._judged))
        self._driver = SetSpeedPolicy(self._driver, lambda: [self.wishes.set_speed])
        self._start(self.seed)
        if self.words:
            self.say(self.words)

    def _start(self, seed: int) -> None:
        self._driver.reset(1)
        self.seed = seed
        self._observation = self.stage.world.reset(seed)
        if self._off_motorways:
            self.stage.ask(KeepOffMotorways().words)
        self.body = Body(self.outfit, self.stage.world.state)
        self._base_us = self.number * STEP_US - int(self._observation.t_us[0])  # so that time goes on in the next drive
        self._latest: dict[str, int] = {}  # tick of the latest event of each kind
        t_us = self.number * STEP_US
        rig = getattr(self.policy, "rig", None) or policy_rig()
        self._loop = make_loop(self.aboard, self._driver, rig=rig, seat=self.seat, latencies=self.latencies, t_us=t_us)
        self._happenings = beginning(self.aboard, t_us=t_us)
        self._ending, self._pressed = Ending(), False

    def rehearse(self) -> None:
        """Plan once for nobody, words included, so that what loads at its first use costs no tick."""
        self.body.tell(self.stage.world.state, self._asked)
        self._driver.plan(dataclasses.replace(self._observation, words=("hello",)))
        self._driver.reset(1)

    @property
    def car(self) -> Car:
        """The car as the mode machine has it."""
        return self._loop.car

    @property
    def responsible(self) -> str:
        """Who answers for the driving now."""
        return told(self._loop.car.responsible)

    @property
    def ledger(self) -> tuple[Tenure, ...]:
        """Who answered from when to when, since the beginning."""
        return (*self.tenures, *self._loop.ledger.tenures)

    @property
    def cost(self) -> Cost:
        """What driving has cost the whole car and its people, since the beginning."""
        return self._spent + self.body.cost

    @property
    def t_us(self) -> int:
        """Time driven, µs."""
        return self.number * STEP_US

    def happen(self, happening: Happening) -> None:
        """Something that a person did, for the mode machine at the next tick. Who presses stop has the car stand until somebody lets it go on."""
        self._happenings.append(happening)
        self._pressed = isinstance(happening, AskToStop) or (self._pressed and not isinstance(happening, Release | TakeOver | Engage))

    def wish(self, request: Request) -> None:
        """What the cockpit asks of driving: turns, lanes and roads go to the navigator, a speed bounds the plan, the rest goes to the driver as the
        wish's own words."""
        wish = request.wish
        self.wishes.hear(wish)
        if isinstance(wish, PullOver | Park):
            self.stage.stay_in_lane()
        if isinstance(wish, ChangeLane | Overtake) and self.wishes.stop is not None:
            self._note("route", "no other lane while we are to stand")
        elif isinstance(wish, TakeTurn | KeepOffMotorways | ChangeLane | Overtake):
            self._note("words", f"“{request.words}”")
            self._off_motorways = not wish.over if isinstance(wish, KeepOffMotorways) else self._off_motorways
            self._heard = dataclasses.replace(self._heard, route=self.stage.ask(request.words) or "")
            self._note("route", self._heard.route or "has no roads to choose from")
        elif isinstance(wish, DropRoute):
            self.stage.ask("")
            self._note("route", "no more turns than the road has")
        elif isinstance(wish, GoTo):
            laid = self.stage.ask(wish.words) if wish.place == START else None
            self._heard = dataclasses.replace(self._heard, route=laid or "")
            self._note("route", laid or f"knows no place “{wish.place}” here, only turns and the way back")
        elif isinstance(wish, CapSpeed | DropCap):
            kept = self.wishes.set_speed
            self._note("words", f"keeps below {to_kph(kept):.0f} km/h" if kept < NO_SPEED else "no speed is set any more")
        else:
            self._hear(self.wishes.words)
            self._asked = self.wishes.report

    def keep(self, before: "Drive") -> None:
        """Go on with what was asked for in a drive before, save for a stop: who begins another has ended it."""
        self.wishes, self._off_motorways = before.wishes.without_stop(), before._off_motorways
        if self._off_motorways:
            self.stage.ask(KeepOffMotorways().words)
        if self.wishes.words and not self.words:
            self._hear(self.wishes.words)
            self._asked = self.wishes.report

    def say(self, words: str) -> None:
        """Tell the car something, from now on, instead of the manner that was asked for before; an empty text takes it back. A stop that was
        asked for holds. Raises CaravelaError if it is too long."""
        checked_words(words)
        self.wishes = self.wishes.without_manner()
        self._hear(words if self.wishes.stop is None else self.wishes.words)
        if self.wishes.stop is not None:
            self._asked = self.wishes.report

    def _hear(self, words: str) -> None:
        """Words for the driver, and for the sat-nav."""
        self.words = checked_words(words)
        laid = bool(self._heard.route)
        self._heard, self._asked = Heard(), CockpitReport()
        if not self.words:
            self.stage.ask("")
            self._note("words", "taken back; the route stays" if laid else "taken back")
            return
        self._note("words", f"“{self.words}”")
        self._heard = Heard(route=self.stage.ask(self.words) or "")
        if wanted_lane(self.words, lefthand=False) is not None:
            self.words = ""  # the driver hears of it when it is due
        if self._heard.route:
            self._note("route", self._heard.route)
        else:
            lesson = self.lessons.nearest(self.words)
            self._heard, self._asked = Heard(manner=told_of(lesson)), report_of(lesson)

    def tick(
        self,
        *,
        before_step: Callable[[Tick, WorldState], None] = lambda tick, state: None,
        driver: tuple[float, float] = NO_CONTROL,
    ) -> Tick:
        """Plan, and let the world go on by one step. `before_step` gets the tick, its events still to come, while the world is
        as it was planned for; `driver` is what the driver's own controls ask for, m/s^2 and 1/m, and counts in manual driving only."""
        if self._ending.over(self.number) and self.wishes.stop is None:  # whoever asked for a stop stands until they say so
            self.tenures, self._spent = self.ledger, self.cost
            self.aboard = dataclasses.replace(self.aboard, mode=AGAIN.get(self.car.mode, self.aboard.mode))
            self._start(self.seed + 1)
            self._note("new_drive", f"seed {self.seed}")
        words = self._told()
        observation = dataclasses.replace(self._observation, words=(words,))
        state = self.stage.world.state
        untold = self._untold(observation) if words == self.words else None
        self.body.tell(state, self._asked)
        loop = self._drive(observation, driver)
        plan = loop.answer.plan
        assert plan is not None, "the world waits for the plan"
        timings = getattr(self.policy, "timings", {})
        for stage, milliseconds in timings.items():
            if stage != "total":
                self.latencies.add(f"plan: {stage}", milliseconds)
        if self.outfit.integrated and "total" in timings:
            self.latencies.add("plan: four domains", 1000.0 * loop.answer.latency_s - timings["total"])
        if untold is not None:
            self._heard = dataclasses.replace(self._heard, plan=change(plan, untold))
            if self._heard.manner or self._heard.plan != UNCHANGED:
                self._note("heard", "; ".join(filter(None, (self._heard.manner, f"its plan: {self._heard.plan}"))))
        tick = Tick(
            self.number,
            self.number * STEP_S,
            observation,
            plan,
            self.body.clip(as_control(loop.commands), state),
            street_of(state, self.stage.graph),
            insight_of(self.policy),
            judged=self._judged,
            heard=self._heard,
            commands=loop.commands,
            car=loop.car,
            loop=loop,
            body={**self.body.signals(), ENERGY: round(self.cost.energy, 3)},  # since people set out, not since the last drive began
            set_speed=self.wishes.set_speed if self.wishes.set_speed < NO_SPEED else None,
            asked_to_stop=self.wishes.stopping,
            notes=loop.notes,
        )
        before_step(tick, state)
        with self.latencies.measure("world"):
            self._observation, events = self.stage.world.step(tick.control)
        self.body.move(self.stage.world.state, before=tick.street.speed)
        happened = self._began(events[0])
        if any("collision" in event.kind for event in events[0]):
            self._happenings.append(Collided((self.number + 1) * STEP_US))  # what the car's own crash sensor says
        spoken = [dataclasses.replace(event, responsible=tick.responsible) for event in self._spoken]
        self._spoken = []
        self.number += 1
        self.distance += 0.5 * (tick.street.speed + float(self._observation.speed[0])) * STEP_S
        self._stop_where_it_began()
        stranded = not self._pressed and any(note.kind is NoteKind.STOPPED for note in loop.notes)
        self._ending.watch(happened, tick=self.number, speed=float(self._observation.speed[0]), stranded=stranded)
        return dataclasses.replace(tick, events=(*spoken, *happened))

    def _stop_where_it_began(self) -> None:
        """Whoever asked to be taken back is let out there."""
        if self.stage.came_back():
            self._note("route", "back where this drive began")
            self.wishes.hear(PullOver())
            self.stage.stay_in_lane()
            self._hear(self.wishes.words)
            self._asked = self.wishes.report

    def _told(self) -> str:
        """What the driver hears at this tick: the navigator's prompt where one is due, a stop once the car can stand where it would come to rest."""
        if self.wishes.stop is None:
            return self.stage.prompt() or self.words
        words = self.wishes.told(now_s=self.number * STEP_S, clear=self.stage.clear_to_stop())
        self._asked = self.wishes.report
        return words

    def _drive(self, observation: Observation, driver: tuple[float, float]) -> LoopTick:
        """A tick of the car's loop, with what people have done since the last one."""
        happenings, self._happenings = self._happenings, []
        now_us = int(observation.t_us[0])
        return self._loop.tick(observation, now_us=now_us, steady_us=self.t_us, happenings=happenings, driver=driver)

    def _untold(self, observation: Observation) -> Plan | None:
        """What would be planned without the words, on the first tick with them; else None. The exported model keeps nothing from
        one plan to the next, so that asking it twice does no harm; of what does keep something, a copy is asked."""
        if not self.words or self._heard.plan:
            return None
        self.body.tell(self.stage.world.state, CockpitReport())
        driver = copy.copy(self._driver) if self.outfit.integrated else self._driver
        return driver.plan(dataclasses.replace(observation, words=("",)))

    def _note(self, kind: str, detail: str) -> None:
        self._spoken.append(Event(t_us=self.number * STEP_US, kind=kind, responsible=self.responsible, detail=detail))

    def _began(self, events: list[Event]) -> tuple[Event, ...]:
        """The events that begin with this tick, in the time of the whole drive, with who answered for the driving then; what was going on
        within CALM_S goes on."""
        calm = round(CALM_S / STEP_S)
        begun = [event for event in events if self.number - self._latest.get(event.kind, -calm - 1) > calm]
        self._latest |= {event.kind: self.number for event in events}
        return tuple(dataclasses.replace(event, t_us=event.t_us + self._base_us, responsible=self.responsible) for event in begun)


def checked_words(words: str) -> str:
    """`words` on one line. Raises CaravelaError where there are too many to mean anything to the model."""
    if len(words) > WORDS_LIMIT:
        raise CaravelaError(
            f"these words are {len(words):,} characters long; at most {WORDS_LIMIT} can be told to the car at once: say it shorter."
        )
    return " ".join(words.split())
