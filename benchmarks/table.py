"""The tables in Markdown, from the JSON that compare.py writes."""

from typing import Any

from benchmarks.contestants import DEFAULT, OURS


def fastest_peer(found: dict[str, Any]) -> str | None:
    """The fastest contestant, except kmeans_core, whose work agrees."""
    peers = [
        name
        for name, entry in found.items()
        if name != OURS and "seconds" in entry and entry["differs"] is None
    ]
    return min(peers, key=lambda name: found[name]["seconds"], default=None)


def ratio(found: dict[str, Any], peer: str | None) -> float | None:
    """The peer's time divided by ours; None if the work is not the same."""
    sides = [found.get(OURS), found.get(peer or "")]
    if any(side is None or "seconds" not in side or side["differs"] for side in sides):
        return None
    return float(found[peer]["seconds"] / found[OURS]["seconds"])


def met(row: dict[str, Any]) -> bool:
    """Whether both ratios, and the memory if it has a target, meet their targets."""
    found, targets = row["contestants"], row["targets"]
    checks = []
    for peer, wanted in (
        (DEFAULT, targets["against_scikit_learn"]),
        (fastest_peer(found), targets["against_fastest"]),
    ):
        times = ratio(found, peer)
        checks.append(times is not None and times >= wanted)
    if targets["megabytes"] is not None:
        used = row["megabytes"].get(OURS)
        checks.append(used is not None and used <= targets["megabytes"])
    return all(checks)


def results(rows: dict[str, Any], scale: str) -> str:
    """The table of ratios: times with the better number of threads, ratios with targets.

    The targets are for the full sizes, so the last column is empty at other sizes.
    """
    ratios = ["x scikit-learn (at least)", "x fastest (at least)"]
    head = ["", "Work", OURS, DEFAULT, "fastest peer", *ratios, "met"]
    lines = []
    for name, row in rows.items():
        found, targets = row["contestants"], row["targets"]
        peer = fastest_peer(found)
        lines.append(
            [
                name,
                row["work"],
                _time(found.get(OURS)),
                _time(found.get(DEFAULT)),
                f"{peer} {_time(found[peer])}" if peer else "-",
                f"{_times(ratio(found, DEFAULT))} ({targets['against_scikit_learn']:g})",
                f"{_times(ratio(found, peer))} ({targets['against_fastest']:g})",
                ("yes" if met(row) else "no") if scale == "full" else "-",
            ]
        )
    return _markdown(head, lines)


def costs(rows: dict[str, Any]) -> str:
    """Roofline, memory and compilation."""
    head = ["", "bound", "ours / bound", "MB beyond the input", "first call, empty cache", "warm"]
    lines = []
    for name, row in rows.items():
        own = row["contestants"].get(OURS, {})
        limit = row["bound"]
        used = {peer: size for peer, size in row["megabytes"].items() if size is not None}
        calls = row["first_calls"]
        lines.append(
            [
                name,
                f"{_seconds(limit['seconds'])} ({limit['limit']})",
                f"{own['seconds'] / limit['seconds']:.1f}" if "seconds" in own else "-",
                ", ".join(f"{peer} {size:.0f}" for peer, size in used.items()) or "-",
                *(
                    _seconds(calls[state]) if calls else "-"
                    for state in ("empty cache", "warm cache")
                ),
            ]
        )
    return _markdown(head, lines)


def everyone(rows: dict[str, Any]) -> str:
    """All contestants of all rows at each number of threads, and why others are left out."""
    lines = []
    for name, row in rows.items():
        for contestant, entry in row["contestants"].items():
            if "seconds" not in entry:
                lines.append([name, contestant, "-", entry["failed"]])
                continue
            times = ", ".join(
                f"{_seconds(part['seconds'])} ({n})" for n, part in entry["by_threads"].items()
            )
            differs = f"differs: {entry['differs']}" if entry["differs"] else ""
            lines.append([name, contestant, times, differs])
        reasons: dict[str, list[str]] = {}
        for contestant, reason in row["left_out"].items():
            reasons.setdefault(reason, []).append(contestant)
        lines += [[name, ", ".join(found), "left out", reason] for reason, found in reasons.items()]
    return _markdown(["", "contestant", "seconds (threads)", ""], lines)


def busy(found: dict[str, Any]) -> str:
    """Slowdowns on a busy machine."""
    lines = [
        [key, _seconds(times["quiet"]), _seconds(times["busy"]), f"{times['slowdown']:.1f}"]
        for key, times in found.items()
    ]
    return _markdown(["W1b", "quiet", "all processors busy", "slowdown"], lines)


def _time(entry: dict[str, Any] | None) -> str:
    if entry is None or "seconds" not in entry:
        return "-"
    differs = ", differs" if entry["differs"] else ""
    return f"{_seconds(entry['seconds'])} ({entry['threads']}{differs})"


def _seconds(seconds: float) -> str:
    """Three digits: .00432, .103, 1.95, 12.3."""
    digits = f"{seconds:.3g}" if seconds < 100 else f"{seconds:.0f}"
    if "e" in digits:
        digits = f"{seconds:.7f}"
    return digits.removeprefix("0") if digits.startswith("0.") else digits


def _times(factor: float | None) -> str:
    return "differs" if factor is None else f"{factor:.2f}"


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
