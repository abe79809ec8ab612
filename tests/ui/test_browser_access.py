"""Who may come in and what is served, seen from a real browser."""

import json
import urllib.error
import urllib.request

import pytest
from visiting import CHROMIUM, Visit, served

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    yield from served(tmp_path_factory.mktemp("guarded"), "users")


def test_users_sign_in_and_only_owners_review_and_change(visit, guarded):
    for name, owner in (("ann", True), ("bob", False)):
        at = visit(guarded)
        at.page.get_by_label("username").fill(name)
        at.page.get_by_label("password").fill(f"secret-{name[0]}")
        at.page.get_by_role("button", name="Login").click()
        at.ready()
        at.ask("What is love?")
        at.tab("Review")
        at.page.click("#owner-refresh")
        wanted = "#dashboard .figure" if owner else "#dashboard .muted"
        at.page.locator(wanted).first.wait_for()


def test_without_a_password_nothing_is_served(guarded):
    for path in ("/gradio_api/info", "/config"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(guarded + path)
        assert refused.value.code == 401
        refused.value.close()


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=pyproject.toml", "/gradio_api/file=../../etc/passwd",
        "/gradio_api/file=/proc/self/environ", "/gradio_api/file=http://127.0.0.1:22", "/static/..%2f..%2fetc%2fpasswd",
        "/gradio_api/file={folder}/feedback.sqlite", "/gradio_api/file={folder}/conversations.sqlite",
    ],
)  # fmt: skip
def test_files_of_the_machine_are_not_served(address, folder, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address + path.format(folder=folder))
    assert refused.value.code in (403, 404)
    refused.value.close()


def test_no_listener_is_offered_as_a_public_interface(address):
    with urllib.request.urlopen(address + "/gradio_api/info") as answer:
        offered = json.load(answer)
    assert offered["named_endpoints"] == {} and offered["unnamed_endpoints"] == {}


def test_a_proxy_signs_people_in(tmp_path_factory, browser):
    for address in served(tmp_path_factory.mktemp("proxied"), "header"):
        for headers, status in (({}, 401), ({"X-Remote-User": "eve"}, 401), ({"X-Remote-User": "bob"}, 200)):
            request = urllib.request.Request(address + "/config", headers=headers)
            try:
                with urllib.request.urlopen(request) as answer:
                    found = answer.status
            except urllib.error.HTTPError as refused:
                found = refused.code
                refused.close()
            assert found == status
        at = Visit(browser, address, extra_http_headers={"X-Remote-User": "bob", "X-Forwarded-For": "9.9.9.9"}).ready()
        at.ask("What is love?")
        at.tab("Review")
        at.page.locator("#dashboard .muted").first.wait_for()
        at.context.close()
