"""Slivers within a junction become road; islands, verges and what lies beside buildings stay."""

import dataclasses

import numpy as np
import pytest

from caravela.core.errors import MapError
from caravela.world.kernels.navigation import ANY_DIRECTION, BUILDING, CELL, OFF_ROAD, enclosed
from caravela.world.maps import lane_graph
from caravela.world.maps.catalogue import TOWNS_FOLDER, load, load_town, towns
from caravela.world.maps.paving import _patches, grid_of, paved

ROAD = 50  # a cell with a heading


def asphalt(value: int = ANY_DIRECTION) -> np.ndarray:
    """(20, 30) cells of road with off-road around."""
    cells = np.full((20, 30), OFF_ROAD, np.uint8)
    cells[2:-2, 2:-2] = value
    return cells


def gap(cells: np.ndarray, rows: slice, columns: slice, value: int = OFF_ROAD) -> np.ndarray:
    cells[rows, columns] = value
    return cells


def test_a_gap_is_found_with_its_border_and_its_thickness():
    start, found, within, thickest = enclosed(gap(asphalt(), slice(5, 8), slice(6, 16)), 100)
    assert start.tolist() == [0, 30]
    assert {tuple(cell) for cell in found} == {(r, c) for r in range(5, 8) for c in range(6, 16)}
    assert (within.tolist(), thickest.tolist()) == ([1.0], [3])


def test_the_outside_a_building_and_what_is_large_are_none():
    assert enclosed(asphalt(), 100)[0].tolist() == [0]
    assert enclosed(gap(gap(asphalt(), slice(5, 8), slice(6, 16)), slice(5, 6), slice(6, 7), BUILDING), 100)[0].tolist() == [0]
    assert enclosed(gap(asphalt(), slice(5, 8), slice(6, 16)), 29)[0].tolist() == [0]


def test_the_border_counts_what_is_junction():
    cells = asphalt(ROAD)
    cells[5, 3:] = ANY_DIRECTION  # along one of the long sides of the gap
    _, _, within, _ = enclosed(gap(cells, slice(6, 7), slice(6, 16)), 100)
    assert within[0] == pytest.approx(10 / 22)


def crossroads_with_a_hole(size: tuple[float, float]):
    """A town whose first junction's outline has been cut so that a hole of `size` m remains in its middle, and the hole's middle."""
    graph = load_town(towns()[0])
    x, y = (float(v[graph.junction_start[0] : graph.junction_start[1]].mean()) for v in (graph.junction_x, graph.junction_y))
    half = np.array(size) / 2
    outer = [(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9), (x - 9, y - 9)]
    inner = [
        (x - half[0], y - half[1]),
        (x - half[0], y + half[1]),
        (x + half[0], y + half[1]),
        (x + half[0], y - half[1]),
        (x - half[0], y - half[1]),
    ]
    corners = np.array(outer + inner, np.float32)
    far = graph.lane_kind == 255
    clear = dataclasses.replace(
        graph,
        lane_use=np.where(far, graph.lane_use, 0).astype(np.uint8),  # no lane covers the hole
        junction_start=np.array([0, len(corners)], np.int32),
        junction_x=corners[:, 0].copy(),
        junction_y=corners[:, 1].copy(),
        building_start=np.zeros(1, np.int32),
    )
    return clear, (x, y)


def cell_of(graph, place: tuple[float, float]) -> int:
    origin, cells = grid_of(graph)
    return int(cells[int((place[1] - origin[1]) / CELL), int((place[0] - origin[0]) / CELL)])


@pytest.mark.parametrize(
    ("size", "closed"), [((0.6, 0.6), True), ((6.0, 1.4), True), ((1.0, 8.0), True), ((3.5, 3.5), False), ((12.0, 1.4), False)]
)
def test_a_sliver_in_a_junction_is_paved_and_an_island_is_none(size, closed):
    graph, middle = crossroads_with_a_hole(size)
    assert cell_of(graph, middle) == OFF_ROAD
    assert cell_of(paved(graph), middle) == (ANY_DIRECTION if closed else OFF_ROAD)


def test_patches_are_outlines_behind_the_others():
    graph, middle = crossroads_with_a_hole((6.0, 1.4))
    after = paved(graph)
    assert len(after.junction_start) == len(graph.junction_start) + 1
    patch = np.stack([after.junction_x, after.junction_y], 1)[after.junction_start[1] :]
    turns = [
        np.cross(*(np.append(v, 0) for v in (b - a, c - b)))[2] for a, b, c in zip(patch, np.roll(patch, -1, 0), np.roll(patch, -2, 0))
    ]
    assert min(turns) > 0  # convex, counter-clockwise
    assert np.abs(patch.mean(0) - middle).max() < 0.6
    assert (after.lane_junction == graph.lane_junction).all()


@pytest.mark.parametrize("shape", ["speck", "corner", "bar"])
def test_what_has_a_direction_keeps_it(shape):
    cells = asphalt(ROAD)
    holes = {"speck": [(8, 10)], "corner": [(8, 10), (9, 10), (9, 11)], "bar": [(8, 10), (8, 11), (8, 12), (8, 13)]}[shape]
    for hole in holes:
        cells[hole] = OFF_ROAD
    outlines = _patches(cells)
    covered = {
        (row, column)
        for row in range(20)
        for column in range(30)
        for outline in outlines
        if _within(outline, (column + 0.5) * CELL, (row + 0.5) * CELL)
    }
    assert covered == set(holes)


def _within(outline: np.ndarray, x: float, y: float) -> bool:
    return all((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0 for a, b in zip(outline, np.roll(outline, -1, axis=0)))


@pytest.mark.parametrize("town", towns())
def test_of_a_town_only_off_road_becomes_road(town):
    graph = lane_graph.load(TOWNS_FOLDER / f"{town}.lanes")
    before, after = grid_of(graph)[1], grid_of(paved(graph))[1]
    changed = before != after
    assert (before[changed] == OFF_ROAD).all() and (after[changed] == ANY_DIRECTION).all()
    again = grid_of(paved(paved(graph)))[1]
    assert (again != after).mean() < 1e-4


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_whose_points_are_none_is_said_to_be_broken(tmp_path, value):
    graph = load_town(towns()[0])
    dataclasses.replace(graph, point_x=np.full_like(graph.point_x, value)).save(tmp_path / "odd.lanes")
    with pytest.raises(MapError, match="broken lane graph"):
        load(tmp_path / "odd.lanes")
