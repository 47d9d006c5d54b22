// Buttons and forms that ask the API for one thing and show the page anew.
import { ask } from "./ask.js";

const said = document.querySelector("[data-send-said], main > .column > [data-said]");

async function send(control, path, method, body) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  try {
    await ask(path, { method, body });
    location.reload();
  } catch (failure) {
    control.removeAttribute("aria-busy");
    said.textContent = failure.message;
    said.hidden = false;
    said.scrollIntoView({ block: "nearest" });
  }
}

/** What a form says; empty fields are left out. */
function facts(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || !field.value.trim()) continue;
    body[field.name] = "number" in field.dataset ? Number(field.value) : field.value.trim();
  }
  return body;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-send-to]");
  if (button) send(button, button.dataset.sendTo, button.dataset.method);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-send-form]")) return;
  event.preventDefault();
  send(event.target.querySelector("button.primary"), event.target.dataset.sendForm, "POST", facts(event.target));
});
