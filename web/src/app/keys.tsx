/**
 * Single keys.  They go by their place on the keyboard, so they work in the Russian and Kazakh layouts; never while a
 * person types; can be switched off (WCAG 2.2, 2.1.4); `?` shows those that work here and now.
 */
import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { usePerson } from "./person";

export type Key = {
  /** A letter as on a Latin keyboard, `Enter`, `ArrowDown`, `/`, `?`; `ctrl+Enter` also works while typing; `g i` one after the other. */
  key: string;
  label: string;
  run: (event: KeyboardEvent) => void;
  when?: boolean;
};

type Set_ = { current: Key[] };
let sets: Set_[] = [];
let leader = "";
let leaderUntil = 0;
const listeners = new Set<() => void>();

const PLACES: Record<string, string> = { Slash: "/", Period: ".", Comma: ",", BracketLeft: "[", BracketRight: "]" };

function pressed(event: KeyboardEvent): string {
  const ctrl = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  if (event.code === "Slash" && event.shiftKey) return "?";
  if (/^Key[A-Z]$/.test(event.code)) return ctrl + (event.shiftKey ? "shift+" : "") + event.code.slice(3).toLowerCase();
  if (/^Digit\d$/.test(event.code)) return ctrl + event.code.slice(5);
  return ctrl + (PLACES[event.code] ?? event.key);
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

let singleKeys = true;

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const name = pressed(event);
  const modified = name.startsWith("ctrl+");
  if (!modified && (typing(event.target) || (!singleKeys && name.length === 1))) return;
  if (!modified && (name === "Enter" || name === " ") && (event.target as HTMLElement)?.closest?.("button, a, summary"))
    return; // its own
  // A dialog takes all keys but its own.
  if (document.querySelector("[role=dialog][data-state=open]") && !modified) return;
  const full = leader && Date.now() < leaderUntil ? `${leader} ${name}` : name;
  leader = "";
  const all = sets.flatMap((one) => one.current).filter((one) => one.when !== false);
  const found = all.findLast((one) => one.key === full);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (all.some((one) => one.key.startsWith(`${name} `))) {
    leader = name;
    leaderUntil = Date.now() + 1500;
  }
}

/** These keys work while the component is shown; a later one takes an earlier one's key. */
export function useKeys(keys: Key[]): void {
  const kept = useRef(keys);
  const single = usePerson((person) => person.keys);
  useLayoutEffect(() => {
    kept.current = keys;
    singleKeys = single;
  });
  useEffect(() => {
    sets = [...sets, kept];
    if (sets.length === 1) window.addEventListener("keydown", onKey);
    listeners.forEach((told) => told());
    return () => {
      sets = sets.filter((one) => one !== kept);
      if (sets.length === 0) window.removeEventListener("keydown", onKey);
      listeners.forEach((told) => told());
    };
  }, []);
}

/** All keys that work now, the nearest last. */
export function useAllKeys(): Key[] {
  const now = useSyncExternalStore(
    (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
    () => sets,
  );
  const found = new Map(now.flatMap((one) => one.current).map((one) => [one.key, one]));
  return [...found.values()].filter((one) => one.when !== false);
}
