// A bank's own branch: whoever has an account there registers, pays and binds his card at the bank's terminal.

import { drawBook, watchBook } from "./branch_book.js";
import { drawTill, owes, payAt } from "./branch_till.js";
import { find, make, press, yuan } from "./build.js";
import { get, post } from "./desk.js";
import { once, say, tried } from "./till.js";
import { wear } from "./wearing.js";
import { choose, either, language, settle, speak, t } from "./words.js";

let customers = [];
let departments = [];
let patient = null;
let sessions = [];
let bills = [];
const chosen = new Set();

async function come(pan = "") {
  const told = await tried(() => post("/branch/come", { customer: find("#customer").value, pan }));
  if (!told) return;
  patient = told;
  payAt(null);
  chosen.clear();
  find("#said").hidden = true;
  await Promise.all([lookAtDoctors(), lookAtBills()]);
}

async function bind(pan) {
  const told = await tried(() => once("/branch/bind", { pan }));
  if (!told) return;
  patient = { ...patient, credentials: told.credentials };
  say(t("branch.bound.now"), false);
  draw();
}

async function lookAtDoctors() {
  const department_id = find("#department").value;
  const told = department_id ? await tried(() => post("/branch/doctors", { department_id })) : null;
  sessions = told?.sessions ?? [];
  draw();
}

async function lookAtBills() {
  bills = patient ? ((await tried(() => post("/branch/bills")))?.invoices ?? bills) : [];
  draw();
}

async function register({ schedule_id, department_id }) {
  find("#said").hidden = true;
  const made = await tried(() => once("/branch/register", { department_id, schedule_id }));
  if (made) payAt(made, patient, moved);
  await lookAtDoctors();
}

async function payBills() {
  const wanted = bills.filter((bill) => chosen.has(bill.invoice_no)).map(({ invoice_no, version }) => ({ invoice_no, version }));
  find("#said").hidden = true;
  const made = await tried(() => once("/branch/pay-bills", { chosen: wanted }));
  if (made) payAt(made, patient, moved);
  chosen.clear();
  await lookAtBills();
}

// Something was paid, cancelled or given back.
async function moved() {
  customers = await get("/branch/customers").catch(() => customers);
  await Promise.all([watchBook(moved), patient ? lookAtBills() : null]);
  draw();
}

// -- what there is to see

const nameOf = (one) => either(one.name, one.name_en);
const whose = () => customers.find((each) => each.key === find("#customer").value);

function card(one) {
  const here = patient?.key === find("#customer").value;
  const acts = [
    make("button", { class: "pill", onclick: press(() => come(one.pan)) }, t("branch.come.card")),
    make("button", { class: "pill", disabled: !here, onclick: press(() => bind(one.pan)) }, t("branch.bind")),
  ];
  return make(
    "li",
    { "data-pan": one.pan },
    make("b", { lang: "zh-CN" }, one.issuer),
    make("b", {}, yuan(one.balance_fen)),
    make("small", { class: "whole" }, one.pan.replace(/(.{4})(?=.)/g, "$1 ")),
    make("div", { class: "acts" }, ...acts),
  );
}

function session({ practitioner, schedule }) {
  const left = schedule.capacity - schedule.taken;
  const free = patient && !owes() && schedule.status === "open" && left > 0;
  return make(
    "li",
    { "data-schedule": schedule.schedule_id },
    make("b", { lang: "zh-CN" }, practitioner.name),
    make("button", { class: "pill act", disabled: !free, onclick: press(() => register(schedule)) }, t("branch.take_number")),
    make("small", {}, t("branch.session", { session: t(`branch.session.${schedule.session}`), left })),
    make("b", {}, yuan(schedule.fee_fen)),
  );
}

function bill(one) {
  const onchange = (event) => {
    if (event.target.checked) chosen.add(one.invoice_no);
    else chosen.delete(one.invoice_no);
    draw();
  };
  const box = make("input", { type: "checkbox", checked: chosen.has(one.invoice_no), disabled: one.busy || Boolean(owes()), onchange });
  const about = make("small", {}, `${either(one.department, one.department_en)}${one.busy ? ` · ${t("branch.busy")}` : ""}`);
  const title = make("span", {}, make("span", { lang: "zh-CN" }, one.title), make("br"), about);
  return make("li", {}, make("label", {}, box, title, make("b", {}, yuan(one.total_fen))));
}

const or = (rows, word) => (rows.length ? rows : [make("li", { class: "hint" }, t(word))]);

function draw() {
  find("#account").hidden = !patient;
  find("#name").textContent = patient?.name ?? "";
  const bound = patient?.credentials ?? [];
  find("#bound").replaceChildren(...bound.map((each) => make("li", {}, t("branch.credential", { kind: t(`branch.kind.${each.kind}`), number: each.number_masked }))));
  find("#cards").replaceChildren(...or((whose()?.cards ?? []).map(card), "branch.no_card"));
  const open = sessions.filter(({ schedule }) => schedule.status === "open");
  find("#doctors").replaceChildren(...or(open.map(session), "branch.no_doctor"));
  find("#bills").replaceChildren(...or(bills.map(bill), patient ? "branch.no_bill" : "branch.nobody"));
  const total = bills.filter((each) => chosen.has(each.invoice_no)).reduce((sum, each) => sum + each.total_fen, 0);
  find("#pay-bills").textContent = t("branch.pay_bills", { amount: yuan(total) });
  find("#pay-bills").disabled = !total || Boolean(owes());
  drawTill();
  drawBook(customers);
}

function drawChoices() {
  const who = find("#customer").value;
  find("#customer").replaceChildren(...customers.map((each) => make("option", { value: each.key }, each.name)));
  if (who) find("#customer").value = who;
  const where = find("#department").value;
  find("#department").replaceChildren(...departments.map((each) => make("option", { value: each.department_id }, nameOf(each))));
  if (where) find("#department").value = where;
}

settle();
speak(() => {
  const other = language === "zh" ? "English" : "中文";
  find("#language").textContent = other;
  find("#language").lang = language === "zh" ? "en" : "zh-CN";
  document.title = t("branch.title");
  drawChoices();
  draw();
});
find("#language").addEventListener("click", () => {
  find("#said").hidden = true;
  choose(language === "zh" ? "en" : "zh");
});
find("#come").addEventListener("click", press(() => come()));
find("#customer").addEventListener("change", draw);
find("#department").addEventListener("change", lookAtDoctors);
find("#pay-bills").addEventListener("click", payBills);
const clinics = await tried(() => get("/branch/departments"));
departments = (clinics?.departments ?? []).filter((each) => each.parent_id);
customers = await get("/branch/customers");
drawChoices();
await Promise.all([lookAtDoctors(), watchBook(moved)]);
fetch("/kiosk/")
  .then((answer) => answer.text())
  .then((html) => wear(new DOMParser().parseFromString(html, "text/html")));
