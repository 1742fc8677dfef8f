import { number, type Lang } from "../words/words";

const UNITS: Record<Lang, [string, string, string]> = {
  ru: ["Б", "КБ", "МБ"],
  kk: ["Б", "КБ", "МБ"],
  en: ["B", "kB", "MB"],
};

export function size(lang: Lang, bytes: number): string {
  const [b, k, m] = UNITS[lang];
  if (bytes < 1024) return `${number(lang, bytes)} ${b}`;
  return bytes < 1024 * 1024 ? `${number(lang, bytes / 1024)} ${k}` : `${number(lang, bytes / 1024 / 1024, 1)} ${m}`;
}
