"""How well the head understands sayings that it was never trained on."""

from dataclasses import dataclass

from caravela.cockpit.reading.understanding import Understanding
from caravela.cockpit.sayings.phrasing import NONE, held_out


@dataclass(frozen=True)
class Understood:
    """Counts on the unseen sayings."""

    sayings: int
    meaning: int  # right meaning
    operation: int  # right meaning and operation
    places: int  # sayings about a place
    place: int  # right place
    wrong: tuple[tuple[str, str, str], ...]  # (saying, what it means, what was understood)


def measure(understanding: Understanding, name: str = "unseen") -> Understood:
    """Ask for the meaning of every saying of phrases/NAME.toml: unseen, or development while the training phrases are written."""
    sayings, placed = held_out(name)
    meaning = operation = 0
    wrong = []
    for saying in sayings:
        label, what = understanding.meaning(saying.text, condition=saying.label.startswith("when."))
        meaning += label == saying.label
        right = label == saying.label and (what or NONE) == saying.operation
        operation += right
        if not right:
            wrong.append((saying.text, f"{saying.label} {saying.operation}", f"{label} {what}"))
    zones = [(saying, understanding.zone(saying.text)) for saying in placed]
    wrong += [(saying.text, saying.zone, zone) for saying, zone in zones if zone != saying.zone]
    return Understood(len(sayings), meaning, operation, len(placed), sum(saying.zone == zone for saying, zone in zones), tuple(wrong))
