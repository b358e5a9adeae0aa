"""Traffic lights: lamps follow their programs, against a reference in plain Python."""

import numpy as np
import pytest
from crossroads import GREEN_S, RED_S, YELLOW_S

from caravela.core.types import Control
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_GREEN_YIELD, LAMP_RED, LAMP_YELLOW
from caravela.world.simulator import Simulator


def idle(batch):
    return Control(np.full(batch, -3.0, np.float32), np.zeros(batch, np.float32))


def lamps_at(graph, clock):
    """The lamp of every link of a graph, `clock` s (S,) into its programs."""
    lamps = []
    for link in range(len(graph.link_signal)):
        signal = graph.link_signal[link]
        a, b = graph.signal_phase_start[signal], graph.signal_phase_start[signal + 1]
        ends = np.cumsum(graph.phase_duration[a:b].astype(np.float64))
        phase = min(int(np.searchsorted(ends, clock[signal], side="right")), b - a - 1)
        lamps.append(graph.phase_state[a + phase, graph.link_slot[link]])
    return np.array(lamps)


def test_lamps_follow_their_programs_in_every_town(atlas):
    simulator = Simulator(atlas, batch=3, traffic="none")
    start = simulator.state.signal_clock.astype(np.float64).copy()
    wrong = compared = 0
    for tick in range(1, 901):
        simulator.advance(idle(3))
        if tick % 30:
            continue
        for b, graph in enumerate(atlas.graphs):
            total = np.array([graph.phase_duration[a:e].sum() for a, e in zip(graph.signal_phase_start, graph.signal_phase_start[1:])])
            clock = (start[b, : len(total)] + tick * 0.1) % total
            lamps = simulator.state.lamp[b, : len(graph.link_signal)]
            wrong += int((lamps_at(graph, clock) != lamps).sum())
            compared += len(lamps)
    assert compared > 3000
    assert wrong / compared < 0.01  # a clock in float32 may change a lamp one tick early or late


def test_a_program_cycles_through_all_its_phases(crossing):
    seen = []
    for _ in range(round((GREEN_S + YELLOW_S + RED_S) / 0.1)):
        crossing.advance(idle(1))
        seen.append(int(crossing.state.lamp[0, 0]))
    changes = [lamp for k, lamp in enumerate(seen) if k == 0 or lamp != seen[k - 1]]
    assert changes in ([LAMP_GREEN, LAMP_YELLOW, LAMP_RED], [LAMP_GREEN, LAMP_YELLOW, LAMP_RED, LAMP_GREEN])
    for lamp, seconds in ((LAMP_GREEN, GREEN_S), (LAMP_YELLOW, YELLOW_S), (LAMP_RED, RED_S)):
        assert seen.count(lamp) * 0.1 == pytest.approx(seconds, abs=0.21)


def test_frozen_lights_stay_as_they_are(crossing):
    crossing.state.frozen[0] = True
    crossing.advance(idle(1))
    before = crossing.state.lamp.copy()
    for _ in range(500):
        crossing.advance(idle(1))
        assert np.array_equal(crossing.state.lamp, before)


def test_programs_start_at_unrelated_moments(atlas):
    simulator = Simulator(atlas, batch=30, traffic="none", maps=[2])
    clocks = simulator.state.signal_clock[:, 0]
    assert len(np.unique(clocks.round(2))) > 25
    assert clocks.std() > 5.0


def test_crossing_traffic_is_never_green_together(atlas):
    """Two lanes that cross may both be green only where one of them gives way."""
    for graph in atlas.graphs:
        for lane in np.flatnonzero(graph.lane_link >= 0):
            for k in range(graph.conflict_start[lane], graph.conflict_start[lane + 1]):
                foe = graph.conflict[k]
                if graph.lane_link[foe] < 0 or graph.link_signal[graph.lane_link[foe]] != graph.link_signal[graph.lane_link[lane]]:
                    continue
                mine, theirs = graph.lane_link[lane], graph.lane_link[foe]
                a, b = graph.signal_phase_start[graph.link_signal[mine]], graph.signal_phase_start[graph.link_signal[mine] + 1]
                states = graph.phase_state[a:b]
                both = (states[:, graph.link_slot[mine]] == LAMP_GREEN) & (states[:, graph.link_slot[theirs]] == LAMP_GREEN)
                merging = set(graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]) & set(
                    graph.successor[graph.successor_start[foe] : graph.successor_start[foe + 1]]
                )
                assert not both.any() or merging, (graph.name, lane, foe)
    assert LAMP_GREEN_YIELD != LAMP_GREEN
