"""Under which names the server answers, and pages of which sites may change something."""

from __future__ import annotations

import pytest

from inngest_py.dev.api.visitors import House, Visit

OPEN = House(names=frozenset({"127.0.0.1", "dev.example.com"}))
KEYED = House(keyed=True)


def visit(method="POST", *, events=False, host="localhost:8288", origin="", site=""):
    return Visit(method=method, events=events, host=host, origin=origin, site=site)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8288",
        "localhost.:8288",
        "dev.localhost:1",
        "127.0.0.1:8288",
        "[::1]:8288",
        "192.168.1.7:8288",
        "host.docker.internal:8288",
        "dev.example.com",
    ],
)
def test_the_server_answers_to_its_own_names_and_to_addresses(host):
    assert OPEN.refusal(visit("GET", host=host)) == ""


@pytest.mark.parametrize(
    "host", ["evil.test:8288", "localhost.evil.test", "example.com", "", "[::1", "127.0.0.1.evil.test"]
)
def test_the_server_does_not_answer_to_another_name(host):
    refusal = OPEN.refusal(visit("GET", host=host))

    assert refusal.startswith("This server does not answer to the name")
    assert "--allowed-host" in refusal


def test_a_server_with_keys_answers_to_every_name_unless_it_was_given_some():
    assert KEYED.refusal(visit("GET", host="evil.test")) == ""
    assert House(keyed=True, names=frozenset({"dev.example.com"})).refusal(visit("GET", host="evil.test"))


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("", ""),
        ("http://localhost:8288", ""),
        ("http://localhost:8288", "same-origin"),
        ("", "none"),
        ("https://dev.example.com", "same-origin"),  # a proxy may speak TLS for it
    ],
)
def test_programs_and_pages_of_the_server_change_things(origin, site):
    assert OPEN.refusal(visit(origin=origin, site=site)) == ""
    assert KEYED.refusal(visit(origin=origin, site=site)) == ""


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://evil.test", "cross-site"),
        ("https://evil.test", ""),
        ("http://localhost:3000", "same-site"),
        ("http://localhost:3000", ""),
        ("null", ""),
        ("null", "cross-site"),
        ("", "cross-site"),
        ("http://[", ""),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("house", [OPEN, KEYED])
def test_pages_of_other_sites_change_nothing(house, method, origin, site):
    refusal = house.refusal(visit(method, origin=origin, site=site))

    assert refusal.startswith("A page of another site")


@pytest.mark.parametrize("origin", ["https://evil.test", "null"])
def test_pages_of_other_sites_may_look_and_see_nothing(origin):
    assert OPEN.refusal(visit("GET", origin=origin, site="cross-site")) == ""
    assert not OPEN.shares(origin)


@pytest.mark.parametrize(
    ("house", "origin", "welcome"),
    [
        (OPEN, "http://localhost:3000", True),
        (OPEN, "http://127.0.0.1:5173", True),
        (OPEN, "https://evil.test", False),
        (OPEN, "null", False),
        (KEYED, "https://shop.example.com", True),
    ],
)
def test_events_may_be_sent_by_pages_of_this_machine_and_with_a_key_by_all(house, origin, welcome):
    refusal = house.refusal(visit(events=True, origin=origin, site="cross-site"))

    assert (refusal == "") is welcome
    assert house.shares(origin) is welcome
