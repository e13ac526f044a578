"""The palette: colors that every reader can tell apart, from each other and from the background."""

import numpy as np
import pytest

from kmeans_core.palette import DARK, LIGHT, MARKERS, Palette, place_of

# What the eyes of some readers make of linear RGB: Machado, Oliveira and Fernandes (2009), table 1,
# severity 1.
EYES = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Linear sRGB to CIE XYZ, and the white of D65 (IEC 61966-2-1).
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color: str) -> np.ndarray:
    coded = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def lab(color: str, eyes: str) -> np.ndarray:
    t = TO_XYZ @ np.clip(EYES[eyes] @ linear(color), 0, 1) / WHITE
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    low, high = sorted((TO_XYZ[1] @ linear(color)) + 0.05 for color in (one, other))
    return float(high / low)


def test_the_formulas_give_known_values():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)
    np.testing.assert_allclose(lab("#ff0000", "normal"), [53.24, 80.09, 67.20], atol=0.01)
    np.testing.assert_allclose(lab("#ffffff", "deuteranopia"), [100, 0, 0], atol=0.02)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_every_reader_can_tell_two_clusters_apart(palette: Palette, eyes: str):
    seen = np.array([lab(color, eyes) for color in (*palette.clusters, palette.no_cluster)])
    differences = np.linalg.norm(seen[:, None] - seen, axis=2)
    clusters = differences[:8, :8]
    assert np.min(clusters[~np.eye(8, dtype=bool)]) >= 19
    assert np.min(differences[8, :8]) >= 12


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_color_stands_out_from_the_background(palette: Palette):
    for color in (*palette.clusters, palette.no_cluster, *palette.ramp):
        assert contrast(color, palette.background) >= 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_the_ramp_goes_one_way_for_every_reader(palette: Palette, eyes: str):
    lightness = [lab(color, eyes)[0] for color in palette.ramp]
    away = -1 if palette is LIGHT else 1
    assert np.all(away * np.diff(lightness) >= 7)


def test_clusters_have_their_own_color_and_marker():
    places = [place_of(cluster) for cluster in range(64)]
    assert len(set(places)) == 64
    assert sorted(places[:8]) == [(i, i) for i in range(8)]
    assert len(set(MARKERS)) == 8
    assert place_of(64) == place_of(0)
