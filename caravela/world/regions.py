"""Regional looks: the colours, markings, signal heads, signs and trees that differ from one part of the world to another. The
side of the road is not here: a map has it. Regions have a training side and a test side: looks that are held out are drawn in no
picture that anything learns from (`train.collect` sees to it), to test what a policy makes of a place it has never seen."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import unknown_name
from caravela.world.kernels import bundles

Colour = tuple[int, int, int]  # sRGB

NEAR_POST, FAR_POST, MAST_ARM = "near post", "far post", "mast arm"


@dataclass(frozen=True)
class Region:
    """How a part of the world looks."""

    name: str
    training: bool  # False: held out, to test abroad
    walls: tuple[Colour, Colour, Colour, Colour]
    roofs: tuple[Colour, Colour]
    trim: Colour
    road: tuple[Colour, Colour]  # asphalt, old asphalt
    paving: Colour
    kerb: Colour
    grass: Colour
    earth: Colour
    leaves: tuple[Colour, Colour]  # lit, deep
    cycle_track: Colour
    centre: Colour  # the line between directions
    centre_double: bool  # two solid lines rather than one dashed
    heads: tuple[str, ...]  # where signal heads stand, seen by the traffic that they govern
    housing_yellow: bool = False
    lamps_lie: bool = False  # red, yellow, green side by side
    sign_yellow: bool = False  # yellow ground of yield signs, and yellow signal housings
    plate_yellow: bool = False  # rear number plates
    rear_indicator_red: bool = False
    post: Colour = (96, 99, 102)
    slender_trees: float = 0.1  # share
    gables: float = 0.6  # share of small houses with a pitched roof
    extra: dict[str, float] = field(default_factory=dict)


EUROPE = Region(
    "europe", True,
    walls=((214, 200, 172), (196, 172, 140), (178, 182, 184), (206, 190, 188)), roofs=((146, 74, 54), (92, 84, 84)), trim=(232, 228, 220),
    road=((82, 83, 86), (104, 103, 102)), paving=(152, 150, 146), kerb=(186, 184, 178), grass=(88, 108, 56), earth=(128, 118, 98),
    leaves=((96, 128, 52), (40, 66, 28)), cycle_track=(150, 74, 62), centre=(232, 232, 228), centre_double=False, heads=(NEAR_POST, FAR_POST),
)  # fmt: skip
BRITAIN = Region(
    "britain", True,
    walls=((150, 86, 64), (166, 104, 78), (190, 178, 152), (128, 76, 60)), roofs=((84, 82, 88), (112, 74, 60)), trim=(236, 234, 228),
    road=((74, 75, 78), (98, 97, 98)), paving=(144, 142, 136), kerb=(168, 166, 160), grass=(78, 112, 50), earth=(112, 102, 82),
    leaves=((86, 122, 46), (36, 62, 26)), cycle_track=(138, 62, 54), centre=(232, 232, 228), centre_double=False, heads=(NEAR_POST, FAR_POST),
    plate_yellow=True, gables=0.85,
)  # fmt: skip
UNITED_STATES = Region(
    "united_states", True,
    walls=((196, 182, 158), (168, 108, 84), (204, 204, 200), (150, 150, 152)), roofs=((98, 90, 84), (124, 112, 100)), trim=(224, 222, 216),
    road=((92, 92, 94), (124, 122, 118)), paving=(186, 182, 172), kerb=(192, 188, 178), grass=(112, 124, 62), earth=(158, 140, 108),
    leaves=((104, 130, 54), (48, 72, 32)), cycle_track=(74, 124, 82), centre=(222, 172, 40), centre_double=True, heads=(MAST_ARM,),
    housing_yellow=True, sign_yellow=False, rear_indicator_red=True, gables=0.4,
)  # fmt: skip
AUSTRALIA = Region(
    "australia", False,
    walls=((206, 178, 140), (188, 122, 92), (222, 214, 200), (170, 150, 130)), roofs=((158, 90, 66), (128, 132, 136)), trim=(238, 234, 224),
    road=((96, 94, 94), (126, 120, 114)), paving=(178, 172, 160), kerb=(190, 184, 172), grass=(140, 138, 74), earth=(176, 138, 96),
    leaves=((116, 130, 74), (62, 78, 44)), cycle_track=(82, 128, 84), centre=(234, 234, 230), centre_double=False, heads=(NEAR_POST, FAR_POST),
    slender_trees=0.25,
)  # fmt: skip
JAPAN = Region(
    "japan", False,
    walls=((212, 208, 200), (182, 176, 164), (160, 154, 148), (196, 202, 206)), roofs=((74, 78, 88), (104, 96, 92)), trim=(200, 198, 194),
    road=((88, 90, 96), (108, 110, 114)), paving=(168, 162, 156), kerb=(196, 196, 194), grass=(92, 116, 64), earth=(140, 132, 116),
    leaves=((84, 120, 56), (34, 62, 34)), cycle_track=(72, 104, 150), centre=(226, 150, 40), centre_double=True, heads=(MAST_ARM,),
    lamps_lie=True, sign_yellow=False, post=(150, 152, 150), gables=0.5,
)  # fmt: skip
NORDIC = Region(
    "nordic", False,
    walls=((148, 44, 36), (222, 188, 98), (226, 226, 222), (92, 108, 124)), roofs=((54, 54, 58), (120, 66, 52)), trim=(244, 244, 242),
    road=((78, 80, 84), (96, 98, 100)), paving=(140, 140, 142), kerb=(160, 160, 162), grass=(96, 116, 72), earth=(118, 112, 104),
    leaves=((78, 104, 58), (26, 48, 34)), cycle_track=(146, 70, 62), centre=(230, 186, 52), centre_double=False, heads=(NEAR_POST, FAR_POST),
    sign_yellow=True, slender_trees=0.55, gables=0.9,
)  # fmt: skip

INVENTED = 16  # looks of nowhere, for training: who has seen three learns these three
KEPT_BACK = 4  # of them, the last: none is learned from, they are to choose by


def _invented(number: int) -> Region:
    """A look of nowhere, the same for the same number: the colours of a real one of the training side, shifted, and markings, heads and signs at
    random. Lamps lie on posts only: on mast arms they do on the test side."""
    random = np.random.default_rng((2026, number))
    real = (EUROPE, BRITAIN, UNITED_STATES)
    tint = random.uniform(-6.0, 6.0, 3)

    def shifted(colour: Colour, most: float = 30.0) -> Colour:
        brighter, hue = random.uniform(-most, most), random.uniform(-0.2 * most, 0.2 * most, 3)
        r, g, b = np.clip(np.array(colour) + tint + brighter + hue, 12, 246).astype(int)
        return int(r), int(g), int(b)

    def one(name: str) -> Any:
        return getattr(real[int(random.integers(len(real)))], name)

    lie = number % 3 == 0
    heads = ((NEAR_POST,), (NEAR_POST, FAR_POST), (FAR_POST,)) if lie else ((NEAR_POST,), (MAST_ARM,), (NEAR_POST, MAST_ARM), (FAR_POST,))
    paint = ((236, 236, 232), (224, 214, 120), (226, 176, 56), (214, 120, 52))[int(random.integers(4))]

    def several(name: str) -> Any:
        return tuple(shifted(colour) for colour in one(name))

    walls, roofs, road, leaves = (several(name) for name in ("walls", "roofs", "road", "leaves"))
    return Region(
        f"nowhere_{number + 1}", True, walls=walls, roofs=roofs, trim=shifted(one("trim")), road=road, paving=shifted(one("paving")),
        kerb=shifted(one("kerb")), grass=shifted(one("grass")), earth=shifted(one("earth")), leaves=leaves,
        cycle_track=shifted(one("cycle_track"), 50.0), centre=shifted(paint, 12.0), centre_double=bool(random.random() < 0.4),
        heads=heads[int(random.integers(len(heads)))], housing_yellow=bool(random.random() < 0.4), lamps_lie=lie,
        sign_yellow=bool(random.random() < 0.3), plate_yellow=bool(random.random() < 0.4), rear_indicator_red=bool(random.random() < 0.4),
        post=shifted((110, 112, 114)), slender_trees=float(random.uniform(0.05, 0.5)), gables=float(random.uniform(0.3, 0.9)),
    )  # fmt: skip


REGIONS: tuple[Region, ...] = (EUROPE, BRITAIN, UNITED_STATES, AUSTRALIA, JAPAN, NORDIC, *(_invented(number) for number in range(INVENTED)))
NAMES = tuple(region.name for region in REGIONS)
TRAINING = tuple(k for k, region in enumerate(REGIONS) if region.training)
HOME = TRAINING[: len(TRAINING) - INVENTED]  # the countries among them
TO_CHOOSE_BY = TRAINING[len(TRAINING) - KEPT_BACK :]  # of nowhere, and kept back
HELD_OUT = tuple(k for k, region in enumerate(REGIONS) if not region.training)


def look_named(name: str) -> int:
    """Number of a region by name, as `WorldState.look` holds it. Raises CaravelaError with a suggestion for an unknown one."""
    if name not in NAMES:
        raise unknown_name("region", name, NAMES)
    return NAMES.index(name)


def fitting(latitude: float, longitude: float, *, lefthand: bool) -> int:
    """The look that suits a place on Earth, or the driving side where no place is known (0, 0)."""
    if latitude == 0.0 and longitude == 0.0:
        return NAMES.index("britain" if lefthand else "europe")
    if -170.0 < longitude < -50.0:
        return NAMES.index("united_states")
    if latitude < 0.0 and longitude > 110.0:
        return NAMES.index("australia")
    if 128.0 < longitude < 147.0 and 30.0 < latitude < 46.0:
        return NAMES.index("japan")
    if latitude > 57.5 and longitude > 4.0:
        return NAMES.index("nordic")
    return NAMES.index("britain" if lefthand else "europe")


def at_home(look: int, *, lefthand: bool) -> int:
    """The look itself where it is of the training side, or else the one that most training maps of that driving side have."""
    return look if look in TRAINING else NAMES.index("britain" if lefthand else "europe")


def abroad(name: str, *, looks: Sequence[int] = HELD_OUT) -> int:
    """One of some looks, by default those of the test side, for a map of that name, always the same one."""
    return looks[zlib.crc32(name.encode()) % len(looks)]


def invented(random: np.random.Generator) -> int:
    """A look of nowhere, none of those that are kept back."""
    return len(REGIONS) - INVENTED + int(random.integers(INVENTED - KEPT_BACK))


def is_abroad(looks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether looks are of no country that a driver is taught the streets of: held out, or of nowhere."""
    return ~np.isin(looks, HOME)


def _linear(colour: Colour) -> tuple[float, ...]:
    return tuple((c / 255.0) ** 2.2 for c in colour)


def palettes() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(R, PALETTE, 3) linear colours and (R, SWITCHES) switches of all regions, as kernels read them."""
    palette = np.zeros((len(REGIONS), bundles.PALETTE, 3), np.float32)
    switch = np.zeros((len(REGIONS), bundles.SWITCHES), np.float32)
    for k, r in enumerate(REGIONS):
        rows = {
            bundles.ROAD: r.road[0], bundles.PATCH: r.road[1], bundles.PAVING: r.paving, bundles.KERBSTONE: r.kerb, bundles.GRASS: r.grass,
            bundles.EARTH: r.earth, bundles.TINTED: r.cycle_track, bundles.CENTRE_PAINT: r.centre, bundles.LEAF: r.leaves[0],
            bundles.LEAF_DARK: r.leaves[1], bundles.BARK: (78, 66, 54), bundles.POST: r.post, bundles.HOUSING: (30, 30, 32),
            bundles.WALL_A: r.walls[0], bundles.WALL_B: r.walls[1], bundles.WALL_C: r.walls[2], bundles.WALL_D: r.walls[3],
            bundles.ROOF_A: r.roofs[0], bundles.ROOF_B: r.roofs[1], bundles.TRIM: r.trim,
        }  # fmt: skip
        for row, colour in rows.items():
            palette[k, row] = _linear(colour)
        switch[k, bundles.CENTRE_IS_DOUBLE] = r.centre_double
        switch[k, bundles.LAMPS_LIE] = r.lamps_lie
        switch[k, bundles.SIGN_IS_YELLOW] = r.sign_yellow
        switch[k, bundles.HOUSING_IS_YELLOW] = r.housing_yellow
        switch[k, bundles.PLATE_IS_YELLOW] = r.plate_yellow
        switch[k, bundles.REAR_INDICATOR_RED] = r.rear_indicator_red
    return palette, switch
