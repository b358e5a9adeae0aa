"""Opening the door: a loopback socket on the port that was asked for, and uvicorn on it."""

import errno
import socket

import uvicorn
from fastapi import FastAPI

from caravela.core.errors import CaravelaError

HOST = "127.0.0.1"
LARGEST_MESSAGE = 1 << 20  # bytes; what is longer than the page's limit but shorter than this gets a sentence, the rest is cut off


def bind(port: int) -> socket.socket:
    """A listening socket on the loopback interface; port 0 takes a free one. Raises CaravelaError where that cannot be."""
    if not 0 <= port <= 65535:
        raise CaravelaError(f"port {port} does not exist; expected 0 to 65535 (0 takes a free one).")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be opened ({error.strerror})"
        raise CaravelaError(f"port {port} {why}; give another with --port, or --port 0 for a free one.") from error
    return listener


def url_of(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}/"


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
