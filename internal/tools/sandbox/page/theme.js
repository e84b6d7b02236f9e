import { local } from "./storage.js";

// The theme: that of the system, unless chosen with the button.
const themes = ["system", "light", "dark"];
const key = "sandbox.theme";

let theme = local.get(key);
if (!themes.includes(theme)) theme = "system";
show();

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const name = () => (button.querySelector("[data-field=theme]").textContent = theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    local.set(key, theme);
    show();
    name();
  });
  name();
});

function show() {
  document.documentElement.dataset.theme = theme;
}
