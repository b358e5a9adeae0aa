"""The door as an MCP server (Model Context Protocol, by its official SDK): the same list of tools and the same answers over standard input
and output, over HTTP, and in memory. What a client calls itself is believed only as far as the person in the car was told so."""

import json
from typing import Any

from mcp import MCPError, types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from caravela import __version__
from caravela.cockpit.clients.audit import AuditError
from caravela.cockpit.clients.consent import NAMELESS, Client
from caravela.cockpit.clients.door import NO_RECORD, Answer, Door
from caravela.cockpit.clients.fields import schema_of
from caravela.cockpit.clients.offered import Offered

PROVED = "caravela.client"  # key of the ASGI scope in which `http` puts the name that a token proved
TOO_MANY = -32005  # JSON-RPC error code of our own, in the range that is left to servers
INSTRUCTIONS = (
    "A car. Each tool has a scope, and a person in the car allows each scope once: until then a call is refused and they are asked. "
    "Whether something is safe now is the car's decision. Don't retry what was refused unless the reason says so."
)


def make_server(door: Door, *, started_for: str | None = None) -> Server:
    """A server for `door`. `started_for` names the one client that it was started for, on standard input and output."""

    def whose(context: ServerRequestContext[Any]) -> Client:
        proved = context.request.scope.get(PROVED) if context.request is not None else started_for
        if proved is not None:
            return Client.called(proved, proved=True)
        told = context.session.client_params
        return Client.called(told.client_info.name if told is not None else NAMELESS)

    async def list_tools(context: ServerRequestContext[Any], _: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        try:
            wait = door.wait_s(whose(context))
        except AuditError as error:
            raise MCPError(types.INTERNAL_ERROR, NO_RECORD) from error
        if wait:
            raise MCPError(TOO_MANY, f"too many requests; try again in {wait:.1f} s.")
        return types.ListToolsResult(tools=[tool_of(offered) for offered in door.offered()])

    async def call_tool(context: ServerRequestContext[Any], params: types.CallToolRequestParams) -> types.CallToolResult:
        return result_of(door.call(whose(context), params.name, params.arguments))

    return Server("caravela", version=__version__, instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool)


def tool_of(offered: Offered) -> types.Tool:
    """What is offered, as MCP tells it."""
    return types.Tool(
        name=offered.name,
        description=f"{offered.says} Scope: {offered.scope}.",
        input_schema=schema_of(offered.fields),
        annotations=types.ToolAnnotations(read_only_hint=offered.reads, destructive_hint=False, open_world_hint=False),
        _meta={"caravela/scope": str(offered.scope)},
    )


def result_of(answer: Answer) -> types.CallToolResult:
    """A refusal is a result that says so, with its reason: a model reads it and does something else."""
    told = {"accepted": answer.accepted, "says": answer.text, **answer.facts}
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=json.dumps(told, ensure_ascii=False))],
        structured_content=told,
        is_error=not answer.accepted,
    )
