// What is to be paid at the bank's terminal: the bank takes it, and tells the hospital.

import { find, make, press, yuan } from "./build.js";
import { post } from "./desk.js";
import { once, say, tried } from "./till.js";
import { t } from "./words.js";

const EVERY_MS = 1500;
const OPEN = ["holding", "ready"];
const ENDS = ["fulfilled", "closed", "returned"];
// Of the amount, when the bank makes a mistake.
const TOO_LITTLE_FEN = 100;
let payment = null;
let payer = null;
let changed = null;
// It was taken, and nobody has told the hospital.
let kept = false;
let timer = 0;

export const owes = () => (payment && OPEN.includes(payment.state) && !kept ? payment : null);

export function payAt(made, who = null, told = null) {
  [payment, payer, changed, kept] = [made, who, told, false];
  follow();
}

function follow() {
  clearTimeout(timer);
  if (payment && !ENDS.includes(payment.state)) timer = setTimeout(look, EVERY_MS);
}

async function look() {
  const before = payment;
  const told = await post("/branch/payment", { payment_no: payment.payment_no }).catch(() => null);
  if (payment !== before) return;
  if (told) payment = told;
  if (told && told.version !== before.version) await changed();
  else drawTill();
  follow();
}

async function take(fen, kept_back = false) {
  const asked = { payment_no: payment.payment_no, purpose: payment.purpose, amount_fen: fen, pan: find("#from").value, kept_back };
  const made = await tried(() => once("/branch/take", asked));
  if (made) {
    kept = kept_back;
    say(t(kept_back ? "branch.kept_back" : `branch.verdict.${made.verdict}`), made.verdict === "give_back");
  }
  await changed();
  await look();
}

async function cancel() {
  const told = await tried(() => once("/branch/cancel", { payment_no: payment.payment_no }));
  if (told) payment = told;
  await changed();
  follow();
}

const act = (id, kind, word, work) => make("button", { id, class: `pill ${kind}`, onclick: press(work) }, t(word));

function ways() {
  const cards = (payer?.cards ?? []).map((each) => make("option", { value: each.pan }, `${each.issuer} ${each.pan.slice(-4)}`));
  const from = make("select", { id: "from" }, ...cards, make("option", { value: "" }, t("branch.cash")));
  const giveUp = act("cancel", "", "branch.cancel", cancel);
  if (kept) return [make("div", { class: "acts" }, giveUp)];
  return [
    make("label", {}, make("span", {}, t("branch.from")), from),
    make(
      "div",
      { class: "acts" },
      act("take", "act warm", "branch.take", () => take(payment.owed_fen)),
      giveUp,
    ),
    make("small", {}, t("branch.wrong")),
    make(
      "div",
      { class: "acts" },
      act("too-little", "", "branch.too_little", () => take(payment.owed_fen - TOO_LITTLE_FEN)),
      act("keep-back", "", "branch.keep_back", () => take(payment.owed_fen, true)),
    ),
  ];
}

export function drawTill() {
  const place = find("#till");
  const standing = JSON.stringify([payment?.payment_no, payment?.version, kept, t("branch.title")]);
  if (place.dataset.standing === standing) return;
  place.dataset.standing = standing;
  place.dataset.state = payment?.state ?? "";
  const owing = payment?.state === "ready";
  if (!payment) return place.replaceChildren(make("p", { class: "state" }, t("branch.welcome")));
  place.replaceChildren(
    make("p", { class: "amount" }, yuan(payment.amount_fen)),
    make("p", { class: "state" }, t(kept && owing ? "branch.kept_back" : `branch.state.${payment.state}`)),
    ...(owing ? ways() : []),
    make("small", {}, payment.payment_no),
  );
}
