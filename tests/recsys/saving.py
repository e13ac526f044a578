"""Processes that save to one path at the same time, or are killed while they save."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

# This program writes its letter many times, in pieces, so that other processes come between.
SAVER = """
import signal, sys
from pathlib import Path
from recsys.files import whole
# A shell lets background processes ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
path, letter, size, times = Path(sys.argv[1]), sys.argv[2].encode(), *map(int, sys.argv[3:])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(times):
    with whole(path) as file:
        for _ in range(size):
            file.write(letter * 1000)
            file.flush()
"""
FOREVER = 10**9
SECONDS = 120  # a process that takes longer hangs


def started(path: Path, letter: str, size: int, times: int) -> "subprocess.Popen[str]":
    """Start a process that waits for ``go`` and then saves to the path."""
    saver = subprocess.Popen(
        [sys.executable, "-c", SAVER, str(path), letter, str(size), str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert saver.stdout is not None
    assert saver.stdout.readline() == "ready\n"
    return saver


def go(saver: "subprocess.Popen[str]") -> None:
    assert saver.stdin is not None
    saver.stdin.write("\n")
    saver.stdin.flush()


def ended(saver: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for the end of a process, and return its exit code and standard error."""
    try:
        error = saver.communicate(timeout=SECONDS)[1]
    finally:
        saver.kill()  # in case it hangs
        saver.wait()
    return saver.returncode, error


def is_whole(content: bytes, size: int) -> bool:
    """Whether one process wrote the whole content."""
    return len(content) == 1000 * size and len(set(content)) == 1


def race(folder: Path, n_savers: int, size: int, times: int) -> Counter[str]:
    """Read a path while several processes save to it, and count the outcomes."""
    path = folder / "target"
    savers = [started(path, chr(97 + number), size, times) for number in range(n_savers)]
    found: Counter[str] = Counter()
    for saver in savers:
        go(saver)
    while any(saver.poll() is None for saver in savers):
        if path.exists():
            found["whole" if is_whole(path.read_bytes(), size) else "broken"] += 1
    for saver in savers:
        code, error = ended(saver)
        found["saved" if (code, error) == (0, "") else "failed"] += 1
    found["left"] = len(os.listdir(folder)) - 1
    return found


def kills(folder: Path, size: int, times: int, how: signal.Signals, seed: int) -> Counter[str]:
    """End several processes in turn while they save, save once more, and count the outcomes."""
    path = folder / "target"
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(times):
        before = set(os.listdir(folder))
        saver = started(path, "x", size, FOREVER)
        go(saver)
        # On a busy machine the process may begin late.
        late = time.monotonic() + 10
        while set(os.listdir(folder)) <= before | {"target"} and time.monotonic() < late:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.05))
        saver.send_signal(how)
        code, error = ended(saver)
        interrupted = how == signal.SIGINT and "KeyboardInterrupt" in error
        found["ended" if code == -how or interrupted else "else"] += 1
        if path.exists():
            found["whole" if is_whole(path.read_bytes(), size) else "broken"] += 1
        found["unfinished"] += len([name for name in os.listdir(folder) if name != "target"])
    saver = started(path, "y", size, 1)
    go(saver)
    assert ended(saver) == (0, "")
    found["left"] = len([name for name in os.listdir(folder) if name != "target"])
    return found
