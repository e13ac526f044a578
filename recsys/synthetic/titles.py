"""Invented film titles in MovieLens' own form, made by combining word lists."""

import math
from typing import NamedTuple

import numpy as np

_LISTS = {
    "trait": """Amber, Borrowed, Brittle, Candlelit, Copper, Crooked, Distant, Drifting, Faithful,
        Faraway, Fearless, Feathered, Forgotten, Frozen, Gentle, Gilded, Half-Lit, Hidden,
        Hollow, Idle, Impatient, Inland, Ivory, Lopsided, Lost, Luminous, Marble, Midwinter,
        Moonless, Nameless, Northern, Obedient, Paper, Patient, Quiet, Rambling, Reluctant,
        Restless, Rusted, Salted, Scarlet, Second, Secret, Seventh, Silver, Sleepless, Slow,
        Stubborn, Sunken, Tender, Thirteenth, Timid, Unfinished, Unlikely, Unwritten,
        Velvet, Wandering, Weathered, Whispering, Winding""",
    "thing": """Accordion, Almanac, Anchor, Apprentice, Archive, Arithmetic, Atlas, Ballroom,
        Barometer, Beekeeper, Bell, Bicycle, Boathouse, Carousel, Cartographer, Cathedral,
        Chandelier, Clockmaker, Comet, Compass, Conductor, Courier, Dressmaker, Echo,
        Envelope, Ferry, Fiddler, Fountain, Furnace, Gardener, Glacier, Glassblower,
        Gramophone, Greenhouse, Harbour, Hourglass, Inheritance, Juggler, Kettle, Labyrinth,
        Lantern, Ledger, Lighthouse, Locksmith, Lullaby, Magician, Meridian, Migration,
        Monsoon, Notebook, Orchard, Orchestra, Pendulum, Photograph, Piano, Postcard,
        Promise, Quarry, Riddle, Satellite, Scarecrow, Signal, Sleepwalker, Snowfall,
        Stairway, Stationmaster, Suitcase, Telegram, Tightrope, Toymaker, Umbrella,
        Understudy, Vineyard, Voyage, Waltz, Weathervane""",
    "stuff": """Amaranth, Ashes, Autumn, Brass, Candour, Chalk, Cinnamon, Coal, Courage, Daylight,
        Driftwood, Dust, Embers, Feathers, Fleece, Frost, Glass, Granite, Honey, Ink, Lavender,
        Lead, Lightning, Linen, Mercy, Midnight, Mirrors, Moss, Nettles, Parchment,
        Patience, Pepper, Porcelain, Rain, Regret, Ribbon, Rust, Saffron, Salt, Sand,
        Shadows, Silence, Smoke, Solitude, Straw, Thistles, Thunder, Tin, Twilight,
        Whispers, Willows, Winter, Wool""",
    "place": """Aldermoor, Bellhaven, Briarwick, Caldera Bay, Cape Lorne, Château Vérel, Copperfield
        Junction, Corvány, Dunmarrow, Eastmere, Fennimore Port, Gullwater, Harrowgate
        Island, Jasper Flats, Kestrel Point, Lindqvist Street, Lowenmark, Marisol Beach,
        Merridew, Mount Ansgar, New Tamsin, Nørrefjord, Old Quillon, Pelham Crossing,
        Quillbrook, Ravensey, Rio Caldo, Saltmarsh Lane, San Lázaro, Sankt Ülrich,
        Silverlake Pass, Snowhill, Stonewater, Tarrowdale, Thornbury Heath, Umberland,
        Vallecito, Verdigris Canyon, Wexcombe, Winterbourne, Yarrowfield, Zephyr Hills, Île
        aux Merles""",
    "name": """Adèle, Agatha, Ambrose, Anselm, Augustin, Beatriz, Benedict, Björn, Cecily,
        Clementine, Cordelia, Cosmo, Delphine, Desmond, Dorothea, Edmund, Elspeth, Esme,
        Ezra, Fabian, Felicity, Fergus, Flora, Frida, Gideon, Greta, Gwendolyn, Hana,
        Horatio, Ignatius, Imogen, Ines, Isidore, Jarvis, Joaquín, Jocasta, Junia, Kasimir,
        Klara, Lavinia, Leopold, Lucinda, Magnus, Marguerite, Matilda, Mirabel, Nadia,
        Nikolai, Octavia, Orson, Otto, Penelope, Phineas, Quentin, Ramona, René, Rosalind,
        Rufus, Sabine, Sigrid, Silas, Séraphine, Tabitha, Thaddeus, Tomás, Ursula, Valentin,
        Viola, Winifred, Xavier, Yasmin, Zoë""",
    "doing": """Asking After, Borrowing, Burying, Carrying, Chasing, Counting, Crossing, Drawing,
        Feeding, Finding, Forgetting, Guarding, Hiding, Inventing, Leaving, Looking for,
        Marrying, Missing, Painting, Remembering, Returning to, Sailing to, Selling,
        Teaching, Trading, Waiting for, Walking to, Writing to""",
}
_WORDS = {kind: tuple(" ".join(text.split()).split(", ")) for kind, text in _LISTS.items()}


class _Pattern(NamedTuple):
    share: float
    text: str
    slots: tuple[str, ...]


_PATTERNS = (
    _Pattern(0.12, "{} {}, The", ("trait", "thing")),
    _Pattern(0.07, "{} of {}, The", ("thing", "stuff")),
    _Pattern(0.02, "{} {}, A", ("trait", "thing")),
    _Pattern(0.16, "{} {}", ("trait", "stuff")),
    _Pattern(0.10, "{} and {}", ("stuff", "stuff")),
    _Pattern(0.10, "{} {}", ("doing", "name")),
    _Pattern(0.09, "{} in {}", ("thing", "place")),
    _Pattern(0.08, "{}'s {}", ("name", "thing")),
    _Pattern(0.07, "{} {}", ("name", "thing")),
    _Pattern(0.05, "{} & {}", ("name", "name")),
    _Pattern(0.05, "{}: The {} {}", ("place", "trait", "thing")),
    _Pattern(0.04, "{} {}, The (a.k.a. {} in {})", ("trait", "thing", "stuff", "place")),
    _Pattern(0.03, "{}, {} and the {}", ("name", "name", "thing")),
    _Pattern(0.015, "How {} Found the {} {}", ("name", "trait", "thing")),
    _Pattern(0.005, '"{} {}" Affair, The', ("trait", "thing")),
)


def _fill(pattern: _Pattern, code: int) -> str:
    """The name numbered ``code`` among all that a pattern can make."""
    chosen: list[int] = []
    for place, kind in enumerate(pattern.slots):
        twin = kind in pattern.slots[:place]
        code, index = divmod(code, len(_WORDS[kind]) - twin)
        # The same word is not used twice in one name.
        if twin and index >= chosen[pattern.slots.index(kind)]:
            index += 1
        chosen.append(index)
    words = (_WORDS[kind][index] for kind, index in zip(pattern.slots, chosen, strict=True))
    return pattern.text.format(*words)


def _capacity(pattern: _Pattern) -> int:
    """How many different names a pattern can make."""
    slots = pattern.slots
    return math.prod(
        len(_WORDS[kind]) - (kind in slots[:place]) for place, kind in enumerate(slots)
    )


def film_names(n: int, rng: np.random.Generator) -> list[str]:
    """Invent film names, without years.

    No name occurs twice unless a pattern has fewer names than are asked of it, which takes
    some ten thousand films. The names carry articles moved to the end, commas, quotes,
    ampersands and accents, as MovieLens' own do.

    Parameters
    ----------
    n : int
        How many names.
    rng : numpy.random.Generator
        Where the choices come from.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import numpy as np
    >>> names = film_names(200, np.random.default_rng(0))
    >>> len(set(names))
    200
    """
    shares = np.array([pattern.share for pattern in _PATTERNS])
    which = rng.choice(len(_PATTERNS), size=n, p=shares / shares.sum())
    names = [""] * n
    for number, pattern in enumerate(_PATTERNS):
        films = np.flatnonzero(which == number)
        capacity = _capacity(pattern)
        codes = rng.choice(capacity, size=len(films), replace=len(films) > capacity)
        for film, code in zip(films.tolist(), codes.tolist(), strict=True):
            names[film] = _fill(pattern, code)
    return names
