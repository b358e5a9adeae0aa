"""`caravela studio`: the page of a drive that waits."""

from typing import Any

import pytest

from caravela import cli
from caravela.commands import _drive_live, studio
from caravela.commands._drive_options import Options


def test_it_is_a_drive_that_waits(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    asked: dict[str, Any] = {}

    def drive_live(options: Options, **rest: Any) -> dict[str, Any]:
        asked.update(rest, port=options.port)
        return {"seconds": 0.0}

    monkeypatch.setattr(studio, "open_policy", lambda path: "model")
    monkeypatch.setattr(_drive_live, "drive_live", drive_live)
    with pytest.raises(SystemExit) as stop:
        cli.main(["studio", "--port", "0", "--no-browser", "--json"])
    assert not stop.value.code and asked["paused"] and asked["seconds"] is None and asked["port"] == 0
    assert '"seconds": 0.0' in capsys.readouterr().out


def test_a_port_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(studio, "open_policy", lambda path: "model")
    with pytest.raises(SystemExit) as stop:
        cli.main(["studio", "--port", "70000"])
    assert stop.value.code == 2 and "port 70000 does not exist" in capsys.readouterr().err
