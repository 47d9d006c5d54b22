// Pictures: the frame around the plate that was read, the nearer view, and the word when a picture does not come.
const PLATE_SHARE = 0.3; // of the width, in the nearer view
const NEAREST = 8;
const TALL = 3; // widths to a height: plates of the Americas have two, of Europe more than four
const PADDING = 0.35; // around the plate, in plate heights

function setUp(figure) {
  const image = figure.querySelector("[data-whole]");
  if (!image?.complete || !image.naturalWidth) return;
  const { naturalWidth: width, naturalHeight: height } = image;
  const [left, top, across, down] = figure.dataset.box.split(" ").map(Number);
  figure.querySelector("[data-marks]").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const pad = down * PADDING;
  for (const rect of figure.querySelectorAll("[data-marks] rect")) {
    rect.setAttribute("x", left - pad);
    rect.setAttribute("y", top - pad);
    rect.setAttribute("width", across + 2 * pad);
    rect.setAttribute("height", down + 2 * pad);
  }
}

/** A plate that is nearly as tall as wide stands beside the comparison; a long one above it. */
function shape(part) {
  const crop = part.querySelector(".crop [data-picture]");
  const known = crop?.complete && crop.naturalWidth > 0;
  part.classList.toggle("tall-plate", Boolean(known) && crop.naturalWidth < crop.naturalHeight * TALL);
}

function zoom(figure) {
  const button = figure.querySelector("[data-zoom]");
  const image = figure.querySelector("[data-whole]");
  const near = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(near));
  button.querySelector("span").textContent = near ? "Whole picture" : "Nearer";
  if (!near) return move(figure, "", 1);
  const [left, top, across, down] = figure.dataset.box.split(" ").map(Number);
  const by = Math.min(NEAREST, Math.max(1.5, (image.naturalWidth * PLATE_SHARE) / across));
  const shift = (centre, whole) => Math.min(0, Math.max(1 - by, 0.5 - (centre / whole) * by)) * 100;
  const x = shift(left + across / 2, image.naturalWidth);
  const y = shift(top + down / 2, image.naturalHeight);
  move(figure, `translate(${x}%, ${y}%) scale(${by})`, by);
}

/** Move the picture; the lines of its marks stay as thin as they were. */
function move(figure, transform, by) {
  figure.querySelector("[data-sheet]").style.transform = transform;
  figure.querySelector("[data-marks]").style.setProperty("--by", by);
}

function all() {
  for (const figure of document.querySelectorAll("[data-overview]")) setUp(figure);
  for (const part of document.querySelectorAll('[data-part="pictures"]')) shape(part);
  for (const image of document.querySelectorAll("[data-picture]")) if (image.complete && !image.naturalWidth) broken(image);
}

function broken(image) {
  image.closest(".frame, .crop")?.classList.add("broken");
}

document.addEventListener("load", (event) => { if (event.target.matches?.("[data-picture]")) all(); }, { capture: true });
document.addEventListener("error", (event) => { if (event.target.matches?.("[data-picture]")) broken(event.target); }, { capture: true });
document.addEventListener("alpr:detail", all);
document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-zoom], [data-sheet]");
  if (target) zoom(target.closest("[data-overview]"));
});
all();
