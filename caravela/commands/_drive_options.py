"""What a drive is told: the options of `caravela drive`, which `caravela studio` fills in too, and what they ask for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caravela.commands._weather import Weather
from caravela.core.errors import CaravelaError, unknown_name

if TYPE_CHECKING:
    from caravela.studio.driving.body import Outfit
    from caravela.studio.driving.car import Aboard
    from caravela.studio.driving.stage import DriveSettings

PORT = 8020

TOWN = "brookmere"  # by default


@dataclass(frozen=True)
class Options:
    """Let the model drive. Opens a live page, or with --headless drives as fast as it can and sums up."""

    town: str | None = None
    """A town that ships; by default brookmere."""
    map: Path | None = None
    """A map file instead: .osm, .osm.pbf, .xodr or .lanes."""
    say: str = ""
    """What the car is told, as in --say "turn left at the lights, gently"."""
    weather: Weather = "day"
    traffic: str = "light"
    """none, light, dense, crowded (two dozen people who cross); learned or learned-dense: as many cars, driven by the teacher."""
    seed: int = 0
    """The same seed, the same drive."""
    policy: Path | None = None
    """A model bundle; by default the one that ships."""
    mode: str = "l4"
    """How the drive begins: manual, l2, l4 or driverless (L4, nobody in the driving seat)."""
    driver: str = "Ana Sousa"
    """Name of the person in the driving seat."""
    entity: str = "Caravela Motors Ltd"
    """Name of the legal entity that answers at L4."""
    plan: str = "isolated"
    """isolated: the driver's own plan. integrated: battery, motor, tyres and people's comfort are part of it; not the default until
    `caravela vehicle domains` has measured it as better."""
    condition: str | None = None
    """How the car sets out: mild, cold, full or hot; it then does no more than battery, motor and tyres allow, as it always does with
    --plan integrated. By default mild. The weather stays --weather's."""
    host: str = "127.0.0.1"
    """Where the page listens; beyond this machine every request needs the token in the address that is printed."""
    clients: int | None = None
    """Open the car to other agents too, as an MCP server at this port (0 takes a free one); the page asks you about each."""
    folder: Path | None = None
    """Holds what is remembered: offers switched off, other agents' consents and their record; by default in the user's state folder."""
    port: int = PORT
    """Port of the page on this machine; 0 takes a free one."""
    browser: bool = True
    """Open a browser where there is a display."""
    headless: bool = False
    """No page."""
    seconds: float | None = None
    """How long to drive; headless 60 by default, with the page until Ctrl-C."""
    record: Path | None = None
    """Record to this .mcap file, which Foxglove opens; an older one is replaced."""


def aboard_of(options: Options) -> "Aboard":
    """Who is aboard. Raises CaravelaError for a mode that there is none of and for somebody who cannot answer."""
    from caravela.studio.driving.car import Aboard

    return Aboard(options.mode, options.driver, options.entity)


def outfit_of(options: Options) -> "Outfit":
    """Which plan is driven, in which car. Raises CaravelaError for a plan or condition that there is none of."""
    from caravela.studio.driving.body import Outfit

    return Outfit(options.plan, options.condition)


def settings_of(options: Options) -> "DriveSettings":
    """The drive that the options ask for. Raises CaravelaError for names that are not known."""
    from caravela.studio.driving.drive import checked_words
    from caravela.studio.driving.simulated import town_names, traffics, weathers
    from caravela.studio.driving.stage import DriveSettings
    from caravela.studio.live.asks import SEED_LIMIT

    if options.map is not None and options.town is not None:
        raise CaravelaError(f"got both --town {options.town} and --map {options.map}; expected one of them.")
    if options.town is not None and options.town not in town_names():
        raise unknown_name("town", options.town, town_names())
    if options.map is None and not town_names():
        raise CaravelaError("this installation has no towns; expected eight: install it again or give --map.")
    for kind, got, known in (("weather", options.weather, weathers()), ("traffic", options.traffic, traffics())):
        if got not in known:
            raise unknown_name(kind, got, known)
    if not 0 <= options.seed <= SEED_LIMIT:
        raise CaravelaError(f"--seed {options.seed} is out of range; expected 0 to {SEED_LIMIT}.")
    checked_words(options.say)
    town = options.map.name if options.map is not None else options.town or (TOWN if TOWN in town_names() else town_names()[0])
    return DriveSettings(town=town, map=options.map, weather=options.weather, traffic=options.traffic, seed=options.seed)
