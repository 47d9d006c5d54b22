// The check of a hit: what is still missing is said in words, and only a whole check can be sent.
import { ask } from "./ask.js";
import { opened, refresh, say } from "./detail.js";

const CHECKS = [
  ["characters", "characters"],
  ["issuer", "issuer"],
  ["vehicle", "vehicle"],
  ["active_confirmed_by", "who confirmed the entry"],
  ["active_confirmed_how", "and how"],
];

function missing(form) {
  return CHECKS.filter(([name]) => {
    const field = form.elements[name];
    return field.type === "checkbox" ? !field.checked : !field.value.trim();
  });
}

function show(form) {
  const open = missing(form);
  form.querySelector("[data-confirm]").setAttribute("aria-disabled", String(open.length > 0));
  form.querySelector("[data-missing]").textContent = open.length
    ? `Still missing: ${open.map(([, words]) => words).join(", ")}.`
    : "Everything is checked. Your name and the time are kept with it.";
}

async function confirm(form) {
  const open = missing(form);
  if (open.length) return form.elements[open[0][0]].focus();
  const body = { disposition: "confirmed" };
  for (const [name] of CHECKS) {
    const field = form.elements[name];
    body[name] = field.type === "checkbox" ? field.checked : field.value.trim();
  }
  await dispose(form.querySelector("[data-confirm]"), body);
}

async function close(form) {
  const chosen = form.elements.disposition.value;
  if (!chosen) return form.elements.disposition[0].focus();
  await dispose(form.querySelector("[data-close-button]"), { disposition: chosen, note: form.elements.note.value.trim() });
}

async function dispose(button, body) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await ask(`/api/v1/hits/${opened()}/dispose`, { method: "POST", body });
    say("");
    await refresh();
    const detail = document.querySelector("[data-detail]");
    detail.scrollTop = 0;
    detail.focus({ preventScroll: true });
  } catch (failure) {
    say(failure.status === 409 ? `A colleague was faster: ${failure.message}.` : failure.message);
    if (failure.status === 409) await refresh();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function all() {
  for (const form of document.querySelectorAll("[data-verify]")) show(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-verify]");
  if (form) show(form);
  const closing = event.target.closest("[data-close-form]");
  if (closing) closing.querySelector("[data-close-button]").setAttribute("aria-disabled", String(!closing.elements.disposition.value));
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-verify]")) { event.preventDefault(); confirm(event.target); }
  if (event.target.matches("[data-close-form]")) { event.preventDefault(); close(event.target); }
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("[data-close]") && event.target.open) {
    event.target.scrollIntoView({ block: "nearest" });
    event.target.querySelector("input").focus();
  }
}, { capture: true });
document.addEventListener("alpr:detail", all);
all();
