"""`caravela train`, as mistyped: each is refused in one sentence, before a map is read or a step is made."""

import sys
from pathlib import Path

import pytest

from caravela import cli
from caravela.vehicle.bundle import SHIPPED as WEIGHTS

pytest.importorskip("torch", reason="needs the extra `train`")
SHIPPED = WEIGHTS / "nano"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["teacher", "nan0"], "did you mean nano"),
        (["teacher", "--seed", "-1"], "--seed is -1; expected at least 0"),
        (["teacher", "--steps", "0"], "--steps is 0; expected at least 1"),
        (["teacher", "--worlds", "0"], "--worlds is 0; expected at least 1"),
        (["teacher", "--device", "gpu"], "unknown device 'gpu'; known: auto, cpu, cuda"),
        (["teacher", "--folder", __file__], "give --folder one that you can write"),
        (["traffic", "--teacher", "no/such.pt"], "no teacher at 'no/such.pt'"),
        (["traffic", "--out", "no/such/traffic.npz"], "give --out a file that you can write"),
        (["vla", "nan0"], "did you mean nano"),
        (["vla", "--only", "both"], "expected collect, learn or pretrain"),
        (["vla", "--only", "pretrain"], "--only pretrain has no --minutes"),
        (["vla", "--only", "pretrain", "--minutes", "1", "--begin-with", "x"], "--begin-with is for a run that drives"),
        (["vla", "--only", "pretrain", "--minutes", "1", "--learners", "2"], "--minutes is for one learner"),
        (["vla", "--collectors", "2"], "--collectors is for one half only; run `caravela train vla` with --only collect"),
        (["vla", "--only", "learn", "--rounds", "2"], "--rounds is for one half only"),
        (["vla", "--only", "collect", "--collectors", "0"], "--collectors is 0; expected at least 1"),
        (["vla", "--only", "collect", "--learners", "2"], "with --only learn"),
        (["vla", "--only", "learn", "--learners", "3"], "give a number that divides 64"),
        (["vla", "--threads", "0"], "--threads is 0; expected at least 1"),
        (["vla", "--turn-seconds", "nan"], "--turn-seconds is nan; expected at least 1"),
        (["vla", "--teacher", "no/such.pt"], "no teacher at 'no/such.pt'"),
        (["export", "no/such.safetensors"], "no checkpoint at no/such.safetensors"),
        (["export", __file__], "is damaged"),
        (["probe", "--looks", "0", __file__], "--looks is 0; expected at least 1"),
        (["scaling"], "'runs/vla/nano/shards' holds no looks; expected the shards"),
        (["scaling", "nan0"], "did you mean nano"),
        (["scaling", "--episodes", "-1"], "--episodes is -1; expected at least 0"),
        (["scaling", "--data", "0.1", "x"], "--data"),
        (["text", "--looks", "0"], "--looks is 0; expected at least 1"),
        (["text", "--driver", "no/such"], "no driver at 'no/such'"),
        (["text", "--driver", "no/such.safetensors"], "is a checkpoint; expected --out"),
        (["text", "--driver", str(SHIPPED)], "holds no looks; expected the shards"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *words])
    out, err = capsys.readouterr()
    assert stop.value.code == 2 and out == "" and err.count("\n") == 1
    assert err.startswith("caravela: ") and says in err
    assert list(tmp_path.iterdir()) == []


def test_several_collectors_without_their_extra_are_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "vla", "--only", "collect", "--collectors", "2"])
    assert stop.value.code == 2 and ".venv/bin/pip install --editable '.[scale]'" in capsys.readouterr().err


def test_maps_of_other_sides_are_refused_for_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from caravela.commands._map_sides import training_maps
    from caravela.core.errors import CaravelaError
    from caravela.world.maps import library
    from caravela.world.maps.catalogue import load_town, towns

    monkeypatch.setattr(library, "build_library", lambda side, **_: None)
    monkeypatch.setenv("CARAVELA_DATA", str(tmp_path / "none"))
    for name in ("grid-905", "grid-100006", "neukolln"):
        folder = tmp_path / name
        (folder / "train").mkdir(parents=True)
        replace(load_town(towns()[0]), name=name).save(folder / "train" / "0001.lanes")
        with pytest.raises(CaravelaError, match=f"maps of other sides.*{name}"):
            training_maps(folder, towns=1)
