/** The analysts' texts: what processes and their elements are called, and what to say to a caller, in three languages. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useLang } from "../app/person";
import { said, type Lang } from "./words";

export type Names = {
  /** The keys of all processes. */
  keys: string[];
  process: (key: string) => string;
  /** Where the process does not say, `otherwise` (a task's own name) or the id. */
  element: (process: string, id: string, otherwise?: string) => string;
  clause: (process: string, id: string) => string | undefined;
  /** The call script of an element, in the caller's language. */
  script: (process: string, id: string, lang: Lang) => string | undefined;
  /** Those that people begin with a form; nothing while they are not known. */
  startable: string[] | undefined;
};

export function useNames(): Names {
  const lang = useLang();
  const { data } = useQuery({
    queryKey: ["texts"],
    queryFn: () => ask(api.GET("/v1/texts")),
    staleTime: 300_000,
  });
  const called = useMemo(() => onlyOnes(data), [data]);
  const of = (process: string, id: string) => data?.processes[process]?.elements[id] ?? called.get(id);
  return {
    keys: Object.keys(data?.processes ?? {}),
    process: (key) => said(data?.processes[key]?.name, lang) ?? key,
    element: (process, id, otherwise) => said(of(process, id)?.name, lang) ?? otherwise ?? id,
    clause: (process, id) => of(process, id)?.clause ?? undefined,
    script: (process, id, caller) => said(of(process, id)?.say ?? undefined, caller),
    startable: data && Object.entries(data.processes).flatMap(([key, one]) => (one.startForm ? [key] : [])),
  };
}

/** Elements of which there is one in all processes: a task knows its case's process, and may stand in one that it calls. */
function onlyOnes(texts: Schemas["Texts"] | undefined): Map<string, Schemas["ElementTexts"] | undefined> {
  const found = new Map<string, Schemas["ElementTexts"] | undefined>();
  for (const process of Object.values(texts?.processes ?? {}))
    for (const [id, element] of Object.entries(process.elements)) found.set(id, found.has(id) ? undefined : element);
  return found;
}
