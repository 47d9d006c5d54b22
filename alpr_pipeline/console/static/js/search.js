// Searching, exporting what a search finds, and fetching the file by its signed link.
import { ask } from "./ask.js";
import { busy, facts, fetchExport, fill, makeExport } from "./forms.js";

const form = document.querySelector("[data-search]");
if (form) {
  const said = form.querySelector("[data-said]");
  const results = document.querySelector("[data-results]");
  const rows = document.querySelector("[data-result-rows]");
  const more = document.querySelector("[data-more]");
  const cameras = new Map([...form.elements.camera.options].map((option) => [option.value, option.text]));
  let last = null; // what was asked and where the next page begins

  fill(form.elements.until, new Date());
  fill(form.elements.since, new Date(Date.now() - 24 * 3600e3));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wants = event.submitter?.value ?? "search";
    await busy(event.submitter, said, async () => {
      if (wants !== "search") {
        await makeExport({ ...asked(), format: wants });
        await listAnew();
        return;
      }
      rows.replaceChildren();
      await show(asked());
      results.hidden = false;
      results.focus();
    });
  });
  more.addEventListener("click", () => busy(more, said, () => show(last)));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fetch-export]");
    if (button) busy(button, said, () => fetchExport(button.dataset.fetchExport));
  });

  async function show(body) {
    const found = await (await ask("/api/v1/searches", { method: "POST", body })).json();
    rows.append(...found.reads.map(row));
    const oldest = found.reads.at(-1);
    last = oldest && { ...body, before_at: oldest.captured_at, before_id: oldest.read_id };
    more.hidden = !found.more;
    const count = rows.children.length;
    document.querySelector("[data-results-title]").textContent =
      count === 0 ? "Nothing was found" : `${count}${found.more ? " or more" : ""} ${count === 1 ? "read" : "reads"}`;
  }

  function asked() {
    const { camera, ...body } = facts(form);
    return camera ? { ...body, cameras: [camera] } : body;
  }

  async function listAnew() {
    const page = new DOMParser().parseFromString(await (await ask("/search")).text(), "text/html");
    document.querySelector("[data-exports]").replaceWith(page.querySelector("[data-exports]"));
  }

  function row(read) {
    const line = document.createElement("tr");
    const texts = [read.plate, new Date(read.captured_at).toLocaleString(), cameras.get(read.camera_id) ?? read.camera_id];
    texts.push(read.region ?? "", `${Math.round(read.confidence * 100)} %`);
    texts.forEach((text, place) => {
      const cell = document.createElement(place === 0 ? "th" : "td");
      if (place === 0) cell.scope = "row";
      cell.className = ["plate small", "", "", "", "number"][place];
      cell.textContent = text;
      line.append(cell);
    });
    return line;
  }
}
