// What the forms of searches share: times, waiting, refusals in words, and files by their signed link.
import { ask } from "./ask.js";

/** Put a moment into a field of local time. */
export function fill(input, at) {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60e3);
  input.value = local.toISOString().slice(0, 16);
}

/** What a form says; times are moments. Of the empty fields only required ones are sent: the server says what is missing. */
export function facts(form) {
  const body = {};
  for (const field of form.elements) {
    const text = field.value?.trim();
    const isTime = field.type === "datetime-local";
    if (!field.name || (!text && (isTime || !field.required))) continue;
    if (field.type === "checkbox") body[field.name] = field.checked;
    else if (field.type === "number") body[field.name] = Number(text);
    else body[field.name] = isTime ? new Date(text).toISOString() : text;
  }
  return body;
}

/** Do something while a button says so; a refusal is told in `said`. */
export async function busy(button, said, act) {
  said.hidden = true;
  button?.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (failure) {
    said.textContent = failure.message;
    said.className = "say bad";
    said.hidden = false;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

/** Make an export and fetch its file. */
export async function makeExport(body) {
  const made = await ask("/api/v1/exports", { method: "POST", body });
  await fetchExport((await made.json()).export_id);
}

/** Fetch the file of an export. */
export async function fetchExport(id) {
  const link = await (await ask(`/api/v1/exports/${id}/link`, { method: "POST" })).json();
  const frame = document.createElement("a");
  frame.href = link.path;
  frame.download = "";
  frame.click();
}
