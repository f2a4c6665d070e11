"""A person decides: the function asks, waits for days, reminds, and gives up in the end. Served by FastAPI.

inngest-py dev -- python examples/human_approval.py
inngest-py send expense/submitted --data '{"expense_id": "e1", "employee": "ada", "amount": "80.00"}'
curl -X POST localhost:8000/expenses/e1/decision -H 'content-type: application/json' -d '{"approved": true}'
"""

import asyncio
from decimal import Decimal

import fastapi
import uvicorn
from pydantic import BaseModel

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="expenses")


class ExpenseSubmitted(BaseModel):
    expense_id: str
    employee: str
    amount: Decimal


class Verdict(BaseModel):
    approved: bool
    reason: str = ""


class ExpenseDecided(Verdict):
    expense_id: str


expense_submitted = inngest.EventType("expense/submitted", ExpenseSubmitted)
expense_decided = inngest.EventType("expense/decided", ExpenseDecided)


@client.create_function(
    fn_id="approve-expense",
    trigger=expense_submitted,
    idempotency="event.data.expense_id",
    cancel=inngest.Cancel(event="expense/withdrawn", if_exp="event.data.expense_id == async.data.expense_id"),
)
async def approve_expense(ctx: inngest.Context[ExpenseSubmitted]) -> str:
    expense = ctx.event.data
    decided = await ask(ctx, "ask", timeout="3d") or await ask(ctx, "remind", timeout="2d")
    if decided is None:
        await ctx.step.run("give-up", notify, expense.employee, "nobody decided: please submit the expense again")
        return "expired"
    if not decided.data.approved:
        await ctx.step.run("explain", notify, expense.employee, f"not approved: {decided.data.reason}")
        return "rejected"
    await ctx.step.run("pay-out", pay_out, expense, key=f"{ctx.run_id}/pay-out")
    return "paid"


async def ask(
    ctx: inngest.Context[ExpenseSubmitted], step_id: str, timeout: str
) -> inngest.Event[ExpenseDecided] | None:
    """Ask the manager, and wait. Only an event that comes after the wait began is seen: so that comes first."""
    expense = ctx.event.data
    decided, _ = await asyncio.gather(
        ctx.step.wait_for_event(
            f"{step_id}-decision",
            event=expense_decided,
            timeout=timeout,
            if_exp="event.data.expense_id == async.data.expense_id",
        ),
        ctx.step.run(step_id, notify, "manager", f"{expense.employee} asks for {expense.amount}: yes or no?"),
    )
    return decided


# What follows stands in for a chat service and for the payroll.

messages: list[tuple[str, str]] = []
paid: dict[str, Decimal] = {}


async def notify(who: str, text: str) -> None:
    messages.append((who, text))


async def pay_out(expense: ExpenseSubmitted, *, key: str) -> None:
    """Pay once for each idempotency key, as banks do."""
    paid.setdefault(key, expense.amount)


app = fastapi.FastAPI(routes=[serve(client)])


@app.post("/expenses/{expense_id}/decision", status_code=202)
async def decide(expense_id: str, verdict: Verdict) -> None:
    """What the buttons in the manager's message do."""
    await client.send(expense_decided(expense_id=expense_id, **verdict.model_dump()))


if __name__ == "__main__":
    uvicorn.run(app, port=8000)
