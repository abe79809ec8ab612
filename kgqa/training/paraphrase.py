"""Questions in other words, by templates: small, safe changes of English and Chinese question words and frames."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from kgqa.language import has_cjk

_Rule = tuple[re.Pattern[str], tuple[str, ...]]


def _rules(rows: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), forms) for pattern, forms in rows)


_THING = r"((?:the|a|an|its|their|his|her) [^?,]{2,60}|(?-i:[A-Z][\w.-]*(?: [A-Z][\w.-]*)*))"
_AUXILIARY = "is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|may|might|must"
_ENGLISH = _rules(
    [
        (r"^what (is|are|was|were) the name of (.+?)\?$", (r"What \1 \2 called?",)),
        (rf"^what (is|are|was|were) {_THING}\?$", (r"Tell me what \2 \1.", r"Can you tell me what \2 \1?")),
        (rf"^who (is|are|was|were) {_THING}\?$", (r"Tell me who \2 \1.", r"Do you know who \2 \1?")),
        (rf"^who (?!(?:{_AUXILIARY})\b)", (r"Which person or group ",)),
        (r"^when (did|does|do|is|are|was|were|will|has|have|had)\b", (r"At what time \1", r"At which point in time \1")),
        (r"^where (did|does|do|is|are|was|were|will|has|have|had)\b", (r"In what place \1", r"In which place \1")),
        (r"^why (did|does|do|is|are|was|were|will|has|have|had)\b", (r"For what reason \1", r"What is the reason why \1")),
        (r"\bhow many\b", ("what number of",)),
        (r"\bwhat (year|month|day|date|city|country|state|century|language)\b", (r"which \1",)),
        (r"\bwhich (year|month|day|date|city|country|state|century|language)\b", (r"what \1",)),
        (r"\b(?:what|which) (type|kind|sort)s? of\b", ("what kind of", "which type of", "what sort of")),
        (r"\bapproximately\b", ("about", "roughly")),
    ]
)  # fmt: skip
_CHINESE = _rules(
    [
        (r"^([^，,。？?]{2,12})是什么[？?]$", (r"什么是\1？", r"请问\1是什么？")),
        (r"^什么是([^，,。？?]{2,12})[？?]$", (r"\1是什么？", r"请说明什么是\1？")),
        (r"何时", ("什么时候", "在什么时间")),
        (r"什么时[候间]", ("何时",)),
        (r"哪里|哪儿", ("什么地方", "何处")),
        (r"什么地方", ("哪里", "何处")),
        (r"为什么", ("为何", "出于什么原因")),
        (r"为何", ("为什么",)),
        (r"如何", ("怎样", "怎么")),
        (r"怎么(?!样)", ("怎样", "如何")),
        (r"哪一?年", ("什么年份",)),
        (r"谁", ("哪个人", "什么人")),
        (r"哪个", ("哪一个",)),
        (r"多久", ("多长时间",)),
        (r"哪些", ("什么样的",)),
    ]
)
_FRAMES = {
    False: ("According to the text, {}", "Based on the passage, {}", "I would like to know: {}", "Please tell me: {}"),
    True: ("请问{}", "根据文中内容，{}", "我想知道，{}", "据文章所述，{}"),
}


def paraphrase(question: str, rng: random.Random) -> str:
    """Return a question in other words; by a frame around it where no rule fits. An empty one stays empty."""
    asked = question.strip()
    if not asked:
        return question
    chinese = has_cjk(asked)
    fitting = [(p, forms) for p, forms in (_CHINESE if chinese else _ENGLISH) if p.search(asked)]
    if fitting and rng.random() < 0.75:
        pattern, forms = rng.choice(fitting)
        changed = pattern.sub(rng.choice(forms), asked, count=1)
        changed = changed[:1].upper() + changed[1:] if asked[:1].isupper() else changed
        if changed != asked:
            return changed
    return rng.choice(_FRAMES[chinese]).format(asked if chinese else _lowered(asked))


def _lowered(question: str) -> str:
    """Return a question as it stands inside a sentence: its first letter small where it begins with a question word."""
    small = re.match(
        r"(what|who|whom|whose|when|where|why|which|how|in|at|on|is|are|was|were|do|does|did|can)\b", question, re.I
    )
    return question[:1].lower() + question[1:] if small else question
