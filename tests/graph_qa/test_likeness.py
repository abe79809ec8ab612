"""Wordings and the names of relations: what is compared without training, and what training adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import ModelError
from kgqa.graph.likeness import Likeness, named, shared, wording
from kgqa.training.likeness import Asked, fit_likeness, shared_table

FITTING = [
    ("⟦0⟧在哪里出生？", "出生地", "巴塞罗那"),
    ("谁写了⟦0⟧？", "作者", "某人"),
    ("⟦0⟧有多高？", "高度", "88米"),
    ("你知道⟦0⟧的首都是哪里吗？", "首都", "利马"),
    ("⟦0⟧是哪年成立的？", "成立时间", "1987年"),
]
APART = [
    ("⟦0⟧是什么时候出生的？", "出生地", "利马"),
    ("⟦0⟧的身高是多少？", "体重", "60kg"),
    ("⟦0⟧的副作用有哪些？", "作用", "止痛"),
    ("⟦0⟧的生效日期是哪天？", "签署日期", "2001-02-03"),
    ("⟦0⟧的父亲是谁？", "母亲", "某某"),
    ("⟦0⟧什么时候出版的？", "出版社", "某某出版社"),
]


@pytest.mark.parametrize(("masked", "label", "value"), FITTING)
def test_wordings_fit_the_relation_that_they_ask_for(masked: str, label: str, value: str) -> None:
    assert Likeness().logit(wording(masked), named(label, (value,))) > 0


@pytest.mark.parametrize(("masked", "label", "value"), APART)
def test_the_nearest_other_relation_is_refused(masked: str, label: str, value: str) -> None:
    assert Likeness().logit(wording(masked), named(label, (value,))) < 0


@given(
    st.lists(st.sampled_from([*"年月地点作者的是谁𠮷", "⟦0⟧", " height", "⟧⟦"]), max_size=30).map("".join),
    st.text(max_size=12),
)
def test_the_table_of_pairs_is_the_same_as_pair_by_pair(text: str, label: str) -> None:
    asked, name = wording(text), named(label, (text,))
    assert np.allclose(shared_table([asked], [name])[0, 0], shared(asked, name))
    assert np.isfinite(Likeness().logit(asked, name))


def _examples() -> list[Asked]:
    """Two dozen relations whose questions share no word with them; each is asked for in a few ways."""
    verbs = ["gloms", "brells", "fimps", "dorks", "vints", "plaws"]
    nouns = ["tallow", "quern", "osier", "ferrule"]
    return [
        Asked(f"{lead} {verb} {noun} ⟦0⟧ {n % 7}", f"{verb[:-1]}ery of {noun}s", (f"v{n}",))
        for verb in verbs
        for noun in nouns
        for n, lead in enumerate(("who", "which one", "tell me what", "what", "name whatever") * 4)
    ]


def test_training_teaches_and_is_saved_whole(tmp_path: Path) -> None:
    examples = _examples()
    model = fit_likeness(examples)
    assert model is not None
    assert model.learnt
    asked = wording("who gloms quern ⟦0⟧")
    right = model.logit(asked, named("glomery of querns", ("v",)))
    assert right > model.logit(asked, named("vintery of osiers", ("v",)))
    model.save(tmp_path)
    assert Likeness.load(tmp_path).logit(asked, named("glomery of querns", ("v",))) == pytest.approx(right, abs=0.05)
    whole = (tmp_path / "likeness.npz").read_bytes()
    for damaged in (b"no archive", whole[:-100], whole[:2000] + bytes(16) + whole[2016:]):
        (tmp_path / "likeness.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match="train it again"):
            Likeness.load(tmp_path)
    (tmp_path / "likeness.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="train it again"):
        Likeness.load(tmp_path)


def test_too_few_questions_teach_nothing(tmp_path: Path) -> None:
    assert fit_likeness(_examples()[:50]) is None
    assert not Likeness.load(tmp_path).learnt
