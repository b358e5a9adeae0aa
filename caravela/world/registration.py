"""The name under which Gymnasium finds the world. Light on purpose: it loads neither numba nor a map, so that Gymnasium's own
plug-in hook may call it whenever gymnasium is imported."""

import gymnasium

ENVIRONMENT = "Caravela-v0"
EPISODE_STEPS = 600  # 60 s at 10 Hz


def register() -> None:
    """Make `gymnasium.make("Caravela-v0")` and `gymnasium.make_vec("Caravela-v0", num_envs=…)` work. Twice is no harm."""
    if ENVIRONMENT in gymnasium.registry:
        return
    gymnasium.register(
        ENVIRONMENT,
        entry_point="caravela.world.vector_env:WorldEnv",
        vector_entry_point="caravela.world.vector_env:WorldVectorEnv",
        max_episode_steps=EPISODE_STEPS,
    )
