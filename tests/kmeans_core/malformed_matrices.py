"""Damages sparse matrices of every format by seeded mutation, and compares with a plain reading.

``python malformed_matrices.py SEED COUNT [all]`` tries COUNT matrices in its own process, so that a
crash or a hang ends only that process. With "all" it also tries float32 and 64-bit indices, for
which kernels must be compiled.

``plain_sparse`` reads each matrix cell by cell in Python. A valid matrix must give the result of
its dense copy. A malformed one must raise a ValueError or a TypeError with a short message. Nothing
else may happen.
"""

import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from plain_sparse import ContradictionError, claim, plain_reading

from kmeans_core import KMeans, kmeans_plusplus, silhouette_samples, silhouette_score, sweep_k

FORMATS = ("csr", "csc", "bsr", "coo", "lil", "dok", "dia")
ARRAYS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "lil": ("data", "rows"),
    "dok": (),
    "dia": ("data", "offsets"),
}
LONGEST_ERROR = 1000
ODD = [-1, -(2**31), 2**31 - 1, 10**9, 2**62, 7, 1.5, "1", None, True, 10**30, np.uint8(3), [0]]
SHAPES = [
    lambda n, d: (n + 1, d),
    lambda n, d: (n, d + 1),
    lambda n, d: (n - 1, d),
    lambda n, d: (n, d - 1),
    lambda n, d: (d, n),
    lambda n, d: (n, 0),
    lambda n, d: (0, d),
    lambda n, d: (n, -d),
    lambda n, d: (n, 10**13),
    lambda n, d: (10**13, d),
    lambda n, d: (2**70, d),
    lambda n, d: (n, 2.0 * d),
    lambda n, d: (n,),
    lambda n, d: (n, d, 1),
    lambda n, d: None,
    lambda n, d: ("4", d),
]


# Matrices -------------------------------------------------------------------------------------


def sound_matrix(rng: np.random.Generator, every_kernel: bool) -> Any:
    """A matrix of any format, class and dtype, with multiples of 1/2, so that sums are exact."""
    form = FORMATS[rng.integers(len(FORMATS))]
    n, d = int(rng.integers(4, 9)), int(rng.integers(1, 6))
    if form == "bsr":
        n, d = 2 * n, 2 * d
    dense = rng.integers(-6, 7, size=(n, d)) / 2.0
    dense[rng.random((n, d)) < 0.4] = 0.0
    kinds = [np.float64, np.float32 if every_kernel else np.float64, np.int64, np.int8]
    dense = dense.astype(kinds[rng.integers(4)])
    kind = ("matrix", "array")[rng.integers(2)]
    base = getattr(sp, f"{form}_{kind}")
    if rng.random() < 0.2:
        base = type("Mine", (base,), {})
    matrix = base(dense, blocksize=(2, 2)) if form == "bsr" else base(dense)
    if form in ("csr", "csc", "bsr") and rng.random() < 0.3 and every_kernel:
        matrix.indices = matrix.indices.astype(np.int64)
        matrix.indptr = matrix.indptr.astype(np.int64)
    return matrix


def mutate(matrix: Any, rng: np.random.Generator) -> None:
    """Damage the matrix in one way, which may leave it valid."""
    if rng.random() < 0.12:
        matrix._shape = SHAPES[rng.integers(len(SHAPES))](*matrix.shape[:2])
        return
    {"lil": _mutate_lists, "dok": _mutate_cells}.get(matrix.format, _mutate_array)(matrix, rng)


def _odd(rng: np.random.Generator) -> Any:
    return ODD[rng.integers(len(ODD))]


def _mutate_array(matrix: Any, rng: np.random.Generator) -> None:
    names = ARRAYS[matrix.format]
    name = names[rng.integers(len(names))]
    array = np.array(getattr(matrix, name))
    new = _other_array(array, rng)
    if name in ("row", "col"):
        coords = [matrix.coords[0], matrix.coords[1]]
        coords[name == "col"] = new
        if rng.random() < 0.1:
            coords.append(new)
        matrix.coords = tuple(coords)
    else:
        setattr(matrix, name, new)


def _other_array(array: Any, rng: np.random.Generator) -> Any:
    flat = array.reshape(-1)
    place = int(rng.integers(max(1, flat.size)))
    way = int(rng.integers(16))
    if way <= 3 and flat.size:
        whole = [-1, -2, 1, 2, 5, 10**9, 2**31 - 1, -(2**31), 99]
        value = whole[rng.integers(len(whole))]
        if way == 3:
            value = [np.nan, np.inf, -np.inf, 0][rng.integers(4)]
        new = array.astype(np.float64) if way == 3 and array.dtype.kind != "i" else array.copy()
        if way == 3 and new.dtype.kind == "i":
            value = int(rng.integers(-3, 9))
        elif new.dtype == np.int8:
            value = int(np.clip(value, -99, 99))
        new.reshape(-1)[place] = value
        return new
    if way <= 5:
        return array[: len(array) - 1 - int(rng.integers(2))]
    if way == 6:
        return np.concatenate([array, array[-1:]]) if len(array) else array
    if way == 7:
        return array[:0]
    if way == 8:
        kinds = ["f8", "u4", "i2", ">i8", "U4", "O", "c16", "?", "M8[s]", "f2", ">f4"]
        return array.astype(kinds[rng.integers(len(kinds))])
    if way == 9:
        return array[None]
    if way == 10:
        return np.array(3)
    if way == 11:
        return [None, "abc", 5, [[1], [2, 3]], array.tolist(), {}][rng.integers(6)]
    if way == 12:
        objects = array.astype(object)
        if flat.size:
            objects.reshape(-1)[place] = [None, "x", 10**400, 1j, [1], 2.5][rng.integers(6)]
        return objects
    if way == 13:
        return np.repeat(array, 2, axis=0)[::2]
    if way == 14:
        return np.ma.masked_array(array, mask=rng.random(array.shape) < 0.2)
    return rng.permutation(array)


def _mutate_lists(matrix: Any, rng: np.random.Generator) -> None:
    name = ("rows", "data")[rng.integers(2)]
    lists = getattr(matrix, name)
    way = int(rng.integers(8))
    if way == 0:
        setattr(matrix, name, lists[:-1])
    elif way == 1:
        setattr(matrix, name, [None, 5, np.array(lists.tolist(), dtype=object)][rng.integers(3)])
    elif way == 2:
        setattr(matrix, name, np.concatenate([lists, lists[:1]]))
    else:
        row = int(rng.integers(len(lists)))
        new = list(lists[row])
        if way == 3:
            new.append(_odd(rng))
        elif way == 4:
            new = new[:-1]
        elif way == 5 and new:
            new[rng.integers(len(new))] = _odd(rng)
        elif way == 6:
            matrix.rows[row], matrix.data[row] = [_odd(rng)], [1.0]
            return
        lists[row] = [None, 5, "abc", tuple(new), np.array(new, dtype=object), new, new, new][
            rng.integers(8)
        ]


def _mutate_cells(matrix: Any, rng: np.random.Generator) -> None:
    cells = matrix._dict
    way = int(rng.integers(4))
    odd = [*ODD, "x", 1j, 10**400, np.nan]
    if way == 0:
        cells[(tuple, list)[0]((int(rng.integers(3)), 0))] = odd[rng.integers(len(odd))]
    elif way == 1:
        keys = [5, (0,), (0, 0, 0), "ab", (np.int64(1), np.int32(0)), (-1, 0), (0, 10**9), (0.5, 0)]
        cells[keys[rng.integers(len(keys))]] = 1.0
    elif way == 2:
        place = _odd(rng)
        cells[(0 if isinstance(place, list) else place, 0)] = 1.0
    else:
        matrix._dict = [None, [], {}, dict(list(cells.items())[:-1])][rng.integers(4)]


# Trials ---------------------------------------------------------------------------------------


def uses(n: int, d: int, seed: int) -> dict[str, Callable[[Any], Any]]:
    """The uses of a matrix of n rows and d columns; each returns numbers."""
    rng = np.random.default_rng(seed)
    Y = rng.integers(-6, 7, size=(n, d)) / 2.0
    params = {"init": Y[:2] + np.array([[0.0], [9.0]]), "n_init": 1, "max_iter": 3}
    fitted, unknown = KMeans(2, **params).fit(Y), KMeans(2, missing="ignore", **params).fit(Y)
    labels = np.arange(n) % 2

    def fit(X: Any, **params: Any) -> Any:
        model = KMeans(2, random_state=seed, n_init=1, **params).fit(X)
        return [*model.labels_, model.inertia_]

    return {
        "fit": fit,
        "fit, ignore": lambda X: fit(X, missing="ignore"),
        "fit, random": lambda X: fit(X, init="random"),
        "predict": fitted.predict,
        "predict, ignore": unknown.predict,
        "transform": fitted.transform,
        "score": fitted.score,
        "score, ignore": unknown.score,
        "silhouette": lambda X: silhouette_samples(X, labels),
        "silhouette, ignore": lambda X: silhouette_samples(X, labels, missing="ignore"),
        "sampled": lambda X: silhouette_score(X, labels, sample_size=n - 1, random_state=0),
        "precomputed": lambda X: silhouette_samples(X, labels, metric="precomputed"),
        "k-means++": lambda X: kmeans_plusplus(X, 2, random_state=seed)[0],
        "sweep": lambda X: sweep_k(X, [2], n_init=1, random_state=seed).labels[0],
        "init": lambda X: KMeans(n, init=X, n_init=1, max_iter=1).fit(Y).labels_,
    }


def outcome(use: Callable[[Any], Any], X: Any) -> Any:
    """The numbers that a use returns, or the error that it raises."""
    try:
        return np.asarray(use(X), dtype=np.float64)
    except Exception as error:
        return error


def verdict(name: str, use: Callable[[Any], Any], matrix: Any) -> tuple[str, str]:
    """The outcome in one word, and a description of the failure, if any."""
    ignores = name.endswith("ignore")
    try:
        claim(not (ignores and matrix.format in ("bsr", "dia")))
        dense, stored = plain_reading(matrix)
        twin = outcome(use, np.where(stored, dense, np.nan) if ignores else dense)
    except ContradictionError:
        twin = None
    found = outcome(use, matrix)
    if isinstance(found, Exception):
        text = str(found)
        if type(found).__name__ not in ("ValueError", "TypeError", "InvalidParameterError"):
            return "leak", "".join(traceback.format_exception(found))
        if len(text) > LONGEST_ERROR:
            return "long error", f"{len(text)} characters: {text[:200]}"
        if isinstance(twin, np.ndarray):
            return "refused though sound", text
        return "refused", ""
    if twin is None:
        return "taken though malformed", repr(found)
    if isinstance(twin, Exception):
        return "taken, but its twin is not", f"{twin}"
    if found.shape != twin.shape or not np.allclose(found, twin, atol=1e-6, equal_nan=True):
        return "another result than its twin", f"{found} {twin}"
    return "same as its twin", ""


def main(seed: int, count: int, every_kernel: bool) -> int:
    """Try ``count`` matrices, print failures and a table, and return the number of failures."""
    warnings.simplefilter("ignore")
    table: Counter[str] = Counter()
    n_wrong = 0
    for number in range(seed, seed + count):
        rng = np.random.default_rng(number)
        matrix = sound_matrix(rng, every_kernel)
        n, d = matrix.shape
        form, damages = matrix.format, int(rng.integers(3))
        for _ in range(damages):
            try:
                mutate(matrix, rng)
            except (TypeError, ValueError, AttributeError, IndexError, OverflowError):
                break  # a second damage may not fit the first, or scipy refuses it
        choices = uses(n, d, number)
        name = list(choices)[rng.integers(len(choices))]
        print(f"{number} {form} {name}", file=sys.stderr, flush=True)
        word, wrong = verdict(name, choices[name], matrix)
        table[word] += 1
        if wrong:
            n_wrong += 1
            print(f"matrix {number} ({form}, {name}): {word}\n{wrong}", flush=True)
    print(dict(table), flush=True)
    return n_wrong


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]), "all" in sys.argv[3:]), 100))
