"""Inngest functions in an AWS Lambda function: `lambda_handler = serve(client)`."""

from inngest_lambda.function import serve

__all__ = ["serve"]
