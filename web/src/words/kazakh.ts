/**
 * What browsers do not know of Kazakh: Chromium carries no dates and numbers for it, and says «M11 29, 1,234.5» for
 * «29 қар.» and «1 234,5».
 */
const MONTHS = ["қаң.", "ақп.", "нау.", "сәу.", "мам.", "мау.", "шіл.", "там.", "қыр.", "қаз.", "қар.", "жел."];
const DAYS: Record<string, string> = { Mon: "дс", Tue: "сс", Wed: "ср", Thu: "бс", Fri: "жм", Sat: "сб", Sun: "жс" };

/** Of the parts that `shape` asks for: «бс, 2026 ж. 29 қар., 23:17». */
export function kazakhMoment(at: number | Date, zone: string, shape: Intl.DateTimeFormatOptions): string {
  const numeric = { weekday: "short", year: "numeric", month: "numeric", day: "numeric" } as const;
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...numeric, ...clock }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  const date = [
    shape.year && `${part("year")} ж.`,
    shape.day && part("day"),
    shape.month && MONTHS[Number(part("month")) - 1],
  ];
  const time = [shape.hour && part("hour"), shape.minute && part("minute"), shape.second && part("second")];
  return [shape.weekday && DAYS[part("weekday")], date.filter(Boolean).join(" "), time.filter(Boolean).join(":")]
    .filter(Boolean)
    .join(", ");
}

/** Numbers are written as in Russian, but for the short words. */
export function kazakhShort(russian: string): string {
  return russian.replace("тыс.", "мың");
}
