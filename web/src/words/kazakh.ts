/**
 * What browsers do not know of Kazakh: Chromium carries no dates and numbers for it, and says «M11 29, 1,234.5» for
 * «29 қар.» and «1 234,5».
 */
const MONTHS = ["қаң.", "ақп.", "нау.", "сәу.", "мам.", "мау.", "шіл.", "там.", "қыр.", "қаз.", "қар.", "жел."];
const DAYS: Record<string, string> = { Mon: "дс", Tue: "сс", Wed: "ср", Thu: "бс", Fri: "жм", Sat: "сб", Sun: "жс" };

let parted: Intl.DateTimeFormat | undefined;

function partsOf(at: number | Date, zone: string): Map<string, string> {
  parted ??= new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return new Map(parted.formatToParts(at).map((one) => [one.type, one.value]));
}

/** Of the parts that `shape` asks for: «бс, 2026 ж. 29 қар., 23:17».  The zone is the same at every call. */
export function kazakhMoment(at: number | Date, zone: string, shape: Intl.DateTimeFormatOptions): string {
  const parts = partsOf(at, zone);
  const date = [
    shape.year && `${parts.get("year")} ж.`,
    shape.day && parts.get("day"),
    shape.month && MONTHS[Number(parts.get("month")) - 1],
  ];
  const time = [
    shape.hour && parts.get("hour"),
    shape.minute && parts.get("minute"),
    shape.second && parts.get("second"),
  ];
  const day = shape.weekday && DAYS[parts.get("weekday") ?? ""];
  return [day, date.filter(Boolean).join(" "), time.filter(Boolean).join(":")].filter(Boolean).join(", ");
}

/** Numbers are written as in Russian, but for the short words. */
export function kazakhShort(russian: string): string {
  return russian.replace("тыс.", "мың");
}
