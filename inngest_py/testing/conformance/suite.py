"""All the cases in one class, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from inngest_py import Inngest
from inngest_py.testing.conformance.answers import Answers
from inngest_py.testing.conformance.api import Api, serving_api
from inngest_py.testing.conformance.asking import FALLBACK_KEY, KEY
from inngest_py.testing.conformance.colours import Colours
from inngest_py.testing.conformance.harness import Harness, Mount
from inngest_py.testing.conformance.hosting import Host
from inngest_py.testing.conformance.streams import Streams
from inngest_py.testing.conformance.table import ADAPTER
from inngest_py.testing.conformance.urls import Urls


class Conformance(Answers, Urls, Colours, Streams):
    """All the cases. Derive a class in a test module, and have a fixture `harness` give the adapter's Harness."""

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

    @pytest.fixture
    def streamer(self, host: Callable[..., Host]) -> Callable[..., Host]:
        """The same, for cases that are about streams."""
        if not host().streams:
            pytest.skip("replies are not streamed here")
        return host

    @pytest.fixture(autouse=True)
    def _named(self, harness: Harness, record_property: Callable[[str, object], None]) -> None:
        """Tell the table which adapter a case is about."""
        record_property(ADAPTER, harness.name)
