/** The page's colours for what is drawn on a canvas, which knows no CSS variables; anew when the theme changes. */
import { useEffect, useState } from "react";
import { usePerson } from "../app/person";

const NAMES = ["ink", "quiet", "line", "paper", "accent", "late", "soon", "good", "today"] as const;
export type Colours = Record<(typeof NAMES)[number], string>;

function read(): Colours {
  const probe = document.body.appendChild(document.createElement("span"));
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found) as Colours;
}

export function useColours(): Colours {
  const theme = usePerson((person) => person.theme);
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const again = () => setColours(read());
    again();
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    return () => dark.removeEventListener("change", again);
  }, [theme]);
  return colours;
}
