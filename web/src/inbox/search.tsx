import { useEffect, useRef, useState, type RefObject } from "react";
import { useWords } from "./words";

const WAIT = 250; // milliseconds after the last letter

/** The search box: it keeps its focus and its letters while the list is found anew. */
export function Search({
  value,
  onSearch,
  onLeave,
  field,
}: {
  value: string;
  onSearch: (text: string) => void;
  onLeave: () => void;
  field: RefObject<HTMLInputElement | null>;
}) {
  const t = useWords();
  const [text, setText] = useState(value);
  const timer = useRef<number | undefined>(undefined);

  useEffect(() => {
    if (document.activeElement !== field.current) setText(value); // e.g. another filter was chosen
  }, [value, field]);
  useEffect(() => () => window.clearTimeout(timer.current), []);

  function type(next: string, at = WAIT) {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => onSearch(next.trim()), at);
  }

  return (
    <input
      ref={field}
      type="search"
      className="inbox-search"
      aria-label={t.search}
      placeholder={t.search}
      value={text}
      maxLength={200}
      onChange={(event) => type(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          type(text, 0);
          onLeave();
        } else if (event.key === "Escape") {
          event.preventDefault();
          if (text) type("", 0);
          else onLeave();
        }
      }}
    />
  );
}
