// Many hits at once: tick, choose, look at the number once more, and see what became of each.
import { ask } from "./ask.js";

const table = document.querySelector("[data-bulk]");
const SURE = {
  "set-aside": ["Set aside", "They leave the queue and stay not confirmed: nobody may act on them later.", 3],
  refuted: ["Refute as not listed any more", "The authority has said that these entries are over.", 0],
};

function ticked() {
  return [...table.querySelectorAll("[data-one]:checked")].map((box) => box.dataset.one);
}

function show() {
  const count = ticked().length;
  document.querySelector("[data-ticked]").textContent = `${count} ticked`;
  for (const button of document.querySelectorAll("[data-bulk-act]")) button.setAttribute("aria-disabled", String(count === 0));
}

/** Ask once more, with the number; the reason, or null when somebody thinks better of it. */
function sure(act, count) {
  const dialog = document.querySelector("[data-sure]");
  const [title, text, least] = SURE[act];
  const why = dialog.querySelector("[data-sure-why]");
  const yes = dialog.querySelector("[data-sure-yes]");
  dialog.querySelector("[data-sure-title]").textContent = `${title}: ${count} ${count === 1 ? "hit" : "hits"}?`;
  dialog.querySelector("[data-sure-text]").textContent = text;
  yes.textContent = `${title}: ${count}`;
  why.hidden = least === 0;
  const field = why.querySelector("textarea");
  field.value = "";
  const ready = () => { yes.disabled = field.value.trim().length < least; };
  field.oninput = ready;
  ready();
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? field.value.trim() : null), { once: true });
  });
}

async function act(button) {
  const hits = ticked();
  if (!hits.length || button.getAttribute("aria-busy") === "true") return;
  const to = button.dataset.bulkAct;
  const why = to === "seen" ? "" : await sure(to, hits.length);
  if (why === null) return;
  const body = { to, ...(to === "set-aside" && { note: why }), ...(to === "refuted" && { reason: "not-listed" }) };
  button.setAttribute("aria-busy", "true");
  const said = document.querySelector("main > .column > [data-said]");
  try {
    const answers = await (await ask("/api/v1/hits/steps", { method: "POST", body: { hit_ids: hits, count: hits.length, act: body } })).json();
    const refused = answers.filter((answer) => !answer.taken);
    if (!refused.length) return document.getElementById("wishes").submit();
    said.textContent = `${answers.length - refused.length} done, ${refused.length} not: ${[...new Set(refused.map((answer) => answer.detail))].slice(0, 3).join("; ")}.`;
  } catch (failure) {
    said.textContent = failure.message;
  } finally {
    button.removeAttribute("aria-busy");
  }
  said.hidden = false;
  said.scrollIntoView({ block: "nearest" });
}

if (table) {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const box of table.querySelectorAll("[data-one]")) box.checked = event.target.checked;
    if (event.target.closest("[data-bulk]")) show();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-bulk-act]");
    if (button) act(button);
  });
}
