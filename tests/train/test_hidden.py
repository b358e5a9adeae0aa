"""Whom no camera shows is left out of what the driver is taught to do, though the teacher would see through what hides them."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.train.collect import REMEMBERED_S, CollectConfig, Collector
from caravela.train.labelling import LEAST_VISIBLE
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world.maps.catalogue import load_town
from caravela.world.state import ABSENT


def test_who_is_hidden_is_forgotten_after_a_while_and_the_world_keeps_them():
    teacher = load_teacher(SHIPPED_TEACHER)
    driver = TeacherDriver(teacher)
    collector = Collector([load_town("alderton")], teacher, None, config=CollectConfig(worlds=4, maps=1), seed=5)
    simulator, worlds = collector.simulator, np.arange(4)
    looks = round(REMEMBERED_S / 0.2) + 1  # longer than they are remembered
    history = []
    for _ in range(3 * looks):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        collector._observe()
        history.append(simulator.truth.visible_pixels >= LEAST_VISIBLE)
    lately, ever = np.any(history[-looks + 1 :], axis=0), simulator.state.controller != ABSENT
    known = ever & ~collector._hidden(worlds)
    others = slice(1, None)
    assert not (known & ~lately)[:, others].any()
    assert (known | ~ever | ~np.array(history[-1]))[:, others].all()
    assert (ever & ~known)[:, others].any() and (known & ever)[:, others].any()
    assert known[:, 0].all()
    before = simulator.state.agents.copy()
    wish = [driver.control(simulator.atlas, simulator.state, hidden=hidden) for hidden in (None, np.zeros_like(known), ~known)]
    assert np.array_equal(wish[0].acceleration, wish[1].acceleration) and np.array_equal(before, simulator.state.agents)
    everybody = np.ones_like(known)
    assert not np.allclose(driver.control(simulator.atlas, simulator.state, hidden=everybody).acceleration, wish[0].acceleration)
