"""The long hunt for malformed sparse matrices: many processes, so that a crash ends only one.

``python tests/long/malformed.py COUNT`` tries COUNT matrices and prints what became of them. Run by
``tests/long/run``.
"""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "kmeans_core" / "malformed_matrices.py"
AT_ONCE = 2_000


def main(count: int) -> int:
    table: Counter[str] = Counter()
    n_failed = 0
    for seed in range(0, count, AT_ONCE):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(seed), str(min(AT_ONCE, count - seed)), "all"],
            capture_output=True,
            text=True,
            timeout=3600,
            check=False,
        )
        *wrong, last = done.stdout.splitlines() or [""]
        if done.returncode:
            n_failed += 1
            tried = done.stderr.splitlines()[-1:]
            print(f"from {seed}: exit {done.returncode}, last tried {tried}", *wrong, sep="\n")
        if last.startswith("{"):
            table += Counter(ast.literal_eval(last))
    print(dict(table))
    return n_failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])) > 0)
