/** How the platform does: its indicators over time, its incidents on the same axis, and what operators are told. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useAddress } from "../app/address";
import { useNotices } from "../app/banner";
import { useNow } from "../app/clock";
import { useLang } from "../app/person";
import { Shown } from "../ui/state";
import { SortedTable } from "../ui/table";
import { lasting, moment } from "../words/words";
import { IndicatorChart } from "./indicators";
import { bandOf, useIncidents, useIndicators, useSpan, type Incident, type Span } from "./platform";
import { useWords } from "./words";
import "./ott.css";

const SPANS = ["3", "24", "168", "720"] as const;

export function OttPage() {
  const t = useWords();
  const [search, change] = useAddress();
  const chosen = SPANS.find((one) => one === search.hours) ?? "24";
  const span = useSpan(Number(chosen));
  const incidents = useIncidents(span);
  return (
    <div className="ott">
      <header className="page-head">
        <h1>{t.title}</h1>
        <div className="choices" role="group" aria-label={t.span}>
          {SPANS.map((one) => (
            <button key={one} type="button" aria-pressed={one === chosen} onClick={() => change({ hours: one })}>
              {t.spans[one]}
            </button>
          ))}
        </div>
      </header>
      <Notices />
      <section aria-labelledby="ott-incidents">
        <h2 id="ott-incidents">{t.incidents}</h2>
        <Shown found={incidents}>{(found) => <Incidents incidents={found} />}</Shown>
      </section>
      <Indicators span={span} incidents={incidents.data} />
    </div>
  );
}

function Notices() {
  const t = useWords();
  const lang = useLang();
  const found = useNotices();
  return (
    <section aria-labelledby="ott-notices">
      <h2 id="ott-notices">{t.notices}</h2>
      <Shown found={found}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">{t.noNotices}</p>
          ) : (
            <ul className="ott-notices">
              {items.map((one) => (
                <li key={one.key} className="card">
                  <strong className="given">{one.text}</strong>
                  <span className="quiet">
                    {one.at && t.since(moment(lang, one.at))}
                    {" · "}
                    <span className="given">{t.seenBy(one.groups.join(", "))}</span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

const NONE: Incident[] = [];

function Indicators({ span, incidents = NONE }: { span: Span; incidents: Incident[] | undefined }) {
  const t = useWords();
  const found = useIndicators(span);
  const bands = useMemo(() => incidents.map(bandOf), [incidents]);
  return (
    <section aria-labelledby="ott-indicators">
      <h2 id="ott-indicators">{t.indicators}</h2>
      {bands.length > 0 && <p className="quiet">{t.legend}</p>}
      <Shown found={found}>
        {({ series }) =>
          series.length === 0 ? (
            <p className="card quiet">{t.noIndicators}</p>
          ) : (
            <div className="ott-indicators">
              {series.map((one) => (
                <IndicatorChart key={one.name} indicator={one} span={span} bands={bands} />
              ))}
            </div>
          )
        }
      </Shown>
    </section>
  );
}

function Incidents({ incidents }: { incidents: Incident[] }) {
  const t = useWords();
  const lang = useLang();
  const now = useNow(60);
  if (incidents.length === 0) return <p className="quiet">{t.noIncidents}</p>;
  const length = (one: Incident) => (one.to ? Date.parse(one.to) : now) - Date.parse(one.from);
  return (
    <div className="card">
      <SortedTable
        label={t.incidents}
        rows={incidents}
        rowKey={(one) => one.id}
        start={{ key: "began", down: true }}
        columns={[
          {
            key: "node",
            name: t.incident,
            value: (one) => one.node,
            show: (one) => (
              <Link to="/cases/$caseId" params={{ caseId: one.id }} search={{}}>
                <span className="given">{one.node || t.incident}</span>
              </Link>
            ),
          },
          {
            key: "cause",
            name: t.cause,
            value: (one) => one.cause,
            show: (one) => <span className="given">{one.cause}</span>,
          },
          {
            key: "severity",
            name: t.severity,
            value: (one) => one.severity,
            show: (one) => <span className="given">{one.severity}</span>,
          },
          { key: "planned", name: t.kind, value: (one) => (one.planned ? t.planned : t.unplanned) },
          {
            key: "state",
            name: t.state,
            value: (one) => t.states[one.state],
            show: (one) => (
              <span className={one.to ? undefined : "due late"}>
                {one.to ? "" : "▲ "}
                {t.states[one.state]}
              </span>
            ),
          },
          { key: "began", name: t.began, value: (one) => one.from, show: (one) => moment(lang, one.from) },
          {
            key: "ended",
            name: t.ended,
            value: (one) => one.to,
            show: (one) => (one.to ? moment(lang, one.to) : t.goesOn),
          },
          { key: "lasted", name: t.lasted, number: true, value: length, show: (one) => lasting(lang, length(one)) },
        ]}
      />
    </div>
  );
}
