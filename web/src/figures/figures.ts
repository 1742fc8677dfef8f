import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { lasting, type Lang } from "../words/words";

export type Asked = { from: string; to: string; definitionKey?: string };

function askFigures(query: Asked) {
  return ask(api.GET("/v1/figures", { params: { query } }));
}

export type Figures = Awaited<ReturnType<typeof askFigures>>;

export function useFigures(query: Asked) {
  return useQuery({
    queryKey: ["figures", query],
    queryFn: () => askFigures(query),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
}

export function csvAddress(query: Asked): string {
  return `/v1/figures.csv?${new URLSearchParams(query).toString()}`;
}

export function seconds(lang: Lang, given: number | null): string {
  if (given === null) return "–";
  return given > 0 && given < 1 ? `< ${lasting(lang, 1000)}` : lasting(lang, given * 1000);
}
