/** What is to be seen on a diagram: tokens with what they wait for, and what has been passed how often. */
import type { HistoryLine } from "../api/client";
import type { Mark, Tone } from "../diagram/diagram";
import { urgency } from "../ui/due";
import type { Token } from "./data";
import { isActivity, type Drawn } from "./drawn";

export type Stood = { elementId: string; definitionKey: string; since: string | null };

export const isStuck = (token: Token) => token.kind === "incident" || (token.kind === "job" && token.state === "stuck");

/** Something at an edge, or for the whole process, that is only listened for. */
export const isWatch = (token: Token) => token.watches !== undefined && token.watches !== null;

/** Of other tokens `dueAt` is when the service does something itself. */
export const hasDeadline = (token: Token) => token.kind === "task" || token.kind === "timer";

export function tone(token: Token, at: number): Tone {
  if (isStuck(token)) return "stuck";
  if (token.kind === "task") {
    const how = urgency(token.dueAt, at);
    return how === "late" || how === "soon" ? how : "here";
  }
  return token.kind === "job" || token.kind === "inside" ? "here" : "waiting";
}

const URGENT: Tone[] = ["stuck", "late", "soon", "here", "waiting", "done"];

/** The most urgent first. */
export function marksNow(tokens: Token[], key: string, at: number, tell: (token: Token) => string | undefined): Mark[] {
  return tokens
    .filter((token) => token.definitionKey === key)
    .map((token): Mark => {
      const text = tell(token);
      return {
        elementId: token.elementId,
        tone: tone(token, at),
        ...(text && { text }),
        ...(hasDeadline(token) && token.dueAt && { due: token.dueAt }),
      };
    })
    .sort((one, other) => URGENT.indexOf(one.tone) - URGENT.indexOf(other.tone));
}

export function marksThen(tokens: Stood[], key: string): Mark[] {
  return tokens
    .filter((token) => token.definitionKey === key)
    .map((token) => ({ elementId: token.elementId, tone: "here" as const }));
}

/** How often each element of a process was passed. */
export function passes(lines: HistoryLine[], key: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of lines) {
    if (line.definitionKey !== key || !line.elementId) continue;
    const id = line.kind === "completed" ? line.elementId : line.kind === "taken" ? String(line.detail["flow"]) : "";
    if (id) found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

/** What was passed once is only coloured, where it is no work; where a token stands, only a second pass is told. */
export function marksPassed(passed: ReadonlyMap<string, number>, there: Mark[], drawn: Drawn | undefined): Mark[] {
  const standing = new Set(there.map((one) => one.elementId));
  return [...passed].flatMap(([elementId, count]): Mark[] => {
    const element = drawn?.get(elementId);
    const told = count > 1 || (isActivity(element) && !standing.has(elementId));
    if (standing.has(elementId) && !told) return [];
    return [{ elementId, tone: "done", ...(told && element?.type !== "sequenceFlow" && { count }) }];
  });
}
