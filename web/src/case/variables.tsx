/** The case's variables by name: value, type, when and by whom they were last put. */
import { useState } from "react";
import type { HistoryLine } from "../api/client";
import { useLang } from "../app/person";
import { moment, words } from "../words/words";
import { Copy } from "./copy";
import { lastChanges } from "./moves";
import { typeOf, Value } from "./value";
import "./values.css";

const useWords = words(
  {
    search: "Найти по имени или значению",
    name: "Имя",
    value: "Значение",
    type: "Тип",
    changed: "Изменено",
    copy: (name: string) => `Скопировать значение ${name}`,
    nothing: "Ничего не найдено.",
    none: "У дела ещё нет переменных.",
    unknown:
      "Каковы были значения тогда, неизвестно: история этого дела начата прежней версией службы, она их не хранила.",
    text: "текст",
    time: "время",
    number: "число",
    truth: "да или нет",
    list: "список",
    map: "запись",
  },
  {
    search: "Аты не мәні бойынша табу",
    name: "Аты",
    value: "Мәні",
    type: "Түрі",
    changed: "Өзгертілген",
    copy: (name) => `${name} мәнін көшіру`,
    nothing: "Ештеңе табылмады.",
    none: "Істің айнымалылары әлі жоқ.",
    unknown:
      "Ол кездегі мәндер белгісіз: бұл істің тарихын қызметтің бұрынғы нұсқасы бастаған, ол мәндерді сақтамаған.",
    text: "мәтін",
    time: "уақыт",
    number: "сан",
    truth: "иә не жоқ",
    list: "тізім",
    map: "жазба",
  },
  {
    search: "Find by name or value",
    name: "Name",
    value: "Value",
    type: "Type",
    changed: "Changed",
    copy: (name) => `Copy the value of ${name}`,
    nothing: "Nothing found.",
    none: "The case has no variables yet.",
    unknown:
      "What the values were then is not known: an earlier release began this case's history and did not keep them.",
    text: "text",
    time: "time",
    number: "number",
    truth: "yes or no",
    list: "list",
    map: "record",
  },
);

type Props = { values: Record<string, unknown> | null; lines: HistoryLine[] };

export function Variables({ values, lines }: Props) {
  const t = useWords();
  const lang = useLang();
  const [looked, setLooked] = useState("");
  const changes = lastChanges(lines);
  if (values === null) return <p className="cs-unknown">{t.unknown}</p>;

  const all = Object.entries(values)
    .filter(([, value]) => value !== null)
    .sort(([one], [other]) => one.localeCompare(other));
  const wanted = looked.trim().toLowerCase();
  const shown = all.filter(([name, value]) => `${name} ${JSON.stringify(value)}`.toLowerCase().includes(wanted));

  return (
    <>
      <label className="cs-search">
        {t.search}
        <input type="search" value={looked} onChange={(event) => setLooked(event.target.value)} />
      </label>
      {shown.length === 0 ? (
        <p className="quiet" role="status">
          {all.length ? t.nothing : t.none}
        </p>
      ) : (
        <table className="cs-values">
          <thead>
            <tr>
              <th scope="col">{t.name}</th>
              <th scope="col">{t.value}</th>
              <th scope="col">{t.type}</th>
              <th scope="col">{t.changed}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(([name, value]) => {
              const changed = changes.get(name);
              const type = typeOf(value);
              return (
                <tr key={name}>
                  <th scope="row" className="given">
                    {name}
                  </th>
                  <td>
                    <div className="cs-value">
                      <div className="grow">
                        <Value of={value} />
                      </div>
                      <Copy
                        label={t.copy(name)}
                        text={() => (typeof value === "string" ? value : JSON.stringify(value, null, 2))}
                      />
                    </div>
                  </td>
                  <td className="quiet">{type !== "none" && t[type]}</td>
                  <td className="quiet">
                    {changed && (
                      <>
                        {moment(lang, changed.at)}, <span className="given">{changed.actor}</span>
                      </>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </>
  );
}
