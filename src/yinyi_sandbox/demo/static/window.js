// A cashier's window: the hospital's own program finds a patient, takes his money through the platform and gives it back.

import { find, make, press, yuan } from "./build.js";
import { post } from "./desk.js";
import { once, operator, say, tried } from "./till.js";
import { wear } from "./wearing.js";
import { startCalls } from "./window_calls.js";
import { drawDeposits } from "./window_deposits.js";
import { drawPayments, titleOf } from "./window_payments.js";
import { drawScreen, under, watchPayment } from "./window_screen.js";
import { choose, language, settle, speak, t } from "./words.js";

const TOP_UP_FEN = 10000;
const TENDERS = ["wechatpay", "alipay"];
const chosen = new Set();
let patient = null;
let found = null;
let toppingUp = false;

async function look(number = patient?.patient_no) {
  if (!number) return;
  const told = await tried(() => looked(number));
  if (told) {
    if (told.patient_no !== patient?.patient_no) forget();
    [patient, found] = [told, null];
  }
  draw();
}

async function looked(number) {
  const told = await post("/cashier/look", { patient_no: number });
  return { ...told, deposits: await post("/cashier/deposits", { patient_no: told.patient_no }) };
}

function forget() {
  chosen.clear();
  toppingUp = false;
}

const owed = () => (patient?.bills ?? []).filter((bill) => bill.state === "open");
const picked = () => owed().filter((bill) => chosen.has(bill.invoice_no) && !bill.busy);
const total = () => (toppingUp ? TOP_UP_FEN : picked().reduce((sum, bill) => sum + bill.total_fen, 0));

async function take(tender) {
  const invoice_nos = toppingUp ? [] : picked().map((bill) => bill.invoice_no);
  const asked = { patient_no: patient.patient_no, operator: operator(), invoice_nos, amount_fen: toppingUp ? TOP_UP_FEN : 0, tender };
  const made = await tried(() => once("/cashier/take", asked));
  if (!made) return;
  find("#said").hidden = true;
  forget();
  watchPayment(made, look);
  await look();
}

async function collect() {
  const number = find("#slip").value.trim().split("/").pop();
  if (!number) return;
  const told = await tried(() => once("/cashier/collect", { number, operator: operator() }));
  if (!told) return;
  say(t("window.collected", { amount: yuan(told.payment.amount_fen), number: told.payment.payment_no }), false);
  find("#slip").value = "";
  await look();
}

async function findPayment() {
  const number = find("#slip").value.trim().split("/").pop();
  if (!number) return;
  const told = await tried(() => post("/cashier/find", { number }));
  if (!told) return;
  found = told;
  say(t(told.length ? "window.found" : "window.not_found", { n: told.length }), !told.length);
  draw();
}

// -- what is owed

function row(text, about, fen, box) {
  return make(
    "li",
    {},
    make("label", {}, box, make("span", {}, text, about ? make("br") : null, about ? make("small", {}, about) : null), make("b", {}, yuan(fen))),
  );
}

function bill(one) {
  const box = make("input", {
    type: "checkbox",
    checked: chosen.has(one.invoice_no),
    disabled: one.busy || Boolean(under()),
    onchange: (event) => {
      toppingUp = false;
      if (event.target.checked) chosen.add(one.invoice_no);
      else chosen.delete(one.invoice_no);
      draw();
    },
  });
  const about = `${one.invoice_no}${one.busy ? ` · ${t("window.busy")}` : ""}`;
  return row(make("span", {}, titleOf(one)), about, one.total_fen, box);
}

function topUp() {
  const onchange = (event) => {
    chosen.clear();
    toppingUp = event.target.checked;
    draw();
  };
  const box = make("input", { type: "checkbox", id: "top-up", checked: toppingUp, disabled: Boolean(under()), onchange });
  return row(t("window.top_up"), "", TOP_UP_FEN, box);
}

function means() {
  const ready = patient && total() && !under();
  const act = (id, word, tender) =>
    make("button", { id, class: "pill act", disabled: !ready, onclick: press(() => take(tender)) }, t(word));
  return [...TENDERS.map((tender) => act(`show-${tender}`, `window.show.${tender}`, tender)), act("scan", "window.scan", null)];
}

function draw() {
  const focused = document.activeElement?.id;
  find("#account").hidden = !patient;
  if (patient) {
    find("#name").textContent = patient.name;
    find("#balance").textContent = yuan(patient.balance_fen);
  }
  const bills = owed().map(bill);
  const none = patient && !bills.length ? make("li", { class: "hint" }, t("window.nothing_owed")) : null;
  const account = patient?.mode === "collect" ? topUp() : null;
  find("#owed").replaceChildren(...[...bills, none, account].filter(Boolean));
  find("#total").textContent = yuan(total());
  find("#means").replaceChildren(...means());
  drawScreen();
  drawPayments(found ?? patient?.payments ?? [], patient?.bills ?? [], look);
  drawDeposits(patient?.deposits ?? [], look);
  if (focused) document.getElementById(focused)?.focus();
}

settle();
speak(() => {
  const other = language === "zh" ? "English" : "中文";
  find("#language").textContent = other;
  find("#language").lang = language === "zh" ? "en" : "zh-CN";
  const reason = find("#reason");
  const kept = reason.value;
  const reasons = ["wish", "twice", "off", "wrong"].map((each) => make("option", { value: each }, t(`window.reason.${each}`)));
  reason.replaceChildren(...reasons);
  if (kept) reason.value = kept;
  draw();
});
startCalls();
find("#language").addEventListener("click", () => {
  find("#said").hidden = true;
  choose(language === "zh" ? "en" : "zh");
});
find("#looking").addEventListener("submit", (event) => {
  event.preventDefault();
  find("#said").hidden = true;
  look(find("#patient").value.trim());
});
find("#finding").addEventListener("submit", (event) => {
  event.preventDefault();
  findPayment();
});
find("#collect").addEventListener("click", press(collect));
find("#find").addEventListener("click", press(findPayment));
fetch("/kiosk/")
  .then((answer) => answer.text())
  .then((html) => wear(new DOMParser().parseFromString(html, "text/html")));
