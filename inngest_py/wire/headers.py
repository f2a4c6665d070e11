"""The names of the headers, in lower case as `Request` has them, and the few values that are fixed (PROTOCOL 1)."""

from __future__ import annotations

from typing import Final

from inngest_py.version import VERSION

SDK_VERSION: Final = f"inngest_py:v{VERSION}"
"""How this SDK names itself on the wire."""

REQUEST_VERSION: Final = "2"
"""The version of the call protocol that is spoken here: the one with coalesced parallel steps (PROTOCOL 8)."""

ACCEPT_ENCODING: Final = "accept-encoding"
AUTHORIZATION: Final = "authorization"
BUFFERING: Final = "x-accel-buffering"
CONTENT_ENCODING: Final = "content-encoding"
CONTENT_TYPE: Final = "content-type"
EVENT_ID_SEED: Final = "x-inngest-event-id-seed"
EXPECTED_SERVER_KIND: Final = "x-inngest-expected-server-kind"
FRAMEWORK: Final = "x-inngest-framework"
INNGEST_ENV: Final = "x-inngest-env"
LOGS: Final = "x-inngest-logs"
NO_RETRY: Final = "x-inngest-no-retry"
PLATFORM: Final = "x-inngest-platform"
REQ_VERSION: Final = "x-inngest-req-version"
RETRY_AFTER: Final = "retry-after"
SDK: Final = "x-inngest-sdk"
SDK_HANDLED: Final = "x-inngest-sdk-handled"
SERVER_KIND: Final = "x-inngest-server-kind"
SERVER_TIMING: Final = "server-timing"
SIGNATURE: Final = "x-inngest-signature"
SYNC_KIND: Final = "x-inngest-sync-kind"
TRANSFER_ENCODING: Final = "transfer-encoding"
USER_AGENT: Final = "user-agent"
VARY: Final = "vary"

GENERATION_ID: Final = "x-inngest-generation-id"
JOB_ID: Final = "x-inngest-job-id"
REQUEST_ID: Final = "x-request-id"
RUN_ID: Final = "x-run-id"
STEP_ID: Final = "x-inngest-step-id"

JSON: Final = "application/json"
