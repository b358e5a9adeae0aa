"""Power may be cut at any point: afterwards the car boots a whole version that it had verified, and the update can be done again.

Cut in two ways. In one, what had not yet been synced to the disk is lost, halved, emptied or undone by chance, and steps stop exactly
between two system calls. In the other a real process ends at once, at every step and at every file that it, TUF's client or Python opens,
renames or removes."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ota_bench import Bench, bundle
from ota_stories import STORIES, Story

from caravela.vehicle.ota.disk import Disk
from caravela.vehicle.ota.standing import Standing

KNOWN = {bundle(name) for name in ("factory", "one", "two", "three", "four")}  # not "bad"

LUCK = 2  # times that each step is cut, with other losses


class PowerCut(BaseException):
    pass


class LossyDisk(Disk):
    """Stops at the step number `cut`, and then loses what was not synced."""

    def __init__(self, folder: Path, cut: int) -> None:
        super().__init__(self._count)
        self.cut, self.steps = cut, 0
        self._contents: dict[Path, bytes] = {}  # synced
        self._names: dict[Path, set[str]] = {}  # synced, of a folder
        for path in (folder, *folder.rglob("*")):
            self._note(path)

    def _count(self, name: str) -> None:
        self.steps += 1
        if self.steps >= self.cut:
            raise PowerCut(name)

    def _note(self, path: Path) -> None:
        if path.is_dir():
            self._names[path] = {each.name for each in path.iterdir()}
        elif path.is_file():
            self._contents[path] = path.read_bytes()

    def sync(self, path: Path) -> None:
        self.step(f"sync {path.name}")
        self._note(path)

    def move(self, path: Path, target: Path) -> None:
        self._contents[target] = self._contents[path]  # the content was synced under the old name
        super().move(path, target)

    def lose(self, dice: random.Random) -> None:
        """What the disk looks like when power is back."""
        for folder, names in self._names.items():
            now = {each.name for each in folder.iterdir()}
            for name in sorted(now | names):
                path = folder / name
                if path.is_dir() or path.is_symlink():
                    continue
                kept = self._contents.get(path)
                if name not in names and dice.random() < 0.5:
                    path.unlink()  # its name was not synced
                elif name not in now:
                    if kept is not None and dice.random() < 0.5:
                        path.write_bytes(kept)  # nor was its removal
                elif (content := path.read_bytes()) != kept:
                    halves = [content, content[: len(content) // 2], b"", bytes(len(content))]
                    path.write_bytes(dice.choice(halves if kept is None else [*halves, kept]))


def cut_everywhere(bench: Bench, story: Story, folder: Path, then: Callable[[Bench, random.Random], None]) -> int:
    """Play the story, cut at every step, and look at the car afterwards. Returns the number of steps."""
    story.prepare(bench)
    for cut in range(1, 1000):
        for luck in range(LUCK):
            copy = bench.copy(folder)
            disk, dice = LossyDisk(copy.car, cut), random.Random(LUCK * cut + luck)
            try:
                story.act(copy.updater(disk=disk), copy.address)
                return cut - 1
            except PowerCut:
                disk.lose(dice)
                then(copy, dice)
    raise AssertionError("the story does not end")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_cut_at_any_step_leaves_a_verified_version_and_the_update_can_be_done(bench: Bench, tmp_path: Path, story: Story):
    def look(copy: Bench, dice: random.Random) -> None:
        restarted = copy.updater().boot(Standing(speed=dice.choice((0.0, 9.0)), parking_brake=True)).path.read_bytes()
        assert restarted in (story.before, story.after)
        story.act(copy.updater(), copy.address)
        assert copy.active() == story.after and copy.updater().status()["whole"]

    steps = cut_everywhere(bench, story, tmp_path / "cuts", look)
    print(f"{story.name}: {steps} steps cut")
    assert steps >= 2 if story.act.__name__ == "_boot" else steps >= 5


@pytest.mark.parametrize("story", STORIES[2:3], ids=lambda story: story.name)
def test_power_may_be_cut_again_while_it_recovers(bench: Bench, tmp_path: Path, story: Story):
    def look(copy: Bench, dice: random.Random) -> None:
        for _ in range(3):
            disk = LossyDisk(copy.car, dice.randrange(1, 12))
            try:
                story.act(copy.updater(disk=disk), copy.address)
            except PowerCut:
                disk.lose(dice)
        assert copy.updater().boot(Standing()).path.read_bytes() in KNOWN
        assert copy.active() in (story.before, story.after)

    cut_everywhere(bench, story, tmp_path / "cuts", look)


def test_a_process_killed_at_any_file_it_touches_leaves_a_verified_version():
    """In a process of its own, which forks before each kill: one without threads."""
    done = subprocess.run([sys.executable, str(Path(__file__).with_name("ota_kill.py"))], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    kills = int(done.stdout.split()[-1])
    print(done.stdout)
    assert kills > 200
