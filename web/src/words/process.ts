/** The analysts' texts: what processes and their elements are called, and what to say to a caller, in three languages. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";
import { said, type Lang } from "./words";

export type Names = {
  process: (key: string) => string;
  /** Where the process does not say, `otherwise` (a task's own name) or the id. */
  element: (process: string, id: string, otherwise?: string) => string;
  clause: (process: string, id: string) => string | undefined;
  /** The call script of an element, in the caller's language. */
  script: (process: string, id: string, lang: Lang) => string | undefined;
};

export function useNames(): Names {
  const lang = useLang();
  const { data } = useQuery({
    queryKey: ["texts"],
    queryFn: () => ask(api.GET("/v1/texts")),
    staleTime: 300_000,
  });
  const of = (process: string, id: string) => data?.processes[process]?.elements[id];
  return {
    process: (key) => said(data?.processes[key]?.name, lang) ?? key,
    element: (process, id, otherwise) => said(of(process, id)?.name, lang) ?? otherwise ?? id,
    clause: (process, id) => of(process, id)?.clause ?? undefined,
    script: (process, id, caller) => said(of(process, id)?.say ?? undefined, caller),
  };
}
