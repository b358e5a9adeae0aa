"""`caravela cockpit serve` and `clients`: a simulated car open to other agents over MCP, and who may do what. Over standard input and output
there is no terminal to ask a person at, so consent comes from `clients --allow`; over HTTP the terminal is the person in the car."""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caravela.core.errors import CaravelaError

if TYPE_CHECKING:
    from caravela.cockpit.agent import CockpitAgent
    from caravela.cockpit.clients.consent import Consents
    from caravela.cockpit.clients.door import Door
    from caravela.cockpit.clients.doorbell import Doorbell
    from caravela.cockpit.grading.grader import Car
    from caravela.cockpit.response import Response

TICK_S = 0.5  # between two looks at what was put off
CLIENTS, AUDIT = "clients.json", "audit.jsonl"


@dataclass(frozen=True)
class ServeOptions:
    """Open a simulated car to other agents as an MCP server: on standard input and output, or over HTTP, where what is typed at the terminal
    is said by the driver."""

    http: int | None = None
    """Serve over HTTP at this port (0 takes a free one) instead of on standard input and output."""
    host: str = "127.0.0.1"
    """Where to listen; beyond this machine every request needs a token from `caravela cockpit clients --introduce`."""
    client: str | None = None
    """Whom it is started for, on standard input and output; otherwise a client is who it says it is."""
    scopes: tuple[str, ...] = ()
    """What this car offers at all; by default every scope. Each still needs a person's consent."""
    folder: Path | None = None
    """Holds clients.json (consents) and audit.jsonl (the record); by default in the user's state folder."""
    speed: float = 36.0
    """How fast the car drives meanwhile, km/h."""


@dataclass(frozen=True)
class ClientsOptions:
    """Who may do what with the car; changes hold at once, also for a server that runs. Without an option: the list."""

    allow: str | None = None
    """Allow this client the --scopes."""
    revoke: str | None = None
    """Take from this client the --scopes, or all; it is not asked about again."""
    forget: str | None = None
    """Remember nothing of this client: its token is void, and it has to ask again."""
    introduce: str | None = None
    """Make a token for this client, which proves over HTTP that it is the one. It is shown once."""
    scopes: tuple[str, ...] = ()
    """vehicle.read, cabin.read, cabin.write, exterior, access, phone, navigation, driving.request"""
    folder: Path | None = None
    """Holds clients.json; by default in the user's state folder."""


def folder_of(given: Path | None) -> Path:
    """Where consents and the record are kept: $XDG_STATE_HOME or ~/.local/state, then caravela/cockpit."""
    return given or Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "caravela" / "cockpit"


def run_serve(options: ServeOptions) -> dict[str, Any]:
    """Serve until the client leaves or Ctrl-C comes."""
    from caravela.cockpit.clients.audit import Audit
    from caravela.cockpit.clients.consent import Consents
    from caravela.cockpit.clients.door import Door
    from caravela.cockpit.clients.doorbell import Doorbell
    from caravela.cockpit.clients.scope import Scope, scopes_named
    from caravela.cockpit.clients.server import make_server
    from caravela.cockpit.grading.grader import Car
    from caravela.core.units import from_kph

    if not 0.0 <= options.speed <= 250.0:
        raise CaravelaError(f"--speed is {options.speed:g}; expected 0 to 250 km/h.")
    if options.http is not None and options.client is not None:
        raise CaravelaError("--client is for standard input and output; over HTTP a client proves itself by its token.")
    scopes = scopes_named(options.scopes) or frozenset(Scope)
    folder = folder_of(options.folder)
    consents = Consents(folder / CLIENTS)
    car, began = Car(), time.monotonic()
    # nobody drives it; one that stands is parked
    car.situation = replace(car.situation, speed=from_kph(options.speed), looks=(), arrived=options.speed == 0.0)

    def look() -> Any:
        car.situation = replace(car.situation, t_s=time.monotonic() - began)
        return car.situation

    agents: list[CockpitAgent] = []  # the car's own, where a person talks to it
    doorbell = Doorbell(
        consents,
        tell=_say if options.http is not None else None,
        free=lambda: not any(agent.asking for agent in agents),
    )
    audit = Audit(folder / AUDIT)
    door = Door(car.gate, look=look, consents=consents, audit=audit, doorbell=doorbell, scopes=scopes)
    server = make_server(door, started_for=options.client)
    try:
        if options.http is None:
            with suppress(KeyboardInterrupt):
                asyncio.run(_on_standard_streams(server))
        else:
            agents.append(_own_agent(car, look, doorbell))
            _over_http(options, server, door, consents, agents[0], doorbell)
    finally:
        audit.close()
    asked = [type(request.wish).__name__ for request in car.requests]
    return {"passed": sum(entry.accepted for entry in car.gate.log), "requests": asked, "audit": str(audit.path)}


def _own_agent(car: "Car", look: Callable[[], Any], doorbell: "Doorbell") -> "CockpitAgent":
    from caravela.cockpit.agent import CockpitAgent
    from caravela.cockpit.languages.polyglot import Polyglot
    from caravela.cockpit.reading.understanding import Understanding

    understanding = Understanding()
    return CockpitAgent(car.gate, look=look, understanding=understanding, languages=Polyglot(understanding), on_answer=doorbell.answer)


async def _on_standard_streams(server: Any) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _over_http(options: ServeOptions, server: Any, door: "Door", consents: "Consents", agent: "CockpitAgent", doorbell: "Doorbell") -> None:
    import uvicorn

    from caravela.cockpit.clients.http import PATH, make_app

    assert options.http is not None
    app = make_app(server, door, consents, host=options.host)
    listener = _bind(options.host, options.http)
    host = f"[{options.host}]" if ":" in options.host else options.host
    _say(f"Other agents reach the car at http://{host}:{listener.getsockname()[1]}{PATH} until Ctrl-C. Type to talk to it yourself.")

    async def serve() -> None:
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)  # type: ignore[arg-type]
        hears = threading.Thread(target=_listen, args=(asyncio.get_running_loop(), agent, doorbell), daemon=True)
        hears.start()
        ticking = asyncio.create_task(_tick(agent))
        try:
            await uvicorn.Server(config).serve(sockets=[listener])
        finally:
            ticking.cancel()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


def _listen(loop: asyncio.AbstractEventLoop, agent: "CockpitAgent", doorbell: "Doorbell") -> None:
    """Hand what is typed to the car's agent, in the server's own thread: agent and clients never act at the same time."""
    with suppress(RuntimeError, OSError, ValueError):  # the server or the terminal has gone
        for line in sys.stdin:
            if line.strip():
                loop.call_soon_threadsafe(_heard, agent, line.strip())
        loop.call_soon_threadsafe(doorbell.nobody_there)


def _heard(agent: "CockpitAgent", line: str) -> None:
    _tell(agent.hear(line))


async def _tick(agent: "CockpitAgent") -> None:
    while True:
        await asyncio.sleep(TICK_S)
        for response in agent.tick():
            _tell(response)


def _tell(response: "Response") -> None:
    _say(response.text)
    for change in response.changes:
        _say(f"    {change.path} = {change.after}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CaravelaError where that cannot be."""
    if not 0 <= port <= 65535:
        raise CaravelaError(f"--http is {port}; expected a port from 0 to 65535 (0 takes a free one).")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise CaravelaError(f"cannot listen at {host[:60]} port {port} ({error.strerror}); give another --host or --http.") from error
    return listener


def show_serve(result: dict[str, Any]) -> None:
    """To the terminal: standard output was the wire."""
    _say(f"{result['passed']} calls and requests passed the gate; the record is {result['audit']}.")


def run_clients(options: ClientsOptions) -> dict[str, Any]:
    """Change who may do what, if that is asked, and tell it."""
    from caravela.cockpit.clients.consent import Consents
    from caravela.cockpit.clients.scope import Scope, scopes_named

    asked = [name for name in ("allow", "revoke", "forget", "introduce") if getattr(options, name) is not None]
    if len(asked) > 1:
        raise CaravelaError(f"got --{' and --'.join(asked)}; expected one of them at a time.")
    scopes, token = scopes_named(options.scopes), None
    if scopes and not {"allow", "revoke"} & {*asked}:
        raise CaravelaError("--scopes without --allow or --revoke does nothing; name the client with one of them.")
    consents = Consents(folder_of(options.folder) / CLIENTS)
    if options.allow is not None:
        if not scopes:
            raise CaravelaError(f"--allow needs --scopes; expected some of {', '.join(Scope)}.")
        consents.allow(options.allow, scopes)
    elif options.revoke is not None:
        consents.refuse(options.revoke, scopes or frozenset(Scope))
    elif options.forget is not None:
        consents.forget(options.forget)
    elif options.introduce is not None:
        token = consents.introduce(options.introduce)
    known = {
        name: {"allowed": sorted(of.allowed), "refused": sorted(of.refused), "has_token": bool(of.token)}
        for name, of in sorted(consents.known.items())
    }
    return {"clients": known, "file": str(consents.path), **({"token": token} if token else {})}


def show_clients(result: dict[str, Any]) -> None:
    """The list for people."""
    for name, of in result["clients"].items():
        proof = "has a token" if of["has_token"] else "unproved"
        print(f"{name} ({proof}): allowed {', '.join(of['allowed']) or 'nothing'}; refused {', '.join(of['refused']) or 'nothing'}")
    if not result["clients"]:
        print("No client is known.")
    if "token" in result:
        print(f"token, shown this once: {result['token']}")
