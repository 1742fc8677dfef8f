/** What this browser keeps of the person: language, theme, how they work.  Nothing secret. */
import { useSyncExternalStore } from "react";
import type { Lang } from "../words/words";

export type Theme = "system" | "light" | "dark";
export type Person = {
  lang: Lang;
  theme: Theme;
  keys: boolean;
  /** Call mode: script, form and clock on one screen. */
  call: boolean;
  /** After a task the next one is taken by itself. */
  next: boolean;
};

const KEY = "kt.person";
const listeners = new Set<() => void>();
let person = read();

function read(): Person {
  const first: Person = { lang: "ru", theme: "system", keys: true, call: false, next: false };
  try {
    return { ...first, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Person>) };
  } catch {
    return first; // a browser that keeps nothing
  }
}

export function changePerson(change: Partial<Person>): void {
  person = { ...person, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // Then it lasts as long as the page.
  }
  show();
  listeners.forEach((told) => told());
}

function show(): void {
  const root = document.documentElement;
  root.lang = person.lang;
  if (person.theme === "system") delete root.dataset.theme;
  else root.dataset.theme = person.theme;
}

show();
// Another tab of the same browser changed it.
window.addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  person = read();
  show();
  listeners.forEach((told) => told());
});

function subscribe(told: () => void): () => void {
  listeners.add(told);
  return () => listeners.delete(told);
}

export function usePerson<T>(select: (person: Person) => T): T {
  return useSyncExternalStore(subscribe, () => select(person));
}

export const useLang = (): Lang => usePerson((one) => one.lang);
