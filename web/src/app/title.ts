/** The tab's title: what is open, in which room, and before it how many urgent tasks have come. */
import { useEffect } from "react";

const parts = { urgent: 0, detail: "", room: "" };

function show(change: Partial<typeof parts>): void {
  Object.assign(parts, change);
  const text = [parts.detail, parts.room, "kt-flows"].filter(Boolean).join(" · ");
  document.title = parts.urgent ? `(${parts.urgent}) ${text}` : text;
}

export function useRoomTitle(room: string): void {
  useEffect(() => show({ room }), [room]);
}

/** What the page shows of its room, e.g. a task's name, while it is shown. */
export function useTitle(detail: string): void {
  useEffect(() => {
    show({ detail });
    return () => show({ detail: "" });
  }, [detail]);
}

export function countUrgent(urgent: number): void {
  show({ urgent });
}
