// Hits of one entry that nobody has looked at: the newest stands for all of them, until somebody asks for the others.
const unfolded = new Set(); // entries whose hits are all shown

/** Hide what stands behind the newest hit of its entry, and say on that one how many there are. */
export function fold(queue) {
  const groups = new Map();
  for (const card of queue.querySelectorAll('[data-queue-part="new"]')) {
    const { entry } = card.dataset;
    groups.set(entry, [...(groups.get(entry) ?? []), card]);
  }
  for (const button of queue.querySelectorAll("[data-fold]")) button.hidden = true;
  for (const [entry, [newest, ...earlier]] of groups) {
    newest.hidden = false;
    for (const card of earlier) card.hidden = !unfolded.has(entry) && card.dataset.hit !== queue.dataset.selected;
    say(newest.querySelector("[data-fold]"), earlier.length, unfolded.has(entry));
  }
}

function say(button, earlier, all) {
  button.hidden = earlier === 0;
  button.setAttribute("aria-expanded", String(all));
  button.textContent = all ? `Newest hit of this entry alone (${earlier} more)` : `${earlier} more of this entry`;
}

/** Show all hits of an entry, or the newest alone. */
export function turn(queue, button) {
  const { entry } = button.closest("[data-hit]").dataset;
  if (!unfolded.delete(entry)) unfolded.add(entry);
  fold(queue);
}
