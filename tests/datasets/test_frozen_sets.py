"""The simulated sets are frozen: tables made with an older version are of the same sequences.

The boxes are compared to a millionth of a pixel. Of each sequence's last frame mean and standard deviation are compared
to a millionth: less than ten pixels that another processor rounds the other way, far more for any change of a draw.
"""

import hashlib

import numpy as np
import pytest

from irtrack_core import datasets
from irtrack_core.datasets import synthetic

# digest of the boxes; mean and standard deviation of the last frame of one sequence after the other
FROZEN = {
    "sim-aircraft": (
        "24d888a175b73605",
        """
        109.083817 23.3861582 120.448669 7.73999887 126.065063 9.19551044 128.873917 17.1434535 125.070816
        8.58992666 109.732254 9.12082931 126.019287 6.77573448 124.862991 5.90488679 122.072556 6.96243013
        119.518997 6.76626588
        """,
    ),
    "sim-pedestrian": (
        "30562ede3b6f181e",
        """
        135.072334 21.0202164 125.87138 22.5711303 122.220745 12.2567716 141.208037 20.701135 131.50611
        16.1455157 119.990166 16.0231856 133.706364 13.7594706 127.836908 10.7701828 120.855915 14.5321939
        134.308532 19.4590454
        """,
    ),
    "sim-otcbvs": (
        "f56a2c60c342fb40",
        """
        118.867839 15.6865341 116.289987 18.2760205 122.851042 9.00132507 122.866875 9.40478112 121.931445
        8.07211157 122.950143 13.7781171 119.071654 18.8847514 124.542539 13.7814012 121.206081 11.7486343
        123.62349 18.6074522
        """,
    ),
    "sim-events": (
        "27341f279258856c",
        """
        113.946362 11.5534743 131.696387 9.5018325 121.476245 11.1003775 117.797595 11.7568739 123.409644
        10.8802762 120.432776 11.6503147 118.389661 10.8929554 119.332898 11.2950555 121.955798 10.253587
        120.821387 12.4702764
        """,
    ),
    "sim-deforming": (
        "c8753148e5ecba77",
        """
        115.909614 17.3013126 126.486165 7.64471024 125.082547 4.35983797 115.940158 13.9733556 112.033664 23.098814
        122.754286 5.90631504 119.851454 8.72043393 120.367242 9.29947046
        """,
    ),
    "random": (
        "e97de79510da8f12",
        """
        126.274957 1.85133386 8178.91889 56.0731875 127.547852 1.30551205 123.537815 26.9516688 120.635959
        11.3847979 127.847059 2.77236859 126.684814 4.29188428 127.502441 10.3743853 7926.73242 566.063442
        8191.57311 15.8248255 128.621229 11.5807666 127.035699 1.76574806
        """,
    ),
}


def drawn(name):
    if name == "random":
        return [synthetic.random_sequence(np.random.default_rng(seed)) for seed in range(12)]
    return datasets.load(name, frames=60 if name in ("sim-events", "sim-deforming") else 40)


def test_every_generated_set_is_frozen():
    assert set(FROZEN) == {*datasets.GENERATED, "random"}


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_a_set_is_what_it_was(name):
    sequences, (digest, moments) = drawn(name), FROZEN[name]
    boxes = b"".join(np.round(sequence.boxes, 6).tobytes() for sequence in sequences)
    assert hashlib.sha256(boxes).hexdigest()[:16] == digest
    last = [sequence.frames[-1] for sequence in sequences]
    found = [[frame.mean(), frame.std()] for frame in last]
    # a processor that rounds otherwise may draw a pixel one grey value brighter; another scene differs in the first digits
    np.testing.assert_allclose(found, np.array(moments.split(), float).reshape(-1, 2), rtol=1e-6, atol=2e-4)
