"""Many askers at once, batches, and changes that die half-way: the answers stay those of one quiet asker."""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import date

import pytest

import kgqa
from kgqa.types import Filters

QUESTIONS = (
    "Which drugs treat gout?",
    "In which year was salbutamol first sold?",
    "哪些药物治疗痛风？",
    "What is asthma?",
    "Which law governs the lease?",
    "For how many euros was the takeover of Zenith Ltd approved?",
    "Which diseases does zorbafexine treat?",
    "How fast may one drive on the yard?",
    "Does allopurinol treat gout?",
    "Who won the football match on Saturday?",
)
LIMITS = (None, Filters(groups=frozenset({"board"})), Filters(as_of=date(2015, 1, 1)))


def told(answer):
    """All that an answer says; not how long it took."""
    return dataclasses.replace(answer, seconds={})


@pytest.fixture(scope="module")
def asked():
    """Each question with each limit, and some of them twice."""
    pairs = [(question, limit) for limit in LIMITS for question in QUESTIONS]
    return [*pairs, *pairs[:7]]


@pytest.fixture(scope="module")
def alone(small, asked):
    """What one asker is told, question by question."""
    return [told(small.ask(question, filters=limit)) for question, limit in asked]


@pytest.mark.parametrize("batch", [1, 4])
def test_a_batch_says_what_is_said_to_one_by_one(small, asked, alone, batch):
    done = []
    questions, limits = zip(*asked, strict=True)
    answers = small.ask_many(questions, filters=limits, batch=batch, progress=done.append)
    assert [told(answer) for answer in answers] == alone
    assert done == sorted(done) and done[-1] == len(asked)


def test_eight_askers_at_once_are_told_what_one_is_told(small, asked, alone):
    wrong, start = [], threading.Barrier(8)

    def ask(seed):
        order = random.Random(seed).sample(range(len(asked)), 4)
        start.wait()
        for place in order:
            question, limit = asked[place]
            try:
                answer = told(small.ask(question, filters=limit))
            except Exception as fault:
                wrong.append((question, repr(fault)))
            else:
                wrong.extend([(question, answer.text)] if answer != alone[place] else [])

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


CHANGER = """
import sys, kgqa
kb = kgqa.open(sys.argv[1])
print("open", flush=True)
while True:
    kb.add(sys.argv[2])
    kb.remove("killed.md")
"""


@pytest.mark.slow
def test_a_change_that_is_killed_leaves_a_generation_that_answers(own, tmp_path, small):
    new = tmp_path / "killed.md"
    new.write_text("# Quillon\n\nThe quillon flag is striped 蓝白 and was first hoisted in 1893.\n", encoding="utf-8")
    before = told(small.ask(QUESTIONS[0]))
    for seed in range(2):
        process = subprocess.Popen([sys.executable, "-c", CHANGER, str(own), str(new)], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"open\n"
        time.sleep(random.Random(seed).uniform(0.05, 2.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        kb = kgqa.open(own)
        answer = kb.ask(QUESTIONS[0])
        assert (answer.items, answer.confidence) == (before.items, before.confidence)
        held = {doc_id for doc_id, _ in kb.documents()}
        assert any("1893" in hit.passage.text for hit in kb.search("quillon flag", 3)) == ("killed.md" in held)
        kb.close()  # an open generation is not deleted: it would keep what is removed below
        kgqa.build(own)  # what the dead process left is taken up, and can be taken away
        after = kgqa.open(own)
        if (own / "documents" / "killed.md").exists():
            after.remove("killed.md")
        assert after.verify_erasure("killed.md") == []
        after.close()
