// Loading a list: drop or choose a file, watch it go, and read what was refused and why.
import { signedOut } from "./ask.js";

const form = document.querySelector("[data-upload]");
const report = document.querySelector("[data-report]");
const CHOICES = ["format", "base_revision", "authority", "reason", "priority"];
const number = new Intl.NumberFormat("en");

function say(text, kind = "bad") {
  const said = form.querySelector("[data-said]");
  said.className = `say ${kind}`;
  said.textContent = text;
  said.hidden = !text;
}

function choose(file) {
  const drop = form.querySelector("[data-drop]");
  drop.classList.toggle("chosen", Boolean(file));
  form.querySelector("[data-file-word]").textContent = file
    ? `${file.name}, ${number.format(Math.ceil(file.size / 1024))} KB`
    : "Drop a file here or choose one";
  const name = form.elements.name;
  if (file && !name.value) name.value = file.name.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63);
  say("");
}

function send(dryRun) {
  const file = form.elements.file.files[0];
  const { name } = form.elements;
  if (!file) return say("Choose a file first.");
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name.value)) {
    say("Name the list with lower-case letters, digits and hyphens.");
    return name.focus();
  }
  const load = crypto.randomUUID?.() ?? ""; // not there without TLS: then the page says nothing of rows
  const query = new URLSearchParams({ dry_run: String(dryRun), ...(load && { load_id: load }) });
  for (const choice of CHOICES) {
    const field = form.elements[choice];
    if (field.checkVisibility() && field.value.trim()) query.set(choice, field.value.trim());
  }
  const request = new XMLHttpRequest(); // fetch tells nothing of how far an upload is
  request.open("PUT", `/api/v1/hotlists/${name.value}?${query}`);
  request.setRequestHeader("Content-Type", "text/csv");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
  request.upload.addEventListener("load", () => load && follow(load, request));
  request.addEventListener("loadend", () => busy(false));
  request.addEventListener("error", () => say("The connection broke off. The list in force is unchanged: try again."));
  request.addEventListener("load", () => answered(request));
  say("");
  report.hidden = true;
  busy(true);
  request.send(file);
}

function busy(yes) {
  form.querySelector("[data-progress]").hidden = !yes;
  for (const button of form.querySelectorAll("button")) button.disabled = yes;
  if (yes) progress(0);
}

function progress(share) {
  const bar = form.querySelector("[data-progress]");
  if (share < 1) bar.value = share * 100;
  else {
    bar.removeAttribute("value"); // all is sent; the server reads it
    say("Sent. Every row is being checked ...", "");
  }
}

/** Say how many rows the server has checked, until it answers. */
async function follow(load, request) {
  const bar = form.querySelector("[data-progress]");
  while (request.readyState !== XMLHttpRequest.DONE) {
    await new Promise((done) => setTimeout(done, 400));
    const answer = await fetch(`/api/v1/hotlists/loads/${load}`, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
    if (request.readyState === XMLHttpRequest.DONE) return;
    if (!answer?.ok) continue; // not begun, or another process of the server is at it
    const { rows, bytes, size } = await answer.json();
    if (bytes < size) bar.value = (bytes / size) * 100;
    else bar.removeAttribute("value");
    say(bytes < size ? `${number.format(rows)} rows checked ...` : `${number.format(rows)} rows checked. The list is being switched ...`, "");
  }
}

function answered({ status, response }) {
  if (status === 401) return signedOut();
  if (status !== 200) {
    if (response?.report) show(response.report); // the list was not believed; its rows say why
    return say(response?.detail ?? `The server answered ${status}: try again.`);
  }
  say("");
  show(response);
}

function show(result) {
  const title = result.revision === null
    ? `Checked ${result.list_name}; nothing has changed`
    : `${result.list_name} is in force, revision ${result.revision}`;
  report.querySelector("[data-report-title]").textContent = title;
  for (const figure of report.querySelectorAll("[data-figure]")) {
    const value = result[figure.dataset.figure];
    figure.parentElement.hidden = value === null || (value === 0 && figure.dataset.figure === "passed_over");
    figure.textContent = value === null ? "" : number.format(value);
  }
  report.querySelector("[data-refusals]").hidden = result.refusals.length === 0;
  report.querySelector("[data-refusals-note]").textContent =
    result.refused > result.refusals.length ? `the first ${number.format(result.refusals.length)} of ${number.format(result.refused)}` : "";
  report.querySelector("[data-refusal-rows]").replaceChildren(...result.refusals.map(row));
  report.hidden = false;
  report.focus();
}

function row({ line, column, reason, value }) {
  const cells = [number.format(line), column || "the row", reason, value].map((text) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  });
  cells[0].className = "number";
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

if (form) {
  const drop = form.querySelector("[data-drop]");
  form.elements.file.addEventListener("change", () => choose(form.elements.file.files[0]));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  form.elements.format.addEventListener("change", () => {
    const changes = form.elements.format.selectedOptions[0].hasAttribute("data-delta");
    form.querySelector("[data-base]").hidden = !changes;
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(event.submitter?.value === "check"); });
}
