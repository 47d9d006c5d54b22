// The queue: cards in their order, one of them opened.
import { ask } from "./ask.js";
import { fold, turn } from "./fold.js";

const queue = document.querySelector("[data-queue]");
const CLOSED_MAX = 12;

/** The identities in the queue, in the order in which they are shown. */
function shown() {
  return [...queue.querySelectorAll("[data-hit]:not([hidden])")].map((card) => card.dataset.hit);
}

/** Mark which card is opened. */
export function mark(identity) {
  if (!queue) return;
  queue.dataset.selected = identity ?? "";
  for (const link of queue.querySelectorAll("[data-open-hit]")) {
    const opened = link.parentElement.dataset.hit === identity;
    link.toggleAttribute("aria-current", opened);
    if (opened) link.setAttribute("aria-current", "true");
  }
  fold(queue);
}

function place(card) {
  const present = document.getElementById(card.id);
  const focused = present?.contains(document.activeElement);
  if (present?.dataset.version === card.dataset.version) return;
  present?.remove();
  const cards = queue.querySelector(`[data-part-of-queue="${card.dataset.queuePart}"] .cards`);
  const after = [...cards.children].find((other) => other.dataset.order > card.dataset.order);
  cards.insertBefore(card, after ?? null);
  if (card.dataset.queuePart === "closed") while (cards.children.length > CLOSED_MAX) cards.lastElementChild.remove();
  if (focused) card.querySelector("a").focus();
  count();
  mark(queue.dataset.selected);
}

function count() {
  for (const part of queue.querySelectorAll("[data-part-of-queue]")) {
    const cards = part.querySelectorAll("[data-hit]").length;
    const empty = part.querySelector("[data-part-empty]");
    part.querySelector("[data-part-count]").textContent = String(cards);
    if (empty) empty.hidden = cards > 0;
    else part.hidden = cards === 0;
  }
}

/** After a break: cards that were not told of again were closed or deleted meanwhile, so ask for the whole queue. */
async function catchUp({ seen }) {
  const gone = [...queue.querySelectorAll('[data-hit]:not([data-queue-part="closed"])')].some((card) => !seen.has(card.dataset.hit));
  if (!gone) return;
  const answer = await ask("/hits/queue").catch(() => null);
  if (!answer) return;
  queue.innerHTML = await answer.text();
  mark(queue.dataset.selected);
}

function step(by) {
  const all = shown();
  const at = all.indexOf(queue.dataset.selected);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  const card = document.getElementById(`hit-${all[Math.min(Math.max(next, 0), all.length - 1)]}`);
  card?.querySelector("a").click();
  card?.scrollIntoView({ block: "nearest" });
}

if (queue) {
  mark(queue.dataset.selected);
  document.addEventListener("alpr:hit", (event) => place(event.detail.card));
  document.addEventListener("alpr:synchronised", (event) => catchUp(event.detail));
  queue.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) step(Number(button.dataset.step));
    const folded = event.target.closest("[data-fold]");
    if (folded) turn(queue, folded);
  });
}
