"""What the camera kernels are handed: arrays bundled by name, and the names of columns. Maps lie one behind the other, and a
map's record says where its rows begin. Functions called for every pixel take only the arrays they read, since Numba passes
arrays by value."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PLACE = np.dtype(
    [
        ("origin_x", "f4"),  # m, corner of the ground raster and of the surround grid
        ("origin_y", "f4"),
        ("texel", "f4"),  # m
        ("lefthand", "f4"),  # 1 where traffic keeps left
        *((name, "i4") for name in ("tiles_x", "tiles_y", "tile_at", "mark_at", "surround_x", "surround_y", "grid_x", "grid_y", "grid_at")),
        ("word_at", "i8"),  # first word of the map's tiles
        ("dense_at", "i8"),  # first word of its dense levels
        ("surround_at", "i8"),  # first byte of its surround grid
        ("stretch", "f4"),  # m, radius of its largest building
    ],
    align=True,
)
SURROUND_BYTES = 18  # per cell: 16 skyline directions, openness, street lamps' light
SKY_OPEN, LAMP_LIGHT = 16, 17
GRID_CELL = np.float32(32.0)  # m, cells in which standing things are found
# what a grid entry is (entry = kind * ENTRY + index)
ENTRY = 1 << 24
BUILDING, TREE, STICK, CARD, LAMP = range(5)
# facet columns: corner (3), unit axis along (2), length along, unit axis up (3), length up, what the top loses left and right, role
FACET_COLUMNS = 13
WALL, GABLE, SLOPE, FLAT = range(4)
# environment columns
(SUN_X, SUN_Y, SUN_Z, SUN_R, SUN_G, SUN_B, SKY_R, SKY_G, SKY_B, RIM_R, RIM_G, RIM_B, TOP_R, TOP_G, TOP_B, FOG_R, FOG_G, FOG_B,
 FOG, NIGHT, WET, CLOUD, RAIN, SUN_TAN, SECTOR, SUN_UP, STREET, EXPOSURE, CLOCK, LAMP_GAIN, WORLD_SEED, DAY) = range(32)
ENVIRONMENT = 32
# view columns: eye, unit axes, focal length and centre in pixels
EYE_X, EYE_Y, EYE_Z, FORE_X, FORE_Y, FORE_Z, RIGHT_X, RIGHT_Y, RIGHT_Z, UP_X, UP_Y, UP_Z, FOCAL, CENTRE_X, CENTRE_Y = range(15)
VIEW = 16
NEAR = np.float32(0.15)  # m, nearest depth drawn
# palette rows of a look
(ROAD, PATCH, PAVING, KERBSTONE, GRASS, EARTH, TINTED, CENTRE_PAINT, LEAF, LEAF_DARK, BARK, POST, HOUSING, WALL_A, WALL_B, WALL_C, WALL_D,
 ROOF_A, ROOF_B, TRIM) = range(20)
PALETTE = 20
# switches of a look
CENTRE_IS_DOUBLE, LAMPS_LIE, SIGN_IS_YELLOW, HOUSING_IS_YELLOW, PLATE_IS_YELLOW, REAR_INDICATOR_RED = range(6)
SWITCHES = 8
# what a pixel shows
SEMANTICS = ("sky", "terrain", "road", "paint", "pavement", "building", "tree", "pole", "signal", "sign", "vehicle", "two_wheeler", "person")
(IS_SKY, IS_TERRAIN, IS_ROAD, IS_PAINT, IS_PAVEMENT, IS_BUILDING, IS_TREE, IS_POLE, IS_SIGNAL, IS_SIGN, IS_VEHICLE, IS_TWO_WHEELER,
 IS_PERSON) = range(13)


class SceneArrays(NamedTuple):
    """All that stands still. M maps, G buildings, F facets, T trees, S sticks, N cards, P lamps, R looks."""

    places: NDArray  # (M,) PLACE
    tile_index: NDArray[np.int32]
    words: NDArray[np.uint64]  # tiles and dense levels of the ground raster
    marks: NDArray[np.float32]  # (., 8)
    mark_start: NDArray[np.int32]
    mark_items: NDArray[np.int32]
    surround: NDArray[np.uint8]
    grid_start: NDArray[np.int32]
    grid_items: NDArray[np.int32]
    building: NDArray[np.float32]  # (G, 6): x, y, radius, height, seed, style
    facet_start: NDArray[np.int32]  # (G + 1,)
    facet: NDArray[np.float32]  # (F, FACET_COLUMNS)
    tree: NDArray[np.float32]  # (T, 6): x, y, crown radius, height, seed, species
    stick: NDArray[np.float32]  # (S, 9): ends x, y, z, x, y, z, radius, palette row, look mask
    card: NDArray[np.float32]  # (N, 9): x, y, z, heading it faces, half width, half height, face, look mask, seed
    lamp: NDArray[np.float32]  # (P, 8): x, y, z, heading it faces, radius, role, look mask, shape
    lamp_link: NDArray[np.int32]  # (P,) signal link, -1: a street lamp
    noise: NDArray[np.uint8]  # (256 * 256,)
    palette: NDArray[np.float32]  # (R, PALETTE, 3) linear
    switch: NDArray[np.float32]  # (R, SWITCHES)
