import { Dialog } from "../ui/dialog";
import { words } from "../words/words";
import { useAllKeys } from "./keys";
import { changePerson, usePerson } from "./person";

const useWords = words(
  { title: "Клавиши на этой странице", on: "Одиночные клавиши включены", then: "затем" },
  { title: "Осы беттегі пернелер", on: "Жеке пернелер қосулы", then: "содан кейін" },
  { title: "Keys on this page", on: "Single keys are on", then: "then" },
);

const SHOWN: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", Enter: "⏎", Escape: "Esc" };

export function Shortcut({ of }: { of: string }) {
  const t = useWords();
  return of.split(" ").map((one, index) => (
    <span key={index}>
      {index > 0 && ` ${t.then} `}
      {one.split("+").map((part) => (
        <kbd key={part}>
          {SHOWN[part] ??
            (part === "ctrl" ? "Ctrl" : part === "shift" ? "⇧" : part.length === 1 ? part.toUpperCase() : part)}
        </kbd>
      ))}
    </span>
  ));
}

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useWords();
  const keys = useAllKeys();
  const on = usePerson((person) => person.keys);
  return (
    <Dialog open={open} onClose={onClose} title={t.title}>
      <label className="check">
        <input type="checkbox" checked={on} onChange={(event) => changePerson({ keys: event.target.checked })} /> {t.on}
      </label>
      <dl className="keys">
        {keys.map((one) => (
          <div key={one.key}>
            <dt>
              <Shortcut of={one.key} />
            </dt>
            <dd>{one.label}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
