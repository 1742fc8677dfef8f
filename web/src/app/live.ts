/**
 * What changes elsewhere, as it changes.  One tab of a browser holds the one event stream and tells the others: browsers
 * open six connections to a site, and six open tabs must not use them up.
 */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { lookAtSession } from "../api/client";
import { notBefore } from "./clock";

export type Change = {
  kind: "task" | "instance" | "notice";
  change: string;
  at: string;
  instanceId: string;
  taskId?: string;
  elementId?: string;
  definitionKey?: string;
  businessKey?: string | null;
};
type Told = { changes: Change[] } | { line: Line } | { left: true };
/** `open`: what is shown is what is; `lost`: it may be older, and is asked for anew when the line is back. */
export type Line = "open" | "lost";

const GATHER = 100; // milliseconds: one redrawing for what comes together
const channel = new BroadcastChannel("kt.live");
const listeners = new Set<(changes: Change[]) => void>();
const lineListeners = new Set<() => void>();
let line: Line = "open";
let started = false;

function hear(told: Told): void {
  if ("left" in told) {
    location.assign("/app/"); // another tab signed out, and this one's stream was that person's
  } else if ("line" in told) {
    if (told.line === line) return;
    line = told.line;
    lineListeners.forEach((one) => one());
  } else {
    told.changes.forEach((one) => notBefore(one.at));
    listeners.forEach((one) => one(told.changes));
  }
}

function tell(told: Told): void {
  channel.postMessage(told);
  hear(told);
}

/** Runs in the tab that holds the lock, until that tab is closed. */
function hold(): Promise<never> {
  const source = new EventSource("/v1/events");
  const gathered: Change[] = [];
  function took(kind: Change["kind"]) {
    return (event: MessageEvent<string>) => {
      if (gathered.length === 0) setTimeout(() => tell({ changes: gathered.splice(0) }), GATHER);
      gathered.push({ ...(JSON.parse(event.data) as Omit<Change, "kind">), kind });
    };
  }
  source.addEventListener("task", took("task"));
  source.addEventListener("instance", took("instance"));
  source.addEventListener("notice", took("notice"));
  source.onopen = () => tell({ line: "open" });
  source.onerror = () => {
    tell({ line: "lost" });
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself, from where it was
    source.close();
    void lookAtSession();
    setTimeout(() => void hold(), 3000);
  };
  return new Promise(() => undefined);
}

function start(): void {
  if (started) return;
  started = true;
  channel.onmessage = (event: MessageEvent<Told>) => hear(event.data);
  void navigator.locks.request("kt.live", hold);
}

/** Calls `told` with what has changed, while the component is shown. */
export function useChanges(told: (changes: Change[]) => void): void {
  const hear = useEffectEvent(told);
  useEffect(() => {
    start();
    const one = (changes: Change[]) => hear(changes);
    listeners.add(one);
    return () => void listeners.delete(one);
  }, []);
}

export function useLine(): Line {
  return useSyncExternalStore(
    (told) => {
      lineListeners.add(told);
      return () => lineListeners.delete(told);
    },
    () => line,
  );
}

/** The session is over in every tab of this browser. */
export function leave(): void {
  tell({ left: true });
}
