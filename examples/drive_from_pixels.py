"""The shipped model drives a town from its cameras: what it sees goes in, its plan's first control goes out. No page, no torch.
Run: python examples/drive_from_pixels.py"""

from caravela.vehicle.bundle import shipped
from caravela.vehicle.policy import OnnxPolicy
from caravela.world.maps.catalogue import load_town
from caravela.world.simulator import Simulator

TICKS = 50  # of 0.1 s


def main() -> None:
    policy = OnnxPolicy(shipped())
    world = Simulator([load_town("alderton")], rig=policy.rig, traffic="light")
    observation = world.reset(seed=0)
    policy.reset(batch=1)
    for _ in range(TICKS):
        plan = policy.plan(observation)
        observation, events = world.step(plan.control())
        for event in events[0]:
            print(f"{event.t_us / 1e6:.1f} s: {event.kind}")
    car = world.state.agents[0, 0]
    print(f"{TICKS / 10:.0f} s, {car['odometer']:.0f} m, {3.6 * car['speed']:.0f} km/h, {car['energy']:.1f} Wh")


if __name__ == "__main__":
    main()
