"""The server's socket: it listens for one application, and says where."""

from logging import ERROR, getLogger
from typing import Any

from flask import Flask
from waitress import create_server

# Threads that answer. numpy does the work of an answer, and more threads would wait for it.
N_THREADS = 4

# Seconds after which a connection that sends nothing is closed.
PATIENCE = 30


def listen(app: Flask, host: str, port: int) -> Any:
    """Make a server that listens. ``run()`` answers until an interrupt; ``close()`` ends it.

    Raises
    ------
    ValueError
        If the host or the port cannot be had.
    """
    # It would say on standard error that a second question has come.
    getLogger("waitress.queue").setLevel(ERROR)
    try:
        return create_server(
            app,
            host=host,
            port=port,
            threads=N_THREADS,
            channel_timeout=PATIENCE,
            max_request_body_size=10 * app.config["MAX_CONTENT_LENGTH"],
            ident=None,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(
            f"cannot listen on port {port} of {host}: {reason}; choose another one with --port (0 "
            "takes a free one) or --host"
        ) from error


def addresses(server: Any) -> list[str]:
    """The addresses at which a server listens. A name such as localhost can have two."""
    found = getattr(server, "effective_listen", None)
    found = found or [(server.effective_host, server.effective_port)]
    return [f"http://{f'[{host}]' if ':' in host else host}:{port}/" for host, port in found]
