/** The history in moves: what one person, or the service, did at one moment. */
import type { HistoryLine } from "../api/client";
import { isActivity, type Drawn, type Element } from "./drawn";

export type Move = { at: string; actor: string; lines: HistoryLine[] };
export type Kind = "main" | "people" | "deadlines" | "decisions" | "mail" | "all";
export const KINDS: Kind[] = ["main", "people", "deadlines", "decisions", "mail", "all"];

export const SERVICE = "kt-flows";

export function moves(lines: HistoryLine[]): Move[] {
  const found: Move[] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last && last.at === line.at && last.actor === (line.actor ?? "")) last.lines.push(line);
    else found.push({ at: line.at, actor: line.actor ?? "", lines: [line] });
  }
  return found;
}

/** The moments between which the case stood still, oldest first. */
export function moments(all: Move[]): string[] {
  return [...new Set(all.map((one) => one.at))];
}

/** The texts of two moments compare as the moments do, once both have a fraction. */
const comparable = (at: string) => (at.includes(".") ? at : at.replace("Z", ".Z")).slice(0, -1);

/** What had happened by a moment, that moment included. */
export function upTo(lines: HistoryLine[], at: string): HistoryLine[] {
  const until = comparable(at);
  return lines.filter((line) => comparable(line.at) <= until);
}

/** Which of the moments an address means: one that was typed may lie between them. */
export function momentOf(moments: string[], at: string): number {
  const asked = comparable(at);
  return Math.max(
    moments.findLastIndex((one) => comparable(one) <= asked),
    0,
  );
}

export type Find = (line: HistoryLine) => Element | undefined;

export function finder(diagrams: ReadonlyMap<string, { drawn: Drawn }>): Find {
  return (line) => diagrams.get(line.definitionKey ?? "")?.drawn.get(line.elementId ?? "");
}

/** Activities whose end says nothing: it is told by what was decided in them, or by what goes on inside of them. */
const OF_ITSELF = ["callActivity", "businessRuleTask", "scriptTask"];

/** A line that only tells how a token got on: at a start, a gateway, into and out of what the service does itself. */
function passing(line: HistoryLine, element: Element | undefined): boolean {
  if (line.kind === "arrived" || line.kind === "changed") return true;
  if (line.kind === "cancelled") return line.elementId !== null && element?.type !== "userTask";
  if (line.kind === "entered") return element?.type !== "userTask" && element?.type !== "callActivity";
  if (line.kind !== "completed") return false;
  if (element?.type === "endEvent") return !element.name;
  return !isActivity(element) || OF_ITSELF.includes(element?.type ?? "");
}

const BY_PEOPLE = ["claimed", "released", "assigned", "commented", "attached", "suspended", "resumed", "cancelled"];

export function isOf(kind: Kind, line: HistoryLine, element: Element | undefined): boolean {
  switch (kind) {
    case "all":
      return true;
    case "main":
      return !passing(line, element);
    case "people":
      if (line.actor === SERVICE) return false;
      return (
        (element?.type === "userTask" && line.kind !== "entered") ||
        (!line.elementId && line.kind !== "changed") ||
        BY_PEOPLE.includes(line.kind)
      );
    case "deadlines":
      return line.kind === "caught" && element?.event === "timer";
    case "decisions":
      return line.kind === "taken" || line.kind === "decided";
    case "mail":
      return (
        line.kind.startsWith("mail.") || (line.kind === "completed" && Boolean(element?.topic?.startsWith("email.")))
      );
  }
}

/** The moves with only the lines of a kind, the newest first. */
export function filtered(all: Move[], kind: Kind, find: Find): Move[] {
  return all
    .map((move) => ({ ...move, lines: move.lines.filter((line) => isOf(kind, line, find(line))) }))
    .filter((move) => move.lines.length > 0)
    .reverse();
}

export type Changed = { at: string; actor: string };

/** When each of the case's variables was last put, as far as these lines tell. */
export function lastChanges(lines: HistoryLine[]): Map<string, Changed> {
  const found = new Map<string, Changed>();
  for (const line of lines) {
    if (line.kind !== "changed") continue;
    const names = Object.keys((line.detail["set"] ?? {}) as object);
    for (const name of names) found.set(name, { at: line.at, actor: line.actor ?? "" });
  }
  return found;
}
