// Before anything is drawn: the theme and the language that this browser was left with.
try {
  const kept = JSON.parse(localStorage.getItem("kt.person") || "{}");
  if (kept.theme === "light" || kept.theme === "dark") document.documentElement.dataset.theme = kept.theme;
  if (kept.lang) document.documentElement.lang = kept.lang;
} catch {
  // A browser that keeps nothing gets the defaults.
}
