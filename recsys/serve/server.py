"""The server's socket: it listens for one application, and says where."""

import socket
from logging import ERROR, getLogger
from typing import Any

from flask import Flask
from waitress import create_server

# Threads that answer. numpy does the work of an answer, so more threads would wait for each other.
N_THREADS = 4

# Seconds after which a connection that sends nothing is closed.
PATIENCE = 30


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. ValueError if the host or the port cannot be had."""
    if not host:  # the socket would listen on every network
        raise ValueError("the host is empty; --host 127.0.0.1 is for this machine alone")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"cannot listen on port {port} of {host}: {reason}; choose another one with --port (0 "
            "takes a free one) or --host"
        ) from error


def address_of(listening: socket.socket) -> str:
    """The address at which a browser finds a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def server_for(app: Flask, listening: socket.socket) -> Any:
    """A server of an application: ``run()`` answers until an interrupt, ``close()`` ends it."""
    # It would say on standard error that a second question has come.
    getLogger("waitress.queue").setLevel(ERROR)
    return create_server(
        app,
        sockets=[listening],
        threads=N_THREADS,
        channel_timeout=PATIENCE,
        max_request_body_size=10 * app.config["MAX_CONTENT_LENGTH"],
        ident=None,
    )
