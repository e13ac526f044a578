"""Groups and lists of everyone at 25 million ratings: ``python -m benchmarks.lists_of_everyone``.

It makes 100 groups of users, and ten recommendations with reasons for each of 162,000 users, from
Parquet and to Parquet, by the commands that users type. It prints what each command takes: the
wall time, the CPU time of all threads, and the peak of the memory (ru_maxrss, the kernel's count).
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from recsys import make_ratings

# The target for all commands together.
SECONDS, GIGABYTES = 600, 8.0

# The size of ml-25m.
USERS, FILMS, RATINGS = 162_000, 59_000, 25_000_000


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    name: str
    wall: float
    cpu: float
    gigabytes: float

    def __str__(self) -> str:
        return f"| {self.name} | {self.wall:.0f} | {self.cpu:.0f} | {self.gigabytes:.1f} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists_of_everyone")
    parser.add_argument(
        "folder",
        type=Path,
        help="ratings.parquet and movies.parquet; they are made if the folder is missing",
    )
    parser.add_argument("--n-clusters", type=int, default=100)
    options = parser.parse_args()
    if not options.folder.exists():
        _make(options.folder)
    with TemporaryDirectory() as written:
        groups, lists = Path(written, "groups.parquet"), Path(written, "lists.parquet")
        k = ["--n-clusters", str(options.n_clusters)]
        clusters = ["clusters", "--data", str(options.folder), *k, "--out", str(groups)]
        recommend = ["recommend", "--data", str(options.folder), "--all", "--out", str(lists)]
        costs = [_run(clusters), _run(recommend)]
        of_users = pd.read_parquet(lists, columns=["userId", "reason"])
    costs.append(
        Cost(
            "together",
            sum(cost.wall for cost in costs),
            sum(cost.cpu for cost in costs),
            max(cost.gigabytes for cost in costs),
        )
    )
    print("| command | wall, s | CPU, s | peak, GB |\n|---|---|---|---|")
    print(*costs, sep="\n")
    n_users, n_unexplained = of_users["userId"].nunique(), int((of_users["reason"] == "").sum())
    print(f"{len(of_users):,} films for {n_users:,} users; without a reason: {n_unexplained}")
    return int(costs[-1].wall > SECONDS or costs[-1].gigabytes > GIGABYTES or n_unexplained > 0)


def _make(folder: Path) -> None:
    made = make_ratings(n_users=USERS, n_movies=FILMS, n_ratings=RATINGS, random_state=0)
    folder.mkdir(parents=True)
    made.ratings.to_parquet(folder / "ratings.parquet", index=False)
    made.movies.to_parquet(folder / "movies.parquet", index=False)


def _run(arguments: list[str]) -> Cost:
    """Run a command in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "recsys", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    cpu = used.ru_utime + used.ru_stime
    return Cost(f"recsys {arguments[0]}", wall, cpu, used.ru_maxrss / 1024**2)


if __name__ == "__main__":
    sys.exit(main())
