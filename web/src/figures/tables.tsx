import { Link } from "@tanstack/react-router";
import { useLang } from "../app/person";
import { SortedTable } from "../ui/table";
import { useNames } from "../words/process";
import { number } from "../words/words";
import { seconds, type Figures } from "./figures";
import { useWords } from "./words";

type Stage = Figures["stages"][number];

export function Stages({ stages }: { stages: Stage[] }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const named = (one: Stage) => names.element(one.definitionKey, one.elementId, one.name ?? undefined);
  return (
    <section className="card">
      <h2>{t.stages}</h2>
      {stages.length === 0 ? (
        <p className="quiet">{t.stagesNone}</p>
      ) : (
        <SortedTable
          label={t.stages}
          rows={stages}
          rowKey={(one) => `${one.definitionKey} ${one.elementId}`}
          start={{ key: "p95", down: true }}
          columns={[
            { key: "stage", name: t.stage, value: named, show: (one) => <span className="given">{named(one)}</span> },
            { key: "process", name: t.process, value: (one) => names.process(one.definitionKey) },
            {
              key: "count",
              name: t.count,
              number: true,
              value: (one) => one.count,
              show: (one) => number(lang, one.count),
            },
            {
              key: "p50",
              name: t.p50,
              number: true,
              value: (one) => one.p50Seconds,
              show: (one) => seconds(lang, one.p50Seconds),
            },
            {
              key: "p95",
              name: t.p95,
              number: true,
              value: (one) => one.p95Seconds,
              show: (one) => seconds(lang, one.p95Seconds),
            },
          ]}
        />
      )}
    </section>
  );
}

export function Causes({ title, rows }: { title: string; rows: { key: string | null; count: number }[] }) {
  const t = useWords();
  const lang = useLang();
  const most = Math.max(1, ...rows.map((one) => one.count));
  return (
    <section className="card">
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p className="quiet">{t.noBreaches}</p>
      ) : (
        <table className="table" aria-label={title}>
          <tbody>
            {rows.map((one) => (
              <tr key={one.key ?? ""}>
                <th scope="row" className="figures-cause">
                  <span className="given">{one.key ?? t.none}</span>
                  <i aria-hidden="true" style={{ width: `${(100 * one.count) / most}%` }} />
                </th>
                <td className="number">{number(lang, one.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

type ProcessRow = Figures["byProcess"][number];

export function Processes({ rows, search }: { rows: ProcessRow[]; search: Record<string, string> }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  if (rows.length === 0) return null;
  const { period, from, to } = search;
  const kept = { ...(period && { period }), ...(from && to && { from, to }) };
  const column = (key: "started" | "completed" | "breached") => ({
    key,
    name: t[key],
    number: true,
    value: (one: ProcessRow) => one[key],
    show: (one: ProcessRow) => number(lang, one[key]),
  });
  return (
    <section className="card">
      <h2>{t.byProcess}</h2>
      <SortedTable
        label={t.byProcess}
        rows={rows}
        rowKey={(one) => one.key}
        start={{ key: "started", down: true }}
        columns={[
          { key: "name", name: t.process, value: (one) => names.process(one.key) },
          column("started"),
          column("completed"),
          column("breached"),
          {
            key: "heat",
            name: t.heat,
            value: () => null,
            show: (one) => (
              <Link
                to="/processes/$key"
                params={{ key: one.key }}
                search={kept}
                aria-label={t.heatOf(names.process(one.key))}
              >
                {t.heat}
              </Link>
            ),
          },
        ]}
      />
    </section>
  );
}
