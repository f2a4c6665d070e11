"""The Lambda adapter within AWS's own runtime, which a stand-in for its API feeds with events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import gateways
from inngest_py import Request, Response
from inngest_py.testing.conformance.asking import KEY, call, get, is_signed, read, signed
from inngest_py.testing.conformance.harness import PATH
from runtime_api import RuntimeApi, serving_runtime_api
from servers import serving

pytest.importorskip("awslambdaric", reason="AWS has no runtime for this system: pip install awslambdaric")

RUNTIME = ["-m", "awslambdaric", "served.lambda_function.lambda_handler"]


@pytest.fixture(scope="module")
def runtime() -> Iterator[RuntimeApi]:
    with serving_runtime_api() as api:
        environ = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_NAME": "shop",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_REGION": "eu-west-1",
            "INNGEST_SIGNING_KEY": KEY,
        }
        with serving("lambda", RUNTIME, environ):
            yield api


@pytest.fixture(
    params=[gateways.function_url, gateways.rest_api, gateways.load_balancer, gateways.load_balancer_of_several]
)
def send(request: pytest.FixtureRequest, runtime: RuntimeApi) -> Callable[[Request], Response]:
    """Ask the deployed function through a gateway."""

    def invoke(event: Any, _context: object) -> Any:
        return runtime.invoke(event)

    return gateways.asking({PATH: invoke}, request.param)


def test_a_signed_call_is_answered_and_signed(send: Callable[[Request], Response]) -> None:
    response = send(signed(call("app-plain", data={"b": 1.0, "a": "é🐍"})))

    assert (response.status, read(response)) == (200, {"b": 1.0, "a": "é🐍"})
    assert is_signed(response)


def test_who_does_not_sign_is_not_answered(send: Callable[[Request], Response]) -> None:
    assert send(call("app-plain")).status == 401


def test_async_functions_run_on_one_loop(send: Callable[[Request], Response]) -> None:
    answers = [read(send(signed(call("app-async")))) for _ in range(3)]

    assert len(set(answers)) == 1


def test_a_body_may_have_five_megabytes(send: Callable[[Request], Response]) -> None:
    response = send(signed(call("app-length", data={"text": "x" * 5_000_000})))

    assert (response.status, read(response)) == (200, 5_000_000)


def test_a_body_that_is_compressed_arrives(send: Callable[[Request], Response]) -> None:
    request = signed(call("app-plain", data={"text": "x" * 100_000}))

    response = send(replace(request, headers={**request.headers, "Accept-Encoding": "gzip"}))

    assert response.status == 200
    assert ("content-encoding" in response.headers) == (len(response.body) < 1_000)


def test_introspection_is_answered(send: Callable[[Request], Response]) -> None:
    assert send(signed(get())).headers["x-inngest-framework"] == "aws-lambda"
