// The doctor's workstation: the hospital's own program charges a prepaid account, asks, and gives back.

import { find, make, press, yuan } from "./build.js";
import { post, Refused } from "./desk.js";
import { wear } from "./wearing.js";
import { choose, either, language, settle, speak, t } from "./words.js";

// As the hospital calls them, which is what it tells the platform, and in English.
const PLACES = [
  ["内科 3 诊室", "Internal medicine, room 3"],
  ["心电图室", "ECG room"],
  ["超声科", "Ultrasound"],
];
const ITEMS = [
  ["心电图", "Electrocardiogram", 3000],
  ["静脉采血", "Venous blood sample", 800],
  ["肝胆胰脾 B 超", "Ultrasound: liver, bile, pancreas, spleen", 12000],
  ["换药（小）", "Change of dressing, small", 2500],
];
const nameOf = (place) => either(place, PLACES.find(([zh]) => zh === place)?.[1]);
const chosen = new Set();
let patient = null;
// The number of the charge that has no answer yet: asked for again under the same one, it happens once.
let pending = null;

const number = (kind) => `${kind}${Date.now().toString(36)}${crypto.getRandomValues(new Uint16Array(1))[0]}`.toUpperCase();
const total = () => [...chosen].reduce((sum, at) => sum + ITEMS[at][2], 0);

function say(text, bad) {
  const place = find("#said");
  place.hidden = false;
  place.dataset.bad = bad ? "yes" : "no";
  place.textContent = text;
}

// What the platform refuses it says why; without an answer nobody knows. True: it answered.
async function tried(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const answered = Boolean(error.told?.title) && error.status < 500;
    say(error.told?.title ? either(error.told.title_zh, error.told.title) : t("doctor.away"), true);
    return answered;
  }
}

async function look() {
  const patient_no = find("#patient").value.trim();
  if (!patient_no) return;
  let found = null;
  const answered = await tried(async () => {
    found = await post("/doctor/look", { patient_no });
  });
  if (answered) patient = found;
  draw();
}

async function take() {
  pending ??= {
    patient_no: patient.patient_no,
    charge_no: number("D"),
    amount_fen: total(),
    items: [...chosen].map((at) => ITEMS[at][0]),
    place: find("#place").value,
  };
  const asked = pending;
  const answered = await tried(async () => {
    const made = await post("/doctor/charge", asked);
    say(t("doctor.charged", { amount: yuan(made.amount_fen), number: made.charge_no }), false);
    chosen.clear();
  });
  if (answered) {
    pending = null;
    patient = await post("/doctor/look", { patient_no: asked.patient_no }).catch(() => patient);
  }
  draw();
}

async function giveBack(one, amount_fen) {
  await tried(async () => {
    const told = await post("/doctor/reverse", { charge_no: one.charge_no, reversal_no: number("R"), amount_fen });
    say(t("doctor.reversed", { amount: yuan(told.left_fen ?? 0) }), false);
  });
  await look();
}

async function query(one) {
  await tried(async () => {
    const told = await post("/doctor/query", { charge_no: one.charge_no });
    const state = t(`doctor.state.${told.state}`);
    say(t("doctor.queried", { number: told.charge_no, state, amount: yuan(told.left_fen ?? 0) }), false);
  });
}

function standing({ amount_fen, left_fen }) {
  if (left_fen === amount_fen) return t("doctor.state.charged");
  if (!left_fen) return t("doctor.state.reversed");
  return `${t("doctor.state.partly_reversed")} · ${t("doctor.left", { amount: yuan(left_fen) })}`;
}

function charge(one) {
  const act = (word, work) => make("button", { class: "pill", onclick: press(work) }, t(`doctor.${word}`));
  const half = Math.floor(one.left_fen / 2);
  return make(
    "li",
    {},
    make("b", {}, nameOf(one.place)),
    make("b", {}, yuan(one.amount_fen)),
    make("small", {}, one.charge_no),
    make("small", {}, standing(one)),
    make(
      "div",
      { class: "acts" },
      act("query", () => query(one)),
      one.left_fen ? act("back", () => giveBack(one, null)) : null,
      half ? act("half", () => giveBack(one, half)) : null,
    ),
  );
}

function item([zh, en, fen], at) {
  const box = make("input", {
    type: "checkbox",
    checked: chosen.has(at),
    disabled: Boolean(pending),
    onchange: (event) => {
      if (event.target.checked) chosen.add(at);
      else chosen.delete(at);
      sum();
    },
  });
  return make("li", {}, make("label", {}, box, make("span", {}, either(zh, en)), make("b", {}, yuan(fen))));
}

function sum() {
  find("#total").textContent = yuan(pending?.amount_fen ?? total());
  find("#take").disabled = !patient || !(pending || total());
  find("#take").textContent = t(pending ? "doctor.again" : "doctor.take");
}

function draw() {
  find("#account").hidden = !patient;
  find("#patient").disabled = Boolean(pending);
  if (patient) {
    find("#name").textContent = patient.name;
    find("#balance").textContent = yuan(patient.balance_fen);
    find("#mode").hidden = patient.mode === "collect";
    find("#mode").textContent = patient.mode === "collect" ? "" : t(`doctor.${patient.mode}`);
  }
  const charges = (patient?.charges ?? []).map(charge);
  find("#charges").replaceChildren(...(charges.length ? charges : [make("li", { class: "hint" }, t("doctor.none"))]));
  find("#items").replaceChildren(...ITEMS.map(item));
  sum();
}

find("#place").replaceChildren(...PLACES.map(([zh]) => make("option", { value: zh })));
settle();
speak(() => {
  const other = language === "zh" ? "English" : "中文";
  find("#language").textContent = other;
  find("#language").lang = language === "zh" ? "en" : "zh-CN";
  document.title = t("doctor.title");
  for (const option of find("#place").options) option.textContent = nameOf(option.value);
  draw();
});
find("#language").addEventListener("click", () => {
  find("#said").hidden = true;
  choose(language === "zh" ? "en" : "zh");
});
find("#looking").addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
find("#take").addEventListener("click", async (event) => {
  event.currentTarget.disabled = true;
  await take();
});
fetch("/kiosk/")
  .then((answer) => answer.text())
  .then((html) => wear(new DOMParser().parseFromString(html, "text/html")));
