"""Makes the world's learned traffic of a teacher: its actor's layers in half precision, for `world.learned` to read without torch."""

from pathlib import Path

import numpy as np

from caravela.core.errors import CaravelaError
from caravela.train.teacher_net import TeacherNet
from caravela.world.learned import BINS, LAYERS


def write_traffic(net: TeacherNet, path: Path) -> int:
    """Write the file; returns its bytes. The critic stays behind, and the bins keep their full precision. Raises CaravelaError where
    the file cannot be written or a weight is too large for half precision."""
    state = {name: value.detach().cpu().numpy() for name, value in net.state_dict().items()}
    halves = {name: state[name].astype(np.float16) for layer in LAYERS for name in (f"{layer}.weight", f"{layer}.bias")}
    if broken := [name for name, value in halves.items() if not np.isfinite(value).all()]:
        raise CaravelaError(f"the teacher's {', '.join(broken)} do not fit half precision; expected numbers below 65,504: train it again.")
    part = path.with_name(f"{path.name}.part")  # worlds that begin meanwhile read the old one
    try:
        with part.open("wb") as file:
            np.savez_compressed(file, **halves, **{name: state[name].astype(np.float32) for name in BINS})
        part.replace(path)
    except OSError as error:
        raise CaravelaError(f"cannot write '{path}' ({error.strerror}); give --out a file that you can write.") from error
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size
