"""Streams of MiniBatchKMeans that cannot go on leave the model as it was."""

import pickle

import numpy as np
import pytest

from kmeans_core import MiniBatchKMeans


@pytest.mark.parametrize(
    ("dtype", "scale", "weight"), [("f8", 1.7e308, 1), ("f4", 1e40, 1), ("f8", 1e-3, 2e307)]
)
def test_centers_that_overflow(dtype, scale, weight):
    first, batch = np.eye(4, dtype=dtype), scale * np.eye(4)
    model = MiniBatchKMeans(2, random_state=0).partial_fit(first)
    states = [pickle.dumps(model)]
    with pytest.raises(ValueError, match=f"The centers overflow {first.dtype}.* Scale X or the"):
        states.extend(
            pickle.dumps(model.partial_fit(batch, sample_weight=weight)) for _ in range(4)
        )
    assert pickle.dumps(model) == states[-1]


def test_centers_of_another_number_of_clusters():
    model = MiniBatchKMeans(3, random_state=0).partial_fit(np.eye(4))
    model.cluster_centers_ = model.cluster_centers_[:2]
    with pytest.raises(ValueError, match="has 2 centers, but the batches so far were for 3: set"):
        model.partial_fit(np.eye(4))
