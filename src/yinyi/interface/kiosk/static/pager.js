import { itemsOf, scrolls } from "./fit.js";

let address = "";
let kept = 0;

// Pages instead of scrolling: as many choices as fit above the dock and as the page allows, whole rows only.
// A page that only draws itself anew stays where it was turned to.
export function pager(screen, signal) {
  const now = location.pathname + location.search;
  if (now !== address) [address, kept] = [now, 0];
  const list = screen.querySelector("[data-paged]");
  const bar = list && screen.querySelector(".pager");
  if (!bar) return;
  const items = itemsOf(list);
  const [back, on] = bar.querySelectorAll("button");
  const [here, total] = bar.querySelectorAll("b");
  const act = list.closest(".act");
  const pressed = items.findIndex((item) => item.matches("[data-here]"));
  let at = 0;
  let size = items.length;

  const show = () => items.forEach((item, n) => (item.hidden = Math.floor(n / size) !== at));
  const draw = () => {
    const pages = Math.ceil(items.length / size);
    bar.hidden = pages < 2;
    here.textContent = at + 1;
    total.textContent = pages;
    back.disabled = at === 0;
    on.disabled = at === pages - 1;
    show();
  };
  const fit = () => {
    at = 0;
    const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length;
    const all = scrolls();
    size = all ? items.length || 1 : Math.max(1, Math.min(items.length, Number(list.dataset.most) || items.length));
    draw();
    while (!all && size > columns && act.scrollHeight > act.clientHeight + 1) {
      size -= size % columns || columns;
      draw();
    }
  };
  const place = () => {
    fit();
    at = pressed < 0 ? Math.min(kept, Math.ceil(items.length / size) - 1) : Math.floor(pressed / size);
    draw();
  };
  const turn = (by) => {
    kept = at += by;
    draw();
  };
  back.addEventListener("click", () => turn(-1), { signal });
  on.addEventListener("click", () => turn(1), { signal });
  addEventListener("resize", place, { signal });
  place();
  document.fonts.ready.then(() => signal.aborted || place());
}
