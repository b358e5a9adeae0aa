"""Where the teacher's checkpoint lies: the one that was trained here, or the one that ships."""

from pathlib import Path

from caravela.core.errors import CaravelaError

SHIPPED_TEACHER = Path(__file__).resolve().parents[1] / "weights" / "teacher.pt"
TRAINED_TEACHER = Path("runs/teacher/nano/last.pt")


def teacher_at(path: Path | None) -> Path:
    """`path`, or where none is given the teacher trained here, or else the one that ships. Raises CaravelaError where there is none."""
    if path is None:
        path = TRAINED_TEACHER if TRAINED_TEACHER.is_file() else SHIPPED_TEACHER
    if not path.is_file():
        raise CaravelaError(f"no teacher at '{path}'; expected a checkpoint: `caravela train teacher nano` makes one, or give --teacher.")
    return path
