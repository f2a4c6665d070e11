"""A pipeline of prompts: parallel steps, a model that says "too many requests", and results written in batches.

    inngest-py dev -- python examples/ai_pipeline.py
    inngest-py send document/updated --data '{"document_id": "d1", "text": "First part.\n\nSecond part."}'

Served by Starlette. No model is called: `complete` is a stand-in for one, to be replaced by a client of your choice.
Every answer is the result of a step: a pipeline that fails at its end does not pay for its beginning again.
"""

import asyncio
from collections.abc import Sequence

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="pipeline")


class DocumentUpdated(BaseModel):
    document_id: str
    text: str


class DocumentSummarized(BaseModel):
    document_id: str
    summary: str


document_updated = inngest.EventType("document/updated", DocumentUpdated)
document_summarized = inngest.EventType("document/summarized", DocumentSummarized)


class TooManyRequestsError(Exception):
    """What a model's client raises when it is asked too often; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many requests")
        self.retry_after = retry_after


async def complete(prompt: str) -> str:
    """Stand in for a model: no network, always the same answer to the same prompt."""
    return prompt.rpartition("\n")[2].split(".")[0].strip()


async def ask(prompt: str) -> str:
    """Ask the model. When it wants to be left alone for a while, the step waits just that long."""
    try:
        return await complete(prompt)
    except TooManyRequestsError as error:
        raise inngest.RetryAfterError(str(error), f"{error.retry_after}s") from error


@client.create_function(
    fn_id="summarize",
    trigger=document_updated,
    retries=6,
    debounce=inngest.Debounce(period="30s", key="event.data.document_id", timeout="10m"),  # until the typing stops
    concurrency=4,  # prompts at a time, over all documents: a sleeping or waiting run counts for nothing
)
async def summarize(ctx: inngest.Context[DocumentUpdated]) -> str:
    document = ctx.event.data
    parts = [part for part in document.text.split("\n\n") if part.strip()]
    summaries = await asyncio.gather(
        *(ctx.step.run(f"summarize-part-{n}", ask, f"Summarize:\n{part}") for n, part in enumerate(parts, start=1))
    )
    summary = await ctx.step.run("combine", ask, f"Say in one sentence:\n{'; '.join(summaries)}")
    result = DocumentSummarized(document_id=document.document_id, summary=summary)
    # With an id it is one event, even if this step runs twice.
    await ctx.step.send_event("announce", document_summarized.create(result, id=f"{ctx.run_id}/announce"))
    return summary


@client.create_function(
    fn_id="index",
    trigger=document_summarized,
    batch_events=inngest.Batch(max_size=100, timeout="10s"),  # one write for many documents
)
async def index(ctx: inngest.Context[DocumentSummarized]) -> int:
    return await ctx.step.run("write", write_index, [event.data for event in ctx.events])


search_index: dict[str, str] = {}


async def write_index(documents: Sequence[DocumentSummarized]) -> int:
    """Stand in for one bulk write to a search engine; writing the same twice changes nothing."""
    search_index.update({document.document_id: document.summary for document in documents})
    return len(documents)


app = Starlette(routes=[serve(client)])

if __name__ == "__main__":
    uvicorn.run(app, port=8000)
