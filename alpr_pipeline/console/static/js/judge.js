// A no is a finding: then what was found, who mends it and until when must be said before the answers are sent.
for (const form of document.querySelectorAll("[data-judge]")) {
  form.addEventListener("change", () => {
    const finding = form.querySelector('[value="no"]:checked') !== null;
    for (const input of form.querySelectorAll("[data-finding] input")) input.required = finding;
  });
}
