"""The small file of consents, tokens, and who gets in over HTTP."""

import pytest

from caravela.cockpit.clients.audit import Audit, AuditError
from caravela.cockpit.clients.consent import MOST_CLIENTS, Client, ConsentError, Consents, Decision
from caravela.cockpit.clients.door import Door
from caravela.cockpit.clients.http import is_loopback, make_app
from caravela.cockpit.clients.limits import Limits
from caravela.cockpit.clients.scope import Scope, scope_of, scopes_named
from caravela.cockpit.clients.server import make_server
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import CaravelaError


def test_what_is_decided_outlives_the_process(tmp_path):
    Consents(tmp_path / "c.json").allow("phone", [Scope.NAVIGATION, Scope.PHONE])
    Consents(tmp_path / "c.json").refuse("phone", [Scope.PHONE])
    again = Consents(tmp_path / "c.json")
    decided = [again.decision(Client("phone"), scope) for scope in (Scope.NAVIGATION, Scope.PHONE, Scope.ACCESS)]
    assert decided == [Decision.ALLOWED, Decision.REFUSED, Decision.OPEN]
    again.forget("phone")
    assert Consents(tmp_path / "c.json").known == {}
    assert (tmp_path / "c.json").stat().st_mode & 0o077 == 0


def test_a_token_proves_one_name_and_is_kept_nowhere(tmp_path):
    consents = Consents(tmp_path / "c.json")
    first, token = consents.introduce("phone"), consents.introduce("phone")
    assert consents.whose(token) == "phone" and consents.whose(first) is None and consents.whose("") is None
    assert token not in (tmp_path / "c.json").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 1, "clients": {"a": {"allowed": ["all"], "refused": []}}}'])
def test_a_file_that_is_none_of_ours_is_told(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ConsentError, match="does not hold consents"):
        Consents(tmp_path / "c.json")


def test_names_are_kept_readable_and_few():
    assert Client.called("a\x00\u202eb" + "c" * 99).name == "a b" + "c" * 37
    consents = Consents()
    for n in range(MOST_CLIENTS):
        consents.allow(f"client {n}", [Scope.PHONE])
    with pytest.raises(ConsentError, match="forget one"):
        consents.allow("one more", [Scope.PHONE])
    with pytest.raises(ConsentError, match="readable"):
        consents.allow("a\nb", [Scope.PHONE])


def test_every_tool_has_a_scope_and_what_opens_the_car_is_no_comfort():
    assert scope_of("climate.fan") is scope_of("light.reading") is Scope.CABIN_WRITE
    assert {scope_of(name) for name in ("door.lock", "door.open", "boot.open", "window.lock", "charging.flap")} == {Scope.ACCESS}
    assert scope_of("light.high_beam") is scope_of("wiper.front") is scope_of("light.rear_fog") is Scope.EXTERIOR
    assert {scope_of(name) for name in TOOLS} <= set(Scope)
    with pytest.raises(CaravelaError, match=r"cabin\.write"):
        scopes_named(("cabin.wite",))


def test_a_bucket_fills_again():
    limits = Limits(burst=3, per_s=0.5)
    assert [limits.take("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert limits.take("a", 2.0) == 0.0 and limits.take("a", 1.0) > 0.0 and limits.take("b", 2.0) == 0.0


def test_a_record_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot write"):
        Audit(tmp_path / "file" / "audit.jsonl")


@pytest.fixture
def house(car, tmp_path):
    consents, audit = Consents(tmp_path / "c.json"), Audit(tmp_path / "a.jsonl")
    return Door(car.gate, look=lambda: car.situation, consents=consents, audit=audit), consents, audit


def visit(app, *, headers=None, host="127.0.0.1:8000"):
    from starlette.testclient import TestClient

    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with TestClient(app, base_url=f"http://{host}") as client:
        told = {"accept": "application/json, text/event-stream", **(headers or {})}
        return client.post("/mcp", json=body, headers=told).status_code


def test_beyond_this_machine_nobody_enters_without_a_token(house, car):
    door, consents, audit = house
    with pytest.raises(CaravelaError, match="no client has a token"):
        make_app(make_server(door), door, consents, host="0.0.0.0")
    token = consents.introduce("tablet")
    for headers, expected in (({}, 401), ({"authorization": "Bearer wrong"}, 401), ({"authorization": f"Basic {token}"}, 401)):
        assert visit(make_app(make_server(door), door, consents, host="0.0.0.0"), headers=headers) == expected
    assert visit(make_app(make_server(door), door, consents, host="0.0.0.0"), headers={"authorization": f"Bearer {token}"}) < 401
    assert audit.path.read_text().count('"refused"') == 3


def test_on_this_machine_pages_of_others_do_not_enter(house):
    door, consents, _ = house

    def app():
        return make_app(make_server(door), door, consents, host="127.0.0.1")

    assert visit(app()) < 401
    assert visit(app(), headers={"origin": "http://example.com"}) == 403
    assert visit(app(), host="example.com") == 421
    assert visit(app(), headers={"authorization": "Bearer wrong"}) == 401


def test_loopback_is_told_from_the_rest():
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.4", "example.com", "")))
