// Before anything is drawn: the theme that was chosen, or the one that the system prefers.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const known = ["light", "dark", "night"];
  window.chooseTheme = (choice) => {
    document.documentElement.dataset.theme = known.includes(choice) ? choice : dark.matches ? "dark" : "light";
    document.documentElement.dataset.choice = known.includes(choice) ? choice : "auto";
    document.dispatchEvent(new Event("theme"));
  };
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    // a browser that keeps nothing
  }
  window.chooseTheme(kept);
  dark.addEventListener("change", () => {
    if (document.documentElement.dataset.choice === "auto") window.chooseTheme("auto");
  });
})();
