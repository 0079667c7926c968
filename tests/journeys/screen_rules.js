// Measures a page against limits; answers what is broken, in sentences.
(limits) => {
  const broken = [];
  const shown = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return style.visibility !== "hidden" && style.display !== "none" && box.width > 1 && box.height > 1 && element.checkVisibility();
  };
  const name = (element) => `${element.tagName.toLowerCase()}.${element.className.baseVal ?? element.className} “${(element.innerText || element.getAttribute("aria-label") || element.name || "").trim().slice(0, 40)}”`;
  const screen = document.getElementById("screen");
  const veil = document.querySelector(".veil:not([hidden])");
  const root = veil ?? screen;
  const say = (text) => broken.push(text);
  const round = (n) => Math.round(n * 10) / 10;

  // targets
  const targets = [...root.querySelectorAll("a[href], button, input:not([type=hidden])")].filter(shown);
  const boxes = targets.map((target) => [target, target.getBoundingClientRect()]);
  for (const [target, box] of boxes) {
    const size = Math.min(box.width, box.height);
    if (size < limits.target - 0.5) say(`target ${round(box.width)}×${round(box.height)} < ${limits.target}: ${name(target)}`);
    if (target.matches(".tile, .row") && box.height < limits.tile - 0.5) say(`tile ${round(box.height)} < ${limits.tile}: ${name(target)}`);
    if (!target.matches("input") && box.top < limits.lowest - 0.5) say(`pressed at y=${round(box.top)} < ${limits.lowest}: ${name(target)}`);
    if (!limits.phone && (box.left < 0 || box.right > innerWidth + 0.5 || (!limits.scrolls && box.bottom > innerHeight + 0.5))) say(`outside the screen: ${name(target)}`);
    if (target.matches(".btn.first")) {
      if (box.height < limits.primary - 0.5) say(`primary ${round(box.height)} < ${limits.primary}: ${name(target)}`);
      const row = target.closest(".go").getBoundingClientRect();
      if (box.width < row.width * limits.primaryShare) say(`primary only ${round((100 * box.width) / row.width)} % wide: ${name(target)}`);
    }
  }
  boxes.forEach(([a, one], n) => {
    for (const [b, other] of boxes.slice(n + 1)) {
      const dx = Math.max(one.left - other.right, other.left - one.right);
      const dy = Math.max(one.top - other.bottom, other.top - one.bottom);
      const inDock = a.closest(".dock") && b.closest(".dock");
      if (limits.scrolls && a.closest(".dock") !== b.closest(".dock")) continue;
      if (Math.max(dx, dy) < limits.gap - (limits.scrolls ? 1 : 0.5) - (inDock ? 1 : 0)) say(`gap ${round(Math.max(dx, dy))} < ${limits.gap}: ${name(a)} and ${name(b)}`);
    }
  });

  // texts
  const words = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const dockTop = screen.querySelector(".dock").getBoundingClientRect().top;
  while (words.nextNode()) {
    const text = words.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || !shown(element) || element.closest(".sr")) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < limits.text - 0.05) say(`text ${size}px < ${limits.text}: “${text.data.trim().slice(0, 40)}”`);
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) {
      if (box.width < 1) continue;
      if (box.left < -0.5 || box.right > innerWidth + 0.5) say(`text beyond the edge: “${text.data.trim().slice(0, 40)}”`);
      if (/[\u3400-\u9fff]{3}/.test(text.data) && box.width / size > 24.6) say(`line of ${Math.round(box.width / size)} characters: “${text.data.trim().slice(0, 40)}”`);
      if (!limits.scrolls && !veil && element.closest(".act, .info") && box.bottom > dockTop + 1) say(`text under the dock: “${text.data.trim().slice(0, 40)}”`);
      const frame = element.closest("a, button, .card, .over, .note, .pic, .seg a, .slip, .ring b");
      if (frame && element.closest(".note, .card, .over, a, button") === frame) {
        const around = frame.getBoundingClientRect();
        if (box.right > around.right + 1 || box.left < around.left - 1 || box.bottom > around.bottom + 1 || box.top < around.top - 1) say(`text out of its frame: “${text.data.trim().slice(0, 40)}” in ${name(frame)}`);
      }
    }
  }

  // nothing lies on anything, nothing is cut off
  if (document.documentElement.scrollWidth > innerWidth) say(`page is ${document.documentElement.scrollWidth} wide`);
  const act = screen.querySelector(".act");
  if (!limits.scrolls && act.scrollHeight > act.clientHeight + 1) say(`content is ${act.scrollHeight - act.clientHeight} too high`);
  const pieces = [...act.children].filter(shown);
  pieces.forEach((piece, n) => {
    const next = pieces[n + 1];
    if (next && piece.getBoundingClientRect().bottom > next.getBoundingClientRect().top + 1) say(`${name(piece)} lies on ${name(next)}`);
  });
  const heading = screen.querySelector(".sub:not([hidden])") ?? screen.querySelector(".ask");
  const over = screen.querySelector(".over");
  if (over && shown(over) && heading.getBoundingClientRect().bottom > over.getBoundingClientRect().top + 1) say("the card lies on the heading");
  const gone = screen.querySelector(".gone");
  const first = screen.querySelector(".steps") ?? screen.querySelector(".ask");
  if (gone && shown(gone) && gone.getBoundingClientRect().bottom > first.getBoundingClientRect().top + 1) say("the banner of the line lies on what is below it");
  for (const number of root.querySelectorAll(".slip .no")) {
    if (shown(number) && new Set([...number.childNodes].filter((node) => node.nodeType === 3 && node.data.trim()).flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()].map((box) => Math.round(box.top));
    })).size > 1) say(`broken into lines: ${name(number)}`);
  }
  for (const element of root.querySelectorAll("*")) {
    if (element.closest("svg, .sr, .feed") || !shown(element)) continue;
    const style = getComputedStyle(element);
    if (style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1) say(`cut off: ${name(element)}`);
  }
  return broken;
}
