import { itemsOf, scrolls } from "./fit.js";

// Pages instead of scrolling: as many choices as fit above the dock and as the page allows, whole rows only.
export function pager(screen, signal) {
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
    if (pressed < 0) return;
    at = Math.floor(pressed / size);
    draw();
  };
  back.addEventListener("click", () => (at--, draw()), { signal });
  on.addEventListener("click", () => (at++, draw()), { signal });
  addEventListener("resize", place, { signal });
  place();
  document.fonts.ready.then(() => signal.aborted || place());
}
