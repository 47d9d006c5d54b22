// What the page says of its connection. It never claims more than it knows.
import { age } from "./ages.js";

const SAY_AFTER_MS = 1_500; // a blink is no news
const WORDS = { connecting: "Connecting", live: "Live", lost: "Reconnecting", "signed-out": "Signed out" };

const chip = document.querySelector("[data-connection]");
const word = document.querySelector("[data-connection-word]");
const last = document.querySelector("[data-last-event-word]");
const strip = document.querySelector("[data-lost]");
let lostAt = 0;
let why = "";
let heardAt = 0;

function show({ state, why: reason = "" }) {
  chip.dataset.connection = state === "signed-out" ? "lost" : state;
  if (word.textContent !== WORDS[state]) word.textContent = WORDS[state];
  lostAt = state === "lost" ? lostAt || Date.now() : 0;
  why = reason;
  document.documentElement.dataset.live = String(state === "live");
  tick();
}

function tick() {
  last.textContent = heardAt ? `heard ${age(Date.now() - heardAt)} ago` : "nothing heard yet";
  const said = lostAt !== 0 && Date.now() - lostAt >= SAY_AFTER_MS;
  if (said) {
    const since = new Date(lostAt).toLocaleTimeString("en-GB");
    const text = `No connection since ${since}: ${why}. Hits may be passing that you do not see. This page tries again by itself.`;
    if (strip.textContent !== text) strip.textContent = text;
  }
  strip.hidden = !said;
}

if (chip) {
  document.addEventListener("alpr:connection", (event) => show(event.detail));
  document.addEventListener("alpr:heard", () => { heardAt = Date.now(); tick(); });
  setInterval(tick, 1000);
}
