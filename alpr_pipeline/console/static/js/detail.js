// The opened hit. It is fetched in parts, and a part is replaced only when it changed: a half-filled check stays.
//   alpr:detail  (on the element) its content is new
import { mostUrgent } from "./alarm.js";
import { Failure, ask } from "./ask.js";
import { mark } from "./queue.js";

const detail = document.querySelector("[data-detail]");
const NO_MORE = "This hit is not stored any more: its time had come.";
let wanted = opened(); // the identity shown, or on its way
let asked = 0; // counts the fetches: an answer that a later one overtook is dropped, for it shows an older state

/** The identity of the opened hit. */
export function opened() {
  return detail?.querySelector("[data-detail-of]")?.dataset.detailOf ?? null;
}

/** Say something above the evidence, until the next word. */
export function say(text) {
  const said = detail.querySelector("[data-said]");
  if (!said) return;
  said.textContent = text;
  said.hidden = !text;
}

/** Fetch the opened hit again and replace what changed. */
export async function refresh() {
  const identity = opened();
  if (!identity || identity !== wanted) return; // another is on its way
  const fresh = await fetched(identity);
  if (!fresh || fresh instanceof Failure || opened() !== identity) return;
  const article = detail.querySelector("[data-detail-of]");
  Object.assign(article.dataset, fresh.dataset);
  article.className = fresh.className;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const present = article.querySelector(`[data-part="${part.dataset.part}"]`);
    if (present.dataset.version !== part.dataset.version) present.replaceWith(part);
  }
  tell();
}

async function open(identity, { push = true } = {}) {
  wanted = identity;
  if (push && location.pathname !== `/hits/${identity}`) history.pushState(null, "", `/hits/${identity}`);
  mark(identity);
  detail.setAttribute("aria-busy", "true");
  const fresh = await fetched(identity);
  if (!fresh || wanted !== identity) return;
  detail.removeAttribute("aria-busy");
  if (fresh instanceof Failure) return notLoaded(fresh, identity);
  detail.replaceChildren(fresh);
  detail.scrollTop = 0;
  tell();
}

/** The content of a hit, or why it cannot be had; null when a later fetch has begun meanwhile. */
async function fetched(identity) {
  const turn = ++asked;
  try {
    const holder = document.createElement("template");
    holder.innerHTML = await (await ask(`/hits/${identity}/detail`)).text();
    return turn === asked ? holder.content.querySelector("[data-detail-of]") : null;
  } catch (failure) {
    if (turn !== asked) return null;
    return failure instanceof Failure ? failure : new Failure("offline", 0, "The answer broke off: try again.");
  }
}

function notLoaded(failure, identity) {
  const box = document.createElement("div");
  box.className = "empty";
  const heading = document.createElement("h2");
  heading.textContent = "This hit is not shown";
  const text = document.createElement("p");
  text.textContent = failure.status === 404 ? NO_MORE : failure.message;
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Try again";
  again.addEventListener("click", () => open(identity));
  box.append(heading, text, ...(failure.status === 404 ? [] : [again]));
  detail.replaceChildren(box);
}

function tell() {
  detail.dispatchEvent(new CustomEvent("alpr:detail", { bubbles: true }));
}

function onHit({ card, late }) {
  const identity = card.dataset.hit;
  const article = detail.querySelector("[data-detail-of]");
  if (identity === wanted) {
    if (article?.dataset.detailOf === identity) refresh();
    else open(identity, { push: false });
  } else if (card.dataset.state === "new" && !late && (!article || article.dataset.queuePart === "closed")) {
    open(identity); // nobody's work is interrupted
  }
}

if (detail) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open-hit]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open(link.pathname.split("/").at(-1));
  });
  addEventListener("popstate", () => {
    const identity = location.pathname.split("/")[2];
    if (identity) open(identity, { push: false });
    else location.reload();
  });
  document.addEventListener("alpr:hit", (event) => onHit(event.detail));
  document.addEventListener("alpr:synchronised", () => {
    if (opened()) refresh();
    else if (wanted ?? mostUrgent()) open(wanted ?? mostUrgent());
  });
}
