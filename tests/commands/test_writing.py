"""What a command writes over is said before it works, and a page of ours is filled only where it is asked for."""

import json
import re
from pathlib import Path

import pytest

from caravela import cli
from caravela.commands._writing import writable
from caravela.core.errors import CaravelaError


def test_a_result_that_is_there_is_announced_and_stays_until_it_is_written(tmp_path, capsys):
    path = tmp_path / "results" / "new.json"
    assert writable(path) == path and path.parent.is_dir() and not path.exists()
    assert capsys.readouterr().err == ""
    path.write_text("old")
    writable(path, option="results")
    said = capsys.readouterr().err
    assert str(path) in said and "will be replaced" in said and "--results" in said and path.read_text() == "old"


def test_a_place_that_takes_no_files_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CaravelaError, match=r"cannot write .* give --out a place"):
        writable(tmp_path / "file" / "result.json")


@pytest.mark.parametrize("path", sorted(cli.COMMANDS.glob("*.py")), ids=lambda path: path.stem)
def test_whatever_writes_to_results_by_default_says_so_beforehand(path):
    source = path.read_text(encoding="utf-8")
    if re.search(r"(out|results): Path[^=]*= Path\(\"results", source):
        assert "writable(" in source


def test_safety_writes_where_the_user_is_and_no_page_unasked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("caravela.vehicle.clauses.measure_all", list)
    monkeypatch.setattr("caravela.vehicle.rehearsal.rehearse_all", list)
    monkeypatch.chdir(tmp_path)
    page = Path("page.md")
    empty = "".join(f"<!-- {name}: begin -->\n<!-- {name}: end -->\n" for name in ("clauses", "faults"))
    page.write_text(empty)

    def safety(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(["vehicle", "safety", *words, "--json"])
        said = capsys.readouterr()
        assert not stop.value.code
        return json.loads(said.out), said.err

    result, said = safety()
    assert result["out"] == "results/vehicle.json" and result["page"] is None and "replaced" not in said
    assert Path("results/vehicle.json").is_file() and page.read_text() == empty
    result, said = safety("--page", "page.md")
    assert "'results/vehicle.json' is there and will be replaced" in said and page.read_text() != empty
