"""The page on the vehicle lists every file of it."""

from pathlib import Path

import caravela.vehicle


def test_every_file_has_its_line() -> None:
    folder, page = Path(caravela.vehicle.__file__).parent, Path("docs/vehicle.md").read_text()
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"} | {
        f"{path.parent.name}/" for path in folder.glob("*/__init__.py")
    }
    assert not [name for name in sorted(files) if f"| `{name}` |" not in page]
