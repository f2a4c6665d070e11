"""Where the server has a signing key its pages are for those who know it."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from inngest_py.dev.ui.pages.signing_in import _local
from inngest_py.dev.ui.sessions import LIFE, Sessions, cookie_of
from inngest_py.wire.signing import SigningKey, bearer_token

KEY = "signkey-test-0123456789abcdef"


@pytest.fixture
async def visitor(house):
    async with house.client(signing_key=SigningKey(KEY)) as http:
        yield http


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/runs?status=Failed",
        "/runs/x",
        "/runs/x/export",
        "/runs/x/text/log",
        "/events",
        "/send",
        "/functions/f",
        "/apps",
        "/odd",
    ],
)
async def test_who_has_not_signed_in_is_asked_to(visitor, path):
    reply = await visitor.get(path, headers={"accept": "text/html"})

    assert reply.url.path == "/sign-in"
    assert reply.url.params["next"] == path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/send"),
        ("POST", "/runs/x/cancel"),
        ("POST", "/apps"),
        ("POST", "/apps/forget"),
        ("POST", "/functions/f/invoke"),
        ("POST", "/runs/x/rerun"),
        ("POST", "/v1/runs/x/logs"),
        ("GET", "/v1/runs/x/logs"),
        ("GET", "/ui/live"),
        ("POST", "/sign-out"),
    ],
)
async def test_who_has_not_signed_in_can_do_nothing(visitor, method, path):
    assert (await visitor.request(method, path)).status_code == 401


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://localhost:8288/runs/x?step=y#z", "/runs/x?step=y"),
        ("http://localhost:8288", "/"),
        ("http://[", "/"),
        ("//elsewhere.test//x", "/x"),
        ("", "/"),
    ],
)
async def test_who_sends_a_form_when_the_session_is_over_is_asked_to_sign_in_and_comes_back(visitor, referer, back):
    sent = {"accept": "text/html", "referer": referer}

    reply = await visitor.post("/runs/x/cancel", headers=sent)

    assert (reply.url.path, reply.url.params["next"]) == ("/sign-in", back)


@pytest.mark.parametrize("key", [KEY, KEY.removeprefix("signkey-test-"), bearer_token(SigningKey(KEY))])
async def test_who_knows_the_key_is_let_in_and_goes_where_it_was_going(visitor, key):
    reply = await visitor.post("/sign-in", data={"key": key, "next": "/runs?status=Failed"})

    assert (reply.status_code, reply.url.path, reply.url.params["status"]) == (200, "/runs", "Failed")
    assert "Sign out" in reply.text


async def test_the_session_is_kept_from_scripts_and_from_other_sites_and_says_nothing_of_the_key(visitor):
    reply = await visitor.post("/sign-in", data={"key": KEY}, follow_redirects=False)

    cookie = reply.headers["set-cookie"]
    assert cookie == f"inngest_session_8288=token-0; HttpOnly; Max-Age={LIFE // 1000}; Path=/; SameSite=strict"
    assert "0123456789abcdef" not in str(reply.headers)


@pytest.mark.parametrize("key", ["", "signkey-test-00", "0123456789abcdeg", "é"])
async def test_who_does_not_know_the_key_is_not_let_in(visitor, key):
    reply = await visitor.post("/sign-in", data={"key": key})

    assert reply.status_code == 401
    assert "That is not this server" in reply.text
    assert dict(visitor.cookies) == {}


async def test_a_session_ends_by_itself_and_when_somebody_signs_out(house, visitor):
    await visitor.post("/sign-in", data={"key": KEY})
    kept = dict(visitor.cookies)
    house.now += LIFE - 1
    assert (await visitor.get("/runs")).url.path == "/runs"
    house.now += 1
    assert (await visitor.get("/runs")).url.path == "/sign-in"

    await visitor.post("/sign-in", data={"key": KEY})
    kept = dict(visitor.cookies)
    assert (await visitor.post("/sign-out")).url.path == "/sign-in"
    visitor.cookies.update(kept)
    assert (await visitor.get("/runs")).url.path == "/sign-in"


async def test_a_program_may_use_the_key_as_a_token(visitor):
    token = {"authorization": f"Bearer {bearer_token(SigningKey(KEY))}"}

    assert (await visitor.get("/runs", headers=token)).url.path == "/runs"


async def test_a_session_is_of_no_use_for_the_api(visitor):
    await visitor.post("/sign-in", data={"key": KEY})

    assert (await visitor.get("/v1/runs")).status_code == 401


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/runs/x?step=y", "/runs/x?step=y"),
        ("", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("/\n/evil.test", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(path, leads_to):
    assert _local(path) == leads_to


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8288", "inngest_session_8288"),
        ("127.0.0.1:9000", "inngest_session_9000"),
        ("[::1]:9000", "inngest_session_9000"),
        ("dev.example.com", "inngest_session"),
        ("localhost:x; Domain=evil.test", "inngest_session"),
        ("localhost:123456", "inngest_session"),
    ],
)
def test_each_port_of_a_host_has_a_session_of_its_own(host, name):
    assert cookie_of(Request({"type": "http", "headers": [(b"host", host.encode())]})) == name


def test_sessions_do_not_pile_up():
    numbers = iter(range(1000))
    sessions = Sessions(lambda: str(next(numbers)))

    tokens = [sessions.open(0) for _ in range(150)]

    assert [sessions.knows(token, 0) for token in tokens] == [False] * 50 + [True] * 100
