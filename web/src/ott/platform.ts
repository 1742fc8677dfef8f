import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Instance } from "../api/client";
import { useNow } from "../app/clock";
import { useFresh } from "../app/fresh";
import type { Band } from "../ui/chart";

/** The processes that measure the platform and that handle its incidents. */
export const MEASURES = "ott_performance";
export const INCIDENTS = "ott_incident";
const STEP = 300; // seconds: between two measurements

export type Span = { from: string; to: string };

/** The last `hours`, moving on with every measurement. */
export function useSpan(hours: number): Span {
  const to = (useNow(STEP) + STEP * 1000) as number;
  return { from: new Date(to - hours * 3_600_000).toISOString(), to: new Date(to).toISOString() };
}

function askIndicators(span: Span) {
  return ask(api.GET("/v1/indicators", { params: { query: { definitionKey: MEASURES, ...span } } }));
}
export type Indicator = Awaited<ReturnType<typeof askIndicators>>["series"][number];

export function useIndicators(span: Span) {
  const found = useQuery({
    queryKey: ["indicators", span],
    queryFn: () => askIndicators(span),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
  useFresh(found, (change) => change.definitionKey === MEASURES);
  return found;
}

export type Incident = {
  id: string;
  node: string;
  cause: string;
  severity: string;
  planned: boolean;
  state: Instance["state"];
  from: string;
  to: string | null;
};

export function useIncidents(span: Span) {
  const found = useQuery({
    queryKey: ["instances", "ott", span],
    queryFn: () => ask(api.GET("/v1/instances", { params: { query: { definitionKey: INCIDENTS, limit: 500 } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
    select: ({ items }) =>
      items.map(incident).filter((one) => one.from < span.to && (one.to === null || one.to > span.from)),
  });
  useFresh(found, (change) => change.definitionKey === INCIDENTS);
  return found;
}

function incident({ id, variables, state, startedAt, endedAt }: Instance): Incident {
  const text = (name: string) => (typeof variables[name] === "string" ? (variables[name] as string) : "");
  return {
    id,
    node: text("node"),
    cause: text("probable_cause"),
    severity: text("severity"),
    planned: variables.planned === true,
    state,
    from: startedAt,
    to: endedAt,
  };
}

export function bandOf(one: Incident): Band {
  const tone = one.planned ? "soon" : one.to === null ? "late" : "good";
  return { from: one.from, to: one.to, label: `${one.node} ${one.cause}`, tone };
}
