"""Kill an update at every step and at every file it touches, and boot after each: a script that prints the number of kills."""

import os
import sys
import tempfile
from pathlib import Path

from ota_bench import Bench, make_bench
from ota_stories import STORIES, Story

from caravela.vehicle.ota.standing import Standing

KILLED = 9
TOUCHES = ("open", "os.rename", "os.remove", "os.mkdir", "os.symlink", "os.link", "os.truncate")


def act_until(bench: Bench, story: Story, last: int) -> None:
    """In a forked process: play the story, and end at once at touch number `last`."""
    touched = 0

    def touch(*_: object) -> None:
        nonlocal touched
        touched += 1
        if touched >= last:
            os._exit(KILLED)

    def listen(event: str, arguments: tuple) -> None:
        if event in TOUCHES and isinstance(arguments[0], str | Path) and str(arguments[0]).startswith(str(bench.car)):
            touch()

    sys.addaudithook(listen)
    story.act(bench.updater(step=touch), bench.address)
    os._exit(0)


def kill_everywhere(story: Story, folder: Path) -> int:
    """The number of kills until the story came to its end."""
    bench = make_bench(folder)
    story.prepare(bench)
    for last in range(1, 10_000):
        copy = bench.copy(folder / "copy")
        if (child := os.fork()) == 0:
            try:
                act_until(copy, story, last)
            finally:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, KILLED), f"{story.name}, {last}: exit code {code}"
        assert copy.updater().boot(Standing()).path.read_bytes() in (story.before, story.after), f"{story.name}, {last}"
        if code == 0:
            return last - 1
        story.act(copy.updater(), copy.address)
        assert copy.active() == story.after and copy.updater().status()["whole"], f"{story.name}, {last}"
    raise AssertionError("the story does not end")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        kills = [kill_everywhere(story, Path(place) / f"{number}") for number, story in enumerate(STORIES[1:])]
    print(*(f"{story.name}: {count}\n" for story, count in zip(STORIES[1:], kills)), sum(kills))
