// Forms after which everything is new (session, language, size): sent here, so that a line that is gone
// shows our banner and never the browser's own error page.
import { gone } from "./line.js";

export function wholePages() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("hx-boost") !== "false") return;
    event.preventDefault();
    leaveBy(form, event.submitter);
  });
}

export async function leaveBy(form, submitter) {
  const action = submitter?.getAttribute("formaction") || form.getAttribute("action");
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const answer = await fetch(action, { method: "POST", body, signal: AbortSignal.timeout(10_000) });
    if (answer.redirected) location.replace(answer.url);
    else location.reload();
    return true;
  } catch {
    gone(true);
    return false;
  }
}
