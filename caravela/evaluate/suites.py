"""What a suite asks: how long a drive is, who shares the street, what must be met on the way. Which maps it is driven on is
said when it is run. It leaves out scoring."""

from dataclasses import dataclass

from caravela.core.errors import unknown_name
from caravela.core.units import STEP_S
from caravela.world.incidents.kinds import MORE, TWENTY


@dataclass(frozen=True)
class Suite:
    """A family of episodes."""

    name: str
    about: str
    seconds: float = 60.0  # of a drive, or until its route ends
    traffic: str = "light"
    weather: str = "day"
    red_share: float = 0.5  # of the episodes in which the baseline meets a red light
    least_seconds: float = 15.0  # a start whose route ends sooner is not used
    batch: int = 8  # drives of one map that run side by side
    route: bool = True  # the sat-nav is on
    incidents: tuple[str, ...] = ()  # kinds of `world.incidents`, alike many drives of each
    patience: float = 0.0  # s that a drive may take longer than the baseline took undisturbed
    paired: bool = False  # every start is driven at home and abroad, see `evaluate.abroad`
    understood: bool = False  # the cockpit's agent stands between who speaks and the driver
    spoken: bool = False  # every start is driven once per manner of `evaluate.spoken`, and the drives are compared

    @property
    def ticks(self) -> int:
        return round(self.seconds / STEP_S)


SUITES = {
    suite.name: suite
    for suite in (
        Suite("nominal", "60 s by day in light traffic; every drive has a turn, half of them a red light"),
        Suite("no-route", "nominal with the sat-nav off: any way will do, as far as the baseline comes on its own", route=False),
        Suite("dense", "nominal in dense traffic: twenty cars, ten parked cars, eight pedestrians", traffic="dense"),
        Suite(
            "other-traffic",
            "nominal among cars that the teacher drives, each in a style of its own: traffic that the driver never trained in, as all its "
            "training was among cars of the Intelligent Driver Model",
            traffic="learned",
        ),
        Suite("dense-other-traffic", "other-traffic as dense as in dense", traffic="learned-dense"),
        Suite(
            "abroad",
            "nominal, driven twice from the same starts: at home, in a look that training draws, and abroad, in one that it never draws and on "
            "the other side of the road",
            paired=True,
        ),
        Suite("night", "nominal by night, under street lamps", weather="night"),
        Suite("rain", "nominal in rain, on wet roads", weather="rain"),
        Suite(
            "longtail",
            "40 s by day in light traffic, each drive with one incident of twenty kinds on its way, and 10 s more than the baseline took "
            "without it",
            seconds=40.0,
            least_seconds=25.0,
            incidents=TWENTY,
            patience=10.0,
        ),
        Suite(
            "longtail-more",
            "longtail with what the twenty kinds leave out: an animal that runs into the lane, a motorcyclist who squeezes by",
            seconds=40.0,
            least_seconds=25.0,
            incidents=MORE,
            patience=10.0,
        ),
        Suite(
            "words",
            "30 s by day in light traffic, driven once untold and once per manner of words, all from the same starts",
            seconds=30.0,
            least_seconds=20.0,
            spoken=True,
        ),
        Suite(
            "words-in-the-car",
            "words, as they reach the driver in the car: the cockpit's agent hears what is said, and the driver the words of what it understood",
            seconds=30.0,
            least_seconds=20.0,
            spoken=True,
            understood=True,
        ),
        Suite(
            "brief",
            "10 s by day in light traffic: for trying things out, too short to tell how well anything drives",
            seconds=10.0,
            least_seconds=5.0,
        ),
    )
}


def suite_named(name: str) -> Suite:
    """A suite by name; CaravelaError with a suggestion for an unknown one."""
    if name not in SUITES:
        raise unknown_name("suite", name, SUITES)
    return SUITES[name]
