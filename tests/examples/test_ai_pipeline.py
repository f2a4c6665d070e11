import asyncio

import pytest

from asgi import ask
from exampled import event, rules, story

UPDATED = event("document/updated", document_id="d1", text="Tea is hot. Mind it.\n\nIce is cold. Skate.\n\nSnow falls.")


@pytest.fixture
def pipeline(example):
    return example("ai_pipeline")


def test_the_parts_are_summarized_in_parallel_and_then_combined(pipeline):
    run = pipeline.play("summarize", UPDATED)

    assert run.output == "Tea is hot; Ice is cold; Snow falls"
    assert [op["displayName"] for op in run.ops[:3]] == [f"summarize-part-{n}" for n in (1, 2, 3)]
    assert {op["op"] for op in run.ops[:3]} == {"StepPlanned"}
    assert [step for _, step in story(run)] == [
        "summarize-part-1",
        "summarize-part-2",
        "summarize-part-3",
        "combine",
        "announce",
    ]


def test_the_order_in_which_the_parts_are_done_does_not_matter(pipeline):
    run = pipeline.play("summarize", UPDATED, choose=lambda count: count - 1)

    assert run.output == "Tea is hot; Ice is cold; Snow falls"


def test_a_model_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(pipeline, monkeypatch):
    complete = pipeline.module.complete
    refused: list[str] = []

    async def refuse_at_first(prompt):
        if "Ice" in prompt and "Summarize" in prompt and len(refused) < 2:
            refused.append(prompt)
            raise pipeline.module.TooManyRequestsError(17)
        return await complete(prompt)

    monkeypatch.setattr(pipeline.module, "complete", refuse_at_first)

    run = pipeline.play("summarize", UPDATED)

    assert run.output == "Tea is hot; Ice is cold; Snow falls"
    waits = {reply.headers["retry-after"] for reply in run.replies if "retry-after" in reply.headers}
    assert waits == {"17"}


def test_a_failure_at_the_end_does_not_ask_for_the_beginning_again(pipeline, monkeypatch):
    complete = pipeline.module.complete
    asked: list[str] = []

    async def fail_at_the_end(prompt):
        asked.append(prompt)
        if prompt.startswith("Say") and sum(known.startswith("Say") for known in asked) <= 2:
            raise OSError("the model is down")
        return await complete(prompt)

    monkeypatch.setattr(pipeline.module, "complete", fail_at_the_end)

    run = pipeline.play("summarize", UPDATED)

    assert run.status == "completed"
    assert [step for _, step in story(run)].count("summarize-part-1") == 1


def test_the_summary_is_announced(pipeline):
    pipeline.play("summarize", UPDATED)

    assert pipeline.sent[0]["name"] == "document/summarized"
    assert pipeline.sent[0]["data"] == {"document_id": "d1", "summary": "Tea is hot; Ice is cold; Snow falls"}


def test_summaries_are_written_in_batches(pipeline):
    events = [event("document/summarized", document_id=f"d{n}", summary=f"text {n}") for n in range(3)]

    (op,) = pipeline.call("index", events)

    assert op["data"] == 3
    assert pipeline.module.search_index == {"d0": "text 0", "d1": "text 1", "d2": "text 2"}
    assert rules(pipeline, "index")["batchEvents"] == {"maxSize": 100, "timeout": "10s"}


def test_a_document_is_left_alone_until_the_typing_stops(pipeline):
    debounce = rules(pipeline, "summarize")["debounce"]

    assert debounce == {"period": "30s", "key": "event.data.document_id", "timeout": "10m"}


def test_the_stand_in_for_the_model_always_says_the_same(pipeline):
    answers = {asyncio.run(pipeline.module.complete("Summarize:\nTea. Hot.")) for _ in range(3)}

    assert answers == {"Tea"}


def test_starlette_serves_the_functions(pipeline):
    assert ask(pipeline.module.app, "GET", "/api/inngest").json()["function_count"] == 2
