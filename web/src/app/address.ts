/** Filters live in the address: they survive a reload, and can be sent to a colleague. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Query } from "./router";

/** The address's parameters, and how to change some of them; an undefined or empty one is taken off. */
export function useAddress(): [Query, (change: Record<string, string | undefined>) => void] {
  const search = useSearch({ strict: false }) as Query;
  const navigate = useNavigate();
  const change = (some: Record<string, string | undefined>) => {
    const kept = Object.entries({ ...search, ...some }).filter((one): one is [string, string] => Boolean(one[1]));
    void navigate({ to: ".", search: Object.fromEntries(kept), replace: true, resetScroll: false });
  };
  return [search, change];
}
