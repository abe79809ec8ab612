"""What is learnt on one graph: wordings and the paths that they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.errors import ModelError, SourceError
from kgqa.evaluation.graph import evaluate, load_triples, read_questions
from kgqa.evaluation.reach import PathFinder
from kgqa.graph.answer import GraphSearch
from kgqa.graph.memory import Memory
from kgqa.training.paths import fit, vote, wording

FILMS = "\n".join(
    f"Film {n}|made_by|Maker {n % 3}\nFilm {n}|has_star|Star {n % 4}\nFilm {n}|spoken_in|Tongue {n % 2}"
    for n in range(12)
)
QUESTIONS = "\n".join(
    [f"who helmed [Film {n}]\tMaker {n % 3}" for n in range(12)]
    + [f"whose face is in [Film {n}]\tStar {n % 4}" for n in range(12)]
    + [f"the tongue one hears in things helmed by [Maker {m}]\tTongue 0|Tongue 1" for m in range(3)]
)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("films")
    (folder / "kb.txt").write_text(FILMS, encoding="utf-8")
    (folder / "q.txt").write_text(QUESTIONS, encoding="utf-8")
    return folder, load_triples(folder / "kb.txt", folder / "index"), read_questions(folder / "q.txt")


def test_training_teaches_wordings_that_share_no_word_with_the_relation(films, tmp_path: Path) -> None:
    _, store, questions = films
    before = evaluate(GraphSearch(store), store, questions).figures()
    fit(vote(store, questions), questions).save(tmp_path)
    after = evaluate(GraphSearch(store, None, tmp_path), store, questions, reach=True).figures()
    assert before["hits@1"] < 0.5
    assert after["hits@1"] == after["exact"] == after["hits@1_reachable"] == 1.0
    assert after["reachable"] == len(questions)


def test_a_memory_is_saved_whole_and_knows_what_it_has_seen(films, tmp_path: Path) -> None:
    _, store, questions = films
    memory = fit(vote(store, questions), questions)
    memory.save(tmp_path)
    again = Memory.load(tmp_path)
    read = wording(questions[0])
    assert again.familiarity(read) == 1.0
    assert [path for _, path in again.paths(read)][:1] == [path for _, path in memory.paths(read)][:1]
    _refuses_what_is_damaged(tmp_path / "memory.npz")
    (tmp_path / "memory.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="train it again"):
        Memory.load(tmp_path)


def _refuses_what_is_damaged(file: Path) -> None:
    whole = file.read_bytes()
    middle = len(whole) // 2
    for damaged in (b"", b"no archive", whole[:middle], whole[: middle - 8] + bytes(16) + whole[middle + 8 :]):
        file.write_bytes(damaged)
        with pytest.raises(ModelError, match="train it again"):
            Memory.load(file.parent)
    file.write_bytes(whole)


def test_reach_tells_what_one_path_can_give(films) -> None:
    _, store, _questions = films
    finder = PathFinder(store)
    assert finder.reachable("urn:kgqa:entity:Film%200", {"urn:kgqa:entity:Maker%200"})
    assert not finder.reachable("urn:kgqa:entity:Film%200", {"urn:kgqa:entity:Maker%200", "urn:kgqa:entity:Star%200"})
    assert not finder.reachable("urn:kgqa:entity:nobody", {"urn:kgqa:entity:Maker%200"})


def test_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("no tab here\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"bad\.txt:1"):
        read_questions(tmp_path / "bad.txt")
    with pytest.raises(SourceError, match=r"bad\.txt"):
        load_triples(tmp_path / "bad.txt", tmp_path / "index")
