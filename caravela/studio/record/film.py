"""Pictures of a drive as a file: an H.264 film, or a strip of a few of them as one PNG."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import CaravelaError

SUFFIXES = (".mp4", ".png")
STRIP = 6  # pictures of a strip
QUALITY = "20"  # constant rate factor of x264: no loss that one sees


def check_target(path: Path) -> None:
    """Raises CaravelaError where `path` is no film and no strip, or cannot be written. Leaves nothing behind."""
    if path.suffix.lower() not in SUFFIXES:
        raise CaravelaError(f"--out is '{path}'; expected a file ending in {' or '.join(SUFFIXES)}.")
    there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except OSError as error:
        raise unwritable(path, error) from error


def write_film(path: Path, pictures: Iterable[NDArray[np.uint8]], *, rate: int) -> int:
    """Write (H, W, 3) pictures of even height and width, `rate` a second, as they come; returns how many. A file of that name is
    replaced once the film is whole. Raises CaravelaError where the disk does not take it."""
    import av

    partial, count = path.with_name(f".{path.name}.partial"), 0
    try:
        with av.open(str(partial), "w", format="mp4") as film:
            stream = None
            for picture in pictures:
                if stream is None:
                    stream = film.add_stream("h264", rate=Fraction(rate), options={"crf": QUALITY})
                    stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                count += 1
            if stream is not None:
                film.mux(stream.encode())
        partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def write_strip(path: Path, pictures: list[NDArray[np.uint8]]) -> int:
    """Write up to STRIP of these (H, W, 3) pictures, evenly chosen, two in a row, as one PNG; returns how many."""
    from PIL import Image

    chosen = [pictures[k] for k in np.unique(np.linspace(0, len(pictures) - 1, STRIP).round().astype(int))]
    blank = [np.zeros_like(chosen[0])] * (len(chosen) % 2)
    pairs = zip((chosen + blank)[::2], (chosen + blank)[1::2])
    try:
        Image.fromarray(np.concatenate([np.concatenate(pair, axis=1) for pair in pairs])).save(path)
    except OSError as error:
        raise unwritable(path, error) from error
    return len(chosen)


def unwritable(path: Path, error: OSError) -> CaravelaError:
    return CaravelaError(f"cannot write '{path}' ({error.strerror or error}); give --out a file in a folder that you can write.")
