// The strip across the page, the title and the icon: that hits wait which nobody has looked at.
//   alpr:alarm  `level`: the most urgent priority that waits, or none; `fresh`: one has just come
import { age } from "./ages.js";
import { serverNow } from "./clock.js";

const strip = document.querySelector("[data-alarm]");
const count = document.querySelector("[data-new-count]");
const icon = document.querySelector("[data-icon]");
const title = document.title;
const SIGNS = { high: "▲", medium: "◆", low: "○" };
const FRESH_MS = 6_000;

const waiting = new Map(); // identity -> card
let lost = false;

/** The identity of the most urgent hit that nobody has looked at. */
export function mostUrgent() {
  return first()?.dataset.hit ?? null;
}

function first() {
  return [...waiting.values()].sort((a, b) => (a.dataset.order < b.dataset.order ? -1 : 1))[0];
}

function onHit({ card, late }) {
  const known = waiting.has(card.dataset.hit);
  if (card.dataset.state === "new" && !("muted" in card.dataset)) waiting.set(card.dataset.hit, card.cloneNode(true));
  else waiting.delete(card.dataset.hit);
  const fresh = waiting.has(card.dataset.hit) && !known && !late;
  if (!late) show(fresh ? card : null);
}

function onSynchronised({ seen }) {
  for (const identity of waiting.keys()) if (!seen.has(identity)) waiting.delete(identity);
  show(null);
}

function show(fresh) {
  const card = first();
  const part = (name) => strip.querySelector(`[data-alarm-${name}]`);
  strip.hidden = !card;
  count.hidden = !card;
  count.textContent = String(waiting.size);
  count.setAttribute("aria-label", `${waiting.size} new`);
  if (card) {
    const { hit, plate, reason, place, captured, priority, priorityWord } = card.dataset;
    strip.className = `alarm ${priority}`;
    part("link").href = `/hits/${hit}`;
    part("sign").textContent = SIGNS[priority];
    part("plate").textContent = plate;
    part("reason").textContent = reason;
    part("place").textContent = place;
    part("time").dateTime = captured;
    part("time").textContent = age(serverNow() - Date.parse(captured));
    part("priority").textContent = ` ${priorityWord} priority`;
    part("more").textContent = waiting.size > 1 ? `· ${waiting.size - 1} more` : "";
  }
  if (fresh) flash(fresh);
  badge();
  document.dispatchEvent(new CustomEvent("alpr:alarm", { detail: { level: card?.dataset.priority ?? null, fresh: Boolean(fresh) } }));
}

function flash(card) {
  strip.classList.add("fresh");
  setTimeout(() => strip.classList.remove("fresh"), FRESH_MS);
  const { plate, reason, place, priorityWord } = card.dataset;
  strip.parentElement.querySelector("[data-announce]").textContent =
    `New hit, ${priorityWord} priority: ${reason}, ${[...plate].join(" ")}, ${place}`;
}

/** The title holds no plate: browsers keep titles in their history. */
function badge() {
  document.title = lost ? `NO CONNECTION · ${title}` : waiting.size ? `(${waiting.size}) NEW HIT · ${title}` : title;
  icon.href = `/static/${lost ? "icon-lost" : waiting.size ? "icon-alarm" : "icon"}.svg`;
}

if (strip) {
  document.addEventListener("alpr:hit", (event) => onHit(event.detail));
  document.addEventListener("alpr:synchronised", (event) => onSynchronised(event.detail));
  document.addEventListener("alpr:connection", (event) => { lost = ["lost", "signed-out"].includes(event.detail.state); badge(); });
}
