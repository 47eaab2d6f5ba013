"use strict";
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement, order = ["", "light", "dark"];
  const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % 3];
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
});
for (const b of document.querySelectorAll("button.copy")) {
  b.addEventListener("click", async () => {
    const text = b.previousElementSibling;
    try {
      await navigator.clipboard.writeText(text.dataset.text ?? text.textContent);
      b.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
    }
  });
}
