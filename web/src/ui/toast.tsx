/** Short news of what was done, with the way back where there is one.  Read out politely; never over a form's mark. */
import { useSyncExternalStore } from "react";
import { words } from "../words/words";
import { Button } from "./button";

const useWords = words(
  { undo: "Вернуть", close: "Закрыть" },
  { undo: "Қайтару", close: "Жабу" },
  { undo: "Undo", close: "Close" },
);

type Toast = { id: number; text: string; bad: boolean; undo?: (() => void) | undefined };
let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  listeners.forEach((told) => told());
}

export function close(id: number): void {
  change(toasts.filter((one) => one.id !== id));
}

/** Says something for eight seconds; what went wrong, or can be undone, for twenty. */
export function toast(text: string, more: { bad?: boolean; undo?: () => void } = {}): void {
  const id = ++last;
  change([...toasts.slice(-2), { id, text, bad: more.bad ?? false, undo: more.undo }]);
  window.setTimeout(() => close(id), more.bad || more.undo ? 20_000 : 8_000);
}

export function Toasts() {
  const t = useWords();
  const all = useSyncExternalStore(
    (told) => {
      listeners.add(told);
      return () => listeners.delete(told);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {all.map((one) => (
        <div key={one.id} className={one.bad ? "toast bad" : "toast"}>
          <span>{one.text}</span>
          {one.undo && (
            <Button
              kind="plain"
              onClick={() => {
                close(one.id);
                one.undo?.();
              }}
            >
              {t.undo}
            </Button>
          )}
          <Button kind="plain" aria-label={t.close} onClick={() => close(one.id)}>
            ✕
          </Button>
        </div>
      ))}
    </div>
  );
}
