// What the bank has taken for the hospital, what has become of it, and what it has to give back.

import { find, make, press, yuan } from "./build.js";
import { get, post } from "./desk.js";
import { tried } from "./till.js";
import { t } from "./words.js";

const EVERY_MS = 2000;
let book = { takings: [], orders: [] };
let changed = null;
let timer = 0;
let people = [];

export async function watchBook(told) {
  changed = told;
  clearTimeout(timer);
  book = await get("/branch/book").catch(() => book);
  drawBook(people);
  timer = setTimeout(() => watchBook(told), EVERY_MS);
}

const act = (word, work) =>
  make(
    "button",
    {
      class: "pill act",
      onclick: press(async () => {
        await tried(work);
        await changed();
      }),
    },
    t(word),
  );

function order(one) {
  const state = one.confirmed ? "confirmed" : one.given_at ? "given" : "open";
  return make(
    "div",
    { class: "order", "data-order": one.reference, "data-state": state },
    make("small", {}, t(`branch.order.${state}`, { amount: yuan(one.amount_fen) })),
    one.confirmed ? null : act(one.given_at ? "branch.confirm" : "branch.give_back", () => post("/branch/give-back", { reference: one.reference })),
    one.reason ? make("small", { class: "whole" }, t(`branch.reason.${one.reason}`)) : null,
  );
}

function standing(one) {
  if (one.kept_back) return t("branch.kept_back");
  if (one.problem) return t("branch.problem", { code: one.problem });
  return t(`branch.verdict.${one.verdict || "unheard"}`);
}

function taking(one) {
  const name = people.find((each) => each.key === one.customer)?.name ?? "";
  const from = one.pan ? t("branch.from.card", { tail: one.pan.slice(-4) }) : t("branch.cash");
  return make(
    "li",
    { "data-taking": one.payment_no, "data-verdict": one.verdict },
    make("b", {}, make("span", { lang: "zh-CN" }, name), ` · ${t(`branch.purpose.${one.purpose}`)}`),
    make("b", {}, yuan(one.amount_fen)),
    make("small", {}, standing(one)),
    make("small", {}, from),
    one.kept_back || !one.verdict ? make("div", { class: "acts" }, act("branch.tell", () => post("/branch/tell", { reference: one.reference }))) : null,
    ...book.orders.filter((each) => each.taken_reference === one.reference).map(order),
  );
}

export function drawBook(customers) {
  people = customers;
  const place = find("#book");
  const standing = JSON.stringify([book, people.length, t("branch.title")]);
  if (place.dataset.standing === standing) return;
  place.dataset.standing = standing;
  const newest = [...book.takings].sort((one, other) => other.taken_at.localeCompare(one.taken_at));
  const rows = newest.map(taking);
  place.replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, t("branch.no_taking"))]));
}
