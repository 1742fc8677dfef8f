/** The service's time: by it deadlines break, whatever this machine's clock says, and in the sandbox it can be moved. */
import { useSyncExternalStore } from "react";

let ahead = 0;
const listeners = new Set<() => void>();
let tick = now();
let timer: number | undefined;

export function now(): number {
  return Date.now() + ahead;
}

/** The service said that it is `time` now. */
export function keepTime(time: string): void {
  const found = Date.parse(time) - Date.now();
  if (Math.abs(found - ahead) < 500) return;
  ahead = found;
  beat();
}

/** Something happened at `time`, so it is at least as late as that. */
export function notBefore(time: string): void {
  if (Date.parse(time) > now() + 500) keepTime(time);
}

function beat(): void {
  tick = now();
  listeners.forEach((told) => told());
}

function subscribe(told: () => void): () => void {
  listeners.add(told);
  timer ??= window.setInterval(beat, 1000);
  return () => {
    listeners.delete(told);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Now, in milliseconds, anew each second; with `step` seconds only as often as that. */
export function useNow(step = 1): number {
  return useSyncExternalStore(subscribe, () => (step === 1 ? tick : Math.floor(tick / 1000 / step) * step * 1000));
}
