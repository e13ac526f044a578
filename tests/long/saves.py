"""Many savers to one path, and many that are killed: the file is always whole, nothing is left.

It prints the counts. `tests/long/run` runs it.
"""

import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "recsys"))

import saving

N_RACES = 40
N_KILLS = 200


def main(folder: Path) -> None:
    begun = time.perf_counter()
    races: Counter[str] = Counter()
    for number in range(N_RACES):
        place = folder / f"race{number}"
        place.mkdir()
        races += saving.race(place, n_savers=6, size=200, times=50)
    print(f"{N_RACES} races of 6 savers, 50 saves each: {dict(races)}")
    assert races["saved"] == 6 * N_RACES
    assert races["whole"] > N_RACES
    assert races["failed"] == races["broken"] == races["left"] == 0
    for how in (signal.SIGKILL, signal.SIGINT):
        place = folder / how.name
        place.mkdir()
        kills = saving.kills(place, size=300, times=N_KILLS, how=how, seed=how.value)
        print(f"{N_KILLS} savers ended by {how.name}: {dict(kills)}")
        assert kills["ended"] == N_KILLS
        assert kills["whole"] > 0
        assert kills["broken"] == kills["left"] == 0
        assert (kills["unfinished"] > 0) == (how == signal.SIGKILL)
    print(f"in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
