// The steps of a hit: what is still missing is said in words, and only a whole step can be sent.
import { ask } from "./ask.js";
import { opened, refresh, say } from "./detail.js";

let awaited = null; // the state that a step led to, until the page shows it

const DONE = "Everything is there. Your name and the time are kept with it.";

/** What a form still needs, in words. A group of radio buttons names its need on the first of them. */
function missing(form) {
  const needs = [...form.querySelectorAll("[data-needs]")].filter((field) => !given(form, field)).map((field) => field.dataset.needs);
  const witness = form.elements.witness;
  if (witness && !witness.closest("label").hidden && !witness.value.trim()) needs.push("a picture, or who sees the vehicle");
  return needs;
}

function given(form, field) {
  if (field.type === "radio") return Boolean(form.elements[field.name].value);
  if (field.type === "checkbox") return field.checked;
  return field.value.trim().length >= Number(field.dataset.least ?? 1);
}

function show(form) {
  const open = missing(form);
  form.querySelector("[data-send]").setAttribute("aria-disabled", String(open.length > 0));
  form.querySelector("[data-missing]").textContent = open.length ? `Still missing: ${open.join(", ")}.` : DONE;
  for (const label of form.querySelectorAll("[data-only-for]")) label.hidden = form.elements.reason.value !== label.dataset.onlyFor;
}

/** What a form says, as the step that it is. Fields that are hidden or empty are left out. */
function act(form) {
  const body = { to: form.dataset.stepForm };
  for (const field of form.elements) {
    if (!field.name || field.closest("[hidden]") || (field.type === "radio" && !field.checked)) continue;
    const value = field.type === "checkbox" ? field.checked : field.value.trim();
    if (value !== "") body[field.name] = field.name === "says" ? value.toUpperCase() : value;
  }
  return body;
}

async function send(form) {
  const open = form.querySelector("[data-needs]") && missing(form);
  if (open?.length) return [...form.querySelectorAll("[data-needs]")].find((field) => !given(form, field))?.focus();
  await step(form.querySelector("[data-send]"), act(form));
}

/** Take a step, show where the hit stands now, and go on to what is asked next. */
export async function step(button, body) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    awaited = (await (await ask(`/api/v1/hits/${opened()}/steps`, { method: "POST", body })).json()).state;
    say("");
    await refresh();
    settle();
  } catch (failure) {
    if (failure.status === 409) await refresh();
    say(failure.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Go on once the page shows the new state: the stream may have told of it first. */
function settle() {
  if (!awaited || document.querySelector("[data-detail-of]")?.dataset.state !== awaited) return;
  awaited = null;
  next();
}

function next() {
  const detail = document.querySelector("[data-detail]");
  const field = detail.querySelector(".steps .now input");
  detail.scrollTop = 0;
  if (field) {
    field.focus({ preventScroll: true });
    field.closest("li").scrollIntoView({ block: "nearest" });
    return;
  }
  detail.focus({ preventScroll: true });
}

/** Late pictures end the need for a witness; the half-filled check stays. */
function all() {
  const article = document.querySelector("[data-detail-of]");
  for (const label of document.querySelectorAll("[data-witness]")) label.hidden = article.dataset.pictures === "2";
  for (const form of document.querySelectorAll("[data-step-form]")) show(form);
  settle();
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-step-form]");
  if (form) show(form);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-step-form]")) return;
  event.preventDefault();
  send(event.target);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-see]");
  if (button) step(button, { to: "seen" });
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("[data-close]") && event.target.open) {
    event.target.scrollIntoView({ block: "nearest" });
    event.target.querySelector("input, textarea").focus();
  }
}, { capture: true });
document.addEventListener("alpr:detail", all);
all();
