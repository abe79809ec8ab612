import hashlib

import numpy as np
import pytest

from kgqa.types import Document, Passage


class HashEncoder:
    """Vectors from the hashes of words: a function of the text alone, near for texts that share words."""

    fingerprint = "hash-256"
    dim = 256

    def __init__(self):
        self.encoded = []

    def encode(self, texts, role="passage"):
        self.encoded += texts
        rows = [np.sum([self._word(word) for word in text.lower().split()] or [np.eye(256)[0]], 0) for text in texts]
        if not rows:
            return np.zeros((0, 256), np.float32)
        return (np.stack(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _word(self, word):
        seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8])
        return np.random.default_rng(seed).normal(size=256)


TEXTS = [
    ("flu.md", "Influenza", "Fever and cough are symptoms of influenza.", "en"),
    ("flu.md", "Influenza", "Rest and fluids help; antivirals shorten the illness.", "en"),
    ("diabetes.md", "Type 2 diabetes", "Metformin lowers blood sugar in type 2 diabetes.", "en"),
    ("糖尿病.md", "糖尿病", "二甲双胍是治疗2型糖尿病的首选药物。", "zh"),
    ("lease.md", "Lease", "The tenant pays rent of 1,250.50 on the first day of each month.", "en"),
    ("naïve 𝔘.md", "Naïve", "The naïve façade of café 𝔘 was repainted.", "en"),
]


@pytest.fixture
def passages():
    return [
        Passage(f"{doc}#{i}", doc, text, language, 0, len(text), title)
        for i, (doc, title, text, language) in enumerate(TEXTS)
    ]


@pytest.fixture
def documents(passages):
    """Pairs of a document and its passages."""
    groups = {}
    for passage in passages:
        groups.setdefault(passage.doc_id, []).append(passage)
    return [(Document(doc, mine[0].title, "", "text/plain", mine[0].language), mine) for doc, mine in groups.items()]


@pytest.fixture
def encoder():
    return HashEncoder()
