// The payer's phone: its camera reads the code that the kiosk really shows, and the app whose code it is asks
// whether to pay.

import { find, icon, make, press, yuan } from "./build.js";
import { clock, setClock } from "./clock.js";
import { picture, post, Refused, state, watch } from "./desk.js";
import { code, watchCode } from "./kiosk.js";
import { madeOf, ownButtons, ownCode } from "./owncode.js";
import { speak, t } from "./words.js";

const SIDE_PX = 480;
const KEPT = 3;
const LATER = [
  ["phone.in1", 60],
  ["phone.in3", 180],
  ["phone.in7", 420],
];

const seen = new Map(Object.entries(JSON.parse(sessionStorage.getItem("yinyi-demo-phone") ?? "{}")));
let page = "home";
let holds = "";
let said = "";
let drawn = "";

export function startPhone() {
  setClock();
  speak(() => draw(true));
  watch(() => {
    if (page === "own" && orderOf(madeOf())) return askedFor(madeOf());
    draw();
  });
  watchCode(newCode);
  setInterval(() => draw(), 1000);
}

// A merchant has scanned the code on the phone: its app asks for the password, or says that it is paid.
function askedFor(url) {
  remember(url, 0);
  turn("sheet", url);
}

// Who sees a code takes the phone out again.
function newCode() {
  if (page === "sheet" && orderOf(holds)?.state !== "payable" && code()) return turn("home");
  draw();
}

const appOf = (url) => (url.startsWith("weixin:") ? "wechatpay" : "alipay");

const orderOf = (url) => state?.orders?.find((order) => order.code_url === url);

function draw(anyway = false) {
  const order = page === "sheet" && orderOf(holds);
  const parts = order ? sheet(order) : page === "own" && madeOf() ? ownCode(button, said, turn) : home();
  const now = JSON.stringify([parts.key, clock(), said]);
  parts.tick?.();
  if (now === drawn && !anyway) return;
  drawn = now;
  const glass = find("#glass");
  const focused = glass.contains(document.activeElement) ? document.activeElement.dataset.name : null;
  glass.dataset.page = parts.page;
  glass.replaceChildren(make("p", { class: "bar" }, make("b", {}, clock()), make("i", {}, "5G")), ...parts.made().filter(Boolean));
  if (focused) glass.querySelector(`[data-name="${focused}"]`)?.focus();
}

function home() {
  const known = [...seen.keys()].map(orderOf).filter(Boolean).slice(0, KEPT);
  const ready = Boolean(code());
  const lines = known.map((order) => [order, due(order)]);
  return {
    page: "home",
    key: ["home", page, ready, lines],
    made: () => [
      make("p", { class: "time" }, clock()),
      make("ul", { class: "notes", "aria-live": "polite" }, ...lines.map(([order, left]) => note(order, left))),
      make("p", { class: "hint", role: "status" }, said || t(ready ? "phone.ready" : "phone.nothing")),
      button("scan", "phone.scan", scan, { class: `scan${ready ? " ready" : ""}`, disabled: !ready || page === "reading" }, "scan-qr-code"),
      ownButtons(button, turn),
    ],
  };
}

function note(order, left) {
  const about = order.refunded_fen
    ? `${t("phone.refunded")} ${yuan(order.refunded_fen)}`
    : left
      ? t("phone.paying", { left })
      : `${t(order.state === "payable" ? "phone.pending" : `phone.${order.state}`)} ${yuan(order.amount_fen)}`;
  const made = make("button", { "data-name": order.code_url, onclick: () => turn("sheet", order.code_url) });
  made.append(make("small", {}, t(`phone.${appOf(order.code_url)}`)), make("b", {}, about), make("span", {}, order.description));
  return make("li", { class: order.refunded_fen ? "back" : order.state }, made);
}

function sheet(order) {
  const left = due(order);
  return {
    page: "sheet",
    key: ["sheet", order, left],
    made: () => [
      make("p", { class: "app" }, t(`phone.${appOf(order.code_url)}`)),
      make("div", { class: "ask", "data-state": order.state }, ...asked(order)),
      ...(order.state === "paid" ? paid(order) : order.state !== "payable" ? tooLate(order) : order.password ? typed() : payable(left)),
    ],
  };
}

function asked(order) {
  return [
    order.state === "paid" ? make("span", { class: "tick" }, icon("check")) : null,
    order.state === "paid" ? make("b", { class: "done" }, t("phone.paid")) : make("small", {}, t("phone.to")),
    make("b", { class: "merchant" }, order.merchant),
    make("strong", {}, yuan(order.amount_fen)),
    make("span", {}, order.description),
  ];
}

const typed = () => [
  make("p", { class: "hint", role: "status" }, said || t("phone.asked")),
  button("pay", "phone.password", pay, { class: "pay" }),
  button("pocket", "phone.pocket", () => turn("home"), { class: "plain" }),
  button("refuse", "phone.refuse", refuse, { class: "plain" }),
];

const payable = (left) => [
  make("p", { class: "hint", role: "status" }, said || (left ? t("phone.paying", { left }) : "")),
  button("pay", "phone.pay", pay, { class: "pay" }),
  make("div", { class: "later" }, make("small", {}, t("phone.later")), ...LATER.map(([key, after]) => button(key, key, () => payLater(after)))),
  button("pocket", "phone.pocket", () => turn("home"), { class: "plain" }),
  button("refuse", "phone.refuse", refuse, { class: "plain" }),
];

const paid = (order) => [
  order.refunded_fen ? make("p", { class: "hint", role: "status" }, `${t("phone.refunded")} ${yuan(order.refunded_fen)}`) : null,
  button("back", "phone.back", () => turn("home"), { class: "pay" }),
];

const tooLate = (order) => [
  make("p", { class: "hint bad", role: "status" }, said || t(`phone.${order.state}`)),
  button("anyway", "phone.anyway", pay, { class: "plain" }),
  button("back", "phone.back", () => turn("home"), { class: "plain" }),
];

function button(name, key, work, more = {}, drawnIcon = "") {
  const made = make("button", { "data-name": name, onclick: press(() => tried(work)), ...more });
  if (drawnIcon) made.append(icon(drawnIcon));
  made.append(make("span", {}, t(key)));
  return made;
}

async function tried(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said = t("reader.away");
  }
  draw();
}

function turn(to, url = "") {
  page = to;
  holds = url || (to === "home" ? "" : holds);
  said = "";
  draw();
}

// -- what the payer does

async function scan() {
  const shown = code();
  if (!shown) return turn("home");
  page = "reading";
  said = t("phone.reading");
  draw();
  try {
    const read = await picture("/phone/scan", await photographed(shown));
    if (!read.asked) return wrong("phone.other");
    remember(read.asked.code_url, 0);
    if (!orderOf(read.asked.code_url)) state.orders.unshift(read.asked);
    turn("sheet", read.asked.code_url);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    wrong("phone.unreadable");
  }
}

function wrong(key) {
  turn("home");
  said = t(key);
  draw();
}

// The code as it is on the screen, as a picture.
async function photographed(shown) {
  const copy = shown.cloneNode(true);
  copy.setAttribute("width", SIDE_PX);
  copy.setAttribute("height", SIDE_PX);
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  try {
    const image = new Image(SIDE_PX, SIDE_PX);
    image.src = address;
    await image.decode();
    const canvas = make("canvas", { width: SIDE_PX, height: SIDE_PX });
    const paint = canvas.getContext("2d");
    paint.fillStyle = "#fff";
    paint.fillRect(0, 0, SIDE_PX, SIDE_PX);
    paint.drawImage(image, 0, 0, SIDE_PX, SIDE_PX);
    return await new Promise((made) => canvas.toBlob(made, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

const pay = () =>
  asks("/phone/pay", {}, (order) => {
    remember(order.code_url, 0);
    keep(order);
  });

const payLater = (after_s) =>
  asks("/phone/pay", { after_s }, () => {
    remember(holds, Date.now() + after_s * 1000);
    turn("home");
  });

const refuse = () =>
  asks("/phone/refuse", {}, () => {
    seen.delete(holds);
    save();
    turn("home");
  });

async function asks(path, more, then) {
  said = "";
  try {
    then(await post(`/${appOf(holds)}${path}`, { code_url: holds, ...more }));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said = t("phone.refused", { why: error.told?.message ?? error.status });
  }
  draw();
}

function keep(order) {
  const known = state.orders.findIndex((one) => one.code_url === order.code_url);
  if (known >= 0) state.orders[known] = order;
}

// -- what the phone remembers

function remember(url, dueAt) {
  seen.delete(url);
  const rest = [...seen];
  seen.clear();
  for (const [key, value] of [[url, dueAt], ...rest].slice(0, KEPT)) seen.set(key, value);
  save();
}

const save = () => sessionStorage.setItem("yinyi-demo-phone", JSON.stringify(Object.fromEntries(seen)));

// Until it pays by itself, as m:ss; empty when it does not.
function due(order) {
  const left = Math.ceil(((seen.get(order.code_url) ?? 0) - Date.now()) / 1000);
  if (left <= 0 || order.state !== "payable") return "";
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
