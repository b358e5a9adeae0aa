"""Another agent meets the car through MCP, here in memory: it may do nothing until a person in the car allows it, and then only that.
Run: python examples/car_for_other_agents.py"""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from mcp import Client, types

from caravela.cockpit.clients.audit import Audit
from caravela.cockpit.clients.consent import Consents
from caravela.cockpit.clients.door import Door
from caravela.cockpit.clients.doorbell import Doorbell
from caravela.cockpit.clients.server import make_server
from caravela.cockpit.grading.grader import Car
from caravela.cockpit.reading.intents import Answer
from caravela.cockpit.tool import Place


async def visit(car: Car, door: Door, doorbell: Doorbell) -> None:
    async with Client(make_server(door), client_info=types.Implementation(name="home", version="1")) as client:
        tools = (await client.list_tools()).tools
        print(f"{len(tools)} tools, such as {tools[5].name}: {tools[5].description}")

        async def ask(tool: str, **arguments: object) -> None:
            told = (await client.call_tool(tool, arguments)).structured_content
            print(f"{tool}: {told['says']} {told.get('changed', '')}")

        await ask("seat_heating", operation="on", places=["driver"])
        car.situation = replace(car.situation, t_s=5.0)  # the person in the car thinks for five seconds
        print(f"car: {doorbell.answer(Answer.YES, car.situation, Place.DRIVER).text}")
        await ask("seat_heating", operation="on", places=["driver"])
        await ask("seat_heating", operation="set", value=900)
        await ask("driving_pull_over")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        car, consents = Car(), Consents()
        doorbell = Doorbell(consents, tell=lambda question: print(f"car: {question}"))
        audit = Audit(Path(folder) / "audit.jsonl")
        asyncio.run(visit(car, Door(car.gate, look=lambda: car.situation, consents=consents, audit=audit, doorbell=doorbell), doorbell))
        print(audit.path.read_text().splitlines()[-1])


if __name__ == "__main__":
    main()
