"""German and Chinese for "turn on the light", as `reading.lights` has it in English: which lamps a whole clause may mean, and whether they go on.
Chinese has no plural, so there the car always asks which."""

import re

from caravela.cockpit.reading.lights import EITHER
from caravela.cockpit.tool import Operation

Light = tuple[tuple[str, ...], Operation]  # the tools that may be meant; on or off
INSIDE, AT_A_SEAT = ("light.dome",), ("light.reading",)

_ASIDE = re.compile(
    r"\b(?:bitte|mal|doch|jetzt|nun|wieder|eben|kurz|mir|uns|danke|also|und|hey|auto|kannst du|könntest du|können sie|könnten sie|würdest du|würden sie|"
    r"du|sie|ich möchte|ich will|wir wollen)\b|[,.!?]",
    re.IGNORECASE,
)
_DRINNEN = re.compile(r"\b(?:hier(?: drin(?:nen)?)?|drinnen|innen|im (?:auto|wagen|innenraum))\b", re.IGNORECASE)
_HINTEN = re.compile(r"\b(?:hinten(?: links| rechts)?|auf der rückbank|bei mir|an meinem (?:platz|sitz))\b", re.IGNORECASE)
_LICHT = r"(?:(?:das|die|ein|etwas|alle|unser|dieses|mehr) )*licht(?:er)?"
_LICHT_AN = re.compile(
    rf"(?:mach|schalt|dreh|knips|stell|tu|lass)\w* {_LICHT} (?:an|ein|aus|ab)|{_LICHT} (?:an|ein|aus)(?:machen|schalten|knipsen|gehen)?|{_LICHT} abschalten|"
    r"(?:gib|mach)\w* (?:etwas |mehr |ein bisschen )*licht|(?:ich brauche|wir brauchen|mehr|etwas) (?:etwas |mehr )*licht",
    re.IGNORECASE,
)
_LICHT_AUS = re.compile(r"\b(?:aus|ab)(?:machen|schalten|knipsen|gehen)?$", re.IGNORECASE)

_QING = re.compile(
    r"请你?|麻烦你?|帮我|给我|你?(?:能不能|可不可以|可以|能)|我(?:想|要)|一下|[吧呗啊呀吗了]|好吗|谢谢|[，,。！？!?\s]|全部?|都|一?个|所有的?"
)
_CHELI = re.compile(r"(?:车里面?|车内|里面)的?")
_HOUPAI = re.compile(r"(?:后排|后座|后面|我(?:这边|这里|座位上))的?(?:左边|右边)?的?")
_KAI_DENG = re.compile(
    r"把?灯光?(?:开|打开|关|关掉|关上|关闭|灭)|(?:打?开|打开|开启|关|关掉|关上|关闭|熄|灭)灯光?|再?(?:亮一?点|来点)灯光?"
)


def german_light(clause: str) -> Light | None:
    """What a clause asks of "das Licht"; None where it asks anything else."""
    said = " ".join(_ASIDE.sub(" ", clause).split())
    plain = " ".join(_HINTEN.sub(" ", _DRINNEN.sub(" ", said)).split())
    if _LICHT_AN.fullmatch(plain) is None:
        return None
    lamps = AT_A_SEAT if _HINTEN.search(said) else EITHER if plain == said and re.search("lichter", plain, re.IGNORECASE) else INSIDE
    return lamps, Operation.OFF if _LICHT_AUS.search(plain) else Operation.ON


def chinese_light(clause: str) -> Light | None:
    """What a clause asks of 灯; None where it asks anything else."""
    said = _QING.sub("", clause)
    plain = _HOUPAI.sub("", _CHELI.sub("", said))
    if _KAI_DENG.fullmatch(plain) is None:
        return None
    lamps = AT_A_SEAT if _HOUPAI.search(said) else EITHER if plain == said else INSIDE
    return lamps, Operation.OFF if re.search("[关熄灭]", plain) else Operation.ON
