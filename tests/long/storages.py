"""Thousands of random matrices: every storage must give the same first rows and the same fit.

python tests/long/storages.py [first seed] [seed to stop before]
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "kmeans_core"))

from storages import differences, draw

from kmeans_core import ConvergenceWarning


def main() -> None:
    """Print how many matrices of each kind were tried; end with 1 if any differed."""
    first, stop = (int(number) for number in (sys.argv[1:] or ["1000", "11000"]))
    warnings.simplefilter("ignore", ConvergenceWarning)
    tried: Counter[str] = Counter()
    n_differing = 0
    for seed in range(first, stop):
        drawn = draw(seed)
        found = differences(drawn)
        tried[drawn.kind] += 1
        if found:
            n_differing += 1
            print(f"seed {seed}, {drawn.kind}, {drawn.X.shape}: {', '.join(found)}")
    print(dict(tried))
    print(f"{n_differing} of {sum(tried.values())} differ")
    sys.exit(n_differing > 0)


if __name__ == "__main__":
    main()
