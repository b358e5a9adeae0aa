"""A gRPC server around the egodriver contract. It has no encryption and asks nobody who they are, as the contract has no place for
either: keep it on this machine or on a network that you trust."""

from concurrent import futures

import grpc
from carla_driver_interface import protocol

from caravela.core.errors import CaravelaError
from caravela.vehicle.serve.service import Egodriver

MESSAGE_BYTES = protocol.MAX_MESSAGE_BYTES  # 64 MiB; a larger message is refused by gRPC itself, with RESOURCE_EXHAUSTED
THREADS = 8  # calls at once; plans are made one at a time
GRACE_S = 2.0  # that calls under way have when the server stops


class Server:
    """Listens from the start; a `with` block stops it."""

    def __init__(self, egodriver: Egodriver, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0 takes a free one. Raises CaravelaError where nobody can listen there."""
        if not 0 <= port <= 65535:
            raise CaravelaError(f"--port is {port}; expected a port from 0 to 65535 (0 takes a free one).")
        options = [
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),  # else a second server on the port would take half of the calls
        ]
        self._server = grpc.server(futures.ThreadPoolExecutor(THREADS, thread_name_prefix="egodriver"), options=options)
        protocol.add_EgodriverServiceServicer_to_server(egodriver, self._server)
        self.host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        try:
            self.port = self._server.add_insecure_port(f"{self.host}:{port}")
        except RuntimeError as error:
            raise CaravelaError(f"cannot listen at {host[:60]} port {port}; give another --host or --port.") from error
        if self.port == 0:
            raise CaravelaError(f"cannot listen at {host[:60]} port {port}; give another --host or --port.")
        self._server.start()

    @property
    def address(self) -> str:
        """As a client dials it."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop(GRACE_S).wait()
