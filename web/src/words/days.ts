/** Calendar days of the operator's country, as `2026-03-02`, whatever zone the machine is set to. */
import { ZONE } from "./words";

const DAY = 86_400_000;
const dates = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

export function dayOf(at: number): string {
  return dates.format(at);
}

/** The moment at which `day` begins there. */
export function startOf(day: string): number {
  const asUtc = Date.parse(`${day}T00:00:00Z`);
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, timeZoneName: "longOffset" }).formatToParts(asUtc);
  const [, sign, hours, minutes] =
    /([+-])(\d\d):(\d\d)/.exec(parts.find((one) => one.type === "timeZoneName")?.value ?? "") ?? [];
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  return asUtc - (sign === "-" ? -ahead : ahead);
}

export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

export function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}
