"""Forges model files: changes bytes, arrays, headers, JSON or the zip itself."""

import io
import json
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Members = dict[str, bytes]

EXTREME = (-1, 0, 1, 2, 7, 10**6, 10**9, 2**31 - 1, 2**31, 2**63 - 1, -(2**63), 2**63, 10**400)
STRANGE = (0.5, 1e18, 1e300, 1e-300, float("nan"), float("inf"), None, True, "", "x" * 5000, [], {})
DTYPES = ("f2", "f4", "f8", ">f8", "i1", "i4", "i8", ">i8", "u8", "b1", "c16", "M8[s]", "S3", "U5")


def unpacked(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def as_npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asanyarray(array), allow_pickle=True)
    return out.getvalue()


def of_npy(content: bytes) -> Any:
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """Change a few bytes, anywhere or near the end, where the directory is."""
    changed = bytearray(content)
    first = rng.choice((0, max(0, len(changed) - 3000)))
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(first, len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(content: bytes, rng: random.Random) -> bytes:
    """Cut the end or the beginning, write zeros in the middle, or append bytes."""
    place = rng.randrange(len(content))
    stop = min(len(content), place + rng.randrange(1, 2000))
    return rng.choice(
        (
            content[:place],
            content[place:],
            content[:place] + bytes(stop - place) + content[stop:],
            content[:place] + content[stop:],
            content + rng.randbytes(stop - place),
            content + content,
        )
    )


def edited(content: bytes, rng: random.Random) -> bytes:
    """Change one array in a sound zip."""
    members = unpacked(content)
    name = rng.choice([name for name in members if not name.endswith("about.npy")])
    array = of_npy(members[name])
    members[name] = as_npy(rng.choice(EDITS)(array, rng))
    return packed(members)


def with_extreme(array: Any, rng: random.Random) -> Any:
    changed = array.copy()
    if changed.dtype.kind not in "iuf" or not changed.size:
        return np.zeros_like(changed)
    place = tuple(rng.choice((0, n - 1, rng.randrange(n))) for n in changed.shape)
    if changed.dtype.kind == "f":
        value: Any = rng.choice((np.nan, np.inf, -np.inf, 1e30, -1.0, 0.0, -1e300, 1e-300))
    else:
        limits = np.iinfo(changed.dtype)
        value = rng.choice([v for v in EXTREME if limits.min <= v <= limits.max])
    with np.errstate(over="ignore"):
        if rng.random() < 0.2:
            changed[...] = value
        else:
            changed[place] = value
    return changed


def shuffled(array: Any, rng: random.Random) -> Any:
    return (
        np.random.default_rng(rng.randrange(2**32)).permutation(array.ravel()).reshape(array.shape)
    )


def resized(array: Any, rng: random.Random) -> Any:
    flat = array.ravel()
    return rng.choice(
        (
            flat[: len(flat) // 2],
            flat[:0],
            flat[:-1],
            np.concatenate([flat, flat[:1]]),
            np.concatenate([array, array]) if array.ndim else flat,
            array[:1] if array.ndim else flat,
            array[:0] if array.ndim else flat,
            array.T,
            array[None],
            np.zeros((10**9, 0)),
            np.zeros((0, 10**18), np.int8),
            np.zeros((1,) * 32),
        )
    )


def retyped(array: Any, rng: random.Random) -> Any:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return array.astype(rng.choice(DTYPES))
        except (ValueError, TypeError):
            return np.array([None, "pickled"], dtype=object)


def in_other_order(array: Any, rng: random.Random) -> Any:
    """Lay the same numbers out in another way. The recommender is still the same."""
    return rng.choice(
        (np.asfortranarray(array), array.astype(array.dtype.newbyteorder(">")), array)
    )


EDITS = (with_extreme, with_extreme, with_extreme, shuffled, resized, retyped, in_other_order)


def renamed(content: bytes, rng: random.Random) -> bytes:
    """Remove, add, rename or swap arrays."""
    members = unpacked(content)
    name, other = rng.sample(sorted(members), 2)
    kind = rng.randrange(5)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[other] = members[name]
    elif kind == 2:
        members[f"{name[:-4]}_more.npy"] = members.pop(name)
    elif kind == 3:
        members["learned/extra.npy"] = as_npy(np.zeros(3))
    else:
        members["readme.txt"] = b"text"
    return packed(members)


def headed(content: bytes, rng: random.Random) -> bytes:
    """Write a header that no array has."""
    members = unpacked(content)
    name = rng.choice(sorted(members))
    header = rng.choice(
        (
            "(" * 3000,
            "{'descr': " + "[" * 2000,
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 0), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (True,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3L,), }",
            "{'descr': '<f8', 'fortran_order': 7, 'shape': (" + "9" * 5000 + ",), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
            "{'descr': '<U999999999', 'fortran_order': False, 'shape': (), }",
            "{'descr': '<U0', 'fortran_order': False, 'shape': (99999999,), }",
            "{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }",
            "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
            "'''unfinished",
            "\0" * 100,
            "1 if 1 else " * 500,
            "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1, " * 100 + "), }",
        )
    )
    version = rng.choice((b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"))
    width = "<H" if version == b"\x01\x00" else "<I"
    length = rng.choice((len(header) + 1, len(header) + 1, 0, 65535, 2**32 - 1))
    size = struct.pack(width, min(length, 65535 if width == "<H" else 2**32 - 1))
    data = members[name][128:] if rng.random() < 0.5 else b""
    members[name] = b"\x93NUMPY" + version + size + header.encode() + b"\n" + data
    return packed(members)


def retold(content: bytes, rng: random.Random) -> bytes:
    """Change the JSON about class, parameters and scale."""
    members = unpacked(content)
    name = rng.choice([name for name in members if name.endswith("about.npy")])
    about = json.loads(str(of_npy(members[name])))
    if rng.random() < 0.25:
        text = rng.choice(
            (
                "[" * 50_000,
                '{"a":' * 10_000,
                "",
                "null",
                "[]",
                "7",
                "NaN",
                '{"format": 1' + "0" * 5000 + "}",
                json.dumps(about)[:-1],
                json.dumps({**about, "recommender": ["TasteGroups"]}),
                json.dumps({**about, "note": "x" * 100_000}),
                json.dumps({**about, "recommender": "x" * 40_000}),
                json.dumps({**about, "parameters": []}),
            )
        )
    else:
        places = [about, about["parameters"], about["scale"]]
        place = rng.choice(places)
        key = rng.choice(sorted(place)) if place and rng.random() < 0.9 else "more"
        if rng.random() < 0.1:
            place.pop(key, None)
        else:
            place[key] = rng.choice((*EXTREME, *STRANGE, nested(rng)))
        text = json.dumps(about)
    members[name] = as_npy(np.array(text))
    return packed(members)


def nested(rng: random.Random) -> Any:
    """Nest recommenders in each other."""
    value: Any = {"recommender": "BiasBaseline", "parameters": {}}
    for _ in range(rng.choice((0, 3, 200))):
        value = {"recommender": "TasteGroups", "parameters": {"rating_model": value}}
    return value


def rezipped(content: bytes, rng: random.Random) -> bytes:
    """Make the zip lie about its members: method, flags, sizes, checksums, places, numbers."""
    changed = bytearray(content)
    directory = changed.rfind(b"PK\x05\x06")
    begin = struct.unpack_from("<I", changed, directory + 16)[0]
    entries, place = [], begin
    while changed[place : place + 4] == b"PK\x01\x02":
        entries.append(place)
        place += 46 + sum(struct.unpack_from("<HHH", changed, place + 28))
    entry, other = rng.sample(entries, 2)
    local = struct.unpack_from("<I", changed, entry + 42)[0]
    kind = rng.randrange(7)
    if kind == 0:  # encrypted, or another flag
        flags = rng.choice((0x1, 0x8, 0x20, 0x40, 0x800))
        struct.pack_into("<H", changed, entry + 8, flags)
        struct.pack_into("<H", changed, local + 6, flags)
    elif kind == 1:
        method = rng.choice((0, 1, 6, 9, 12, 14, 93, 99))
        struct.pack_into("<H", changed, entry + 10, method)
        struct.pack_into("<H", changed, local + 8, method)
    elif kind == 2:  # CRC
        struct.pack_into("<I", changed, entry + 16, rng.randrange(2**32))
    elif kind == 3:  # sizes
        field = rng.choice((20, 24))
        struct.pack_into("<I", changed, entry + field, rng.choice((0, 1, 10**6, 2**32 - 2)))
    elif kind == 4:  # two members at one place
        changed[entry + 42 : entry + 46] = changed[other + 42 : other + 46]
    elif kind == 5:
        offset = rng.choice((0, 1, len(changed), 2**32 - 2))
        struct.pack_into("<I", changed, entry + 42, offset)
    else:
        field = rng.choice(((8, "<H"), (10, "<H"), (12, "<I"), (16, "<I"), (20, "<H")))
        value = rng.choice((0, 1, 255, 65_535))
        struct.pack_into(field[1], changed, directory + field[0], value)
    return bytes(changed)


def bombed(content: bytes, rng: random.Random) -> bytes:
    """Add zeros somewhere that take a thousand times the bytes of the file."""
    members = unpacked(content)
    size = rng.choice((10**7, 3 * 10**8))
    name = rng.choice((*sorted(members), "learned/more.npy"))
    begin = members.get(name, as_npy(np.zeros(1)))[:128]
    if rng.random() < 0.5:
        begin = as_npy(np.zeros(0))
        begin = begin.replace(b"(0,), }" + b" " * 12, f"({size // 8},), }}".encode().ljust(19))
    members.pop(name, None)
    out = io.BytesIO(packed(members))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as to:
        to.write(begin)
        for _ in range(size // 10**6):
            to.write(bytes(10**6))
    return out.getvalue()


FORGERIES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(flipped, flipped, flipped, cut, cut),
    *(edited, edited, edited, edited, edited, edited),
    *(renamed, headed, headed, retold, retold, rezipped, rezipped),
)


def forged(content: bytes, seed: int) -> tuple[str, bytes]:
    """Return the name and the content of a forgery of a file."""
    rng = random.Random(seed)
    # Bombs take seconds to make, so there are few of them.
    forge = bombed if seed % 100 == 99 else rng.choice(FORGERIES)
    return forge.__name__, forge(content, rng)
