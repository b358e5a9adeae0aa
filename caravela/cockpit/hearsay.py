"""What of another model's words may be said in a car. It sees nothing and moves nothing, so a sentence that claims a deed, says how the road is, or
invites somebody to look away is left out: people would believe that the car has said it."""

import re
from collections.abc import Callable, Sequence

from caravela.cockpit.languages.detecting import tongue_of
from caravela.cockpit.reading.intents import CabinCall, DrivingWish, FindCharger, Step, Unsafe

_SENTENCE = re.compile(r"(?<=[.!?…。！？;；])\s*")
_TALK = (  # what a voice without hands may say of itself
    r"(?:not |never |always |also |only |just )*(?:think|thought|guess|know|known|believe|hope|wonder|understand|understood|hear|heard|see what|like|love|enjoy|"
    r"agree|admit|wish|recommend|suggest|tell|told|say|said|read about|explain|answer|describe|help|be|been|glad|happy|sorry|afraid|sure|fine|here|an?|"
    r"the voice|only|curious|able)"
)
_HAVE = r"(?:['’](?:ve|ll|m|re|d)| have| had| will| shall| am| are)(?: now| just| already| also| going to)*"
_DONE = r"(?:unlocked|locked|opened|open|closed|shut|switched|turned|disabled|deactivated|off|on|done)"
_CLAIMS = re.compile(
    rf"\b(?:i|we){_HAVE} (?!{_TALK}\b)\w+|"
    r"\b(?:i|we) (?:just |already |now )*(?:\w+ed|opened|shut|set|put|made|turned|drove|ran|took|let|switch|open|close|lock|unlock|drive|turn|stop|brake|steer)\b|"
    rf"\b(?:is|are|was|were|has been|have been|['’]s|['’]re) (?:now |already |all )*{_DONE}\b|"
    r"^\W*(?:done|all set|all done|ready)\b|\bas you (?:wish|asked)\b",
    re.IGNORECASE,
)
_ROAD = re.compile(
    r"\b(?:traffic )?lights? (?:ahead )?(?:is|are|just|has|have|turned|stays|shows)\b|\b(?:red|green|amber|yellow) lights?\b|\blight['’]s\b|"
    r"\b(?:road|way|lane|junction|crossing|street|motorway|path|coast)(?: ahead)?(?: is|['’]s| looks| seems)(?: all| quite| perfectly| completely)? "
    r"(?:clear|free|empty|safe|open)\b|\ball clear\b|\bsafe to\b|"
    r"\b(?:it|that|this|everything)(?:['’]s| is)(?: now| perfectly| quite| completely)? (?:safe|clear|under control)\b|"
    r"\b(?:no|nobody|nothing|no one|somebody|someone|a \w+|the \w+) (?:\w+ )?(?:is |are )?(?:ahead|behind us|beside us|in (?:our|the) way|on the road|coming|"
    r"crossing)\b|\bspeed limit\b|\blimit (?:is|here)\b|\bkm/?h\b|\bmph\b|\bhazards?\b|\bpedestrians?\b|灯|前方|前面|路况|\bampel\b|\bstraße ist\b|\bfrei\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:hands?|eyes?|feet|foot)[- ](?:off|away|closed|free)\b|\b(?:take|keep|let|get|lift|close|rest|shut) (?:\w+ )?(?:your|the) (?:hands?|eyes?|feet|foot)\b|"
    r"\b(?:sleep|nap|doze|snooze|look away|stop watching|unbuckle|unfasten|take off (?:your|the) (?:seat ?)?belt|lean back|relax|watch (?:a|the|your|some)|"
    r"(?:don['’]?t (?:need|have) to|no need to|needn['’]?t) (?:watch|look|steer|drive|pay attention)|let go of|i(?:['’]ve| have) got (?:it|this)|trust me)\b|"
    r"\bschlaf\w*|\bhände\b|\baugen\b|睡|闭上?眼|松手|放手|双手",
    re.IGNORECASE,
)


def sayable(words: str, understood: Callable[[str], Sequence[Step]]) -> str:
    """`words` without the sentences that are not another model's to say. `understood` is how the car itself reads one: what would be a hazard if a
    person said it is left out, too, and so is what would be a deed in a language that the patterns here hardly know."""
    kept = [sentence for sentence in _SENTENCE.split(words) if sentence.strip() and not _is_ours(sentence, understood)]
    return " ".join(sentence.strip() for sentence in kept)


def _is_ours(sentence: str, understood: Callable[[str], Sequence[Step]]) -> bool:
    """Does a sentence speak of what the car alone knows or does?"""
    if any(pattern.search(sentence) for pattern in (_CLAIMS, _ROAD, _AWAY)):
        return True
    meant = (Unsafe,) if tongue_of(sentence) is None else (Unsafe, CabinCall, DrivingWish, FindCharger)
    return any(isinstance(step.intent, meant) for step in understood(sentence))
