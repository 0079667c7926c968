// The number pad writes into the page's one field. What was typed outlasts news of the same page.
let kept = null;

export function typing() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const field = document.querySelector("#screen .typed input");
    const news = event.detail.requestConfig.elt.closest(".news > div");
    kept = news && field ? { at: location.pathname, name: field.name, value: field.value } : null;
  });
}

export function pad(screen, signal) {
  const field = screen.querySelector(".typed input");
  if (field && kept && kept.at === location.pathname && kept.name === field.name) field.value ||= kept.value;
  kept = null;
  const keys = screen.querySelector(".pad");
  if (!field || !keys) return;
  keys.addEventListener(
    "click",
    (event) => {
      const key = event.target.closest("[data-key]")?.dataset.key;
      if (!key) return;
      if (key === "clear") field.value = "";
      else if (key === "back") field.value = field.value.slice(0, -1);
      else if (field.value.length < field.maxLength) field.value += key;
      field.removeAttribute("aria-invalid");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    { signal },
  );
}
