// A hand on the screen goes before news. A page that is told to draw itself anew waits until the finger has left it, or
// what is being pressed would vanish under it; and while a press is under way, its answer is the news (hx-sync).
const NEWS = "sse:refresh";

const source = () => document.querySelector("#screen > .news > div");

export const again = () => source() && htmx.trigger(source(), NEWS);

export function hands() {
  let down = false;
  let late = false;
  const lifted = (event) => {
    if (event.type === "blur" && event.target !== window) return; // a press itself takes the focus from the heading
    down = false;
    if (late) setTimeout(again); // after the click that this press becomes
    late = false;
  };
  addEventListener("pointerdown", () => (down = true), true);
  for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, lifted, true);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!down || !event.detail.requestConfig.elt.closest(".news")) return;
    event.detail.shouldSwap = false;
    late = true;
  });
}
