"""Cut a question and a passage into model windows, and map token positions back to characters.

Training and answering use this one file, so that a model is never run on windows cut in another way than it was
trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgqa.language import has_cjk

if TYPE_CHECKING:
    from tokenizers import Tokenizer


_NARROW = {code + 0xFEE0: code for code in (*range(48, 58), *range(65, 91), *range(97, 123))}
"""Letters and digits in full width, as Chinese input methods give them, to those that models know; one for one, so that
offsets hold. Punctuation stays beside Chinese, which has its own."""
_ALL = {code + 0xFEE0: code for code in range(33, 127)}


def _narrow(text: str) -> str:
    return text if text.isascii() else text.translate(_NARROW if has_cjk(text) else _ALL)


@dataclass(frozen=True, slots=True)
class Window:
    """One input of a reader: ``[CLS] question [SEP] piece of the passage [SEP]``.

    :param ids: token ids of the whole input.
    :param context_at: position in ``ids`` of the first passage token.
    :param offsets: for each passage token its ``(start, end)`` characters in the passage.
    """

    ids: tuple[int, ...]
    context_at: int
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class WindowCutter:
    """Cuts passages into overlapping windows.

    :param tokenizer: a fast tokenizer without padding and truncation.
    :param length: tokens in a window at most, question and special tokens included. At least 32.
    :param overlap: tokens that two neighbouring windows share.
    :param question_length: tokens of the question that are kept.
    """

    tokenizer: Tokenizer
    length: int = 256
    overlap: int = 64
    question_length: int = 64

    def cut(self, question: str, passage: str) -> list[Window]:
        """Return the windows of one pair, at least one, together covering the whole passage."""
        return self.cut_many([(question, passage)])[0]

    def cut_many(self, pairs: Sequence[tuple[str, str]]) -> list[list[Window]]:
        """Return the windows of each pair, in order."""
        if not pairs:
            return []
        questions = self.tokenizer.encode_batch([_narrow(q) for q, _ in pairs], add_special_tokens=False)
        passages = self.tokenizer.encode_batch([_narrow(p) for _, p in pairs], add_special_tokens=False)
        return [
            self._windows(q.ids[: self.question_length], p.ids, p.offsets)
            for q, p in zip(questions, passages, strict=True)
        ]

    def _windows(self, question: list[int], ids: list[int], offsets: list[tuple[int, int]]) -> list[Window]:
        cls, sep = (self._special(name) for name in ("[CLS]", "[SEP]"))
        head = (cls, *question, sep)
        room = self.length - len(head) - 1
        step = max(1, room - self.overlap)
        found = []
        for at in range(0, max(1, len(ids) - self.overlap), step):
            piece = tuple(ids[at : at + room])
            found.append(Window((*head, *piece, sep), len(head), tuple(offsets[at : at + room])))
        return found

    def _special(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token} token; use one of the BERT family")
        return int(found)
