"""The tools over the protocol itself: a real client, in memory and over standard input and output."""

import json
import sys
from datetime import timedelta

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client import ClientSession

from kgqa.server.tools import create_tools

GOUT = "Which drugs treat gout?"
SECRET = "For how many euros was the takeover of Zenith Ltd approved?"


def called(server, *calls):
    """What calls of tools return, one after another, in one session: (text, whether it is a fault)."""

    async def run():
        async with Client(server) as client:
            found = []
            for name, arguments in calls:
                result = await client.call_tool(name, arguments)
                found.append((result.content[0].text, bool(result.is_error)))
            return found

    return anyio.run(run)


def test_the_tools_are_described(small):
    async def run():
        async with Client(create_tools([small])) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in anyio.run(run)}
    assert set(tools) == {"knowledge_bases", "ask", "search", "entity", "sparql", "document"}
    assert all(tool.description for tool in tools.values())
    assert set(tools["ask"].input_schema["properties"]) == {"question", "kb", "as_of", "documents"}


def test_each_tool_answers(small):
    found = called(
        create_tools([small]),
        ("ask", {"question": GOUT}),
        ("search", {"query": "gout", "k": 2}),
        ("entity", {"name": "gout"}),
        ("sparql", {"query": "ASK { ?s ?p ?o }"}),
        ("knowledge_bases", {}),
    )
    answer, hits, entity, truth, bases = (json.loads(text) for text, fault in found if not fault)
    assert set(answer["items"]) == {"allopurinol", "colchicine"} and answer["evidence"]
    assert len(hits) == 2 and entity["label"] == "gout" and truth == {"boolean": True}
    assert [base["name"] for base in bases] == ["small"]
    ((text, fault),) = called(
        create_tools([small]), ("document", {"doc_id": hits[0]["document"], "end": hits[0]["end"]})
    )
    assert not fault and json.loads(text)["text"][hits[0]["start"] :] == hits[0]["text"]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("ask", {"question": GOUT, "kb": "nowhere"}, "there are: small"),
        ("ask", {"question": GOUT, "as_of": "soon"}, "YYYY-MM-DD"),
        ("sparql", {"query": "DROP ALL"}, ""),
        ("entity", {"name": "zzzz"}, "knows no entity"),
        ("document", {"doc_id": "../kb.toml"}, "has no document"),
        ("search", {"query": "x", "k": 0}, ""),
    ],
)
def test_faults_are_told_to_the_client(small, name, arguments, says):
    ((text, fault),) = called(create_tools([small]), (name, arguments))
    assert fault and says in text


def test_closed_sources_stay_closed(small):
    for groups, seen in ((frozenset({"board"}), True), (frozenset(), False)):
        server = create_tools([small], groups)
        found = called(
            server, ("ask", {"question": SECRET}), ("search", {"query": SECRET}), ("document", {"doc_id": "secret.md"})
        )
        assert any("secret.md" in text for text, fault in found if not fault) is seen


@pytest.mark.slow
def test_over_standard_input_and_output(built):
    async def run():
        server = StdioServerParameters(command=sys.executable, args=["-m", "kgqa.cli.main", "mcp", "--kb", str(built)])
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            return await session.call_tool(
                "ask", {"question": GOUT}, read_timeout_seconds=timedelta(seconds=120).seconds
            )

    assert "allopurinol" in anyio.run(run).content[0].text
