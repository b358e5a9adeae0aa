"""`caravela world play` and `bench`, as typed."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from caravela import cli
from caravela.commands import world


def typed(words: list[str], capsys: pytest.CaptureFixture) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["world", *words])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_a_film_shows_traffic_that_moves(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    film = tmp_path / "clip.mp4"
    code, out, err = typed(["play", "dunmore", "--out", str(film), "--seconds", "1", "--traffic", "light", "--json"], capsys)
    assert code == 0, err
    assert "filming" in err and "10/10" in err
    result = json.loads(out.splitlines()[-1])
    assert result["pictures"] == 10 and result["vehicles"] == 9 and result["driven_m"] > 0.0
    with av.open(str(film)) as opened:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(video=0)]
    assert len(frames) == 10 and frames[0].shape == (540, 960, 3)
    assert np.abs(frames[-1] - frames[0]).mean() > 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_strip_is_one_picture(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    code, _, err = typed(["play", "--out", str(tmp_path / "strip.png"), "--seconds", "0.3", "--traffic", "none"], capsys)
    assert code == 0, err
    assert Image.open(tmp_path / "strip.png").size == (2 * 960, 2 * 540)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["aldertn"], "did you mean alderton"),
        (["--out", "clip.avi"], "expected a file ending in .mp4 or .png"),
        (["--out", "no/such/clip.mp4"], "give --out a file in a folder"),
        (["--seconds", "nan"], "--seconds is nan"),
        (["--seed", "-1"], "--seed is -1"),
        (["--weather", "nihgt"], "did you mean night"),
        (["--traffic", "heavy"], "unknown traffic"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = typed(["play", *words], capsys)
    assert code == 2 and out == "" and err.count("\n") == 1 and says in err
    assert list(tmp_path.iterdir()) == []


def test_bench_tells_the_benchmarks_own_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    script = tmp_path / "world.py"
    script.write_text("import json, sys; print(json.dumps({'camera_fps': 12.0, 'words': sys.argv[1:]}))")
    monkeypatch.setattr(world, "BENCHMARK", script)
    code, out, _ = typed(["bench", "--json"], capsys)
    assert code == 0 and json.loads(out.splitlines()[-1]) == {
        "camera_fps": 12.0,
        "words": ["--no-peer", "--no-sweeps", "--json", "--quick"],
    }
    script.write_text("raise SystemExit(1)")
    assert typed(["bench"], capsys)[0] == 2
    script.unlink()
    assert "from one" in typed(["bench"], capsys)[2]
