// What comes out of the printers: slips, and sheets of A4.

import { find, make, press } from "./build.js";
import { state, watch } from "./desk.js";
import { collect } from "./collecting.js";
import { speak, t } from "./words.js";

const SHOWN = 4;
let open = 0;

const SHEETS_SHOWN = 3;
const address = (number) => `/demo/papers/${number}.png`;
const sheetAddress = (number) => `/demo/sheets/${number}.png`;

export function startPapers() {
  find("#newest").addEventListener("click", () => show(state.papers[0]));
  find("#paper-collect").addEventListener("click", press(() => collect(open, find("#paper .said"))));
  speak(draw);
  watch((now, before) => {
    const [newest, earlier] = [now.papers?.[0], before?.papers?.[0]];
    if (newest !== earlier || now.sheets?.[0] !== before?.sheets?.[0]) draw();
    if (before && newest > (earlier ?? 0)) feed();
    if (now.kiosk?.printer !== before?.kiosk?.printer) draw();
  });
}

function draw() {
  const papers = state?.papers ?? [];
  const printer = state?.kiosk?.printer ?? "ok";
  find("#printer").dataset.printer = printer;
  find("#printer-state").textContent = t(`printer.${printer}`);
  const sheets = state?.sheets ?? [];
  find("#papers-hint").textContent = t(papers.length || sheets.length ? "papers.some" : "papers.none");
  const newest = find("#newest");
  newest.hidden = !papers.length;
  if (papers.length) {
    newest.querySelector("img").src = address(papers[0]);
    newest.setAttribute("aria-label", t("papers.open", { n: papers[0] }));
  }
  find("#pile").replaceChildren(...sheets.slice(0, SHEETS_SHOWN).map(sheet), ...papers.slice(1, 1 + SHOWN).map(older));
}

function older(number) {
  const slip = make("button", { class: "slip", "aria-label": t("papers.open", { n: number }), onclick: () => show(number) });
  slip.append(make("img", { src: address(number), alt: "" }));
  return make("li", {}, slip);
}

function sheet(number) {
  const paper = make("button", { class: "slip a4", "aria-label": t("sheets.open", { n: number }), onclick: () => showSheet(number) });
  paper.append(make("img", { src: sheetAddress(number), alt: "" }));
  return make("li", {}, paper);
}

// The paper moves out of the slot.
function feed() {
  const newest = find("#newest");
  newest.classList.remove("fed");
  void newest.offsetWidth;
  newest.classList.add("fed");
}

function showSheet(number) {
  find("#paper-title").textContent = t("sheets.one", { n: number });
  find("#paper .sheet img").src = sheetAddress(number);
  find("#paper").classList.add("a4");
  find("#paper footer").hidden = true;
  find("#paper").showModal();
}

function show(number) {
  open = number;
  find("#paper").classList.remove("a4");
  find("#paper footer").hidden = false;
  find("#paper-title").textContent = t("papers.one", { n: number });
  find("#paper .sheet img").src = address(number);
  find("#paper .said").hidden = true;
  find("#paper").showModal();
}
