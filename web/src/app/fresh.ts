import { useRef } from "react";
import { useChanges, type Change } from "./live";

const SETTLE = 300; // milliseconds: a burst of changes is one question

type Found = { refetch: (options: { cancelRefetch: boolean }) => unknown };

/** Asks again when something changes elsewhere; with `about` only for changes that it says yes to. */
export function useFresh(found: Found, about: (change: Change) => boolean = () => true): void {
  const waiting = useRef<number | undefined>(undefined);
  useChanges((changes) => {
    if (!changes.some(about)) return;
    waiting.current ??= window.setTimeout(() => {
      waiting.current = undefined;
      void found.refetch({ cancelRefetch: false });
    }, SETTLE);
  });
}
