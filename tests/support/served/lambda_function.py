"""What is deployed to AWS Lambda: the handler is `served.lambda_function.lambda_handler`."""

from __future__ import annotations

from inngest_lambda import serve
from served.functions import client

lambda_handler = serve(client)
