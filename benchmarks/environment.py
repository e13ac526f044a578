"""The environment of a contestant's process: peers run at their best settings."""

import os
import sys
from collections.abc import Mapping

from threadpoolctl import threadpool_info

# These choose a kernel of OpenBLAS for another processor. That can halve the speed of its products.
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def at_their_best(environment: Mapping[str, str]) -> dict[str, str]:
    """A copy of an environment without the variables that slow a BLAS library down."""
    return {name: value for name, value in environment.items() if name not in SLOWING}


def start_at_best(module: str) -> None:
    """Start this command again in such an environment, if it runs in another one."""
    clean = at_their_best(os.environ)
    if clean != dict(os.environ):
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], clean)


def blas_in_use() -> str:
    """Each loaded BLAS library with its kernel, as ``openblas 0.3.30 SkylakeX``."""
    found = [
        " ".join(str(pool.get(what, "")) for what in ("internal_api", "version", "architecture"))
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return ", ".join(dict.fromkeys(found)) or "no BLAS library that threadpoolctl knows"
