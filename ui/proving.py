"""Which of a knowledge base's example questions are offered: those that it has answered rightly since the chat was opened."""

from __future__ import annotations

import logging
import threading

from kgqa.examples import right

from .desk import Desk, KnowledgeBase

log = logging.getLogger("kgqa.ui")
ENOUGH = 6
"""Questions of each script that are offered."""
FEW = 4
"""Proven questions from which on only these are offered."""
AT_ONCE = 2
"""Questions asked together; few, so that whoever comes meanwhile does not wait."""


def prove(desk: Desk) -> threading.Thread:
    """Ask the example questions in the background; until some are proven all are offered. This also warms the models."""

    def work() -> None:
        for base in desk.bases.values():
            try:
                _prove(desk, base)
            except Exception as fault:  # examples are a courtesy: without them the chat works
                log.warning("%s: its example questions could not be asked", base.name, exc_info=fault)

    thread = threading.Thread(target=work, name="kgqa-examples", daemon=True)
    thread.start()
    return thread


def _prove(desk: Desk, base: KnowledgeBase) -> None:
    generation, proven = base.generation, list[str]()
    waiting = {True: list[str](), False: list[str]()}
    for question in base.examples():
        waiting[question.isascii()].append(question)
    missing = {script: ENOUGH for script in waiting}
    while any(waiting[script] and missing[script] > 0 for script in waiting):
        asked = [q for script in waiting if missing[script] > 0 for q in waiting[script][: AT_ONCE // 2]]
        for script in waiting:
            waiting[script] = [question for question in waiting[script] if question not in asked]
        for question in right(base.folder, base.ask_many(asked)):
            proven.append(question)
            missing[question.isascii()] -= 1
        if len(proven) >= FEW:
            desk.proven[base.name, generation] = list(proven)
    if proven:
        desk.proven[base.name, generation] = proven
