"""Traffic lights: each program's clock moves on, and its phase gives every link its lamp."""


from caravela.world.kernels.compiling import kernel
from caravela.world.kernels.random import uniform


@kernel
def update_lamps(roads, map_index, clock, lamp):
    """Write lamp[k] for every signal link of one world's map from the clocks (s into each program)."""
    first_link, last_link = roads.maps[map_index].link_start, roads.maps[map_index].link_end
    first_signal = roads.maps[map_index].signal_start
    for k in range(last_link - first_link):
        signal = roads.links[first_link + k].signal
        a, b = roads.programs[first_signal + signal], roads.programs[first_signal + signal + 1]
        left = clock[signal]
        phase = a
        while phase < b - 1 and left >= roads.phases[phase]:
            left -= roads.phases[phase]
            phase += 1
        lamp[k] = roads.phase_state[phase, roads.links[first_link + k].slot]


@kernel
def advance_clocks(roads, map_index, clock, step):
    first_signal, last_signal = roads.maps[map_index].signal_start, roads.maps[map_index].signal_end
    for signal in range(last_signal - first_signal):
        total = 0.0
        for phase in range(roads.programs[first_signal + signal], roads.programs[first_signal + signal + 1]):
            total += roads.phases[phase]
        clock[signal] += step
        if clock[signal] >= total:
            clock[signal] -= total


@kernel
def scatter_clocks(roads, map_index, clock, worlds, b):
    """Start every program at a random moment."""
    first_signal, last_signal = roads.maps[map_index].signal_start, roads.maps[map_index].signal_end
    for signal in range(last_signal - first_signal):
        total = 0.0
        for phase in range(roads.programs[first_signal + signal], roads.programs[first_signal + signal + 1]):
            total += roads.phases[phase]
        clock[signal] = 0.999 * total * uniform(worlds, b)
