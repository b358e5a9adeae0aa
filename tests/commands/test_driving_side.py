"""Where a driver is told the side of the road and nothing says which it is, the assumption is said; else not a word of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from test_watch import typed
from test_watch import video as video  # a fixture

torch = pytest.importorskip("torch", reason="exporting a model for the test needs the extra `train`")

from caravela import cli
from caravela.model.export import export_onnx
from caravela.model.presets import from_dial
from caravela.model.vla import VLA

RIGHT, LEFT = (
    "is assumed to keep to the right; where it keeps to the left, add --lefthand",
    "is taken to keep to the left, as --lefthand says",
)


def exported(folder: Path, *, told: bool) -> Path:
    export_onnx(VLA(replace(from_dial("tiny", depth=1), mirrors_left=told)), folder / "model.onnx", proposals=2, steps=1)
    return folder


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A driver that is told the side."""
    return exported(tmp_path_factory.mktemp("told"), told=True)


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A driver of before, which takes two numbers."""
    return exported(tmp_path_factory.mktemp("untold"), told=False)


def lines(text: str, *needles: str) -> int:
    return sum(all(needle in line for needle in needles) for line in text.splitlines())


@pytest.mark.parametrize(("flag", "says"), [([], RIGHT), (["--lefthand"], LEFT)])
def test_watching_says_it_in_a_line(flag: list[str], says: str, told: Path, video: Path, tmp_path: Path, capsys) -> None:
    words = [str(video), "--out", str(tmp_path / "x.png"), "--seconds", "0.1", "--policy", str(told), *flag]
    code, _, err = typed(words, capsys)
    assert code == 0 and lines(err, says) == lines(err, "traffic") == 1


def test_the_loop_on_video_says_it(told: Path, video: Path, capsys) -> None:
    run = ["vehicle", "run", "--seconds", "0.1", "--policy", str(told)]
    with pytest.raises(SystemExit) as stop:
        cli.main([*run, "--video", f"front={video}"])
    assert not stop.value.code and lines(capsys.readouterr().err, RIGHT) == 1


def test_serving_says_it(told: Path, untold: Path, capsys, monkeypatch) -> None:
    pytest.importorskip("carla_driver_interface.protocol", reason="serving needs the extra 'serve'")
    monkeypatch.setattr("caravela.commands._vehicle_serve._until_signalled", lambda: None)
    for policy, flag, count in ((told, [], 1), (untold, [], 0), (told, ["--lefthand"], 0)):
        with pytest.raises(SystemExit) as stop:
            cli.main(["vehicle", "serve", "--port", "0", "--policy", str(policy), *flag])
        err = capsys.readouterr().err
        assert not stop.value.code and lines(err, RIGHT) == count and lines(err, LEFT) == bool(flag)


def test_a_driver_that_is_not_told_it_says_nothing(untold: Path, video: Path, tmp_path: Path, capsys) -> None:
    code, _, err = typed([str(video), "--out", str(tmp_path / "x.png"), "--seconds", "0.1", "--policy", str(untold)], capsys)
    assert code == 0 and lines(err, "the rest is black") == 1 and not lines(err, "keep to")
