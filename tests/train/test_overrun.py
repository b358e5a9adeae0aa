"""Cars that stand at a red light and are put beyond its line: nobody ran it, and they drive on."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.train.collect import OVERRUN, CollectConfig, Collector
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world.kernels import events
from caravela.world.maps.catalogue import load_town


def test_a_car_put_beyond_the_line_has_run_no_light_and_drives_on():
    teacher = load_teacher(SHIPPED_TEACHER)
    driver = TeacherDriver(teacher)
    config = CollectConfig(worlds=24, maps=1, traffic=("none",), overrun_every=0.2, ticks_per_look=2)  # whoever stands is put there
    collector = Collector([load_town("alderton")], teacher, None, config=config, seed=3)
    simulator = collector.simulator
    put = np.zeros(24, dtype=np.bool_)
    moved_on = np.zeros(24, dtype=np.bool_)
    for tick in range(700):
        before = simulator.state.agents[:, 0].copy()
        collector._overrun()
        jump = np.hypot(*(simulator.state.agents[axis][:, 0] - before[axis] for axis in "xy"))
        assert ((jump == 0.0) | ((jump > 1.0) & (jump < OVERRUN[1] + 6.0))).all()
        assert (simulator._restarted == (jump > 0.0)).all()
        simulator._restarted[:] = False
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        assert not (simulator.flags[jump > 0.0, 0] & (events.RED_LIGHT | events.OFF)).any()
        put |= (jump > 0.0) & (tick < 550)  # 15 s are left to drive on
        moved_on |= put & (simulator.state.speed[:, 0] > 3.0)
    assert put.sum() >= 4 and (moved_on == put).all()
