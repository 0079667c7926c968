// The tray of cards, and the reader they are laid on.

import { find, icon, make, press } from "./build.js";
import { get, post, Refused, state, watch } from "./desk.js";
import { either, language, speak, t } from "./words.js";

let people = [];
let said = "";

export async function startCards() {
  people = await get("/people");
  find("#take").addEventListener("click", press(take));
  const reader = find("#reader");
  reader.addEventListener("dragover", (event) => event.preventDefault());
  reader.addEventListener("drop", (event) => {
    event.preventDefault();
    lay(event.dataTransfer.getData("text/plain"));
  });
  speak(draw);
  watch((now, before) => {
    if (now.kiosk?.card !== before?.kiosk?.card || !now.kiosk !== !before?.kiosk) draw();
    reader.dataset.light = now.kiosk?.reader_light ? "on" : "off";
  });
}

function draw() {
  const laid = state?.kiosk?.card ?? "";
  find("#tray").replaceChildren(...people.map((one) => inTray(one, one.key === laid)));
  const one = people.find((each) => each.key === laid);
  find("#plate").replaceChildren(...(laid ? [onReader(one)] : []));
  find("#take").hidden = !laid;
  find("#laid-phone").textContent = one ? t("reader.phone", { phone: one.phone }) : "";
  find("#laid").textContent =
    said || t(one ? "reader.has" : laid ? "reader.somebody" : "reader.empty", { name: one?.name });
}

function inTray(one, away) {
  const card = make(
    "button",
    {
      class: `card ${one.kind} ${one.sex}`,
      draggable: "true",
      disabled: away,
      "data-key": one.key,
      onclick: press(() => lay(one.key)),
      ondragstart: (event) => {
        event.dataTransfer.setData("text/plain", one.key);
        document.body.classList.add("dragging");
      },
      ondragend: () => document.body.classList.remove("dragging"),
    },
    ...face(one),
    make("span", { class: "about" }, either(one.about, one.about_en)),
  );
  return make("li", {}, card);
}

function onReader(one) {
  const classes = `card ${one?.kind ?? "resident_card"} ${one?.sex ?? ""}`;
  return make("span", { class: classes, "aria-hidden": "true" }, ...(one ? face(one) : [icon("id-card")]));
}

function face(one) {
  return [
    make("small", {}, t(`kind.${one.kind}`)),
    make("b", { lang: /\p{Script=Han}/u.test(one.name) ? "zh-CN" : null }, one.name),
    make("i", { class: "born" }, born(one.born_on)),
    make("span", { class: "photo" }, icon("user-round")),
  ];
}

function born(day) {
  const [year, month, date] = day.split("-").map(Number);
  return language === "zh" ? `${year}年${month}月${date}日` : day;
}

const lay = (key) => tried(() => post("/reader/lay", { key }));
const take = () => tried(() => post("/reader/remove"));

async function tried(work) {
  said = "";
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said = t("reader.away");
  }
  draw();
}
