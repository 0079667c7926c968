// What can be made to go wrong, and what a person will see then.

import { post, remove, state as now } from "./desk.js";

const UNTIL_CLEARED = 100000;

function atHospital(key, procedure, fault, words) {
  return {
    key,
    ...words,
    arm: () => post("/hospital/faults", { procedure, ...fault }),
    cancel: () => remove(`/hospital/faults?procedure=${procedure}`),
    armed: ({ faults }) =>
      Boolean(faults?.hospital.some((one) => one.procedure === procedure && one.fault === fault.fault)),
  };
}

const atChannel = (channel) => (key, at, fault, words) => ({
  key,
  ...words,
  arm: () => post(`/${channel}/faults`, { at, ...fault }),
  cancel: () => remove(`/${channel}/faults`),
  armed: ({ faults }) => Boolean(faults?.[channel].some((one) => one.at === at && one.kind === fault.kind)),
});
const atWechat = atChannel("wechatpay");
const atAlipay = atChannel("alipay");
const atBank = atChannel("bank");

// All addresses of the bank, or the first one of each dialect.
export function turnLines(state, every = true) {
  const names = Object.keys(now.faults?.bank_lines ?? {}).filter((name) => every || name.endsWith("-1"));
  return Promise.all(names.map((name) => post("/bank/lines", { name, state })));
}

function atLines(key, state, every, words) {
  return {
    key,
    lasts: true,
    ...words,
    arm: async () => {
      if (!every) await turnLines("up");
      await turnLines(state, every);
    },
    cancel: () => turnLines("up"),
    armed: ({ faults }) => {
      const lines = Object.entries(faults?.bank_lines ?? {});
      const wanted = lines.filter(([name]) => every || name.endsWith("-1"));
      const others = lines.filter(([name]) => !every && !name.endsWith("-1"));
      return wanted.length > 0 && wanted.every(([, is]) => is === state) && others.every(([, is]) => is === "up");
    },
  };
}

function atDevice(device, wanted, words) {
  return {
    key: `${device}-${wanted}`,
    lasts: true,
    ...words,
    arm: () => post(`/${device}`, { state: wanted }),
    cancel: () => post(`/${device}`, { state: "ok" }),
    armed: ({ kiosk }) => kiosk?.[device] === wanted,
  };
}

const words = (zh, en, then_zh, then_en) => ({ zh, en, then_zh, then_en });

export const GROUPS = [
  {
    zh: "医院系统",
    en: "The hospital's system",
    mishaps: [
      atHospital("hold-slow", "lock_number", { fault: "slow", ms: 4000 },
        words("取号慢 4 秒", "Holding a number takes 4 s", "等待页说明在等谁，然后照常继续", "A waiting page says for whom, then it goes on")),
      atHospital("hold-taken", "lock_number", { fault: "refuse", code: "N01" },
        words("号刚被别人挂走", "The number is gone", "回到医生列表，重新选", "Back to the doctors, choose again")),
      atHospital("hold-lost", "lock_number", { fault: "lost" },
        words("号已占，回答丢了", "Held, but the answer is lost", "平台去问，不会占两个", "The platform asks; no second number is held")),
      atHospital("confirm-lost", "confirm_registration", { fault: "lost" },
        words("付款后，登记的回答丢了", "Registered after payment, answer lost", "平台去问，问到就出号", "The platform asks, then prints the number")),
      atHospital("confirm-refused", "confirm_registration", { fault: "refuse", code: "N05" },
        words("付款后，医院不认这个号", "After payment the hospital refuses", "钱原路退回，单子写明", "The money goes back, and the slip says so")),
      {
        key: "hospital-down",
        lasts: true,
        ...words("医院系统停机", "The hospital's system is down", "如实告知；已付的钱等它恢复后办完", "It is said; what was paid is finished when it is back"),
        arm: () => post("/hospital/down"),
        cancel: () => remove("/hospital/down"),
        armed: ({ faults }) => Boolean(faults?.down),
      },
    ],
  },
  {
    zh: "微信支付",
    en: "WeChat Pay",
    mishaps: [
      atWechat("code-slow", "native", { kind: "slow", ms: 4000 },
        words("出码慢 4 秒", "The code takes 4 s", "等待页，然后出码", "A waiting page, then the code")),
      atWechat("code-refused", "native", { kind: "error", status: 403, code: "NO_AUTH" },
        words("出不了码", "No code is made", "没有扣钱，可以到窗口付", "Nothing is taken; pay at the window")),
      atWechat("code-lost", "native", { kind: "lost" },
        words("码已出，回答丢了", "Made, but the answer is lost", "平台再问一次，得到同一个码", "Asked again, the same code comes")),
      atWechat("scan-lost", "codepay", { kind: "lost" },
        words("扫了付款码，回答丢了", "Own code scanned, answer lost", "平台去问，已付就出号", "The platform asks; if it was paid, the number comes")),
      atWechat("query-down", "query", { kind: "down", count: UNTIL_CLEARED },
        words("查不到付款结果", "Payments cannot be asked after", "只靠回调也能走完；两样都没有时如实等待", "Callbacks are enough; without both it waits and says so")),
      atWechat("race", "phone", { kind: "race" },
        words("关单的同时，密码已经输完", "Paid at the moment of closing", "自助机上点“不付了”，手机仍付款：钱自动退回", "Choose not to pay at the kiosk, then pay on the phone: it comes back")),
    ],
  },
  {
    zh: "微信的回调",
    en: "WeChat's callbacks",
    mishaps: [
      atWechat("withheld", "callback", { kind: "withheld" },
        words("回调不来", "Never comes", "平台自己去查，几秒后照样出号", "The platform asks by itself; the number comes seconds later")),
      atWechat("duplicated", "callback", { kind: "duplicated" },
        words("回调来两次", "Comes twice", "只记一次账，只出一张单子", "Counted once, one slip")),
      atWechat("forged", "callback", { kind: "forged" },
        words("伪造的回调", "Is forged", "签名不对，不信；去查真相", "The signature is wrong, so it asks for the truth")),
      atWechat("wrong-amount", "callback", { kind: "wrong_amount" },
        words("金额不符的回调", "Names another amount", "不照它入账；去查真相，按真相办", "Not believed; it asks for the truth and does that")),
    ],
  },
  {
    zh: "支付宝",
    en: "Alipay",
    mishaps: [
      atAlipay("alipay-code-slow", "precreate", { kind: "slow", ms: 4000 },
        words("出码慢 4 秒", "The code takes 4 s", "等待页，然后出码", "A waiting page, then the code")),
      atAlipay("alipay-code-refused", "precreate", { kind: "error", code: "40004", sub_code: "ACQ.ACCESS_FORBIDDEN" },
        words("出不了码", "No code is made", "没有扣钱，可以到窗口付", "Nothing is taken; pay at the window")),
      atAlipay("alipay-scan-unknown", "pay", { kind: "unknown" },
        words("扫了付款码，答“未知”", "Own code scanned, “unknown”", "平台去问，已付就出号", "The platform asks; if it was paid, the number comes")),
      atAlipay("alipay-query-down", "query", { kind: "down", count: UNTIL_CLEARED },
        words("查不到付款结果", "Payments cannot be asked after", "只靠通知也能走完；两样都没有时如实等待", "Notices are enough; without both it waits and says so")),
      atAlipay("alipay-race", "phone", { kind: "race" },
        words("关单的同时，密码已经输完", "Paid at the moment of closing", "自助机上点“不付了”，手机仍付款：钱自动退回", "Choose not to pay at the kiosk, then pay on the phone: it comes back")),
      atAlipay("alipay-withheld", "callback", { kind: "withheld" },
        words("通知不来", "Its notice never comes", "平台自己去查，几秒后照样出号", "The platform asks by itself; the number comes seconds later")),
      atAlipay("alipay-forged", "callback", { kind: "forged" },
        words("伪造的通知", "Its notice is forged", "签名不对，不信；去查真相", "The signature is wrong, so it asks for the truth")),
      atAlipay("alipay-wrong-amount", "callback", { kind: "wrong_amount" },
        words("金额不符的通知", "Its notice names another amount", "不照它入账；去查真相，按真相办", "Not believed; it asks for the truth and does that")),
    ],
  },
  {
    zh: "银行专线",
    en: "The bank line",
    mishaps: [
      atBank("bank-funds", "purchase", { kind: "code", code: "51" },
        words("卡里余额不足", "Not enough on the card", "没有扣钱，换一种方式付", "Nothing is taken; pay in another way")),
      atBank("bank-lost", "purchase", { kind: "torn" },
        words("已扣款，应答传到一半断了", "Taken, the answer breaks off", "自动冲正，钱回到卡上，屏幕说明银行没有答复", "Reversed by itself, and the screen says that the bank has not answered")),
      atBank("bank-forged", "purchase", { kind: "wrong_mac" },
        words("应答的校验码不对", "The answer's MAC is wrong", "不信它，自动冲正，没有扣钱", "Not believed and reversed; nothing is taken")),
      atBank("bank-silent", "purchase", { kind: "ignored" },
        words("银行不应答", "The bank says nothing", "一分钟内如实等待，然后冲正", "It waits for a minute and says so, then reverses")),
      atBank("bank-sign-on", "purchase", { kind: "signed_off" },
        words("银行要求先签到", "The bank wants a sign-on first", "自动签到，请再输一次密码", "It signs on by itself and asks for the PIN once more")),
      atBank("bank-reversal", "reversal", { kind: "ignored", count: UNTIL_CLEARED },
        words("冲正一直没有应答", "No reversal is answered", "与“应答断了”一起用：到时进人工队列，别的卡照常付", "With a broken answer: it goes to the human queue, other cards go on")),
      atLines("bank-half", "silent", false,
        words("一条线路没有声音", "One address is silent", "换另一条线路，照常付款", "The other address is taken, paying goes on")),
      atLines("bank-down", "refusing", true,
        words("专线全部中断", "The line is down", "刷卡暂时不能用，扫码照常", "Cards are not taken, codes are")),
    ],
  },
  {
    zh: "自助机",
    en: "The kiosk",
    mishaps: [
      atDevice("printer", "paper_out",
        words("打印机缺纸", "No paper", "号照样登记，屏幕告诉您去哪里补打", "Registered all the same; the screen says where to reprint")),
      atDevice("printer", "jam",
        words("打印机卡纸", "A paper jam", "同上；恢复后可以补打", "The same; reprint once it is well")),
      atDevice("door", "open",
        words("机门被打开", "Its door is open", "值班人员看到这台机器有故障；业务照常办", "Staff see that the machine needs them; journeys go on")),
      atDevice("camera", "offline",
        words("摄像头无应答", "The camera does not answer", "同上", "The same")),
      {
        key: "unplugged",
        lasts: true,
        ...words("自助机的网线断开 30 秒", "The kiosk's cable is out for 30 s", "读卡和打印等它恢复，付款照常", "Cards and papers wait for it, paying goes on"),
        arm: () => post("/line", { for_s: 30 }),
        cancel: () => post("/line", { for_s: 0 }),
        armed: ({ kiosk }) => Boolean(kiosk && !kiosk.connected),
      },
    ],
  },
];
