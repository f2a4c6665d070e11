import base64
from pathlib import Path
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def upload(path, upload, response):
    text = Path(path).read_text()
    client.send_sync(inngest.Event(name="a/b", data={"name": path, "text": text}))  # found
    client.send_sync(inngest.Event(name="a/b", data={"file": base64.b64encode(upload).decode()}))  # found
    client.send_sync(inngest.Event(name="a/b", data={"deep": [{"page": response.content}]}))  # found
    client.send_sync(inngest.Event(name="a/b", data={"raw_html": upload.page}))  # found
