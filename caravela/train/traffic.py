"""Makes the world's learned traffic of a teacher: its actor's layers in half precision, for `world.learned` to read without torch."""

from pathlib import Path

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.train.run_files import replace_together
from caravela.train.teacher_net import TeacherNet
from caravela.world.learned import BINS, LAYERS


def write_traffic(net: TeacherNet, path: Path) -> int:
    """Write the file; returns its bytes. The critic stays behind, and the bins keep their full precision. Raises CaravelaError where
    the file cannot be written or a weight is too large for half precision."""
    state = {name: value.detach().cpu().numpy() for name, value in net.state_dict().items()}
    halves = {name: state[name].astype(np.float16) for layer in LAYERS for name in (f"{layer}.weight", f"{layer}.bias")}
    if broken := [name for name, value in halves.items() if not np.isfinite(value).all()]:
        raise CaravelaError(f"the teacher's {', '.join(broken)} do not fit half precision; expected numbers below 65,504: train it again.")

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez_compressed(file, **halves, **{name: state[name].astype(np.float32) for name in BINS})

    replace_together({path: write})
    return path.stat().st_size
