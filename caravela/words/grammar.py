"""Words out: what the car can say of what it sees. A fact has a few sentences and a sentence has one fact, so an answer in words can be
read back and compared with the truth. It leaves out the choice of a fact: a text head learns that (model/text.py)."""

import itertools
from dataclasses import dataclass

FORMS = 3  # sentences of a fact
UNKNOWN = "unknown"  # what is told where the reason is not known
ROUGHLY = {5: "very close", 10: "about ten metres away", 20: "about twenty metres away", 40: "about forty metres away"}  # by m
TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")  # by km/h / 10
STOP = "<stop>"  # ends a sentence
STARTS = tuple(f"<{form}>" for form in range(FORMS))  # begin one, and choose its form


@dataclass(frozen=True)
class Fact:
    """Something that may be so. `number` is m or km/h, roughly, for what has a distance or a speed."""

    kind: str  # one of KINDS
    what: str
    number: int | None = None


_PLACES = {"ahead": "ahead", "left": "on the left", "right": "on the right"}
_SIGHTS = {
    "vehicle": ("i see a vehicle {place} {far}", "there is a vehicle {place} {far}", "a vehicle is {place} {far}"),
    "person": ("i see a person {place} {far}", "there is a person {place} {far}", "a person is {place} {far}"),
    "nothing": ("i see nothing {place}", "there is nothing {place}", "nothing is {place}"),
}
_SENTENCES: dict[str, dict[str, tuple[str, str, str]]] = {
    "why": {
        "going": ("i am not stopping", "nothing makes me stop", "we are driving on"),
        "asked": ("because you asked me to stop", "you asked me to stop", "i stop as you asked"),
        "red": ("because the light is red", "i wait at a red light", "the red light stops me"),
        "yellow": ("because the light is yellow", "i stop at a yellow light", "the yellow light stops me"),
        "vehicle": ("because of a vehicle {far}", "a vehicle {far} is in my way", "i stop for a vehicle {far}"),
        "person": ("because of a person {far}", "a person {far} is in my way", "i stop for a person {far}"),
        "line": ("because of the stop line", "i stop at the stop line", "there is a stop line"),
        UNKNOWN: ("i do not know why", "i do not know the reason", "i can not tell why"),
    },
    **{
        kind: {what: (a.replace("{place}", p), b.replace("{place}", p), c.replace("{place}", p)) for what, (a, b, c) in _SIGHTS.items()}
        for kind, p in _PLACES.items()
    },
    "light": {
        "none": ("i see no light", "there is no light", "no light is for us"),
        **{c: (f"the light is {c}", f"i see a {c} light", f"it is {c}") for c in ("red", "yellow", "green")},
    },
    "lead": {
        "vehicle": ("the vehicle in front is {far}", "it is {far}", "we follow a vehicle {far}"),
        "nothing": ("there is no vehicle in front", "nobody is in front of us", "we follow nobody"),
    },
    "clear": {
        "clear": ("yes the road is clear", "the road is clear", "nothing is in the way"),
        "vehicle": ("no a vehicle is in the way", "a vehicle is in the way", "the road is not clear because of a vehicle"),
        "person": ("no a person is in the way", "a person is in the way", "the road is not clear because of a person"),
        "red": ("no the light is red", "a red light is in the way", "the road is not clear because of a red light"),
    },
    "speed": {
        "standing": ("we stand", "we are standing still", "our speed is zero"),
        "driving": ("we drive about {ten}", "our speed is about {ten}", "about {ten} kilometres per hour"),
    },
}
KINDS = tuple(_SENTENCES)


def sentence(fact: Fact, form: int = 0) -> str:
    """One of the FORMS sentences of a fact, in lower case and without a stop: words of VOCABULARY."""
    text = _SENTENCES[fact.kind][fact.what][form]
    if fact.number is None:
        return text
    return text.format(far=ROUGHLY.get(fact.number, ""), ten=TENS[fact.number // 10] if fact.kind == "speed" else "")


def spoken(text: str) -> str:
    """A sentence as it is shown: "Because the light is red."."""
    words = ["I" if word == "i" else word for word in text.split()]
    for opening in ("yes", "no"):
        if len(words) > 3 and words[0] == opening and words[1] in ("a", "the"):
            words[0] += ","
    joined = " ".join(words).replace("can not", "cannot")
    return joined[:1].upper() + joined[1:] + "."


def parse(text: str) -> Fact | None:
    """The fact that a sentence states, as `sentence` or `spoken` wrote it; None where it is none of ours."""
    return _FACT_OF.get(text.lower().strip(" .").replace(",", "").replace("cannot", "can not"))


def _facts() -> list[Fact]:
    found = []
    for kind, sentences in _SENTENCES.items():
        for what, (first, _, _) in sentences.items():
            numbers: list[int | None] = list(ROUGHLY) if "{far}" in first else [None]
            numbers = [10 * ten for ten in range(1, len(TENS))] if "{ten}" in first else numbers
            found += [Fact(kind, what, number) for number in numbers]
    return found


FACTS = tuple(_facts())  # all there are
_FACT_OF = {sentence(fact, form): fact for fact, form in itertools.product(FACTS, range(FORMS))}
_WORDS = sorted({word for text in _FACT_OF for word in text.split()})
VOCABULARY = (STOP, *STARTS, *_WORDS)
LONGEST = 1 + max(len(text.split()) for text in _FACT_OF)  # words of an answer, with its end
