"""The conformance suite: what every adapter must do, whatever its framework.

Derive a class from it in a test module, and have a fixture `harness` give the adapter's Harness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conformance.answers import Answers
from conformance.api import Api, serving_api
from conformance.asking import FALLBACK_KEY, KEY
from conformance.colours import Colours
from conformance.harness import Harness, Mount
from conformance.hosting import Host
from conformance.streams import Streams
from inngest_py import Inngest


class Conformance(Answers, Colours, Streams):
    """All the cases, and the fixtures that they are given."""

    @pytest.fixture(scope="class")
    @classmethod
    def one_api(cls) -> Iterator[Api]:
        """One API for all the cases."""
        with serving_api() as api:
            yield api

    @pytest.fixture
    def api(self, one_api: Api) -> Api:
        """The API of an Inngest server."""
        one_api.begin_anew()
        return one_api

    @pytest.fixture
    def dev(self, api: Api) -> Inngest:
        """A client in dev mode."""
        return Inngest(app_id="app", is_production=False, base_url=api.url)

    @pytest.fixture
    def cloud(self, api: Api) -> Inngest:
        """A client in cloud mode, with two keys."""
        return Inngest(
            app_id="app", is_production=True, base_url=api.url, signing_key=KEY, signing_key_fallback=FALLBACK_KEY
        )

    @pytest.fixture
    def host(self, harness: Harness) -> Iterator[Callable[..., Host]]:
        """Hosts an app with clients, or with mounts."""
        hosts: list[Host] = []

        def host(*mounted: Inngest | Mount) -> Host:
            mounts = [Mount(item) if isinstance(item, Inngest) else item for item in mounted]
            hosts.append(harness.host(*mounts))
            return hosts[-1]

        yield host
        for hosted in hosts:
            hosted.close()
