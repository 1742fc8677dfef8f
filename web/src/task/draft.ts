/**
 * What a person has typed and not yet sent: in this browser at every key, and with the service a moment later, so that
 * it is there again after a crash and on another machine.
 */
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { api, ask, Problem, type Task } from "../api/client";
import { now } from "../app/clock";
import type { Values } from "../forms/form";

const QUIET = 500; // milliseconds without a key before it goes to the service
const LONGEST = 2_000; // and with keys all the time
const AGAIN = 3_000; // after it could not be sent
const OLD = 7 * 24 * 3_600_000;
const KEEPALIVE = 60_000; // bytes that a browser still sends while it closes the page

export type Saved = {
  state: "none" | "saving" | "saved" | "failed" | "refused";
  at?: number;
  /** Only this browser has it. */
  local?: boolean;
};

/** `base`: what the service had when this was typed; `sent`: it has had this one since. */
type Local = { values: Values; at: number; base: string; sent: boolean };

const PREFIX = "kt.draft.";
const nameOf = (person: string, task: string) => `${PREFIX}${person}.${task}`;

export function readLocal(person: string, task: string): Local | null {
  try {
    return JSON.parse(localStorage.getItem(nameOf(person, task)) ?? "null") as Local | null;
  } catch {
    return null;
  }
}

export function writeLocal(person: string, task: string, local: Local | null): boolean {
  try {
    if (local) localStorage.setItem(nameOf(person, task), JSON.stringify(local));
    else localStorage.removeItem(nameOf(person, task));
    return true;
  } catch {
    return false; // a full or closed store: the service still has it
  }
}

/** Drafts of another person, and old ones that the service has, leave this browser when `person` works in it. */
export function onlyDraftsOf(person: string): void {
  try {
    for (const name of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
      const [, own] = name.split(`${PREFIX}${person}.`);
      const local = own ? readLocal(person, own) : null;
      if (!local || (local.sent && now() - local.at > OLD)) localStorage.removeItem(name);
    }
  } catch {
    // Then there are none.
  }
}

/** What to begin with, and, where another machine has typed too, the other one. */
export function restored(person: string, task: Task): { values: Values; at?: number; other?: Values } {
  const local = readLocal(person, task.id);
  const theirs = task.draft ?? {};
  if (!local || local.sent) return { values: theirs };
  if (JSON.stringify(task.draft) === local.base) return { values: local.values, at: local.at };
  return { values: local.values, at: local.at, other: theirs };
}

class Keeper {
  private values: Values | null = null;
  private base: string;
  private timer: number | undefined;
  private sending = false;
  private held = false;
  /** When the first of what has not been sent was typed. */
  private since = 0;
  private closed = false;

  constructor(
    private person: string,
    private task: Task,
    private tell: (saved: Saved) => void,
  ) {
    this.base = JSON.stringify(task.draft);
    const local = readLocal(person, task.id);
    if (local && !local.sent) {
      this.values = local.values;
      this.later(0);
    }
  }

  change(values: Values): void {
    if (this.closed || JSON.stringify(values) === JSON.stringify(this.values ?? this.task.draft)) return;
    if (!this.values) this.since = now();
    this.values = values;
    writeLocal(this.person, this.task.id, { values, at: now(), base: this.base, sent: false });
    this.tell({ state: "saving" });
    this.later(Math.min(QUIET, Math.max(0, this.since + LONGEST - now())));
  }

  /** Sends at once what is not sent; `leaving` while the page closes. */
  flush(leaving = false): void {
    if (this.values && !this.closed) void this.send(leaving);
  }

  /** While the answer itself is on its way no draft is sent beside it. */
  hold(on: boolean): void {
    this.held = on;
    if (!on && this.values) this.later(0);
  }

  /** It was sent as the answer: nothing is kept of it. */
  forget(): void {
    this.closed = true;
    window.clearTimeout(this.timer);
    writeLocal(this.person, this.task.id, null);
  }

  private later(wait: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(false), wait);
  }

  private async send(leaving: boolean): Promise<void> {
    window.clearTimeout(this.timer);
    const values = this.values;
    if (!values || this.held || (this.sending && !leaving)) return;
    this.sending = true;
    const body = { values };
    const keepalive = leaving && JSON.stringify(body).length < KEEPALIVE;
    try {
      const params = { path: { id: this.task.id } };
      const task = await ask(api.PUT("/v1/tasks/{id}/draft", { params, body, keepalive }));
      this.base = JSON.stringify(task.draft);
      if (this.values === values) this.kept(values);
    } catch (error) {
      this.failed(error);
    } finally {
      this.sending = false;
      if (this.values && this.values !== values && !this.closed) this.later(QUIET);
    }
  }

  private kept(values: Values): void {
    this.values = null;
    this.task = { ...this.task, draft: values };
    if (this.closed) return;
    writeLocal(this.person, this.task.id, { values, at: now(), base: this.base, sent: true });
    this.tell({ state: "saved", at: now() });
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    const refused = error instanceof Problem && [403, 404, 409].includes(error.status);
    const local = readLocal(this.person, this.task.id) !== null;
    this.tell({ state: refused ? "refused" : "failed", local });
    if (refused) this.closed = true;
    else this.later(AGAIN);
  }
}

export type Draft = {
  saved: Saved;
  change: (values: Values) => void;
  /** Sends what waits, e.g. when a field is left. */
  flush: () => void;
  hold: (on: boolean) => void;
  /** The task is done: nothing is kept. */
  forget: () => void;
};

/** Keeps the drafts of a task while it is in this person's hands. */
export function useDraft(person: string, task: Task, mine: boolean): Draft {
  const [saved, setSaved] = useState<Saved>({ state: "none" });
  const keeper = useRef<Keeper | null>(null);
  const keep = useEffectEvent(() => new Keeper(person, task, setSaved));
  useEffect(() => {
    if (!mine) return;
    const kept = (keeper.current = keep());
    const leave = () => kept.flush(true);
    const hide = () => document.hidden && kept.flush(true);
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", hide);
    return () => {
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", hide);
      kept.flush();
    };
  }, [person, task.id, mine]);
  return {
    saved,
    change: (values) => keeper.current?.change(values),
    flush: () => keeper.current?.flush(),
    hold: (on) => keeper.current?.hold(on),
    forget: () => keeper.current?.forget(),
  };
}
