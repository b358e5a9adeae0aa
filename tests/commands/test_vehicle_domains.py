"""`caravela vehicle domains`, as typed: bad input is one sentence, and a short run drives both, writes the result and makes its page."""

import json
from pathlib import Path

import pytest

from caravela.cli import main
from caravela.commands._vehicle_domains import _spread
from caravela.world.maps.catalogue import TOWNS_FOLDER


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([*words, "--json"])
    out, said = capsys.readouterr()
    return int(stop.value.code or 0), out, said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--pairs", "0"), "expected at least 1"),
        (("--seconds", "5"), "expected 20 to 300"),
        (("--seed", "-1"), "expected 0 or more"),
        (("--maps", "nowhere"), "is no folder"),
        (("--policy", "nowhere.onnx"), "nowhere.onnx"),
    ],
)
def test_bad_input_gets_one_sentence(words: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = call(capsys, "vehicle", "domains", "--out", str(tmp_path / "d.json"), *words)
    assert code == 2 and told in said and "Traceback" not in said


def test_a_short_run_sees_places_from_the_whole_list() -> None:
    assert _spread(list(range(32)), 4) == [4, 12, 20, 28]
    assert _spread(list(range(3)), 64) == [0, 1, 2]


def test_both_are_driven_and_the_page_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    maps, out = tmp_path / "maps", tmp_path / "results" / "domains.json"
    maps.mkdir()
    (maps / "dunmore.lanes").symlink_to(TOWNS_FOLDER / "dunmore.lanes")
    words = ("vehicle", "domains", "--maps", str(maps), "--pairs", "1", "--seconds", "20", "--out", str(out))
    code, printed, said = call(capsys, *words)
    assert code == 0, said
    shown, kept = json.loads(printed.splitlines()[-1]), json.loads(out.read_text())
    assert shown["pairs"] == 1 and kept["rows"][0]["map"] == "dunmore" and kept["rows"][0]["condition"] == "mild"
    assert set(kept["rows"][0]) >= {"isolated", "integrated", "reaction_s", "common_m"}
    code, _, said = call(capsys, "results", "--folder", str(out.parent), "--out", str(tmp_path / "results.md"))
    assert code == 0, said
    assert "## Four domains, one plan" in (tmp_path / "results.md").read_text()
