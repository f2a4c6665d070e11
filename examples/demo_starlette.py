"""uvicorn examples.demo_starlette:app"""

from starlette.applications import Starlette

from examples.demo_shop import client
from inngest_starlette import serve

app = Starlette(routes=[serve(client)])
