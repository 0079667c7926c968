// The hospital's window: somebody who comes when called, takes cash for hold slips, and sells the same numbers.

import { find, icon, make, press } from "./build.js";
import { collect } from "./collecting.js";
import { get, post, Refused, state, watch } from "./desk.js";
import { at } from "./kiosk.js";
import { speak, t } from "./words.js";

const MOST_SALES = 120;
const NOTHING_LEFT = "N01";
const HAS_ONE = "N02";
const SHOWN_ROWS = 12;
let schedules = [];
let chosen = "";
let followed = "";
let asking = false;

export function startCounter() {
  find("#collect").addEventListener("click", press(collectNewest));
  find("#department").addEventListener("change", (event) => {
    chosen = event.target.value;
    drawSessions();
  });
  speak(() => [drawCalls(), drawSessions(), drawBook()]);
  watch((now, before) => {
    if (JSON.stringify(now.calls) !== JSON.stringify(before?.calls)) drawCalls();
    if (JSON.stringify(now.register) === JSON.stringify(before?.register)) return;
    drawBook();
    look();
  });
  setInterval(follow, 1000);
}

async function collectNewest() {
  const place = find("#collected");
  const [newest] = state?.papers ?? [];
  if (newest) return collect(newest, place);
  place.hidden = false;
  place.textContent = t("collect.none");
}

// -- the bell

function drawCalls() {
  const place = find("#calls");
  const calls = state?.calls ?? [];
  place.classList.toggle("rings", calls.some((call) => !call.answered_at));
  place.replaceChildren(
    make("h3", {}, icon("headset"), make("span", {}, t("calls.title"))),
    ...(calls.length ? calls.map(call) : [make("p", { class: "hint" }, t("calls.none"))]),
  );
}

function call(one) {
  const come = press(() => post("/window/come", { call_id: one.call_id }).catch(() => null));
  return make(
    "div",
    { class: "call", role: "alert" },
    make("b", {}, t("calls.some", { terminal: one.terminal_id })),
    make("button", { class: "pill act", onclick: come }, t("calls.come")),
  );
}

// -- selling

async function look() {
  if (asking) return;
  asking = true;
  try {
    schedules = await get("/hospital/schedules");
    drawSessions();
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  } finally {
    asking = false;
  }
}

// Whoever chooses a department at the kiosk finds the same one here.
async function follow() {
  const code = /\/register\/doctors\/([^/]+)$/.exec(at())?.[1] ?? "";
  if (!code || code === followed) return;
  followed = code;
  const [there] = await get(`/hospital/schedules?department=${encodeURIComponent(code)}`).catch(() => []);
  if (there) chosen = there.dept_name;
  drawSessions();
}

function drawSessions() {
  const names = [...new Set(schedules.map((each) => each.dept_name))];
  if (!names.includes(chosen)) chosen = names[0] ?? "";
  const select = find("#department");
  if (select.dataset.names !== names.join()) {
    select.dataset.names = names.join();
    select.replaceChildren(...names.map((name) => make("option", { value: name, lang: "zh-CN" }, name)));
  }
  select.value = chosen;
  select.disabled = !names.length;
  const open = schedules.filter((each) => each.dept_name === chosen).slice(0, SHOWN_ROWS);
  const focused = document.activeElement?.dataset.sell;
  find("#sessions").replaceChildren(
    ...(open.length ? open.map(session) : [make("li", { class: "hint" }, t("sell.none"))]),
  );
  if (focused) find(`[data-sell="${focused}"]`)?.focus();
}

function session(one) {
  const left = one.capacity - one.taken;
  const shut = one.stopped || left <= 0;
  const doctor = one.doctor_name;
  const sells = (name, work) =>
    make(
      "button",
      {
        class: "pill",
        disabled: shut,
        "data-sell": `${name}-${one.schedule_id}`,
        "aria-label": t(`sell.${name}.of`, { doctor }),
        onclick: press(work),
      },
      t(`sell.${name}`),
    );
  const standing = one.stopped ? t("sell.stopped") : left > 0 ? t("sell.left", { n: left }) : t("sell.full");
  return make(
    "li",
    { class: shut ? "shut" : null },
    make("b", { lang: "zh-CN" }, doctor),
    make("span", {}, `${t(`session.${one.session_no}`)} · ${standing}`),
    sells("one", () => sellOne(one)),
    sells("all", () => sellAll(one)),
  );
}

async function sellOne(one) {
  const sale = await sold(one);
  if (sale.code === "0") say("sell.sold", { doctor: one.doctor_name, number: sale.number });
  else say("sell.refused", { doctor: one.doctor_name, why: sale.message });
  await look();
}

async function sellAll(one) {
  let n = 0;
  for (let tries = 0; tries < MOST_SALES; tries += 1) {
    const { code } = await sold(one);
    if (code === "0") n += 1;
    else if (code !== HAS_ONE) {
      if (code === NOTHING_LEFT) say("sell.sold.all", { doctor: one.doctor_name, n });
      break;
    }
  }
  await look();
}

async function sold(one) {
  return post("/hospital/window/sell", { schedule_id: one.schedule_id }).catch(() => ({
    code: "?",
    message: t("collect.away"),
  }));
}

function say(key, values) {
  const place = find("#sold");
  place.hidden = false;
  place.textContent = t(key, values);
}

// -- the register

function drawBook() {
  const rows = (state?.register ?? []).map((row) =>
    make(
      "li",
      { class: `${row.source} ${row.state}` },
      make("b", {}, t("book.number", { n: row.number })),
      make("span", { lang: "zh-CN" }, `${row.department} · ${row.doctor}`),
      make("i", {}, t(`source.${row.source}`)),
      make("em", {}, t(`state.${row.state}`)),
    ),
  );
  find("#book").replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, t("book.none"))]));
}
