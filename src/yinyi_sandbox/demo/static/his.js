// The hospital's own desk: doctors, laboratory, sessions, windows and wards do by hand what the platform has to cope with.

import { find, make, press, yuan } from "./build.js";
import { get, post, Refused, remove } from "./desk.js";
import { wear } from "./wearing.js";
import { choose, language, settle, speak, t } from "./words.js";

const EVERY_MS = 3000;
const SLOW_MS = 4000;
const DEPARTMENT = "0101";
const WARD = "H0103";
const NEWCOMER = "司马新";
const ANOTHER_PHONE = "13900000001";
const KINDS = ["slow", "refuse", "cut", "lost", "silent"];
const OPEN_TESTS = ["ordered", "sampled", "testing"];
let department = "";

// A button: its word, and what it asks of the hospital.
function act(word, work) {
  const pressed = press(async () => {
    say(t(`his.${word}`), await tried(work));
    await look();
  });
  return make("button", { class: "pill", onclick: pressed }, t(`his.${word}`));
}

async function tried(work) {
  try {
    const told = await work();
    return told?.code && told.code !== "0" ? told.message || told.code : "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.message;
  }
}

function say(what, problem) {
  const place = find("#said");
  place.hidden = false;
  place.dataset.bad = problem ? "yes" : "no";
  place.textContent = problem ? `${what}: ${problem}` : `${what} ✓`;
}

function line(title, about, ...acts) {
  const buttons = acts.filter(Boolean);
  return make(
    "li",
    {},
    make("b", { lang: "zh-CN" }, title),
    make("small", {}, about),
    buttons.length ? make("div", { class: "acts" }, ...buttons) : null,
  );
}

function fill(place, lines) {
  find(place).replaceChildren(...(lines.length ? lines : [make("li", { class: "hint" }, t("his.nothing"))]));
}

const state = (name) => t(`his.state.${name}`);

function invoice(one) {
  const { invoice_no } = one;
  return line(
    `${one.full_name} · ${one.title}`,
    `${invoice_no} · ${one.dept_name} · ${yuan(one.total_fen)} · ${state(one.state)}`,
    one.state === "open" && act("change", () => post("/hospital/doctors/change", { invoice_no })),
    one.state === "open" && act("cancel", () => post("/hospital/doctors/cancel", { invoice_no })),
    one.state === "open" && act("pay", () => post("/hospital/window/pay", { invoice_no })),
    one.state === "paid" && act("refund", () => post("/hospital/window/refund", { invoice_no })),
    one.state === "paid" && act("perform", () => post("/hospital/window/perform", { invoice_no })),
  );
}

function report(one) {
  const { order_no } = one;
  return line(
    `${one.full_name} · ${one.item_name}`,
    `${order_no}${one.barcode ? ` · ${one.barcode}` : ""} · ${state(one.state)}`,
    !OPEN_TESTS.includes(one.state) && act("correct", () => post("/hospital/laboratory/correct", { order_no })),
  );
}

function session(one) {
  const { schedule_id, stopped } = one;
  const left = stopped ? t("sell.stopped") : t("sell.left", { n: one.capacity - one.taken });
  return line(
    `${one.doctor_name} · ${one.dept_name}`,
    `${t(`session.${one.session_no}`)} · ${one.room} · ${left}`,
    act(stopped ? "reopen" : "stop", () => post("/hospital/schedules/stop", { schedule_id, stopped: !stopped })),
    !stopped && act("substitute", () => post("/hospital/schedules/substitute", { schedule_id })),
    !stopped && act("sell", () => post("/hospital/window/sell", { schedule_id })),
  );
}

function registration(one) {
  const { reference } = one;
  return line(
    `${one.full_name ?? ""} · ${one.dept_name ?? ""} ${one.doctor_name ?? ""}`,
    `${t("book.number", { n: one.number ?? "–" })} · ${t(`source.${one.source}`)} · ${t(`state.${one.state}`)}`,
    one.state === "held" && act("collect", () => post("/hospital/window/collect", { reference })),
    one.state !== "released" && act("move", () => post("/hospital/records/move", { reference })),
    one.state !== "released" && act("delete", () => post("/hospital/records/delete", { reference })),
    one.state !== "released" && act("missed", () => post("/hospital/records/missed", { reference })),
    one.state !== "released" && act("give_back", () => post("/hospital/window/give-back", { reference })),
  );
}

function stay(one) {
  const { admission_no } = one;
  return line(
    `${one.full_name} · ${one.ward_name} ${one.bed_no}`,
    `${admission_no} · ${yuan(one.cost_fen)} / ${yuan(one.deposit_fen)} · ${state(one.state)}`,
    one.state !== "settled" && act("deposit", () => post("/hospital/window/deposit", { admission_no, amount_fen: 100000 })),
    one.state === "admitted" && act("discharge", () => post("/hospital/wards/discharge", { admission_no })),
    one.state === "discharged" && act("settle", () => post("/hospital/wards/settle", { admission_no })),
  );
}

// What the platform has told the HIS, and how that was answered.
function heard(one) {
  const what = one.payment_no ? `${one.payment_no} · ${yuan(one.amount_fen ?? 0)}` : one.reference;
  return line(`${one.full_name ?? one.patient_no} · ${one.event}`, `${what} · ${one.answer} ${one.problem}`);
}

function fault(one) {
  return line(
    one.procedure,
    `${t(`his.kind.${one.fault}`)} · ${t("his.left", { n: one.times })}`,
    act("clear", () => remove(`/hospital/faults?procedure=${encodeURIComponent(one.procedure)}`)),
  );
}

async function arm(kind) {
  const procedure = find("#procedure").value;
  const times = Number(find("#times").value) || 1;
  return post("/hospital/faults", { procedure, fault: kind, times, ms: kind === "slow" ? SLOW_MS : 0 });
}

async function look() {
  const patient = encodeURIComponent(find("#patient").value.trim());
  try {
    const [hospital, invoices, reports, schedules, registrations, stays, told] = await Promise.all([
      get("/hospital/"),
      get(`/hospital/invoices?patient_no=${patient}`),
      get(`/hospital/reports?patient_no=${patient}`),
      get("/hospital/schedules"),
      get(`/hospital/registrations?limit=40&patient_no=${patient}`),
      get(`/hospital/stays?patient_no=${patient}`),
      get(`/hospital/heard?patient_no=${patient}`),
    ]);
    if (document.activeElement?.closest("select")) return; // nothing moves under a hand
    fill("#invoices", invoices.slice(0, 40).map(invoice));
    fill("#reports", reports.slice(0, 40).map(report));
    fill("#registrations", registrations.map(registration));
    fill("#stays", stays.slice(0, 40).map(stay));
    fill("#heard", told.slice(0, 40).map(heard));
    fill("#armed", hospital.faults.map(fault));
    drawSessions(schedules);
    options("#procedure", ["*", ...hospital.procedures]);
    find("#down").setAttribute("aria-pressed", String(hospital.down));
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  }
}

function drawSessions(schedules) {
  const names = [...new Set(schedules.map((each) => each.dept_name))];
  if (!names.includes(department)) department = names[0] ?? "";
  options("#department", names);
  find("#department").value = department;
  fill("#schedules", schedules.filter((each) => each.dept_name === department).map(session));
}

function options(place, names) {
  const select = find(place);
  if (select.dataset.names === names.join()) return;
  select.dataset.names = names.join();
  select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
}

const done = (word, work) =>
  press(async () => {
    say(t(`his.${word}`), await tried(work));
    document.activeElement?.blur();
    await look();
  });

settle();
speak(() => {
  const other = language === "zh" ? "English" : "中文";
  find("#language").textContent = other;
  find("#language").lang = language === "zh" ? "en" : "zh-CN";
  document.title = t("his.title");
  find("#kinds").replaceChildren(
    ...KINDS.map((kind) => make("button", { class: "pill", onclick: done(`kind.${kind}`, () => arm(kind)) }, t(`his.kind.${kind}`))),
  );
  look();
});
find("#language").addEventListener("click", () => choose(language === "zh" ? "en" : "zh"));
find("#finish").addEventListener("click", done("finish", () => post("/hospital/laboratory/finish")));
const patient_no = () => find("#patient").value.trim();
find("#order").addEventListener(
  "click",
  done("order", () => post("/hospital/doctors/order", { patient_no: patient_no(), dept_code: DEPARTMENT })),
);
find("#admit").addEventListener(
  "click",
  done("admit", () => post("/hospital/wards/admit", { patient_no: patient_no(), ward_code: WARD })),
);
find("#register").addEventListener(
  "click",
  done("register", () => post("/hospital/records/register", { full_name: NEWCOMER })),
);
find("#phone").addEventListener(
  "click",
  done("phone", () => post("/hospital/records/change", { patient_no: patient_no(), phone: ANOTHER_PHONE })),
);
find("#merge").addEventListener(
  "click",
  done("merge", () => post("/hospital/records/merge", { patient_no: patient_no(), into: find("#into").value.trim() })),
);
find("#part").addEventListener(
  "click",
  done("part", () => post("/hospital/records/part", { patient_no: patient_no() })),
);
find("#reset").addEventListener("click", done("reset", () => post("/hospital/reset")));
find("#down").addEventListener("click", (event) => {
  const isDown = event.currentTarget.getAttribute("aria-pressed") === "true";
  return done("down", () => (isDown ? remove("/hospital/down") : post("/hospital/down")))(event);
});
find("#department").addEventListener("change", (event) => {
  department = event.target.value;
  event.target.blur();
  look();
});
find("#patient").addEventListener("change", look);
setInterval(look, EVERY_MS);
fetch("/kiosk/")
  .then((answer) => answer.text())
  .then((html) => wear(new DOMParser().parseFromString(html, "text/html")));
