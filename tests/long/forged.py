"""Thousands of forged model files: none may end the process, hang, or take much memory.

It prints the outcomes. `tests/long/run` runs it.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "recsys"))

import trying

# Seeds that the short form in the tests does not try.
FIRST, LAST = 100_000, 104_000


def main(folder: Path) -> None:
    begun = time.perf_counter()
    found, faults = trying.hunt(folder, FIRST, LAST)
    seconds = time.perf_counter() - begun
    print(f"{LAST - FIRST:,} forged files in {seconds:.0f} s: {dict(found)}")
    for fault in faults:
        print(fault)
    assert not faults
    assert min(found["refused"], found["loaded"]) > (LAST - FIRST) / 20


if __name__ == "__main__":
    main(Path(sys.argv[1]))
