"""German and Chinese things that share a verb, as `reading.sharing` has it in English: "mach die Fenster zu und das Dach", "关窗户和天窗"."""

import re

_PARTICLE = r"auf|zu|an|aus|ein|ab|hoch|runter|herunter"
_OPEN = r"(?:bitte |kannst du |könntest du )?"
_TWO = re.compile(
    rf"(?P<verb>{_OPEN}(?:mach|schalt|dreh|fahr|klapp|schieb|kurbel|stell)\w*(?: sie)?(?: bitte)?) (?P<noun>.+?)(?: (?P<particle>{_PARTICLE}))?",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?P<verb>{_OPEN}(?:öffne|schlie(?:ß|ss)|verrieg|entrieg|aktivier|deaktivier|starte|stopp|beende)\w*(?: sie)?(?: bitte)?) (?P<noun>.+)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?P<noun>(?:das|die|den|der|mein\w*|alle|beide|unser\w*) [\wäöüß-]+(?: (?:hinten|vorne|links|rechts))*)"
    rf"(?: (?P<particle>{_PARTICLE}))?",
    re.IGNORECASE,
)
_ACT = re.compile(r"(?P<verb>(?:请|帮我|麻烦)*(?:把)?(?:打开|开启|关闭|关上|关掉|锁上|解锁|关|开))(?P<noun>[\u4e00-\u9fff]{1,6})")
_THING = re.compile(
    r"(?:所有|全部|两边|后排|前排|我的?)*(?:的)?(?:车?窗(?:户)?|天窗|车?门|后备箱|后尾箱|空调|暖气|音乐|收音机|大灯|车灯|雨刷器?|雨刮器?|座椅加热|座椅通风|按摩|"
    r"屏幕|遮阳帘|车顶)"
)


def german_lends(pieces: list[str]) -> list[str]:
    """Pieces that share a verb, each with it; as they are where they share none, or each names its own way ("die Musik aus und das Licht an")."""
    first = _TWO.fullmatch(pieces[0]) or _ONE.fullmatch(pieces[0])
    bare = [found for piece in pieces[1:] if (found := _BARE.fullmatch(piece)) is not None]
    if first is None or len(bare) < len(pieces) - 1:
        return pieces
    both = [first, *bare]
    particles = {found.groupdict().get("particle") for found in both} - {None}
    if len(particles) != (1 if first.re is _TWO else 0):
        return pieces
    particle = f" {particles.pop()}" if particles else ""
    return [f"{first['verb']} {found['noun']}{particle}" for found in both]


def chinese_lends(pieces: list[str]) -> list[str]:
    """Pieces that share a verb, each with it; as they are where they share none."""
    first = _ACT.fullmatch(pieces[0])
    if first is None or not all(_THING.fullmatch(piece) for piece in pieces[1:]):
        return pieces
    return [f"{first['verb']}{noun}" for noun in (first["noun"], *pieces[1:])]
