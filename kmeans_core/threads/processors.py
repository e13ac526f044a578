"""How many processors this process may use: affinity, container quota, environment variables."""

import os
import re
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from kmeans_core.arrays import ceil_div

# A container's quota can change while the process runs, but reading it takes about .1 ms.
QUOTA_SECONDS = 10.0

# OpenMP reads a list: the first number is for the outermost level of parallelism.
_OPENMP_LIST = re.compile(r"\s*\+?(0*[1-9]\d*)\s*(,\s*\+?0*[1-9]\d*\s*)*", re.ASCII)

_last_quota: tuple[float, int | None] = (-float("inf"), None)  # the time of reading, the quota


def available_threads() -> int:
    """The default number of threads: the smallest of the limits on this process.

    The limits are the processors that the system lets this process run on, the CPU quota of its
    cgroup (rounded up to whole processors), and the environment variables ``OMP_NUM_THREADS``,
    ``NUMBA_NUM_THREADS`` and ``LOKY_MAX_CPU_COUNT``. A variable without a positive whole number is
    ignored. joblib sets the first two in its worker processes, so that its workers share the
    processors.
    """
    limits = (
        _affinity(),
        _recent_quota(),
        _first_of_list(os.environ.get("OMP_NUM_THREADS")),
        _positive(os.environ.get("NUMBA_NUM_THREADS")),
        _positive(os.environ.get("LOKY_MAX_CPU_COUNT")),
    )
    return min(limit for limit in limits if limit is not None)


def _affinity() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


@lru_cache(maxsize=8)
def _first_of_list(text: str | None) -> int | None:
    found = _OPENMP_LIST.fullmatch(text or "")
    return _positive(found[1]) if found else None


@lru_cache(maxsize=8)
def _positive(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if number > 0 else None


# The CPU quota of cgroups, version 1 and 2 ------------------------------------------------------


def _recent_quota() -> int | None:
    global _last_quota
    now = time.monotonic()
    read_at, quota = _last_quota
    if now - read_at > QUOTA_SECONDS:
        quota = cgroup_quota()
        _last_quota = now, quota
    return quota


def cgroup_quota(root: Path = Path("/")) -> int | None:
    """The CPU quota of this process's cgroups in processors, rounded up.

    ``root`` is the folder that holds ``proc`` and the mounted file systems. The result is None
    without a quota, without cgroups, or if they cannot be understood.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text()
        mounts = (root / "proc/self/mountinfo").read_text()
    except (OSError, ValueError):
        return None
    quotas = [
        quota
        for version, folder in _cpu_folders(groups, mounts, root)
        if (quota := _QUOTA_OF_VERSION[version](folder)) is not None
    ]
    return min(quotas, default=None)


def _cpu_folders(groups: str, mounts: str, root: Path) -> Iterator[tuple[int, Path]]:
    """The cgroup of this process and its parents, as far as they are mounted."""
    paths = {}
    for line in groups.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and controllers == "":
            paths[2] = path
        elif "cpu" in controllers.split(","):
            paths[1] = path
    for line in mounts.splitlines():
        place, _, system = line.partition(" - ")
        fields, (kind, _, options) = place.split(), (*system.split(), "", "", "")[:3]
        if kind == "cgroup2":
            version = 2
        elif kind == "cgroup" and "cpu" in options.split(","):
            version = 1
        else:
            continue
        if version in paths and len(fields) > 4:
            shown, point = (_unescaped(field) for field in fields[3:5])
            top = root / point.lstrip("/")
            folder = top / _below(paths[version], shown)
            while folder != top:
                yield version, folder
                folder = folder.parent
            yield version, top


def _below(path: str, shown: str) -> PurePosixPath:
    """The path within a mount that shows the hierarchy from ``shown`` down."""
    group = PurePosixPath(path)
    if ".." in group.parts or not group.is_relative_to(shown):
        return PurePosixPath()  # a container's mount shows its own cgroup as the top
    return group.relative_to(shown)


def _unescaped(field: str) -> str:
    """Undo the kernel's way of writing blanks in paths, as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _quota_1(folder: Path) -> int | None:
    return _processors(_words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us"))


def _quota_2(folder: Path) -> int | None:
    return _processors(_words(folder / "cpu.max"))


_QUOTA_OF_VERSION = {1: _quota_1, 2: _quota_2}


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except (OSError, ValueError):
        return []


def _processors(words: list[str]) -> int | None:
    """Quota over period, rounded up; None for "max", -1 and anything else without a quota."""
    if len(words) != 2:
        return None
    quota, period = map(_positive, words)
    return None if quota is None or period is None else ceil_div(quota, period)
