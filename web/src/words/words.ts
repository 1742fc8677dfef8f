/**
 * Texts in three languages.  Each room has its own; the compiler refuses a language that lacks one.
 *
 *     const useWords = words({ open: "Открыть" }, { open: "Ашу" }, { open: "Open" });
 */
import { usePerson } from "../app/person";
import { kazakhMoment, kazakhShort } from "./kazakh";

export const LANGS = ["ru", "kk", "en"] as const;
export type Lang = (typeof LANGS)[number];

/** The same names with texts of another language: a text for a text, a function for a function. */
type Same<T> = { readonly [K in keyof T]: T[K] extends string ? string : T[K] };

export function words<T extends Record<string, unknown>>(ru: T, kk: Same<T>, en: Same<T>): () => Same<T> {
  const all: Record<Lang, Same<T>> = { ru: ru as Same<T>, kk, en };
  return () => all[usePerson((person) => person.lang)];
}

/** What three languages say for one thing; Russian is always there. */
export type Said = { ru: string; kk?: string | null; en?: string | null };

export function said(text: Said | undefined, lang: Lang): string | undefined {
  return text && (text[lang] || text.ru);
}

const PLURALS = { ru: new Intl.PluralRules("ru"), kk: new Intl.PluralRules("kk"), en: new Intl.PluralRules("en") };

/** `count("ru", 3, { one: "задача", few: "задачи", many: "задач" })` → «3 задачи». */
export function count(
  lang: Lang,
  n: number,
  forms: { one: string; few?: string; many?: string; other?: string },
): string {
  const form = PLURALS[lang].select(n);
  const word = forms[form as "one" | "few" | "many" | "other"] ?? forms.other ?? forms.many ?? forms.one;
  return `${number(lang, n)} ${word}`;
}

export const ZONE = "Asia/Almaty";
const made = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function cached<T extends Intl.DateTimeFormat | Intl.NumberFormat>(key: string, make: () => T): T {
  let found = made.get(key);
  if (!found) made.set(key, (found = make()));
  return found as T;
}

/** Whose way of writing numbers a language has, of those that every browser knows. */
const AS = { ru: "ru", kk: "ru", en: "en" };

export function number(lang: Lang, n: number, digits = 0): string {
  const make = () => new Intl.NumberFormat(AS[lang], { maximumFractionDigits: digits });
  return cached(`n${lang}${digits}`, make).format(n);
}

export function percent(lang: Lang, share: number): string {
  const make = () => new Intl.NumberFormat(AS[lang], { style: "percent", maximumFractionDigits: 1 });
  return cached(`p${lang}`, make).format(share);
}

/** Where there is little room: «182 тыс.». */
export function short(lang: Lang, n: number): string {
  const make = () => new Intl.NumberFormat(AS[lang], { notation: "compact", maximumFractionDigits: 2 });
  const told = cached(`s${lang}`, make).format(n);
  return lang === "kk" ? kazakhShort(told) : told;
}

/** A moment in the operator's country, whatever zone the machine is set to: «29 нояб., 23:17». */
export function moment(lang: Lang, at: string | number | Date, options?: Intl.DateTimeFormatOptions): string {
  const shape = options ?? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  if (lang === "kk") return kazakhMoment(new Date(at), ZONE, shape);
  const make = () => new Intl.DateTimeFormat(lang, { timeZone: ZONE, hourCycle: "h23", ...shape });
  return cached(`d${lang}${JSON.stringify(shape)}`, make).format(new Date(at));
}

export function day(lang: Lang, at: string | number | Date): string {
  return moment(lang, at, { day: "numeric", month: "short", year: "numeric" });
}

const UNITS = {
  ru: { d: "д", h: "ч", m: "мин", s: "с" },
  kk: { d: "күн", h: "сағ", m: "мин", s: "с" },
  en: { d: "d", h: "h", m: "min", s: "s" },
} as const;

/** A length in its two largest units: «2 ч 05 мин», «3 д 4 ч», «41 с».  `milliseconds` may be negative. */
export function lasting(lang: Lang, milliseconds: number): string {
  const u = UNITS[lang];
  const all = Math.floor(Math.abs(milliseconds) / 1000);
  const [d, h, m, s] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, all % 60];
  if (d) return `${d} ${u.d} ${h} ${u.h}`;
  if (h) return `${h} ${u.h} ${String(m).padStart(2, "0")} ${u.m}`;
  return m ? `${m} ${u.m}` : `${s} ${u.s}`;
}
