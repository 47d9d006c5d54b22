// A vehicle's movements: shown, exported, asked for, and decided on. What is asked of a supervisor, on any page.
import { ask } from "./ask.js";
import { busy, facts, fill, makeExport } from "./forms.js";

const form = document.querySelector("[data-movements]");
if (form) {
  const said = form.querySelector("[data-said]");
  const moved = document.querySelector("[data-moved]");

  fill(form.elements.until, new Date());
  fill(form.elements.since, new Date(Date.now() - 7 * 24 * 3600e3));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wants = event.submitter?.value ?? "show";
    busy(event.submitter, said, async () => {
      if (wants !== "show") return makeExport({ ...facts(form), format: wants });
      moved.hidden = true;
      moved.innerHTML = await (await ask("/movements", { method: "POST", body: facts(form) })).text(); // the server escapes
      moved.hidden = false;
      moved.focus();
    });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-decide]");
    if (!button) return;
    busy(button, document.querySelector("[data-send-said]"), async () => {
      const body = { granted: button.value === "true" };
      await ask(`/api/v1/search-requests/${button.dataset.decide}/decide`, { method: "POST", body });
      location.reload();
    });
  });
}

const request = document.querySelector("[data-request]");
request?.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(event.submitter, request.querySelector("[data-said]"), async () => {
    await ask("/api/v1/search-requests", { method: "POST", body: facts(request) });
    if (request.dataset.request) location.assign(request.dataset.request);
    else location.reload();
  });
});
