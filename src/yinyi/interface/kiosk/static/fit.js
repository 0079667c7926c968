// A page never scrolls and never loses a button: where too little room is left it first grows tighter,
// then does without what it can spare, lowest number first. Of a list only as much counts as one page must hold.
export const scrolls = () => matchMedia("(max-width: 600px)").matches;

export const itemsOf = (list) => [...list.children].filter((item) => item.type !== "hidden");

export function fit(screen, signal) {
  const info = screen.querySelector(".info");
  const act = screen.querySelector(".act");
  const over = (region) => region.scrollHeight > region.clientHeight + 1;
  const spareOf = (region) => [...region.querySelectorAll("[data-spare]")].sort((a, b) => a.dataset.spare - b.dataset.spare);
  const settle = () => {
    screen.classList.remove("tight");
    for (const part of spareOf(screen)) part.hidden = false;
    if (scrolls()) return;
    shorten(screen);
    const stacked = act.offsetTop >= info.offsetTop + info.offsetHeight - 1;
    if (!over(act) && !over(info)) return;
    screen.classList.add("tight");
    if (stacked) spare(spareOf(screen), () => over(act));
    else for (const region of [info, act]) spare(spareOf(region), () => over(region));
  };
  settle();
  addEventListener("resize", settle, { signal });
  document.fonts.ready.then(() => signal.aborted || settle());
}

function spare(parts, over) {
  for (const part of parts) {
    if (!over()) return;
    part.hidden = true;
  }
}

function shorten(screen) {
  const list = screen.querySelector("[data-paged]");
  if (!list) return;
  const items = itemsOf(list);
  const least = Number(list.dataset.least) || 3;
  items.forEach((item, n) => (item.hidden = n >= least));
  screen.querySelector(".pager").hidden = items.length <= least;
}
