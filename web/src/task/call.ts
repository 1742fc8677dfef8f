/** The call's clock: it runs from when a case was first opened here, through all its tasks, until the call is over. */
import { now } from "../app/clock";

const OVER = 15 * 60_000; // milliseconds without one of its tasks open: what comes then is another call
const KEY = "kt.call";

type Call = { instance: string; since: number; seen: number };

function read(): Call | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Call | null;
  } catch {
    return null;
  }
}

/** When the call about this case began; from now on it is the call of this tab. */
export function callOf(instance: string): number {
  const call = read();
  const same = call?.instance === instance && now() - call.seen < OVER;
  return startCall(instance, same ? call.since : now());
}

export function startCall(instance: string, since: number): number {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ instance, since, seen: now() } satisfies Call));
  } catch {
    // Then it runs from when the page was opened.
  }
  return since;
}
