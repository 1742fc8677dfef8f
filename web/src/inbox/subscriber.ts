/** Whom a task is about, out of its variables, whatever a process has put there. */
import type { Task } from "../api/client";
import { LANGS, type Lang } from "../words/words";

export type Subscriber = {
  name: string;
  phone: string;
  email: string;
  id: string;
  lang: Lang | undefined;
  number: string;
};

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

export function subscriberOf(task: Pick<Task, "variables" | "businessKey">): Subscriber {
  const { subscriber, siebel_sr, appeal_id } = task.variables as Record<string, unknown>;
  const given = (typeof subscriber === "object" && subscriber !== null ? subscriber : {}) as Record<string, unknown>;
  const [sr, appeal, own] = [text(siebel_sr), text(appeal_id), task.businessKey ?? ""];
  return {
    name: text(given.name),
    phone: text(given.phone),
    email: text(given.email),
    id: text(given.id),
    lang: LANGS.find((one) => one === given.lang),
    // A number that people use; what the service has made up itself is none.
    number: [sr, own, appeal].find((one) => one && !ID.test(one)) ?? "",
  };
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
