/**
 * A list that holds still while somebody points at it or works in it: what has come meanwhile is told, and shown when
 * they ask or go away.  Changes that move nothing are shown at once.
 */
import { useState, type FocusEvent, type PointerEvent } from "react";
import { useLang } from "../app/person";
import { count, words } from "../words/words";
import { Button } from "./button";

const useWords = words(
  { changed: { one: "изменение — показать", few: "изменения — показать", many: "изменений — показать" } },
  { changed: { one: "өзгеріс — көрсету", few: "өзгеріс — көрсету", many: "өзгеріс — көрсету" } },
  { changed: { one: "change — show", few: "changes — show", many: "changes — show" } },
);

type Area = {
  onPointerEnter: (event: PointerEvent) => void;
  onPointerLeave: () => void;
  onFocus: () => void;
  onBlur: (event: FocusEvent) => void;
};
export type Held<T> = {
  shown: T;
  /** How many came, went or moved. */
  changed: number;
  /** Shows what is, or `next` where that is newer. */
  show: (next?: T) => void;
  /** To be spread over the element that holds the list. */
  area: Area;
};

/** `about` says what is asked for: another question's answer is shown at once. */
export function useHeld<T>(data: T, ids: (data: T) => string[], about: string): Held<T> {
  const [kept, setKept] = useState({ data, about });
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const changed = kept.data === data ? 0 : difference(ids(kept.data), ids(data));
  if (kept.data !== data && (about !== kept.about || changed === 0 || !(pointed || focused))) setKept({ data, about });

  return {
    shown: kept.data,
    changed,
    show: (next = data) => setKept({ data: next, about }),
    area: {
      onPointerEnter: (event) => setPointed(event.pointerType === "mouse"),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: (event) => setFocused(event.currentTarget.contains(event.relatedTarget)),
    },
  };
}

function difference(before: string[], after: string[]): number {
  const was = new Set(before);
  const is = new Set(after);
  const changed = before.filter((id) => !is.has(id)).length + after.filter((id) => !was.has(id)).length;
  if (changed > 0) return changed;
  return before.filter((id, index) => after[index] !== id).length;
}

/** Says that something waits, in a place of its own so that nothing moves when it appears. */
export function HeldPill({ held }: { held: { changed: number; show: () => void } }) {
  const t = useWords();
  const lang = useLang();
  return (
    <div className="held" role="status">
      {held.changed > 0 && <Button onClick={() => held.show()}>{count(lang, held.changed, t.changed)}</Button>}
    </div>
  );
}
