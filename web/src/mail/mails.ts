import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask, type Instance } from "../api/client";
import { useFresh } from "../app/fresh";

function askMails(cursor: string | null) {
  const query = { verdict: "unsorted" as const, limit: 50, ...(cursor && { cursor }) };
  return ask(api.GET("/v1/mails", { params: { query } }));
}

export type Mail = Awaited<ReturnType<typeof askMails>>["items"][number];

export function useMails() {
  const found = useInfiniteQuery({
    queryKey: ["mails", "unsorted"],
    queryFn: ({ pageParam }) => askMails(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
  useFresh(found);
  return found;
}

export function useMailHeaders(id: string, wanted: boolean) {
  return useQuery({
    queryKey: ["mails", id],
    queryFn: () => ask(api.GET("/v1/mails/{id}", { params: { path: { id } } })),
    enabled: wanted,
    staleTime: Infinity,
  });
}

/** Under what people know a case: its key in the CRM, or a number that its process keeps in one of these variables. */
const NUMBERS = ["appeal_id", "siebel_sr"];

export function useCases(sought: string) {
  return useQuery({
    queryKey: ["instances", "number", sought],
    queryFn: async () => {
      const asked = [{ businessKey: sought }, ...NUMBERS.map((name) => ({ [`variable.${name}`]: sought }))];
      const answers = await Promise.all(
        asked.map((query) => ask(api.GET("/v1/instances", { params: { query: { limit: 10, ...query } } }))),
      );
      return [...new Map(answers.flatMap((one) => one.items).map((one) => [one.id, one])).values()];
    },
    enabled: sought !== "",
  });
}

export function numbersOf(one: Instance): string[] {
  const found = [one.businessKey, ...NUMBERS.map((name) => one.variables[name])];
  return [...new Set(found.filter((text): text is string => typeof text === "string" && text !== ""))];
}

/** The appeal that a mail can be attached to. */
export function appealOf(one: Instance): string {
  return typeof one.variables.appeal_id === "string" ? one.variables.appeal_id : "";
}
