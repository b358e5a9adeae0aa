"""What the cameras see that does not move: one or many maps' ground, buildings, trees, signal heads, signs and lamps, packed
into flat arrays. Built once; worlds share it. Everything made up (frontages, trees, colours) follows from the seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import MapError
from caravela.world import regions
from caravela.world.buildings import clearance_of, facets_of, footprints_of, trees_of
from caravela.world.furniture import Furniture, add_signals, add_signs, add_street_lamps
from caravela.world.ground import SECTORS, SURROUND_CELL, Ground, build_ground, surround_grid
from caravela.world.kernels import bundles, placing
from caravela.world.kernels.bundles import ENTRY, GRID_CELL, PLACE, SceneArrays
from caravela.world.kernels.compiling import announce_compiling
from caravela.world.maps.lane_graph import LaneGraph


@dataclass(frozen=True)
class Scene:
    """Arrays for the camera kernels, and which look suits each map."""

    arrays: SceneArrays
    looks: NDArray[np.int32]  # (M,) region that suits each map
    names: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(a.nbytes for a in self.arrays)

    @classmethod
    def build(cls, graphs: Sequence[LaneGraph], *, seed: int = 0) -> "Scene":
        """The scene of these maps, in their order. Raises MapError for none."""
        announce_compiling()
        if not graphs:
            raise MapError("a scene was asked for no map; expected at least one: give it a lane graph.")
        parts = [_MapParts.build(graph, np.random.default_rng([seed, k])) for k, graph in enumerate(graphs)]
        looks = np.array([regions.fitting(*graph.origin, lefthand=graph.lefthand) for graph in graphs], np.int32)
        return cls(arrays=_pack(parts), looks=looks, names=tuple(graph.name for graph in graphs))

    def at_home(self) -> "Scene":
        """The same maps, none in a look of the test side: what training draws."""
        sides = self.arrays.places["lefthand"] > 0.5
        looks = [regions.at_home(int(look), lefthand=bool(left)) for look, left in zip(self.looks, sides, strict=True)]
        return replace(self, looks=np.array(looks, np.int32))

    def abroad(self, looks: Sequence[int] = regions.HELD_OUT) -> "Scene":
        """The same maps, all in some looks, by default those of the test side."""
        return replace(self, looks=np.array([regions.abroad(name, looks=looks) for name in self.names], np.int32))


@dataclass(frozen=True)
class _MapParts:
    """One map's share, before packing."""

    lefthand: bool
    ground: Ground
    surround: NDArray[np.uint8]  # (cells, SURROUND_BYTES)
    building: NDArray[np.float32]
    facet_start: NDArray[np.int32]
    facet: NDArray[np.float32]
    tree: NDArray[np.float32]
    stick: NDArray[np.float32]
    card: NDArray[np.float32]
    lamp: NDArray[np.float32]
    lamp_link: NDArray[np.int32]

    @classmethod
    def build(cls, graph: LaneGraph, random: np.random.Generator) -> "_MapParts":
        clearance = clearance_of(graph)
        prints = footprints_of(graph, clearance, random)
        furniture = Furniture()
        add_signals(graph, clearance, furniture)
        add_signs(graph, clearance, furniture)
        lamps = add_street_lamps(graph, clearance, furniture)
        tree = trees_of(graph, clearance, random)
        building, facet_start, facet = facets_of(prints, random)
        origin, columns, rows = surround_grid(graph)
        heights = np.zeros(rows * columns, np.float32)
        f = np.float32
        place = (f(origin[0]), f(origin[1]), f(SURROUND_CELL), columns, rows)
        placing.raise_polygons(prints.x, prints.y, prints.start, prints.height, *place, heights)
        placing.raise_trees(tree, *place, heights)
        ground = build_ground(graph, heights=(heights, (columns, rows)), lamps=lamps)
        surround = np.zeros((rows * columns, bundles.SURROUND_BYTES), np.uint8)
        surround[:, :SECTORS] = ground.skyline
        surround[:, bundles.SKY_OPEN] = np.round(255 * _openness(ground.skyline))
        surround[:, bundles.LAMP_LIGHT] = ground.lamp_light
        stick, card, lamp, link = furniture.arrays()
        return cls(graph.lefthand, ground, surround, building, facet_start, facet, tree, stick, card, lamp, link)


def _openness(skyline: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of an overcast sky's light that reaches the ground: 1 - mean sin^2 of the skyline's elevation."""
    tangent = np.arange(256) / 32.0
    hidden = (tangent**2 / (1.0 + tangent**2)).astype(np.float32)
    return 1.0 - hidden[skyline].mean(axis=1)


def _cells(part: _MapParts) -> tuple[NDArray[np.int32], NDArray[np.int32], int, int]:
    """Grid of standing things: (start (cells + 1,), entries, columns, rows); each thing lies in the cell of its middle."""
    things = [
        (bundles.BUILDING, part.building[:, :2]), (bundles.TREE, part.tree[:, :2]), (bundles.STICK, 0.5 * (part.stick[:, :2] + part.stick[:, 3:5])),
        (bundles.CARD, part.card[:, :2]), (bundles.LAMP, part.lamp[:, :2]),
    ]  # fmt: skip
    columns, rows = (int(np.ceil(n * SURROUND_CELL / GRID_CELL)) for n in part.ground.surround)
    at = np.concatenate([p for _, p in things]) if things else np.zeros((0, 2))
    entry = np.concatenate([kind * ENTRY + np.arange(len(p)) for kind, p in things])
    i = np.clip(((at[:, 0] - part.ground.origin[0]) / GRID_CELL).astype(int), 0, columns - 1)
    j = np.clip(((at[:, 1] - part.ground.origin[1]) / GRID_CELL).astype(int), 0, rows - 1)
    cell = j * columns + i
    order = np.argsort(cell, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=columns * rows))])
    return start.astype(np.int32), entry[order].astype(np.int32), columns, rows


def _pack(parts: list[_MapParts]) -> SceneArrays:
    """Lay the maps one behind the other."""
    places = np.zeros(len(parts), PLACE)
    lists: dict[str, list[NDArray]] = {name: [] for name in SceneArrays._fields}
    size = dict.fromkeys(SceneArrays._fields, 0)

    def put(name: str, array: NDArray) -> None:
        lists[name].append(array)
        size[name] += len(array)

    for m, part in enumerate(parts):
        ground = part.ground
        grid_start, grid_items, columns, rows = _cells(part)
        place = places[m]
        place["origin_x"], place["origin_y"] = ground.origin
        place["texel"], place["lefthand"] = ground.texel, part.lefthand
        place["tiles_x"], place["tiles_y"] = ground.tiles
        place["surround_x"], place["surround_y"] = ground.surround
        place["grid_x"], place["grid_y"] = columns, rows
        place["stretch"] = part.building[:, 2].max(initial=0.0)
        place["tile_at"], place["mark_at"], place["grid_at"] = size["tile_index"], size["mark_start"], size["grid_start"]
        place["word_at"], place["dense_at"] = size["words"], size["words"] + len(ground.texels)
        place["surround_at"] = size["surround"]
        kinds = np.array([size["building"], size["tree"], size["stick"], size["card"], size["lamp"]], np.int32)
        put("grid_start", grid_start + size["grid_items"])
        put("grid_items", grid_items + kinds[grid_items // ENTRY])
        put("mark_start", ground.mark_start + size["mark_items"])
        put("mark_items", ground.mark_items + size["marks"])
        put("marks", ground.marks)
        put("tile_index", ground.tile_index)
        put("words", ground.texels)
        put("words", ground.dense)
        put("surround", part.surround.reshape(-1))
        put("facet_start", part.facet_start[:-1] + size["facet"])
        put("facet", part.facet)
        for name in ("building", "tree", "stick", "card", "lamp", "lamp_link"):
            put(name, getattr(part, name))
    put("facet_start", np.array([size["facet"]], np.int32))
    palette, switch = regions.palettes()
    lists.update(places=[places], noise=[_noise()], palette=[palette], switch=[switch])
    return SceneArrays(**{name: np.ascontiguousarray(np.concatenate(arrays)) for name, arrays in lists.items()})


def _noise() -> NDArray[np.uint8]:
    """Fractal noise, 256 x 256, periodic, about evenly spread over 0..255; always the same."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256) * 256, np.fft.fftfreq(256) * 256))
    spectrum = np.where(frequency > 0.5, 1.0 / np.maximum(frequency, 1.0) ** 0.9, 0.0)
    field = np.fft.ifft2(np.fft.fft2(np.random.default_rng(7).standard_normal((256, 256))) * spectrum).real
    rank = np.argsort(np.argsort(field.ravel())) / (field.size - 1)
    return np.round(255 * (0.5 * rank + 0.5 * np.clip(0.5 + field.ravel() / (5 * field.std()), 0, 1))).astype(np.uint8)
