// What pages do besides being read: stay up to date, keyboard, copy buttons, JSON editors. Without it they still work.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const setCookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`; };
const say = (text) => { $("#said").textContent = text; };

// Times ---------------------------------------------------------------------------------------------------------------

const UNITS = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
let absolute = localStorage.getItem("times") === "absolute";

function ago(then, now) {
  const seconds = Math.abs(now - then) / 1000;
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  const text = seconds < 1 ? "now" : `${Math.floor(seconds / size)} ${unit}`;
  return text === "now" ? text : then > now ? `in ${text}` : `${text} ago`;
}

function clockOf(date) {
  const today = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString([], { hour12: false });
  return today ? time : `${date.toLocaleDateString([], { month: "short", day: "numeric" })} ${time.slice(0, 5)}`;
}

function showTimes(root = document) {
  const now = Date.now();
  document.documentElement.dataset.times = absolute ? "absolute" : "relative";
  for (const each of $$("time", root)) {
    const date = new Date(each.dateTime);
    const text = absolute ? clockOf(date) : ago(date.getTime(), now);
    if (each.textContent !== text) each.textContent = text;
    if (!each.dataset.told) { each.title = date.toLocaleString(); each.dataset.told = "1"; }
  }
}

// Bringing a page up to date ------------------------------------------------------------------------------------------
// The page is asked for again, and what differs is changed in place: what stays the same stays where it is.

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeName === "TIME" && old.dateTime === fresh.dateTime) return;
  if (old.nodeName === "TEXTAREA" || (old.nodeName === "DETAILS" && old.open)) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "data-at" && name !== "data-told") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const known = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const same = wanted.id ? known.get(wanted.id) : undefined;
    if (same) {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      morph(same, wanted);
    } else if (place && !place.id && !wanted.id && place.nodeName === wanted.nodeName) {
      const next = place.nextSibling;
      morph(place, wanted);
      place = next;
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// What one is looking at stays where it is: the row that has the focus or is pointed at, or, once one has scrolled, the
// first that is seen. What has to make room glides.

const GLIDE = { duration: 160, easing: "ease-out" };
let gliding = [];

function hold() {
  const places = new Map($$("[data-row], .detail, .log").map((each) => [each, each.getBoundingClientRect().top]));
  const held = document.activeElement.closest("[data-row]") ?? $("[data-row]:hover")
    ?? (scrollY > 0 ? [...places.keys()].find((each) => places.get(each) >= 0) : null);
  return () => {
    if (held?.isConnected) scrollBy({ top: held.getBoundingClientRect().top - places.get(held), behavior: "instant" });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const [each, place] of places) {
      const by = each.isConnected ? place - each.getBoundingClientRect().top : 0;
      if (Math.abs(by) >= 1) gliding.push(each.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], GLIDE));
    }
  };
}

const frame = () => new Promise(requestAnimationFrame);

// What glides comes to rest, and is drawn there, before anything moves again.
async function rest() {
  const over = Promise.allSettled(gliding.map((each) => each.finished)).then(frame).then(frame);
  if (gliding.length) await Promise.race([over, new Promise((done) => { setTimeout(done, 2 * GLIDE.duration); })]);
  gliding = [];
}

let asking = null;
let again = false;

async function refresh() {
  if (asking) { again = true; return; }
  asking = new AbortController();
  try {
    await show(location.href, asking.signal);
  } catch (error) {
    if (error.name !== "AbortError") setPulse("lost");
  } finally {
    asking = null;
    if (again) { again = false; refresh(); }
  }
}

async function show(url, signal) {
  const reply = await fetch(url, { signal, headers: { Accept: "text/html" } });
  if (reply.redirected && new URL(reply.url).pathname !== new URL(url, location.href).pathname) {
    location.href = reply.url;
    return;
  }
  if (reply.status === 404) { location.reload(); return; } // a server that was started anew may not know it any more
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  await rest();
  const fresh = $("[data-fresh]", page);
  const old = $("[data-fresh]");
  if (!fresh || !old || location.href !== new URL(url, location.href).href) return;
  showTimes(fresh);
  const settle = hold();
  morph(old, fresh);
  settle();
  document.title = page.title;
}

function go(url, replace = false) {
  history[replace ? "replaceState" : "pushState"](null, "", url);
  if (asking) { asking.abort(); again = true; } else refresh();
}

// A form of filters says what the address said before: it has to come anew with its list.
addEventListener("popstate", () => ($("[data-fresh]") && !$("[data-auto]") ? refresh() : location.reload()));

// Live ----------------------------------------------------------------------------------------------------------------

let source = null;

function setPulse(state) {
  const pulse = $(".pulse");
  if (pulse.dataset.state === state) return;
  pulse.dataset.state = state;
  $(".word", pulse).textContent = { opening: "connecting", on: "live", lost: "no server", off: "paused" }[state];
}

function concerns(said) {
  const wanted = document.body.dataset.live.split(" ").filter(Boolean);
  return wanted.some((each) => {
    if (each.startsWith("run:")) return said.topics.includes("runs") && (!said.runs || said.runs.includes(each.slice(4)));
    return said.topics.includes(each);
  });
}

function listen() {
  if (source) return;
  setPulse("opening");
  source = new EventSource("/ui/live");
  source.onopen = () => { setPulse("on"); refresh(); }; // what happened before is not told again
  source.onerror = () => { setPulse("lost"); if (source?.readyState === EventSource.CLOSED) listenAgain(); };
  source.onmessage = (message) => { if (concerns(JSON.parse(message.data))) refresh(); };
}

// A browser gives up where something else than the stream answers: a proxy, or a server that wants a key again.
function listenAgain() {
  source = null;
  refresh();
  setTimeout(() => { if (!document.hidden) listen(); }, 2000);
}

function pause() {
  source?.close();
  source = null;
  setPulse("off");
}

function watch() {
  if (!document.body.dataset.live.trim()) { $(".pulse").hidden = true; return; }
  // A tab that nobody looks at holds no connection: a browser has six of them for a server.
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : listen()));
  if (!document.hidden) listen();
  addEventListener("pagehide", pause);
}

// Filters -------------------------------------------------------------------------------------------------------------

function autoFilter(form) {
  let timer = 0;
  const apply = (replace) => {
    const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    go(form.getAttribute("action") + (given.size ? `?${given}` : ""), replace);
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); apply(false); });
  form.addEventListener("change", (event) => { if (event.target.type !== "search") apply(false); });
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(timer);
    timer = setTimeout(() => apply(true), 200);
  });
}

// JSON editors --------------------------------------------------------------------------------------------------------

function checkJSON(area) {
  const said = document.getElementById(area.getAttribute("aria-describedby"));
  let wrong = "";
  try {
    const value = JSON.parse(area.value.trim() || "{}");
    const list = area.dataset.json === "list";
    if (value === null || typeof value !== "object" || Array.isArray(value) !== list) {
      wrong = list ? "It must be a list, such as [1, 2]." : "It must be an object, such as {\"a\": 1}.";
    }
  } catch (error) {
    wrong = error.message;
  }
  area.setCustomValidity(wrong);
  area.toggleAttribute("aria-invalid", false);
  if (wrong) area.setAttribute("aria-invalid", "true");
  said.toggleAttribute("data-bad", Boolean(wrong));
  said.textContent = wrong || "Valid JSON.";
}

function tidy() {
  for (const area of $$("[data-json]")) {
    try { area.value = JSON.stringify(JSON.parse(area.value || "{}"), null, 2); } catch { /* it says so below */ }
    checkJSON(area);
  }
}

function offer(name) {
  const area = $("#data");
  const isKnown = [...name.list.options].some((each) => each.value === name.value);
  if (isKnown && area.value === area.defaultValue) location.assign(`/send?name=${encodeURIComponent(name.value)}`);
}

// Copying -------------------------------------------------------------------------------------------------------------

function put(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain http browsers have a clipboard on this machine only.
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
}

async function copy(button) {
  const { copy: text, copyFrom: from, copyLink: link } = button.dataset;
  const whole = link ? await (await fetch(link)).text() : text ?? document.getElementById(from).textContent;
  await put(whole);
  button.classList.add("done");
  say("Copied");
  setTimeout(() => button.classList.remove("done"), 1500);
}

// Keyboard ------------------------------------------------------------------------------------------------------------

function move(by) {
  const rows = $$("[data-row]");
  if (!rows.length) return;
  const at = rows.findIndex((each) => each.hasAttribute("data-at"));
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  rows[at]?.removeAttribute("data-at");
  next.setAttribute("data-at", "");
  $(".stretched", next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function search() {
  const field = $("[data-search]");
  if (!field) { location.href = "/runs#search"; return; }
  field.focus();
  field.select();
}

const DO = {
  j: () => move(1),
  k: () => move(-1),
  "/": search,
  "?": () => $("#help").showModal(),
  t: () => DO.times(),
  times: () => {
    absolute = !absolute;
    localStorage.setItem("times", absolute ? "absolute" : "relative");
    showTimes();
  },
  theme: () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    setCookie("theme", root.dataset.theme);
  },
  help: () => $("#help").showModal(),
  tidy,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.matches("input, textarea, select")) event.target.blur();
  if (event.target.closest("input, textarea, select, dialog[open]")) return;
  const page = $$(".bar nav a")[Number(event.key) - 1];
  if (page) page.click();
  else if (event.key.length === 1 && Object.hasOwn(DO, event.key)) DO[event.key]();
  else if (event.key === "Enter" && event.target === document.body) $("[data-at] .stretched")?.click();
  else return;
  event.preventDefault();
});

addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const button = event.target.closest("button");
  if (button?.classList.contains("copy")) copy(button);
  else if (button?.dataset.do) DO[button.dataset.do]();
  else if (link?.hasAttribute("data-swap") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go(link.href);
  }
});

addEventListener("input", (event) => { if (event.target.matches("[data-json]")) checkJSON(event.target); });
addEventListener("change", (event) => { if (event.target.matches("[data-offers]")) offer(event.target); });

// The answer to a form that was refused stands at the form's address, which cannot be asked for again.
if (document.body.dataset.address) history.replaceState(null, "", document.body.dataset.address);
if (location.hash === "#search") { history.replaceState(null, "", location.pathname); search(); }
document.documentElement.dataset.script = ""; // buttons that need it show
showTimes();
setInterval(showTimes, 1000);
setInterval(() => { if ($("[data-active]") && !document.hidden) refresh(); }, 2000);
$$("[data-auto]").forEach(autoFilter);
watch();
