"""The REST service: answers, streams, rights, limits, changes; over HTTP."""

import json
import socket
import threading
import time

import httpx
import pytest

import kgqa
from kgqa.rendering import as_object
from kgqa.server.app import create_app
from kgqa.server.limits import Limits

from .conftest import serving

GOUT = "Which drugs treat gout?"
SECRET = "For how many euros was the takeover of Zenith Ltd approved?"


def events(text):
    """The events of a stream, as (name, data)."""
    found = []
    for block in text.strip().split("\n\n"):
        parts = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((parts["event"], json.loads(parts["data"])))
    return found


def told(answer):
    return {name: value for name, value in answer.items() if name != "seconds"}


def test_an_answer_is_the_one_of_the_library(client, small):
    found = client.post("/v1/kbs/small/ask", json={"question": GOUT})
    assert found.status_code == 200
    assert told(found.json()) == told(json.loads(json.dumps(as_object(small.ask(GOUT)))))
    assert found.headers["x-content-type-options"] == "nosniff" and "server" not in {
        k for k in found.headers if k == "x"
    }


def test_progress_and_answer_as_events(client):
    found = client.post("/v1/kbs/small/ask", json={"question": GOUT, "stream": True})
    assert found.headers["content-type"].startswith("text/event-stream")
    names = [name for name, _ in events(found.text)]
    assert names == ["progress"] * (len(names) - 1) + ["answer"]
    assert [data["stage"] for name, data in events(found.text) if name == "progress"][:2] == ["link", "graph"]
    assert set(events(found.text)[-1][1]["items"]) == {"allopurinol", "colchicine"}


def test_a_fault_of_a_stream_is_an_event(client):
    found = client.post("/v1/kbs/small/ask", json={"question": " ", "stream": True})
    assert events(found.text)[-1][0] == "error" and "empty" in events(found.text)[-1][1]["error"]["message"]


def test_a_conversation_resolves_what_follows(client):
    for question in ("Which drugs treat gout?", "And asthma?"):
        found = client.post("/v1/kbs/small/ask", json={"question": question, "conversation": "c1 蓝"})
    assert "asthma" in found.json()["question"] and "treat" in found.json()["question"]


def test_many_questions_at_once(client):
    questions = [GOUT, "哪些药物治疗痛风？", GOUT]
    answers = client.post("/v1/kbs/small/ask-many", json={"questions": questions}).json()["answers"]
    assert [answer["question"] for answer in answers] == questions
    assert answers[0]["items"] == answers[2]["items"] != []


def test_search_entity_sparql_and_documents(client, small):
    hits = client.post("/v1/kbs/small/search", json={"query": "gout", "k": 2}).json()["hits"]
    document = client.get(f"/v1/kbs/small/documents/{hits[0]['document']}").json()
    assert document["text"][hits[0]["start"] : hits[0]["end"]] == hits[0]["text"]
    assert client.get("/v1/kbs/small/entity", params={"name": "gout"}).json()["label"] == "gout"
    found = client.post("/v1/kbs/small/sparql", json={"query": "SELECT ?s WHERE { ?s ?p ?o } LIMIT 2"}).json()
    assert found["head"]["vars"] == ["s"] and len(found["results"]["bindings"]) == 2
    assert client.post("/v1/kbs/small/sparql", json={"query": "ASK { ?s ?p ?o }"}).json()["boolean"] is True
    listed = client.get("/v1/kbs/small/documents").json()
    assert listed["total"] == len(listed["documents"]) == len(small.documents())
    card = client.get("/v1/kbs/small").json()
    assert card["generation"] == small.generation and card["stats"]["documents"] == listed["total"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/v1/kbs/nowhere/ask", {"question": GOUT}, 404, "there are: small"),
        ("POST", "/v1/kbs/small/ask", {"question": ""}, 422, "at least 1"),
        ("POST", "/v1/kbs/small/ask", {"question": "x" * 4001}, 422, "4000"),
        ("POST", "/v1/kbs/small/ask", {"question": GOUT, "asof": "2020-01-01"}, 422, "Extra"),
        ("POST", "/v1/kbs/small/ask", {"question": GOUT, "as_of": "soon"}, 422, "as_of"),
        ("POST", "/v1/kbs/small/ask", {"question": GOUT, "links": [{"mention": "flu", "iri": "x"}]}, 400, "mention"),
        ("POST", "/v1/kbs/small/sparql", {"query": "DROP ALL"}, 400, ""),
        ("POST", "/v1/kbs/small/search", {"query": "x", "mode": "magic"}, 422, "mode"),
        ("GET", "/v1/kbs/small/documents/../../kb.toml", None, 404, ""),
        ("GET", "/v1/kbs/small/documents/gone.md", None, 404, "has no document"),
        ("GET", "/v1/kbs/small/entity?name=zzzz", None, 400, "knows no entity"),
        ("PUT", "/v1/kbs/small/documents/new.md", None, 403, "--writable"),
        ("DELETE", "/v1/kbs/small/documents/gout.md", None, 403, "--writable"),
        ("POST", "/v1/kbs/small/reload", {}, 403, "--writable"),
        ("GET", "/docs", None, 404, ""),
        ("PATCH", "/v1/kbs", None, 405, ""),
    ],
)
def test_what_cannot_be_done_is_one_line(client, method, path, body, status, says):
    found = client.request(method, path, json=body)
    assert found.status_code == status
    error = found.json()["error"]
    assert says in error["message"] and "\n" not in error["message"] and error["code"] == status


def test_malformed_requests_are_refused_and_do_not_harm(client):
    for content in (
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"question": NaN}',
        '{"question": "\ud800"}'.encode("utf-8", "surrogatepass"),
    ):
        found = client.post("/v1/kbs/small/ask", content=content, headers={"Content-Type": "application/json"})
        assert 400 <= found.status_code < 500
    assert client.get("/healthz").json() == {"status": "alive"}


def test_another_host_name_is_refused(client):
    found = client.get("/v1/kbs", headers={"Host": "evil.example"})
    assert found.status_code == 400 and "evil.example" in found.json()["error"]["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:8750"])
def test_pages_of_other_sites_are_refused(client, origin):
    # Without a look at the answer a page may send such a request; so it must not be done.
    found = client.post(
        "/v1/kbs/small/ask", content=b'{"question": "x"}', headers={"Origin": origin, "Content-Type": "text/plain"}
    )
    assert found.status_code == 403
    for own in ("http://localhost:1", "http://127.0.0.1", "http://[::1]:8750"):
        assert client.get("/v1/kbs", headers={"Origin": own}).status_code == 200


def test_health_and_counters(client):
    assert client.get("/readyz").status_code == 200
    client.post("/v1/kbs/small/ask", json={"question": GOUT})
    text = client.get("/metrics").text
    assert 'kgqa_answers_total{kb="small",outcome="answered"}' in text
    assert 'kgqa_requests_total{route="/v1/kbs/{kb}/ask",status="200"}' in text
    assert 'kgqa_answer_seconds_bucket{kb="small",le="+Inf"}' in text and "kgqa_working " in text


# --- tokens and rights ---


def test_tokens_say_who_may_do_what(small, tokens):
    callers, headers = tokens
    with serving(create_app([small], callers)) as client:
        assert client.get("/healthz").status_code == 200
        for header in ({}, {"Authorization": "Bearer kgqa_wrong"}, {"Authorization": "Basic eDp5"}):
            found = client.get("/v1/kbs", headers=header)
            assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/metrics").status_code == 401
        assert client.get("/v1/kbs", headers=headers["guest"]).json() == {"kbs": []}
        assert client.get("/v1/kbs/small", headers=headers["guest"]).status_code == 404

        asked = {name: client.post("/v1/kbs/small/ask", json={"question": SECRET}, headers=headers[name]).json()
                 for name in ("board", "staff")}  # fmt: skip
        assert any(one.get("document") == "secret.md" for one in asked["board"]["evidence"])
        assert "secret.md" not in json.dumps(asked["staff"])
        for name, status in (("board", 200), ("staff", 404)):
            assert client.get("/v1/kbs/small/documents/secret.md", headers=headers[name]).status_code == status
        listed = client.get("/v1/kbs/small/documents", headers=headers["staff"]).text
        hits = client.post("/v1/kbs/small/search", json={"query": SECRET}, headers=headers["staff"]).text
        assert "secret.md" not in listed + hits
        query = {"query": "SELECT ?s WHERE { ?s ?p ?o }"}
        assert client.post("/v1/kbs/small/sparql", json=query, headers=headers["staff"]).status_code in (200, 403)
        chat = {"model": "small", "messages": [{"role": "user", "content": SECRET}]}
        assert "secret.md" not in client.post("/v1/chat/completions", json=chat, headers=headers["staff"]).text
        assert client.put("/v1/kbs/small/documents/n.md", content=b"x", headers=headers["board"]).status_code == 403


def test_one_conversation_name_of_two_callers_is_two_conversations(small, tokens):
    callers, headers = tokens
    with serving(create_app([small], callers)) as client:
        body = {"question": "Which drugs treat gout?", "conversation": "same"}
        client.post("/v1/kbs/small/ask", json=body, headers=headers["board"])
        follow = {"question": "And asthma?", "conversation": "same"}
        found = client.post("/v1/kbs/small/ask", json=follow, headers=headers["staff"]).json()
        assert found["question"] == "And asthma?"


# --- limits ---


def test_bodies_over_the_limit_are_refused_before_they_are_read(small):
    with serving(create_app([small], limits=Limits(body=2000, upload=3000, questions=2), writable=True)) as client:
        assert client.post("/v1/kbs/small/ask", json={"question": "x" * 3000}).status_code == 413
        assert client.post("/v1/kbs/small/ask", content=iter([b"x" * 10])).status_code == 413
        assert client.post("/v1/kbs/small/ask-many", json={"questions": ["a", "b", "c"]}).status_code == 413
        big = client.put("/v1/kbs/small/documents/big.md", content=iter([b"x" * 1000] * 5))
        assert big.status_code == 413
        assert "big.md" not in client.get("/v1/kbs/small/documents").text


class Slow:
    """A knowledge base whose answers wait for a signal."""

    name, title, languages, generation = "slow", "Slow", ("en",), "gen-000001"

    def __init__(self, answer):
        self.go, self.begun, self.stopped, self._answer = threading.Event(), threading.Semaphore(0), [], answer
        self.qa = None

    def ask(self, question, *, filters=None, links=(), history=(), progress=None):
        self.begun.release()
        while not self.go.wait(0.02):
            if progress is not None:
                try:
                    progress("link")
                except Exception as fault:
                    self.stopped.append(type(fault).__name__)
                    raise
        return self._answer


def test_who_finds_the_queue_full_is_told_to_come_back(small):
    slow = Slow(small.ask(GOUT))
    with serving(create_app([slow], limits=Limits(working=1, waiting=1))) as client:
        statuses = []
        threads = [
            threading.Thread(
                target=lambda: statuses.append(client.post("/v1/kbs/slow/ask", json={"question": GOUT}).status_code)
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        assert client.get("/healthz", timeout=5).status_code == 200  # the page stays live
        slow.go.set()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200, 200, 503, 503]


def test_who_hangs_up_stops_the_work(small):
    slow = Slow(small.ask(GOUT))
    with serving(create_app([slow])) as client:
        with client.stream("POST", "/v1/kbs/slow/ask", json={"question": GOUT, "stream": True}) as response:
            assert next(response.iter_lines()) == "event: progress"
        deadline = time.monotonic() + 10
        while not slow.stopped and time.monotonic() < deadline:
            time.sleep(0.02)
        slow.go.set()
    assert slow.stopped == ["HungUp"]


# --- changes ---


def test_a_document_comes_and_goes(own):
    kb = kgqa.open(own)
    text = "# Quillon\n\nThe quillon flag of Zuland is striped 蓝白 and was first hoisted in 1893.\n"
    with serving(create_app([kb], writable=True)) as client:
        put = client.put("/v1/kbs/small/documents/quillon.md", content=text.encode())
        assert put.status_code == 200 and put.json()["report"]["problems"] == []
        asked = {"question": "When was the quillon flag of Zuland first hoisted?"}
        assert "1893" in (client.post("/v1/kbs/small/ask", json=asked).json()["answer"] or "")
        assert client.put("/v1/kbs/small/documents/quillon.md", content=b"again").status_code == 400
        for name in (".hidden", "..%2Fup.md", "a%00b.md"):
            assert client.put(f"/v1/kbs/small/documents/{name}", content=b"x").status_code in (400, 404, 405)
        gone = client.delete("/v1/kbs/small/documents/quillon.md")
        assert gone.status_code == 200 and gone.json()["remains"] == []
        assert "1893" not in (client.post("/v1/kbs/small/ask", json=asked).json()["answer"] or "")
    kb.close()


def test_an_index_that_was_built_meanwhile_is_taken_up(own):
    kb = kgqa.open(own)
    (own / "documents" / "late.md").write_text("The zorplex bridge was opened in 1907.", encoding="utf-8")
    kgqa.build(own)
    with serving(create_app([kb], writable=True)) as client:
        assert "late.md" not in client.get("/v1/kbs/small/documents").text
        found = client.post("/v1/kbs/small/reload")
        assert found.status_code == 200 and found.json()["generation"] == kb.generation
        assert "late.md" in client.get("/v1/kbs/small/documents").text
    kb.close()


# --- the chat route ---


def test_the_chat_route_answers_with_citations(client):
    body = {
        "model": "small",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": GOUT}],
    }
    found = client.post("/v1/chat/completions", json={**body, "temperature": 0.2}).json()
    message = found["choices"][0]["message"]
    assert found["object"] == "chat.completion" and message["role"] == "assistant"
    assert "allopurinol" in message["content"] and "[1]" in message["content"]
    assert set(found["kgqa"]["items"]) == {"allopurinol", "colchicine"}
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == ["small"]


def test_the_chat_route_streams(client):
    body = {
        "model": "small",
        "messages": [{"role": "user", "content": [{"type": "text", "text": GOUT}]}],
        "stream": True,
    }
    lines = [x for x in client.post("/v1/chat/completions", json=body).text.split("\n") if x.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line[6:]) for line in lines[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"} and len({c["id"] for c in chunks}) == 1
    assert "allopurinol" in "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("remembered", [True, False])
def test_the_chat_route_resolves_what_follows(small, remembered):
    with serving(create_app([small])) as client:
        first = {"role": "user", "content": GOUT}
        if remembered:
            client.post("/v1/chat/completions", json={"model": "small", "messages": [first]})
        messages = [first, {"role": "assistant", "content": "allopurinol"}, {"role": "user", "content": "And asthma?"}]
        found = client.post("/v1/chat/completions", json={"model": "small", "messages": messages}).json()
    assert "asthma" in found["kgqa"]["question"] and "treat" in found["kgqa"]["question"]


def test_chats_that_ask_nothing_are_refused(client):
    for body in ({"messages": []}, {"messages": [{"role": "assistant", "content": "x"}]}, {"n": 3}, {"model": "gpt"}):
        whole = {"model": "small", "messages": [{"role": "user", "content": GOUT}], **body}
        assert client.post("/v1/chat/completions", json=whole).status_code in (400, 404, 422)


def test_a_raw_request_without_end_does_not_hold_others(client):
    url = httpx.URL(str(client.base_url))
    with socket.create_connection((url.host, url.port)) as half:
        half.sendall(b"POST /v1/kbs/small/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
        assert client.get("/healthz", timeout=5).status_code == 200
