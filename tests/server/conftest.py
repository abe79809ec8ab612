"""The service on a real port of this machine, over the small knowledge base."""

import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn

from kgqa.server.access import Tokens, new_token
from kgqa.server.app import create_app, load


@contextlib.contextmanager
def serving(app):
    """Run an application on a free port; gives a client."""
    load(app)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(base_url=address, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def client(small):
    """A client of a service that everybody may call."""
    with serving(create_app([small])) as found:
        yield found


@pytest.fixture(scope="session")
def tokens(tmp_path_factory):
    """A file of tokens, and the tokens by name: an owner, one of the board, one of the staff, one without a base."""
    file, made, text = tmp_path_factory.mktemp("tokens") / "tokens.toml", {}, ""
    rights = {
        "owner": 'groups = ["board"]\nowner = true',
        "board": 'groups = ["board"]',
        "staff": 'groups = ["staff"]',
        "guest": "bases = []",
    }
    for name, lines in rights.items():
        made[name], table = new_token(name)
        text += "\n".join(table.splitlines()[:2]) + f"\n{lines}\n"
    file.write_text(text, encoding="utf-8")
    return Tokens.load(file), {name: {"Authorization": f"Bearer {token}"} for name, token in made.items()}
