"""Training questions that are nearly a held-out one, so that a validation score does not measure memory.

A text is the set of its words and its pairs of neighbouring words, case and punctuation aside (a character is a word where words are not written apart, as in Chinese and
Japanese). Two texts are near duplicates if they share 80 % of both sets together (Jaccard), as 14 words or more do of which one was changed. Candidates come from
MinHash signatures cut into bands (Broder 1997; Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, ch. 3), so the time is linear in the number of texts;
each is then compared exactly. Deterministic: the hashes are fixed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

THRESHOLD = 0.8
_BANDS, _BAND_ROWS = 16, 4  # at Jaccard 0.8 a pair is missed once in 5,000 times, at 0.9 never
_MOST_COMPARED = 32  # held-out texts compared with one text; in sets made from a template thousands may share a band
_MOST_IN_BUCKET = 256  # held-out texts kept under one band; more are of one template
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+")
_SIGNS = np.random.Generator(np.random.PCG64(0))
_FACTORS = _SIGNS.integers(1, 2**63, _BANDS * _BAND_ROWS, dtype=np.uint64) | np.uint64(1)
_OFFSETS = _SIGNS.integers(0, 2**63, _BANDS * _BAND_ROWS, dtype=np.uint64)
_MIX = np.uint64(0x9E3779B97F4A7C15)


class NearDuplicates:
    """Held-out texts, to look others up in. Its size is that of the held-out texts alone."""

    def __init__(self, held_out: Sequence[str]):
        self._sets = [_features(text) for text in held_out]
        self._buckets: dict[tuple[int, int], list[int]] = {}
        for number, keys in enumerate(_band_keys(self._sets)):
            for band in enumerate(keys):
                bucket = self._buckets.setdefault(band, [])
                if len(bucket) < _MOST_IN_BUCKET:
                    bucket.append(number)

    def find(self, texts: Sequence[str]) -> list[int | None]:
        """For each text, which held-out one is nearest to it and at least `THRESHOLD` like it; None where there is none. A few thousand texts at once are quick."""
        sets = [_features(text) for text in texts]
        return [self._nearest(features, keys) for features, keys in zip(sets, _band_keys(sets), strict=True)]

    def _nearest(self, features: np.ndarray, keys: Sequence[int]) -> int | None:
        shared: dict[int, int] = {}
        for band in enumerate(keys):
            for number in self._buckets.get(band, ()):
                shared[number] = shared.get(number, 0) + 1
        candidates = sorted(shared, key=lambda number: (-shared[number], number))[:_MOST_COMPARED]
        best, nearest = THRESHOLD, None
        for number in candidates:
            both = len(np.intersect1d(features, self._sets[number], assume_unique=True))
            likeness = both / (len(features) + len(self._sets[number]) - both)
            if likeness >= best and (nearest is None or likeness > best):
                best, nearest = likeness, number
        return nearest


def _features(text: str) -> np.ndarray:
    """uint64, sorted, each once; at least one."""
    words = np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in _WORD.findall(text.casefold())] or [0], np.uint64)
    pairs = ((words[:-1] << np.uint64(32)) | words[1:]) * _MIX
    return np.unique(np.concatenate([words * _MIX, pairs]))


def _band_keys(sets: Sequence[np.ndarray]) -> list[list[int]]:
    """A number for each band of each set: equal where the sets have the same least hashes there."""
    if not sets:
        return []
    starts = np.cumsum([0, *map(len, sets[:-1])])
    values = np.concatenate(sets)
    values ^= values >> np.uint64(29)
    least = np.empty((len(_FACTORS), len(sets)), np.uint64)
    for i, (factor, offset) in enumerate(zip(_FACTORS, _OFFSETS, strict=True)):  # modulo 2^64; the high bits are the good ones
        least[i] = np.minimum.reduceat((values * factor + offset) >> np.uint64(20), starts)
    keys = np.zeros((_BANDS, len(sets)), np.uint64)
    for row in range(_BAND_ROWS):
        keys = (keys ^ least[row::_BAND_ROWS]) * _MIX
    return keys.T.tolist()
