"""The side-by-side table: ``python -m benchmarks.compare`` from the repository's root."""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import environment, probes, roofline, rounds, table, task, workloads
from benchmarks.client import installed, thread_counts
from benchmarks.contestants import ALL, DEFAULT, OURS
from benchmarks.rounds import Effort, Workers
from recsys.files import write_text

QUICK = Effort(repeats=2, max_seconds=1.0, visit_seconds=0.02)
BUSY = "busy"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    standard = QUICK if options.quick else Effort()
    effort = Effort(
        options.repeats or standard.repeats,
        options.max_seconds or standard.max_seconds,
        standard.visit_seconds,
    )
    scale: workloads.Scale = "quick" if options.quick else "full"
    only = (
        options.only.split(",") if options.only else [row.name for row in workloads.ROWS] + [BUSY]
    )
    names = ",".join(name for name in only if name != BUSY)
    rows = workloads.chosen(names) if names else []

    contestants, threads = installed(), thread_counts()
    missing = sorted(ALL.keys() - set(contestants))
    if missing:
        print(f"Not installed and left out: {', '.join(missing)}.", file=sys.stderr)
    machine = roofline.measured(max(threads))
    report: dict[str, Any] = {
        "machine": {**about_machine(threads), **asdict(machine)},
        "versions": {ALL[name].package: version(ALL[name].package) for name in contestants},
        "settings": {**asdict(effort), "scale": scale, "missing": missing},
        "rows": {},
    }
    with tempfile.TemporaryDirectory() as folder, closing(Workers(Path(folder))) as workers:
        for row in rows:
            begun = time.perf_counter()
            report["rows"][row.name] = measure(
                row, scale, contestants, threads, workers, effort, machine
            )
            print(f"{row.name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
            _write(report, options.json)
        report["blas"] = {
            name: client.ask("about", within=effort.patience)["blas"]
            for (name, n_threads), client in workers.clients.items()
            if n_threads == max(threads) and client.process.poll() is None
        }
        if BUSY in only:
            (row,) = workloads.chosen("W1b")
            path = workloads.file_of(row, scale)
            work = task.load(path)
            keys = rounds.keys_of(work, contestants, threads)
            report["busy"] = probes.slowdowns(path, keys, workers, effort, work.seeds)
            _write(report, options.json)
    print(as_markdown(report))
    return 0


def measure(
    row: workloads.Row,
    scale: workloads.Scale,
    contestants: list[str],
    threads: list[int],
    workers: Workers,
    effort: Effort,
    machine: roofline.Machine,
) -> dict[str, Any]:
    """All figures of one row."""
    path = workloads.file_of(row, scale)
    work = task.load(path)
    keys = rounds.keys_of(work, contestants, threads)
    found = rounds.summary(work, rounds.run(work, path, keys, workers, effort))
    full = scale == "full"
    probed = [OURS, DEFAULT] if full or row.megabytes is not None else []
    tiny = workloads.file_of(row, "tiny") if probed else path
    most = max(threads)
    as_named = full and os.environ.get("MOVIELENS_DIR")
    n, d = work.X.shape
    return {
        "work": row.work if as_named else f"{row.work} (here {scale}, {n:,} x {d:,})",
        "targets": {
            "against_scikit_learn": row.against_scikit_learn,
            "against_fastest": row.against_fastest,
            "megabytes": row.megabytes,
        },
        "contestants": found,
        "left_out": rounds.left_out(work, contestants),
        "bound": asdict(roofline.bound(work, machine)),
        "megabytes": {
            name: probes.megabytes((name, most), path, tiny, workers.folder / "numba", effort)
            for name in probed
            if name in found and "seconds" in found[name]
        },
        "first_calls": probes.first_calls(most, path, effort) if full else None,
    }


def about_machine(threads: list[int]) -> dict[str, Any]:
    """Processor, system and Python, and the source of the ratings of W1 and W2."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search("^model name.*: (.+)$", text, flags=re.MULTILINE)
    return {
        "processor": model[1].strip() if model else platform.processor(),
        "processors": max(threads),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "ratings": "MOVIELENS_DIR" if os.environ.get("MOVIELENS_DIR") else "built-in",
    }


def as_markdown(report: dict[str, Any]) -> str:
    """The report as text to print."""
    machine, settings = report["machine"], report["settings"]
    gemm = {int(size): rate / 1e9 for size, rate in machine["gemm"].items()}
    parts = [
        f"{machine['processor']}, {machine['processors']} processors; Python {machine['python']}, "
        f"numpy {machine['numpy']}, numba {machine['numba']}; "
        + ", ".join(f"{name} {number}" for name, number in report["versions"].items())
        + f". GEMM {gemm[4]:.0f} GFLOP/s float32, {gemm[8]:.0f} float64; copy "
        f"{machine['bandwidth'] / 1e9:.1f} GB/s. Scale {settings['scale']}, {settings['repeats']} "
        f"rounds; ratings of W1 to W3a: {machine['ratings']}. Seconds, median, with (threads)."
    ]
    if report.get("blas"):
        found = (f"{name} {library}" for name, library in report["blas"].items())
        parts.append(f"BLAS in use: {'; '.join(found)}.")
    if settings["missing"]:
        parts.append(f"Not installed and left out: {', '.join(settings['missing'])}.")
    if report["rows"]:
        rows = report["rows"]
        parts += [table.results(rows, settings["scale"]), table.costs(rows), table.everyone(rows)]
    if "busy" in report:
        parts.append(table.busy(report["busy"]))
    return "\n\n".join(parts)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, in about two minutes")
    parser.add_argument("--only", metavar="ROWS", help="names with commas, for example W1a,W6,busy")
    parser.add_argument("--repeats", type=int, help="number of rounds (7; with --quick 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument(
        "--max-seconds",
        type=float,
        help="stop calling a contestant after this many seconds in a row at one number of threads, "
        "so that slow ones are timed once (20; with --quick 1)",
    )
    return parser.parse_args(arguments)


def _write(report: dict[str, Any], path: Path | None) -> None:
    if path is not None:
        write_text(path, json.dumps(report, indent=1))


if __name__ == "__main__":
    environment.start_at_best("benchmarks.compare")
    sys.exit(main())
