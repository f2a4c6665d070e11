"""A Tornado app and its server."""

from __future__ import annotations

import asyncio
import sys

from tornado.web import Application

from inngest_tornado import serve
from served.functions import client


async def main(port: int) -> None:
    app = Application([serve(client), serve(client, path="/streamed", streaming=True)])
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
