/** What the page asks the service for, and when it asks anew. */
import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, ask, type HistoryLine, type Schemas } from "../api/client";
import { useChanges } from "../app/live";
import { drawn, type Drawn } from "./drawn";

export type Token = Schemas["Place"];
export type Definition = Schemas["BoundDefinition"];
export type Letter = Schemas["Letter"];
export type Attachment = Schemas["Attachment"];

const PAGE = 500;
const MOST_LINES = 20_000; // of a case that goes round and round; more would not be read

const path = (id: string) => ({ params: { path: { id } } });

export function useCase(id: string) {
  return useQuery({ queryKey: ["instance", id], queryFn: () => ask(api.GET("/v1/instances/{id}", path(id))) });
}

export function useTokens(id: string) {
  return useQuery({ queryKey: ["tokens", id], queryFn: () => ask(api.GET("/v1/instances/{id}/tokens", path(id))) });
}

export function useDefinitions(id: string) {
  return useQuery({
    queryKey: ["bound-definitions", id],
    queryFn: () => ask(api.GET("/v1/instances/{id}/definitions", path(id))),
  });
}

/** The whole history, oldest first. */
export function useHistory(id: string) {
  return useQuery({
    queryKey: ["history", id, "all"],
    queryFn: async () => {
      const lines: HistoryLine[] = [];
      let cursor: string | null = null;
      do {
        const query: { limit: number; cursor?: string } = cursor ? { limit: PAGE, cursor } : { limit: PAGE };
        const page: Schemas["Listed_HistoryLine_"] = await ask(
          api.GET("/v1/instances/{id}/history", { params: { path: { id }, query } }),
        );
        lines.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor && lines.length < MOST_LINES);
      return lines;
    },
  });
}

/** The case as it was after everything that had happened by `at`; it does not change any more. */
export function useThen(id: string, at: string | undefined) {
  return useQuery({
    queryKey: ["then", id, at],
    queryFn: () => ask(api.GET("/v1/instances/{id}/then", { params: { path: { id }, query: { at: at ?? "" } } })),
    enabled: at !== undefined,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function useLetters(id: string) {
  return useQuery({
    queryKey: ["correspondence", id],
    queryFn: () => ask(api.GET("/v1/instances/{id}/correspondence", path(id))),
  });
}

export function useComments(id: string) {
  return useQuery({ queryKey: ["comments", id], queryFn: () => ask(api.GET("/v1/instances/{id}/comments", path(id))) });
}

export function useAttachments(id: string) {
  return useQuery({
    queryKey: ["attachments", id],
    queryFn: () => ask(api.GET("/v1/instances/{id}/attachments", path(id))),
  });
}

export type Diagrams = ReadonlyMap<string, { definition: Definition; xml: string; drawn: Drawn }>;

/** The diagrams of these definitions that have come so far, by process. */
export function useDiagrams(definitions: Definition[]): Diagrams {
  const combine = useCallback(
    (found: { data: string | undefined }[]): Diagrams => {
      const all = definitions.flatMap((definition, index) => {
        const xml = found[index]?.data;
        return xml === undefined ? [] : [[definition.key, { definition, xml, drawn: drawn(xml) }] as const];
      });
      return new Map(all);
    },
    [definitions],
  );
  return useQueries({
    queries: definitions.map((definition) => ({
      queryKey: ["diagram", definition.id],
      queryFn: async () =>
        String(await ask(api.GET("/v1/definitions/{id}/bpmn", { ...path(definition.id), parseAs: "text" }))),
      staleTime: Infinity,
    })),
    combine,
  });
}

/** Asks anew for what is shown of this case, when this case has changed. */
export function useLive(id: string): void {
  const client = useQueryClient();
  useChanges((changes) => {
    if (!changes.some((one) => one.instanceId === id)) return;
    const parts = ["instance", "tokens", "history", "bound-definitions", "correspondence", "comments", "attachments"];
    for (const part of parts) void client.invalidateQueries({ queryKey: [part, id] });
  });
}
