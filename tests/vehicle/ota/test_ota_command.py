"""`caravela vehicle publish` and `update`, with the model that ships: from a new repository to a car that drives with what it offers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from caravela.cli import main
from caravela.vehicle.bundle import open_bundle, shipped

PARKED = ("--speed", "0", "--parking-brake")


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and what was said of `caravela vehicle ...`."""
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", *words, "--json"])
    out, said = capsys.readouterr()
    return int(stop.value.code or 0), json.loads(out.splitlines()[-1]) if out.strip() else {}, said


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def renamed(folder: Path, name: str) -> Path:
    """The model that ships, made for the tier `name`, of four letters."""
    content = (shipped() / "model.onnx").read_bytes()
    assert len(name) == 4 and content.count(b"caravela.name\x12\x04nano") == 1
    (folder / name).mkdir()
    (folder / name / "model.onnx").write_bytes(content.replace(b"caravela.name\x12\x04nano", b"caravela.name\x12\x04" + name.encode()))
    return folder / name


def other(folder: Path) -> Path:
    """The model that ships with another data version: another release of the same tier."""
    content, told = (shipped() / "model.onnx").read_bytes(), open_bundle(shipped()).card.data_version.encode()
    assert content.count(told) == 1 and told[-1:] != b"9"
    (folder / "next").mkdir()
    (folder / "next" / "model.onnx").write_bytes(content.replace(told, told[:-1] + b"9"))
    return folder / "next"


def test_from_a_new_repository_to_a_car_that_drives_with_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, published, _ = call(capsys, "publish", str(shipped()), "--new")
    assert code == 0 and published["releases"] == {"nano": 1}
    code, status, _ = call(capsys, "update", "new", "--root", published["root"])
    assert code == 0 and status["tier"] == "nano" and status["active"]["release"] == 0
    code, checked, _ = call(capsys, "update", "check", "--source", "repository")
    assert code == 0 and not checked["news"], "it came with this one"
    assert call(capsys, "publish", str(other(here)))[1]["releases"] == {"nano": 2}
    code, staged, _ = call(capsys, "update", "stage", "--source", "repository")
    assert code == 0 and staged["news"] and staged["staged"]["release"] == 2
    code, _, said = call(capsys, "update", "swap", "--speed", "3", "--parking-brake")
    assert code == 2 and "refused (not parked): it moves at 3.0 m/s" in said
    assert call(capsys, "update", "swap", *PARKED)[1]["trial"]["release"] == 2
    code, booted, _ = call(capsys, "update", "boot", *PARKED)
    assert code == 0 and booted["happened"] == ["release 2 passed its self-test"] and booted["active"]["release"] == 2
    assert Path(booted["bundle"]).read_bytes() == (here / "next" / "model.onnx").read_bytes()
    code, back, _ = call(capsys, "update", "rollback", *PARKED)
    assert code == 0 and back["active"]["release"] == 0 and back["failed"][0]["why"] == "rolled back by hand"
    code, _, said = call(capsys, "update", "stage", "--source", "repository")
    assert code == 2 and "refused (failed before)" in said
    assert call(capsys, "publish")[0] == 0, "renewed"


def test_a_bundle_of_another_tier_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "publish", str(renamed(here, "mini")), "--new")
    call(capsys, "update", "new", "--root", "repository/metadata/1.root.json")
    code, _, said = call(capsys, "update", "stage", "--source", "repository")
    assert code == 2 and "refused (other tier): 'repository' has no bundle for the tier 'nano'; it has mini" in said


def test_a_car_of_its_own_version_drives(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "publish", "--new")
    call(capsys, "update", "new", "--root", "repository/metadata/1.root.json")
    code, result, said = call(capsys, "run", "--car", "car", "--seconds", "0.3", "--deadline-ms", "20000")
    assert code == 0 and result["mode"] and "the car in 'car' drives with 0-" in said
    shutil.rmtree(here / "car" / "versions")
    code, _, said = call(capsys, "run", "--car", "car")
    assert code == 2 and "no version in 'car' is whole" in said


def test_a_car_tries_an_update_only_where_it_is_known_to_be_parked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "publish", str(other(here)), "--new")
    call(capsys, "update", "new", "--root", "repository/metadata/1.root.json")
    call(capsys, "update", "stage", "--source", "repository")
    call(capsys, "update", "swap", *PARKED)
    run = ("run", "--car", "car", "--video", "front=missing.mp4")  # it has started by the time that this is looked for
    for options, told in (
        ((), "waits for the car to be parked: its speed is not known"),
        (("--car-speed", "3", "--parking-brake"), "waits for the car to be parked: it moves at 3.0 m/s"),
        (("--car-speed", "0", "--parking-brake", "--engaged"), "waits for the car to be parked: L2 or L4 is engaged"),
        (("--car-speed", "0", "--parking-brake"), "release 1 passed its self-test"),
    ):
        assert told in call(capsys, *run, *options)[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("update", "instal"), "unknown action of `caravela vehicle update` 'instal'"),
        (("update", "status"), "no car at 'car'"),
        (("update", "boot", *PARKED), "no car at 'car'"),
        (("update", "check", "--source", "x"), "no car at 'car'"),
        (("update", "check"), "check needs --source"),
        (("update", "new"), "new needs --root"),
        (("update", "new", "--root", "missing"), "cannot read --root 'missing'"),
        (("update", "new", "--root", "junk"), "no signed root metadata"),
        (("update", "swap", "--speed", "fast"), "expected a number"),
        (("publish",), "no repository at 'repository'"),
        (("publish", "junk", "--new"), "no readable ONNX model"),
        (("publish", "--new", "--keys", "repository/keys"), "lies in the repository"),
        (("publish", "--new", "--repository", "full"), "'full' is not empty"),
        (("run", "--car", "car", "--policy", "model"), "both --car and --policy"),
        (("run", "--car", "nowhere"), "no car at 'nowhere'"),
    ],
)
def test_bad_input_gets_one_sentence(words: tuple[str, ...], told: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "junk").write_text("{}")
    (here / "full").mkdir()
    (here / "full" / "x").touch()
    code, _, said = call(capsys, *words)
    assert code == 2 and told in said and "Traceback" not in said and said.count("\n") == 1


@pytest.mark.parametrize("root", ["{}", "[]", "", "1", '{"signed": {}, "signatures": []}', "[" * 100_000])
def test_root_metadata_that_is_none_is_told(root: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "junk").write_text(root)
    code, _, said = call(capsys, "update", "new", "--root", "junk")
    assert code == 2 and "no signed root metadata" in said and not (here / "car").exists()
