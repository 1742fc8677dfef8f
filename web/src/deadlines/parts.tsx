/** How much of it is whose: three small tables whose rows filter the list. */
import { useLang } from "../app/person";
import { number } from "../words/words";
import type { Part } from "./board";
import { useWords } from "./words";

type Props = {
  title: string;
  parts: Part[];
  named: (key: string | null) => string;
  /** Whether the list is narrowed to it; undefined: it cannot be. */
  chosen: (key: string | null) => boolean | undefined;
  onChoose: (key: string | null, on: boolean) => void;
};

export function Parts({ title, parts, named, chosen, onChoose }: Props) {
  const t = useWords();
  const lang = useLang();
  const most = Math.max(1, ...parts.map((part) => part.overdue + part.soon));
  return (
    <section className="card deadlines-part">
      <table className="table" aria-label={title}>
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col" className="number">
              {t.overdue}
            </th>
            <th scope="col" className="number">
              {t.soon}
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => {
            const on = chosen(part.key);
            return (
              <tr key={part.key ?? ""} className={on ? "picked" : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    aria-pressed={on}
                    disabled={on === undefined}
                    aria-label={t.filter(named(part.key))}
                    onClick={() => onChoose(part.key, !on)}
                  >
                    <span className="given">{named(part.key)}</span>
                    <i aria-hidden="true" style={{ width: `${(100 * (part.overdue + part.soon)) / most}%` }}>
                      <b style={{ width: `${(100 * part.overdue) / (part.overdue + part.soon || 1)}%` }} />
                    </i>
                  </button>
                </th>
                <td className={part.overdue ? "number due late" : "number quiet"}>{number(lang, part.overdue)}</td>
                <td className={part.soon ? "number due soon" : "number quiet"}>{number(lang, part.soon)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
