// The number pad writes into the page's one field.
export function pad(screen, signal) {
  const field = screen.querySelector(".typed input");
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
