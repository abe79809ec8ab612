"""The Chinese README keeps step with the English one."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _shape(name: str) -> tuple[list[int], list[str], int]:
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = re.findall(r"^\| `(kgqa [^`]+)`", text, re.MULTILINE)
    return [len(h) for h in re.findall(r"^#+", text, re.MULTILINE)], commands, text.count("```")


def test_both_have_the_same_commands_and_code() -> None:
    _, english, blocks = _shape("README.md")
    _, chinese, same = _shape("README.zh.md")
    assert chinese == english
    assert same == blocks


def test_figures_are_the_same() -> None:
    figures = [
        re.findall(r"\*\*(0\.\d+)\*\*", (ROOT / n).read_text(encoding="utf-8")) for n in ("README.md", "README.zh.md")
    ]
    assert figures[0] == figures[1] != []


def test_they_link_to_each_other_and_links_lead_somewhere() -> None:
    for name, other in (("README.md", "README.zh.md"), ("README.zh.md", "README.md")):
        links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8"))
        assert other in links
        assert [link for link in links if not (ROOT / link).exists()] == []
