"""Opening the door: a socket on the port that was asked for, on loopback unless told otherwise, and uvicorn on it."""

import errno
import socket

import uvicorn
from fastapi import FastAPI

from caravela.core.errors import CaravelaError
from caravela.studio.web.guard import LOOPBACK, QUERY, Door

HOST = LOOPBACK[0]
LARGEST_MESSAGE = 1 << 20  # bytes; what is longer than the page's limit but shorter than this gets a sentence, the rest is cut off


def bind(port: int, *, host: str = HOST) -> socket.socket:
    """A listening socket at `host`; port 0 takes a free one. Raises CaravelaError where that cannot be."""
    if not 0 <= port <= 65535:
        raise CaravelaError(f"port {port} does not exist; expected 0 to 65535 (0 takes a free one).")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CaravelaError(
                f"port {port} is in use; give another with --port (`make drive PORT=…`), or --port 0 for a free one."
            ) from error
        raise CaravelaError(f"port {port} of {host[:60]} cannot be opened ({error.strerror}); give another --port or --host.") from error
    return listener


def url_of(listener: socket.socket, door: Door | None = None) -> str:
    """The page's address; with its token where there is one. A door to every address is told by this machine's name."""
    door = door or Door()
    host = socket.gethostname() if door.host in ("0.0.0.0", "::") else door.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{listener.getsockname()[1]}/" + (f"?{QUERY}={door.token}" if door.token else "")


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for `app`; `run(sockets=[...])` serves until `should_exit` is set or Ctrl-C comes."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,  # JPEG does not shrink further
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
