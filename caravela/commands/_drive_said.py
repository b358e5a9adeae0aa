"""What is said to a car that nobody watches (`caravela drive --headless --say`): it goes the way it goes on the page, through the cockpit's agent
and its gate, and the driver hears the wishes that come of it, never the words."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caravela.cockpit.situation import Situation
    from caravela.studio.driving.drive import Drive, Tick


class Passenger:
    """Whoever speaks in a drive without a page. `tell` gets what the car answers."""

    def __init__(self, drive: "Drive", words: str, *, tell: Callable[[str], None]) -> None:
        from caravela.cockpit.acting.gate import Gate
        from caravela.cockpit.agent import CockpitAgent
        from caravela.cockpit.languages.polyglot import Polyglot
        from caravela.cockpit.reading.understanding import Understanding
        from caravela.cockpit.tools import catalogue
        from caravela.core.signals import Signals
        from caravela.studio.cabin.glance import Glance, Lookout

        self._drive, self._tell = drive, tell
        self._signals, self._lookout, self._glance = Signals(catalogue()), Lookout(), Glance(self._at_the_start())
        understanding = Understanding()
        self._agent = CockpitAgent(
            Gate(self._signals, drive.wish),
            look=lambda: self._glance.situation,
            understanding=understanding,
            languages=Polyglot(understanding),
        )
        self._tell(f"“{words}”: {self._agent.hear(words).text}")

    def see(self, tick: "Tick") -> None:
        """How the drive is now; what was put off and has come due is done."""
        from caravela.studio.driving.gauges import signals_of

        self._glance = self._lookout(tick, self._drive.stage.graph, signals_of(tick))
        self._glance.write(self._signals)
        for response in self._agent.tick():
            self._tell(response.text)

    def _at_the_start(self) -> "Situation":
        from caravela.cockpit.situation import Situation
        from caravela.core.request import START
        from caravela.studio.driving.street import street_of

        street = street_of(self._drive.stage.world.state, self._drive.stage.graph)
        return Situation(speed=street.speed, limit=street.limit, human_drives=self._drive.aboard.mode != "l4", places=(START,))
