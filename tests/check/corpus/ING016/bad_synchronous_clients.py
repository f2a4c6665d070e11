import httpx
import openai
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
model = openai.OpenAI()


async def ask():
    model.chat.completions.create(model="m", messages=[])  # found
    with httpx.Client() as http:
        http.get("https://example.com")  # found
    return httpx.get("https://example.com")  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    await ctx.step.run("ask-model", ask)
