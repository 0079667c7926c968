// What has been paid: found, and given back whole or by lines of a bill.

import { find, make, press, yuan } from "./build.js";
import { once, operator, say, tried } from "./till.js";
import { either, t } from "./words.js";

const REASONS = { wish: "患者要求退费", twice: "重复缴费", off: "检查取消", wrong: "收费有误" };
const chosen = new Map();
let changed = null;

const reason = () => REASONS[find("#reason").value];

async function refund(payment_no, invoice_no = "", line_nos = []) {
  const asked = { payment_no, invoice_no, line_nos, reason: reason(), operator: operator() };
  const told = await tried(() => once("/cashier/refund", asked));
  if (told) {
    chosen.delete(invoice_no);
    say(t(told.reference ? "window.lines_back" : "window.all_back", { amount: yuan(told.amount_fen) }), false);
  }
  await changed();
}

// What a doctor writes himself is as he wrote it.
export function titleOf(bill) {
  const key = `window.title.${bill.title}`;
  const title = t(key) === key ? bill.title : t(key);
  return `${either(bill.dept_name, bill.dept_name_en)} · ${title}`;
}

// told(): the page looks anew.
export function drawPayments(payments, bills, told) {
  changed = told;
  const rows = payments.map((one) => payment(one, bills.filter((bill) => bill.payment_no === one.payment_no)));
  find("#payments").replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, t("window.no_payments"))]));
}

function payment(one, bills) {
  const left = one.taken_fen - one.returned_fen;
  const whole = () => refund(one.payment_no);
  const can = one.state === "fulfilled" && left > 0 && one.refunds !== "under_way";
  const button = can ? make("button", { class: "pill whole", onclick: press(whole) }, t("window.all")) : null;
  return make(
    "li",
    { "data-payment": one.payment_no, "data-state": one.state },
    make("b", {}, t(`window.purpose.${one.purpose}`)),
    make("b", {}, yuan(one.amount_fen)),
    make("small", {}, one.payment_no),
    make("small", {}, standing(one)),
    ...bills.map((bill) => lines(one, bill)),
    make("div", { class: "acts" }, ...[button].filter(Boolean)),
  );
}

function standing(one) {
  const state = t(`window.state.${one.state}`);
  if (one.refunds === "under_way") return `${state} · ${t("window.going_back")}`;
  return one.returned_fen ? `${state} · ${t("window.returned", { amount: yuan(one.returned_fen) })}` : state;
}

function lines(one, bill) {
  const marked = chosen.get(bill.invoice_no) ?? new Set();
  const back = make(
    "button",
    {
      class: "pill lines-back",
      disabled: !marked.size,
      onclick: press(() => refund(one.payment_no, bill.invoice_no, [...marked].sort((a, b) => a - b))),
    },
    t("window.lines"),
  );
  const boxes = bill.lines.map((line) => {
    const gone = line.refunded || line.performed || one.state !== "fulfilled";
    const onchange = (event) => {
      if (event.target.checked) marked.add(line.line_no);
      else marked.delete(line.line_no);
      chosen.set(bill.invoice_no, marked);
      back.disabled = !marked.size;
    };
    const box = make("input", { type: "checkbox", checked: marked.has(line.line_no) && !gone, disabled: gone, onchange });
    const word = line.refunded ? "window.line.refunded" : line.performed ? "window.line.performed" : "";
    const name = either(line.name, line.name_en);
    return make("label", {}, box, make("span", {}, word ? `${name} · ${t(word)}` : name), make("b", {}, yuan(line.amount_fen)));
  });
  return make("div", { class: "bill" }, make("small", {}, titleOf(bill)), ...boxes, make("div", { class: "acts" }, back));
}
