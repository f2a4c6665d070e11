"""How long it takes to test a drip campaign of 90 days, replays and all.

    python benchmarks/virtual_time.py

A letter is sent every week, with a decision before it and a sleep after it. The median of twenty runs counts, in
time of the processor, so that it is the same on a machine that does other things besides.
"""

import statistics
import time

import inngest_py as inngest
from inngest_py import testing

client = inngest.Inngest(app_id="benchmark")
WEEKS = 13


@client.create_function(fn_id="campaign", trigger=inngest.TriggerEvent(event="trial/started"))
async def campaign(ctx: inngest.Context) -> int:
    sent = 0
    for week in range(WEEKS):
        if await ctx.step.run(f"wants-letter-{week}", wants_letter):
            await ctx.step.run(f"send-letter-{week}", send_letter, ctx.event.data["email"])
            sent += 1
        await ctx.step.sleep(f"week-{week}", "7d" if week < WEEKS - 1 else "6d")
    return sent


async def wants_letter() -> bool:
    return True


async def send_letter(_to: str) -> None:
    pass


def measured(*, check_replays: bool) -> tuple[float, testing.Run]:
    """The median of how long it takes, in milliseconds, and the last run."""
    times = []
    for _ in range(20):
        began = time.process_time()
        run = testing.run(
            campaign, inngest.Event(name="trial/started", data={"email": "a@b.c"}), check_replays=check_replays
        )
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times), run


if __name__ == "__main__":
    for check_replays in (True, False):
        took, run = measured(check_replays=check_replays)
        print(f"{run.duration.days} days, {len(run.steps)} steps, replayed: {check_replays}: {took:.1f} ms")
