"""The conformance suite: what every adapter must do, whatever its framework. It needs pytest.

Say how an app is made with your adapter and hosted, and derive a class:

    from inngest_py.testing.conformance import Conformance, Mount, WsgiHost

    class MyHarness:
        name = framework = "mine"

        def host(self, *mounts: Mount) -> WsgiHost:
            app = MyApp()
            for mount in mounts:
                app.mount(mount.path, serve(mount.client, mount.functions, **mount.options))
            return WsgiHost(app)

    class TestMine(Conformance):
        @pytest.fixture
        def harness(self) -> MyHarness:
            return MyHarness()

`WsgiHost` and `AsgiHost` host an app in this process, `FunctionHost` whatever answers a request; for anything else
write a `Host` of your own.
`python -m inngest_py.testing.conformance tests/test_mine.py` runs the tests there and prints a table of the cases.
"""

import pytest

# The assertions of the cases explain themselves, as those of a test module do; so this comes before their import.
CASES = ("answers", "asking", "colours", "streams", "urls")
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in CASES))

from inngest_py.testing.conformance.harness import Harness, Mount
from inngest_py.testing.conformance.hosting import AsgiHost, Exchange, FunctionHost, Host, WsgiHost
from inngest_py.testing.conformance.suite import Conformance

__all__ = ["AsgiHost", "Conformance", "Exchange", "FunctionHost", "Harness", "Host", "Mount", "WsgiHost"]
