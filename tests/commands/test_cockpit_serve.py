"""`caravela cockpit serve` and `clients` as an agent and a person meet them: over real pipes, and from the command line."""

import json
import sys

import anyio
import pytest
from mcp import Client, StdioServerParameters, types

from caravela import cli


@pytest.fixture
def caravela(capsys):
    """Run the command line; returns (exit code, stdout, stderr)."""

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run


def test_over_pipes_nothing_is_done_before_a_person_allows_it(caravela, tmp_path):
    folder = ("--folder", str(tmp_path))

    async def visit():
        command = StdioServerParameters(command=sys.executable, args=["-m", "caravela", "cockpit", "serve", *folder])
        async with Client(command, client_info=types.Implementation(name="phone", version="1")) as session:
            assert len((await session.list_tools()).tools) > 80
            first = await session.call_tool("climate_fan", {"operation": "up"})
            code, out, _ = await anyio.to_thread.run_sync(
                lambda: caravela("cockpit", "clients", "--allow", "phone", "--scopes", "cabin.write", *folder, "--json")
            )
            assert code == 0 and json.loads(out)["clients"]["phone"]["allowed"] == ["cabin.write"]
            second = await session.call_tool("climate_fan", {"operation": "up"})
            return first.is_error, second.is_error

    assert anyio.run(visit) == (True, False)
    outcomes = [json.loads(line)["outcome"] for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert outcomes == ["refused", "asked", "granted"]


def test_clients_are_allowed_revoked_and_forgotten(caravela, tmp_path):
    def run(*words):
        code, out, err = caravela("cockpit", "clients", *words, "--folder", str(tmp_path), "--json")
        return json.loads(out.splitlines()[-1]) if code == 0 else err

    assert run()["clients"] == {}
    assert run("--allow", "phone", "--scopes", "access", "phone")["clients"]["phone"]["allowed"] == ["access", "phone"]
    assert run("--revoke", "phone", "--scopes", "access")["clients"]["phone"] == {
        "allowed": ["phone"],
        "refused": ["access"],
        "has_token": False,
    }
    assert len(run("--introduce", "phone")["token"]) > 20 and run()["clients"]["phone"]["has_token"]
    assert "token" not in run("--forget", "phone")


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--speed", "-1"),
        ("serve", "--scopes", "everything"),
        ("serve", "--http", "70000"),
        ("serve", "--http", "0", "--host", "0.0.0.0"),
        ("serve", "--http", "0", "--client", "phone"),
        ("clients", "--allow", "phone"),
        ("clients", "--allow", "phone", "--scopes", "cabin.wite"),
        ("clients", "--allow", "a", "--revoke", "b", "--scopes", "phone"),
        ("clients", "--scopes", "phone"),
        ("clients", "--forget", "nobody"),
        ("clients", "--introduce", "x" * 99),
    ],
)
def test_bad_input_is_one_sentence(caravela, words, tmp_path):
    code, _, err = caravela("cockpit", *words, "--folder", str(tmp_path))
    assert code == 2 and err.count("\n") == 1 and err.startswith("caravela: ")


def test_a_folder_that_cannot_be_written_is_told(caravela, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = caravela("cockpit", "serve", "--folder", str(tmp_path / "file"))
    assert code == 2 and err.count("\n") == 1


def test_bad_endpoints_are_one_sentence(caravela):
    code, _, err = caravela("cockpit", "chat", "--endpoint", "file:///etc/hostname", "--say", "hello")
    assert code == 2 and err.count("\n") == 1
