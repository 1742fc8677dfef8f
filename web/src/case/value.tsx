/** A value as a person reads it: times in the country's zone, yes and no, what is inside a map by name. */
import { useLang } from "../app/person";
import { moment, words } from "../words/words";
import "./values.css";

const useWords = words(
  { yes: "да", no: "нет", none: "не задано", empty: "пусто", whole: "показать целиком", lines: "значений" },
  { yes: "иә", no: "жоқ", none: "берілмеген", empty: "бос", whole: "толық көрсету", lines: "мән" },
  { yes: "yes", no: "no", none: "not set", empty: "empty", whole: "show all of it", lines: "values" },
);

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const LONG = 160;
const DEEPEST = 5;

export type Type = "text" | "time" | "number" | "truth" | "list" | "map" | "none";

export function typeOf(value: unknown): Type {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return "truth";
  if (typeof value === "number") return "number";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "map";
  return TIME.test(String(value)) ? "time" : "text";
}

export function Value({ of, depth = 0 }: { of: unknown; depth?: number }) {
  const t = useWords();
  const lang = useLang();
  if (depth > DEEPEST) return <code className="given">{JSON.stringify(of)}</code>;
  switch (typeOf(of)) {
    case "none":
      return <span className="quiet">{t.none}</span>;
    case "truth":
      return of ? t.yes : t.no;
    case "number":
      return <span className="cs-number">{String(of)}</span>;
    case "time": {
      const shape = {
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
      } as const;
      return <time dateTime={String(of)}>{moment(lang, String(of), shape)}</time>;
    }
    case "list":
    case "map":
      return <Many of={of as object} depth={depth} />;
    case "text": {
      const text = String(of);
      if (text === "") return <span className="quiet">{t.empty}</span>;
      return text.length <= LONG ? <span className="given">{text}</span> : <Long text={text} />;
    }
  }
}

function Many({ of, depth }: { of: object; depth: number }) {
  const t = useWords();
  const entries = Object.entries(of);
  if (entries.length === 0) return <span className="quiet">{t.empty}</span>;
  const inside = (
    <dl className="cs-map">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt className="given">{Array.isArray(of) ? Number(name) + 1 : name}</dt>
          <dd>
            <Value of={value} depth={depth + 1} />
          </dd>
        </div>
      ))}
    </dl>
  );
  if (entries.length <= 6 && depth === 0) return inside;
  return (
    <details>
      <summary>
        {entries.length} {t.lines}
      </summary>
      {inside}
    </details>
  );
}

/** Folded: long texts are mails and what people told, which not everybody who passes the screen should read. */
function Long({ text }: { text: string }) {
  const t = useWords();
  return (
    <details className="cs-long">
      <summary>
        <span className="given">{text.slice(0, 80)}…</span> <span className="quiet">{t.whole}</span>
      </summary>
      <p className="given">{text}</p>
    </details>
  );
}
