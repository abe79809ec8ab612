"""``kgqa serve`` and ``kgqa mcp`` as commands: what they refuse, the tokens they make, and a whole service as a process."""

import re
import signal
import subprocess
import sys
import tomllib

import httpx
import pytest
from click.testing import CliRunner

from kgqa.cli.serve import command
from kgqa.errors import UsageError
from kgqa.server.access import Tokens


def test_a_new_token_opens_what_its_table_says(tmp_path):
    done = CliRunner().invoke(command, ["--new-token", "ward"])
    token = re.search(r"kgqa_\S+", done.stderr).group()
    file = tmp_path / "tokens.toml"
    file.write_text(done.stdout, encoding="utf-8")
    assert token not in done.stdout and "ward" in tomllib.loads(done.stdout)["tokens"]
    callers = Tokens.load(file)
    assert callers.caller(f"Bearer {token}").name == "ward"
    for header in ("", "Bearer", f"Bearer {token}x", f"Basic {token}", token, "Bearer \ud800"):
        assert callers.caller(header) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tokens.a]\n",
        '[tokens.a]\nsha256 = "secret"\n',
        "[tokens",
        f'[tokens.a]\nsha256 = "{"0" * 64}"\n[tokens.b]\nsha256 = "{"0" * 64}"\n',
    ],
)
def test_a_file_of_tokens_that_opens_nothing_or_too_much_is_refused(tmp_path, text):
    file = tmp_path / "tokens.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        Tokens.load(file)


def test_a_service_that_others_reach_needs_tokens():
    done = CliRunner().invoke(command, ["--kb", "small", "--host", "0.0.0.0"])
    assert isinstance(done.exception, UsageError) and "--tokens" in str(done.exception)


@pytest.mark.slow
def test_the_service_as_a_process(built):
    process = subprocess.Popen(
        [sys.executable, "-m", "kgqa.cli.main", "serve", "--kb", str(built), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline()).group()
        with httpx.Client(base_url=address, timeout=120, transport=httpx.HTTPTransport(retries=20)) as client:
            found = client.post("/v1/kbs/small/ask", json={"question": "Which drugs treat gout?"})
            assert "allopurinol" in found.json()["items"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.stderr.close()
