"""Looks for damaged releases that are not refused or read correctly; arguments: NUMBER [SEED]."""

import faulthandler
import itertools
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "recsys"))

import conftest
import mutations

SAMPLES = conftest.SAMPLES
# One release takes a hundredth of a second, so a release that takes this long hangs.
HANG = 60


def main(n_releases: int, seed: int) -> None:
    warnings.simplefilter("error")
    outcomes: Counter[str] = Counter()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        damaged = mutations.damaged_releases(SAMPLES, Path(folder), seed)
        for number, (path, data) in enumerate(itertools.islice(damaged, n_releases)):
            faulthandler.dump_traceback_later(HANG, exit=True)
            try:
                outcomes[mutations.check_reading(path)] += 1
            except Exception as error:
                error.add_note(f"seed {seed}, number {number}, {path.name}: {data[:2000]!r}")
                raise
    faulthandler.cancel_dump_traceback_later()
    counts = ", ".join(f"{outcome} {n:,}" for outcome, n in sorted(outcomes.items()))
    print(f"{n_releases:,} damaged releases in {time.monotonic() - begun:.0f} s: {counts}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
