// An app made with the official JavaScript SDK, run as a program: app.js <framework> <port> <dev server>.
// Each function starts with the event of its name; test_official_sdks.py expects the same of it as of those in Python.

import { setTimeout as pass } from "node:timers/promises";

import express from "express";
import { Inngest, NonRetriableError, RetryAfterError } from "inngest";
import { serve } from "inngest/express";

const [framework, port, server] = process.argv.slice(2);
const plain = framework !== "express";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = new Inngest({
  id: "official",
  isDev: true,
  baseUrl: server,
  logger: quiet,
  ...(plain ? { checkpointing: false } : {}),
});

const SAME = "async.data.n == event.data.n";
const functions = [];
let executed = 0;
let busy = false;

function declare(id, options, handler) {
  const made = client.createFunction({ id, triggers: [{ event: `tour/${id}` }], ...options }, handler);
  functions.push(made);
  return made;
}

const onFailure = ({ event }) => event.data.error.message;
const number = ({ event }) => event.data.n;

const child = declare("child", {}, ({ event }) => ({ doubled: 2 * event.data.n }));

const broken = declare("broken", { retries: 0, onFailure }, () => {
  throw new Error("broken");
});

declare("tour", { retries: 2 }, async ({ event, step, attempt }) => {
  const first = await step.run("first", () => ({ n: event.data.n }));
  const second = await step.run("second", () => [first]);
  const both = await Promise.all([step.run("left", () => "L"), step.run("right", () => "R")]);
  const retried = await step.run("flaky", () => {
    if (attempt === 0) throw new Error("not yet");
    return "at last";
  });
  await step.sleep("nap", 100);
  const [answer, sent] = await Promise.all([
    step.waitForEvent("answer", { event: "tour/answered", if: SAME, timeout: "1h" }),
    step.sendEvent("call", { name: "tour/caller", data: {} }),
  ]);
  const missed = await step.waitForEvent("missed", { event: "tour/never", timeout: "1s" });
  const invoked = await step.invoke("ask", { function: child, data: { n: 2 } });
  const caught = await step.invoke("fail", { function: broken, data: {} }).catch((error) => error.message);
  return { second, both, retried, sent: sent.ids.length, answer: answer?.data ?? null, missed, invoked, caught };
});

declare("caller", {}, async ({ step }) => {
  const sent = await step.sendEvent(
    "answer",
    [1, 7].map((n) => ({ name: "tour/answered", data: { n } })),
  );
  return sent.ids.length;
});

declare("flaky", { retries: 3 }, async ({ step, attempt }) => {
  await step.run("once", () => {
    executed += 1;
  });
  if (attempt < 2) throw new Error("not yet");
  return { attempt, executed };
});

declare("patient", { retries: 1 }, ({ attempt }) => {
  if (attempt === 0) throw new RetryAfterError("later", 1000);
  return "later";
});

declare("final", { retries: 5, onFailure }, () => {
  throw new NonRetriableError("never again");
});

declare("stopped", { cancelOn: [{ event: "tour/stop", if: SAME }] }, async ({ event, step }) => {
  await step.sleep("long", event.data.n === 1 ? "1h" : 1500);
  return "not stopped";
});

declare("late", { timeouts: { finish: "1s" } }, ({ step }) => step.sleep("long", "1h"));

declare("batched", { batchEvents: { maxSize: 3, timeout: "1s" } }, ({ events, step }) =>
  step.run("collect", () => events.map((event) => event.data.n)),
);

declare("alone", { singleton: { mode: "skip" } }, async ({ event, step }) => {
  await step.sleep("a while", "1s");
  return event.data.n;
});

declare("narrow", { concurrency: 1 }, async () => {
  if (busy) return "not alone";
  busy = true;
  await pass(20);
  busy = false;
  return "alone";
});

declare("javascript", {}, async ({ step, group }) => {
  const [signal, received] = await Promise.all([
    step.waitForSignal("wait", { signal: "green", timeout: "1h" }),
    step.sendSignal("signal", { signal: "green", data: { n: 3 } }).then(() => "sent"),
  ]);
  const response = await step.fetch(`http://127.0.0.1:${port}/number`);
  const fetched = await response.json();
  const race = () => Promise.race([step.run("quick", () => "quick"), step.sleep("slow", "2s")]);
  const winner = await group.parallel(race);
  return { signal, received, fetched, winner };
});

declare("paced", { throttle: { limit: 1, period: "1s", burst: 0 } }, number);
declare("last", { debounce: { period: "1s" } }, number);
declare("limited", { rateLimit: { limit: 1, period: "1m" } }, number);
declare("once", { idempotency: "event.data.key" }, number);

const app = express();
app.use(express.json());
app.use("/api/inngest", serve({ client, functions, streaming: plain }));
app.get("/number", (_, response) => response.json({ n: 5 }));
app.listen(Number(port), "127.0.0.1");
