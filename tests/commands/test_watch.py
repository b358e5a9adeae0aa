"""`caravela watch`, as typed."""

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from caravela import cli

DATA = Path(os.environ.get("CARAVELA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def typed(words: list[str], capsys: pytest.CaptureFixture) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["watch", *words])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Half a second of a grey road under a blue sky, 25 pictures a second."""
    path = tmp_path / "clip.mp4"
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:45], picture[45:] = (90, 140, 210), (95, 95, 95)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("h264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for _ in range(13):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return path


def pictures_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_a_video_becomes_a_film_with_the_plan_on_the_road(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    film = tmp_path / "film.mp4"
    code, out, err = typed([str(video), "--out", str(film), "--speed", "20", "--fov", "70", "--height", "1.4", "--json"], capsys)
    assert code == 0, err
    result = json.loads(out.splitlines()[-1])
    assert result["pictures"] == 6 and result["kind"] == "video" and result["seconds"] == pytest.approx(0.48)
    assert result["camera"] == {"source": "assumed", "fov_deg": 70.0, "height_m": 1.4, "pitch_deg": 0.0}
    assert result["speed"] == {"source": "20 m/s given, held throughout", "mean": 20.0}
    assert result["fills"]["left"] < 0.2 and 0.0 <= result["risk"]["mean"] <= 1.0
    assert "the rest is black" in err and "assumed camera of 70.0 degrees" in err
    pictures = pictures_of(film)
    assert len(pictures) == 6 and pictures[0].shape[1] == 960 and pictures[0].shape[0] > 540
    sky, road = pictures[-1][:250].astype(int), pictures[-1][400:535, 300:660].astype(int)
    assert (road[..., 1] - road[..., 0] > 20).mean() > 0.1, "a turquoise carpet on the grey road"
    assert np.abs(sky - sky.mean((0, 1))).max() < 40, "and nothing in the sky"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4"]


def test_what_is_not_known_is_said(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    strip = tmp_path / "strip.png"
    code, out, err = typed([str(video), "--out", str(strip), "--seconds", "0.2"], capsys)
    assert code == 0, err
    assert "assumed, for it is unknown" in out and "an assumed camera" in out
    assert Image.open(strip).width == 2 * 960


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-such.mp4"], "no footage at 'no-such.mp4'"),
        (["text.txt"], "cannot open 'text.txt' as a video"),
        (["long.txt"], "cannot open 'long.txt' as a video (it has no pictures)"),
        (["zero.mp4"], "cannot open 'zero.mp4' as a video"),
        (["empty.mp4"], "cannot open 'empty.mp4' as a video (it has no pictures)"),
        (["folder"], "'folder' holds neither a video"),
        (["text.txt", "--fov", "0"], "--fov is 0; expected 5 to 150 degrees"),
        (["text.txt", "--fov", "400"], "--fov is 400"),
        (["text.txt", "--fov", "nan"], "--fov is nan"),
        (["text.txt", "--fov", "wide"], "--fov is 'wide'; expected a number"),
        (["text.txt", "--height", "-1"], "--height is -1"),
        (["text.txt", "--horizon", "1.5"], "--horizon is 1.5"),
        (["text.txt", "--speed", "300"], "--speed is 300; expected 0 to 60 m/s"),
        (["text.txt", "--seconds", "0"], "--seconds is 0"),
        (["text.txt", "--out", "film.avi"], "expected a file ending in .mp4 or .png"),
        (["text.txt", "--out", "no/such/film.mp4"], "give --out a file in a folder"),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("a road")
    (tmp_path / "long.txt").write_text("a road\n" * 3000)
    (tmp_path / "zero.mp4").touch()
    (tmp_path / "folder").mkdir()
    with av.open("empty.mp4", "w") as film:
        stream = film.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        film.start_encoding()
    before = sorted(tmp_path.iterdir())
    code, out, err = typed(words, capsys)
    assert code == 2 and out == "" and err.count("\n") == 1 and says in err
    assert sorted(tmp_path.iterdir()) == before


def test_footage_is_not_written_over(video: Path, capsys: pytest.CaptureFixture) -> None:
    before = video.read_bytes()
    code, out, err = typed([str(video), "--out", str(video.parent / "." / video.name)], capsys)
    assert code == 2 and out == "" and "is the footage itself" in err and video.read_bytes() == before


def test_a_video_cannot_be_scored(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    code, _, err = typed([str(video), "--out", str(tmp_path / "x.mp4"), "--score", str(tmp_path / "x.json")], capsys)
    assert code == 2 and "needs to know where the car went" in err and not (tmp_path / "x.json").exists()


@pytest.fixture
def kitti() -> Path:
    folder = DATA / "kitti_raw_0001"
    if not folder.is_dir():
        pytest.skip("needs the shared KITTI drive (CARAVELA_DATA or ../shared/data)")
    return folder


def test_a_kitti_drive_is_scored_against_what_the_car_did(kitti: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    score, film = tmp_path / "results" / "footage.json", tmp_path / "film.mp4"
    code, out, err = typed([str(kitti), "--seconds", "2", "--out", str(film), "--score", str(score), "--json"], capsys)
    assert code == 0, err
    result, written = json.loads(out.splitlines()[-1]), json.loads(score.read_text())
    assert result["pictures"] == 20 and result["camera"]["source"] == "calibration" and result["speed"]["source"] == "from the log"
    assert written["windows"] == 14 and written["displacement_m"] == result["displacement_m"], (
        "20 but for the first 6, which lack their past"
    )
    of = {name: values["mean"] for name, values in written["displacement_m"].items()}
    assert all(0.0 < values["1s"] < values["2s"] < values["3s"] < 60.0 for values in of.values())
    assert of["driver: best of its proposals"]["3s"] <= of["driver: chosen plan"]["3s"]
    assert of["constant velocity"]["3s"] < 6.0, "the truth is where a car at that speed would be, or nearly"


@pytest.mark.parametrize("words", [["--fov", "60"], ["--speed", "9"]])
def test_a_kitti_drive_takes_no_assumption(words: list[str], kitti: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    code, _, err = typed([str(kitti), *words, "--out", str(tmp_path / "x.mp4")], capsys)
    assert code == 2 and f"got {words[0]} for a KITTI drive" in err


def test_the_shared_dash_cam_is_watched(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    if not (folder := DATA / "dashcam_day").is_dir():
        pytest.skip("needs the shared dash-cam video (CARAVELA_DATA or ../shared/data)")
    film = tmp_path / "film.mp4"
    code, out, err = typed([str(folder), "--speed", "28", "--seconds", "0.4", "--out", str(film), "--json"], capsys)
    assert code == 0, err
    assert json.loads(out.splitlines()[-1])["pictures"] == len(pictures_of(film)) == 4
