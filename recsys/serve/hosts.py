"""Names of hosts: which of them a browser may use for this server."""

from ipaddress import ip_address
from socket import gethostname

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# Addresses that listen on every network of the machine.
EVERYWHERE = frozenset({"0.0.0.0", "::"})


def is_own(header: str, bound_to: str) -> bool:
    """Tell whether the Host of a request names this server.

    A page of another site can point a name of its own at this machine (DNS rebinding), and then its
    scripts could read the answers. So a name must be known. Addresses cannot be rebound.

    Parameters
    ----------
    header : str
        The Host that the request names, with or without a port.
    bound_to : str
        The host that the server was told to listen on.

    Examples
    --------
    >>> is_own("localhost:8000", "127.0.0.1"), is_own("evil.example:8000", "127.0.0.1")
    (True, False)
    >>> is_own("192.168.0.7:8000", "0.0.0.0"), is_own("192.168.0.7:8000", "127.0.0.1")
    (True, False)
    """
    name = header.rpartition(":")[0] if header.rpartition(":")[2].isdecimal() else header
    name = name.strip("[]").lower()
    if name in LOOPBACK_NAMES | {bound_to.lower()}:
        return True
    return bound_to in EVERYWHERE and (_is_address(name) or name == gethostname().lower())


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
