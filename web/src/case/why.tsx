/** Why a case went where it went: the conditions that were looked at with their values, the rules that fired. */
import { words } from "../words/words";
import { Value } from "./value";

const useWords = words(
  {
    chosen: "Выбрано",
    default: "по умолчанию: ни одно условие не выполнилось",
    refused: "Не выбрано",
    condition: "Условие",
    values: "Значения",
    inputs: "На входе",
    rules: "Сработавшие правила",
    result: "Итог",
    noRule: "ни одно",
    below: "Решения, от которых зависит",
    way: "Ветвь",
    outcome: "Исход",
  },
  {
    chosen: "Таңдалды",
    default: "әдепкі: бірде-бір шарт орындалмады",
    refused: "Таңдалмады",
    condition: "Шарт",
    values: "Мәндер",
    inputs: "Кірісі",
    rules: "Іске қосылған ережелер",
    result: "Нәтиже",
    noRule: "ешқайсысы",
    below: "Тәуелді шешімдері",
    way: "Тармақ",
    outcome: "Нәтижесі",
  },
  {
    chosen: "Taken",
    default: "by default: no condition was true",
    refused: "Not taken",
    condition: "Condition",
    values: "Values",
    inputs: "Inputs",
    rules: "Rules that fired",
    result: "Result",
    noRule: "none",
    below: "Decisions that it asks",
    way: "Way",
    outcome: "Outcome",
  },
);

type Detail = Record<string, unknown>;
type Looked = { flow: string; condition?: string; values?: Detail };

export function Taken({
  detail,
  process,
  nameOf,
}: {
  detail: Detail;
  process: string;
  nameOf: (process: string, id: string) => string;
}) {
  const t = useWords();
  const taken = detail as Looked & { default?: boolean };
  const refused = (detail["refused"] ?? []) as Looked[];
  const way = (one: Looked, how: string) => (
    <tr key={one.flow}>
      <th scope="row">{how}</th>
      <td className="given">{nameOf(process, one.flow)}</td>
      <td>{one.condition ? <code className="given">{one.condition}</code> : t.default}</td>
      <td>{one.values && <Value of={one.values} />}</td>
    </tr>
  );
  return (
    <div className="cs-why">
      <table>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t.outcome}</th>
            <th scope="col">{t.way}</th>
            <th scope="col">{t.condition}</th>
            <th scope="col">{t.values}</th>
          </tr>
        </thead>
        <tbody>
          {way(taken, t.chosen)}
          {refused.map((one) => way(one, t.refused))}
        </tbody>
      </table>
    </div>
  );
}

export function Decided({ detail }: { detail: Detail }) {
  const t = useWords();
  const rules = (detail["rules"] ?? []) as string[];
  return (
    <div className="cs-why">
      <table>
        <tbody>
          <tr>
            <th scope="row">{t.inputs}</th>
            <td>
              <Value of={detail["inputs"]} />
            </td>
          </tr>
          <tr>
            <th scope="row">{t.rules}</th>
            <td className="given">{rules.length ? rules.join(", ") : t.noRule}</td>
          </tr>
          <tr>
            <th scope="row">{t.result}</th>
            <td>
              <Value of={detail["result"]} />
            </td>
          </tr>
          {detail["required"] !== undefined && (
            <tr>
              <th scope="row">{t.below}</th>
              <td>
                <Value of={detail["required"]} />
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
