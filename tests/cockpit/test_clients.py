"""Other agents at the car's door, through a real MCP session in memory: what they may do they do, what they may not changes nothing, and
whatever they ask is in the record."""

import json
from contextlib import asynccontextmanager

import anyio
import jsonschema
import pytest
from mcp import Client as Session
from mcp import MCPError, types

from caravela.cockpit.clients.audit import Audit, AuditError
from caravela.cockpit.clients.consent import Client, Consents
from caravela.cockpit.clients.door import Door
from caravela.cockpit.clients.doorbell import AGAIN_S, PAUSE_S, SETTLE_S, Doorbell
from caravela.cockpit.clients.fields import schema_of
from caravela.cockpit.clients.limits import BURST
from caravela.cockpit.clients.offered import offers
from caravela.cockpit.clients.scope import Scope
from caravela.cockpit.clients.server import make_server
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.tool import Form, Operation, Place
from caravela.cockpit.tools import TOOLS
from caravela.core.request import CapSpeed, GoOn, GoTo, Manner, PullOver, Request
from caravela.core.units import from_kph

FAN = "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed"
PHONE = Client("phone")


class House:
    """A car with its door, its record and what was said aloud."""

    def __init__(self, car, folder, scopes=frozenset(Scope)):
        self.car, self.said = car, []
        self.consents = Consents(folder / "clients.json")
        self.doorbell = Doorbell(self.consents, tell=self.said.append)
        self.audit = Audit(folder / "audit.jsonl", clock=lambda: 1_000_000.0 + car.situation.t_s)
        self.door = Door(
            car.gate, look=lambda: car.situation, consents=self.consents, audit=self.audit, doorbell=self.doorbell, scopes=scopes
        )

    def lines(self):
        return [json.loads(line) for line in self.audit.path.read_text().splitlines()]

    def session(self, *, name="phone", mode="auto"):
        server = make_server(self.door)
        return Session(server, mode=mode, client_info=types.Implementation(name=name, version="1"))

    def ask(self, tool, arguments=None, **options):
        """One call in a session of its own."""

        async def call():
            async with self.session(**options) as session:
                return (await session.session.call_tool(tool, arguments)).model_dump()

        return anyio.run(call)


@pytest.fixture
def house(car, tmp_path):
    return House(car, tmp_path)


@pytest.fixture
def untouched(car):
    """Nothing of the car was moved, and driving was asked for nothing."""
    before = car.signals.snapshot()
    return lambda: car.signals.snapshot() == before and not car.requests


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_is_listed_with_its_scope_and_a_schema(house, mode):
    async def listed():
        async with house.session(mode=mode) as session:
            return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in anyio.run(listed)}
    assert tools.keys() == offers().keys()
    for tool in TOOLS.values():
        assert tool.form is Form.ASK or tool.name.replace(".", "_") in tools
    for tool in tools.values():
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.meta["caravela/scope"] in set(Scope) and tool.input_schema["additionalProperties"] is False
    assert tools["media_volume"].input_schema["properties"]["value"]["maximum"] == 100.0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_within_its_scope_a_call_is_done_and_recorded(house, car, mode):
    house.consents.allow("phone", [Scope.CABIN_WRITE])
    result = house.ask("climate_fan", {"operation": "set", "value": 30, "places": ["driver"]}, mode=mode)
    assert not result["is_error"] and result["structured_content"]["changed"] == {FAN: 30.0} and car.signals[FAN] == 30.0
    asked, granted = house.lines()
    assert (asked["outcome"], granted["outcome"]) == ("asked", "granted") and asked["request"] == granted["request"]
    assert asked["client"] == "phone" and asked["proved"] is False and asked["scope"] == "cabin.write"
    assert asked["arguments"] == {"operation": "set", "value": 30, "places": ["driver"]} and granted["changed"] == {FAN: 30.0}


def test_another_scope_needs_another_consent(house, untouched):
    house.consents.allow("phone", [Scope.CABIN_WRITE, Scope.VEHICLE_READ])
    for tool, arguments in (("driving_pull_over", {}), ("door_lock", {"operation": "off"}), ("phone_call", {"value": "Martin"})):
        assert house.ask(tool, arguments)["is_error"] and untouched()
    assert [line["outcome"] for line in house.lines()] == ["refused"] * 3
    assert [line["scope"] for line in house.lines()] == ["driving.request", "access", "phone"]


def test_what_the_car_does_not_offer_is_neither_listed_nor_done(car, tmp_path, untouched):
    house = House(car, tmp_path, scopes=frozenset({Scope.VEHICLE_READ}))
    house.consents.allow("phone", Scope)
    assert [offered.name for offered in house.door.offered()] == ["vehicle_read"]
    assert house.ask("climate_fan", {"operation": "up"})["is_error"] and untouched()
    assert "offers nothing of the scope cabin.write" in house.lines()[0]["why"]


def test_without_consent_a_person_is_asked_and_a_yes_is_remembered(house, car, untouched, tmp_path):
    refused = house.ask("climate_fan", {"operation": "up"})
    assert refused["is_error"] and untouched() and "“phone”, as it calls itself" in house.said[0]
    car.meet({"seconds": 5})
    assert house.doorbell.answer(Answer.YES, car.situation, Place.DRIVER).text
    assert not house.ask("climate_fan", {"operation": "up"})["is_error"] and car.signals[FAN] > 40.0
    assert Consents(tmp_path / "clients.json").known["phone"].allowed == {Scope.CABIN_WRITE}


def test_a_no_is_remembered_and_not_asked_again(house, car, untouched):
    house.ask("climate_fan", {"operation": "up"})
    car.meet({"seconds": 5})
    house.doorbell.answer(Answer.NO, car.situation, Place.PASSENGER)
    car.meet({"seconds": AGAIN_S})
    assert house.ask("climate_fan", {"operation": "up"})["is_error"] and untouched() and len(house.said) == 1


def test_what_is_revoked_stops_at_once(house, untouched, tmp_path):
    house.consents.allow("phone", [Scope.CABIN_WRITE])
    Consents(tmp_path / "clients.json").refuse("phone", Scope)  # by another process
    assert house.ask("climate_fan", {"operation": "up"})["is_error"] and untouched()


def test_a_yes_to_something_else_and_a_child_s_yes_are_no_consent(house, car):
    house.ask("climate_fan", {"operation": "up"})
    assert house.doorbell.answer(Answer.YES, car.situation, Place.DRIVER) is None  # it was said before the question was heard
    car.meet({"seconds": SETTLE_S + 1})
    assert house.doorbell.answer(Answer.YES, car.situation, Place.REAR_DRIVER).refused
    assert not house.consents.known
    car.meet({"seconds": 60})
    assert house.doorbell.answer(Answer.YES, car.situation, Place.DRIVER) is None and not house.consents.known


def test_a_client_cannot_nag(house, car):
    for tool in ("climate_fan", "door_lock", "light_hazard", "media_playback"):
        for seconds in (0, 1):
            car.meet({"seconds": seconds})
            house.ask(tool, {"operation": "on"})
    assert len(house.said) == 1
    car.meet({"seconds": 31 + PAUSE_S})
    house.ask("door_lock", {"operation": "on"})
    assert len(house.said) == 2


def test_the_car_s_own_agent_takes_the_answer(house, car, understanding):
    from caravela.cockpit.agent import CockpitAgent

    agent = CockpitAgent(car.gate, look=lambda: car.situation, understanding=understanding, on_answer=house.doorbell.answer)
    house.ask("navigation_go_to", {"place": "the lake"})
    car.meet({"seconds": 3})
    assert "may" in agent.hear("yes").text
    assert not house.ask("navigation_go_to", {"place": "the lake"})["is_error"] and [r.wish for r in car.requests] == [GoTo("the lake")]


def test_a_flood_is_stopped_and_counted_and_new_names_do_not_help(house, car):
    house.consents.allow("phone", [Scope.CABIN_WRITE])
    answers = [house.door.call(PHONE, "climate_fan", {"operation": "up"}) for _ in range(500)]
    assert sum(answer.accepted for answer in answers) == BURST and "too many" in answers[-1].text
    assert len(house.lines()) == 2 * BURST + 1
    strangers = [house.door.call(Client(f"n{n}"), "climate_fan", {"operation": "up"}).text for n in range(500)]
    assert sum("too many" not in text for text in strangers) == BURST and len(house.said) == 1
    car.meet({"seconds": 3})
    assert house.door.call(PHONE, "climate_fan", {"operation": "down"}).accepted
    assert any(line.get("flood_before", 0) > 400 for line in house.lines())


def test_a_flood_of_lists_is_an_error(house):
    async def flood():
        async with house.session() as session:
            for _ in range(BURST):
                await session.list_tools(cache_mode="bypass")
            with pytest.raises(MCPError, match="too many requests"):
                await session.list_tools(cache_mode="bypass")

    anyio.run(flood)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("media_play", {"value": "x" * 10_000}),
        ("media_play", {"value": ""}),
        ("media_play", {"value": "a\x1b[2Jb"}),
        ("media_play", {"value": ["open the boot"]}),
        ("media_play", {}),
        ("climate_fan", {"operation": "set", "value": "30"}),
        ("climate_fan", {"operation": "set", "value": True}),
        ("climate_fan", {"operation": "set", "value": 101}),
        ("climate_fan", {"operation": "set", "value": 10**300}),
        ("climate_fan", {"operation": "set", "value": None}),
        ("climate_fan", {"operation": "set"}),
        ("climate_fan", {"operation": "up", "value": 5}),
        ("climate_fan", {"operation": "ask"}),
        ("climate_fan", {"operation": ["up"]}),
        ("climate_fan", {"operation": "up", "places": "driver"}),
        ("climate_fan", {"operation": "up", "places": []}),
        ("climate_fan", {"operation": "up", "places": ["roof"]}),
        ("climate_fan", {"operation": "up", "places": ["driver"] * 10_000}),
        ("climate_fan", {"operation": "up", "by": "driver"}),
        ("climate_fan", {"x" * 10_000: 1}),
        ("climate_fan", None),
        ("driving_take_turn", {"side": "straight"}),
        ("driving_take_turn", {"side": "left", "nth": 1.5}),
        ("driving_calmer", {"manner": "brisk"}),
        ("driving_slower", {"speed_kph": -1}),
        ("driving_slower", {"speed_kph": 200}),
        ("navigation_go_to", {"place": {"name": "home"}}),
        ("x" * 10_000, {}),
        ("brakes_off", {}),
        ("climate.fan", {"operation": "up"}),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_arguments_are_told_in_a_sentence_and_change_nothing(house, untouched, tool, arguments):
    house.consents.allow("phone", Scope)
    result = house.ask(tool, arguments)
    said = result["structured_content"]["says"]
    assert result["is_error"] and untouched() and len(said) < 400 and "\n" not in said
    assert [line["outcome"] for line in house.lines()][-1] == "refused" and all(len(json.dumps(line)) < 2_000 for line in house.lines())
    assert not house.said  # nobody is bothered with what makes no sense


def test_the_gate_has_the_last_word(house, car, untouched):
    house.consents.allow("phone", Scope)
    for tool, arguments in (
        ("door_lock", {"operation": "off"}),
        ("boot_open", {"operation": "on"}),
        ("seat_recline", {"operation": "max"}),
        ("driving_slower", {"speed_kph": 60}),
    ):
        assert house.ask(tool, arguments)["is_error"] and untouched(), tool
    assert [line["outcome"] for line in house.lines()] == ["asked", "refused"] * 4 and house.lines()[1]["why"]
    car.meet({"standing": True, "asked_to_stop": True})
    assert not house.ask("boot_open", {"operation": "on"})["is_error"]


def test_wishes_reach_driving_as_typed_requests_in_the_client_s_name(house, car):
    house.consents.allow("driver", [Scope.DRIVING_REQUEST])
    assert not house.ask("driving_slower", {"speed_kph": 28}, name="driver")["is_error"]
    assert not house.ask("driving_pull_over", {}, name="driver")["is_error"]
    assert [request.wish for request in car.requests] == [CapSpeed(from_kph(28.0)), PullOver()]
    assert {request.asked_by for request in car.requests} == {"client driver"}  # and never that of a seat


def test_another_agent_never_loosens_a_set_speed_and_never_asks_for_a_crawl(house, car):
    house.consents.allow("driver", [Scope.DRIVING_REQUEST])
    car.gate.ask(Request(CapSpeed(from_kph(27.0))), car.situation)
    for kph in (28, 35, 40, 20):
        assert house.ask("driving_slower", {"speed_kph": kph}, name="driver")["is_error"], kph
    assert not house.ask("driving_slower", {"speed_kph": 26}, name="driver")["is_error"]
    assert car.gate.cap == from_kph(26.0)


def test_no_offer_makes_the_car_go_on_or_hurry():
    manners = next(field for field in offers()["driving_calmer"].fields if field.name == "manner").names
    assert Manner.BRISK not in manners and Manner.PLAIN not in manners
    made = [
        offered.deed({"side": "left", "manner": "gentle", "speed_kph": 20.0, "place": "x"})
        for offered in offers().values()
        if offered.name.startswith(("driving_", "navigation_go", "navigation_drop"))
    ]
    assert len(made) == 10 and not any(isinstance(wish, GoOn) for wish in made)


def test_every_cabin_tool_takes_what_its_schema_allows(house, car):
    car.meet({"standing": True, "asked_to_stop": True, "cable": True})
    for offered in offers().values():
        schema = schema_of(offered.fields)["properties"]
        if offered.reads or offered.name.startswith("driving_") or "operation" not in schema:
            continue
        for operation in schema["operation"]["enum"]:
            arguments = {"operation": operation}
            if operation == Operation.SET:
                arguments["value"] = schema["value"].get("maximum", schema["value"].get("enum", [0])[0])
            jsonschema.validate(arguments, schema_of(offered.fields))
            car.meet({"seconds": 20})
            verdict = car.gate.call(offered.deed(arguments), car.situation, by="client t")
            assert verdict.accepted, (offered.name, arguments, verdict.reason)


def test_reading_changes_nothing_and_tells_no_telephone_numbers(house, untouched):
    house.consents.allow("phone", [Scope.VEHICLE_READ, Scope.CABIN_READ])
    drive, cabin = house.ask("vehicle_read")["structured_content"], house.ask("cabin_read")["structured_content"]
    assert drive["speed_kph"] == 36.0 and cabin["signals"][FAN] >= 0.0 and untouched()
    assert not any("Phone" in path for path in cabin["signals"])


def test_without_a_record_nothing_is_done(house, untouched):
    house.consents.allow("phone", Scope)
    house.audit.close()
    assert "record" in house.door.call(PHONE, "climate_fan", {"operation": "up"}).text and untouched()


def test_what_was_done_is_not_denied_where_its_record_cannot_be_completed(house, car):
    house.consents.allow("phone", Scope)
    write = house.audit.write

    def full_after_asked(number, outcome, **facts):
        if outcome != "asked":
            raise AuditError("the disk is full")
        write(number, outcome, **facts)

    house.audit.write = full_after_asked
    answer = house.door.call(PHONE, "climate_fan", {"operation": "set", "value": 30, "places": ["driver"]})
    assert car.signals[FAN] == 30.0 and answer.accepted and answer.facts == {"changed": {FAN: 30.0}}
    assert answer.text == "Done, but its record could not be completed."
    answer = house.door.call(PHONE, "boot_open", {"operation": "on"})
    assert not answer.accepted and "record could not be completed" in answer.text


def test_a_flood_of_lists_that_cannot_be_recorded_is_told_as_such(house):
    house.audit.close()

    async def flood():
        async with house.session() as session:
            with pytest.raises(MCPError, match="the car's record cannot be written"):
                for _ in range(BURST + 1):
                    await session.list_tools(cache_mode="bypass")

    anyio.run(flood)


def test_a_torn_file_of_consents_allows_nothing(house, untouched):
    house.consents.allow("phone", Scope)
    house.consents.path.write_text("{")
    assert house.ask("climate_fan", {"operation": "up"})["is_error"] and untouched()


def test_a_name_with_a_token_is_only_theirs_who_showed_it(house, untouched):
    house.consents.allow("phone", Scope)
    house.consents.introduce("phone")
    assert "token" in house.ask("climate_fan", {"operation": "up"})["structured_content"]["says"] and untouched()
    assert house.door.call(Client("phone", proved=True), "climate_fan", {"operation": "up"}).accepted


@pytest.mark.parametrize("name", ["", " \n ", "\x1b[2J", "‮"])
def test_the_nameless_cannot_be_allowed_anything(house, untouched, name):
    assert house.ask("climate_fan", {"operation": "up"}, name=name)["is_error"] and untouched()
    assert len("".join(house.said)) < 200 and all(text.isprintable() for text in house.said)


def test_who_leaves_in_the_middle_leaves_a_car_that_goes_on(house, car):
    house.consents.allow("phone", [Scope.CABIN_WRITE])

    @asynccontextmanager
    async def leaving():
        async with house.session() as session:
            with anyio.move_on_after(0):
                await session.call_tool("climate_fan", {"operation": "up"})
            yield

    async def leave():
        async with leaving():
            pass

    anyio.run(leave)
    assert not house.ask("climate_fan", {"operation": "set", "value": 20})["is_error"] and car.signals[FAN] == 20.0
