// What the page asks of the desk, and what it hears from it.

const AGAIN_MS = 1000;
const heard = new Set();
export let state = null;
export let alive = false;

// told(state, before) at once if something is known, and whenever it changes.
export function watch(told) {
  heard.add(told);
  if (state) told(state, null);
}

export function listen(standing) {
  const stream = new EventSource("/demo/events");
  stream.onmessage = (event) => {
    const before = state;
    state = JSON.parse(event.data);
    alive = true;
    for (const told of heard) told(state, before);
    standing();
  };
  stream.onerror = () => {
    alive = false;
    standing();
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(() => listen(standing), AGAIN_MS);
  };
}

export class Refused extends Error {
  constructor(status, told) {
    super(told?.error ?? told?.title ?? String(status));
    this.status = status;
    this.told = told;
  }
}

async function answer(response) {
  const told = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

export const get = async (path) => answer(await fetch(`/demo${path}`));
export const post = (path, body = {}) => send("POST", path, "application/json", JSON.stringify(body));
export const remove = (path) => send("DELETE", path, "application/json", undefined);
export const picture = (path, blob) => send("POST", path, "image/png", blob);

async function send(method, path, kind, body) {
  try {
    return await answer(await fetch(`/demo${path}`, { method, headers: { "content-type": kind }, body }));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(503, null);
  }
}
