/** The inbox's filters: what the address says, and what is asked of the service for it. */
import { useSearch } from "@tanstack/react-router";
import { now } from "../app/clock";
import type { Query } from "../app/router";
import type { paths } from "../api/schema";

export type Asked = NonNullable<paths["/v1/tasks"]["get"]["parameters"]["query"]>;

/** Parameters of the address that say which tasks are shown, in the order in which they are written. */
export const FILTERS = [
  "mine",
  "unassigned",
  "overdue",
  "group",
  "assignee",
  "definitionKey",
  "elementId",
  "businessKey",
  "state",
  "q",
  "sort",
] as const;

export function filtersOf(search: Query): Query {
  return Object.fromEntries(FILTERS.flatMap((name) => (search[name] ? [[name, search[name]]] : [])));
}

export function useFilters(): Query {
  return filtersOf(useSearch({ strict: false }) as Query);
}

/** The text under which a list is kept, saved and compared. */
export function asText(filters: Query): string {
  return new URLSearchParams(filtersOf(filters)).toString();
}

/** `mine` is whoever looks, and `overdue` is whatever is late then: a shared filter means the same to everybody. */
export function asked(filters: Query, me: string, at = new Date(now()).toISOString()): Asked {
  const { mine, unassigned, overdue, state, ...rest } = filters;
  return {
    ...rest,
    ...(mine ? { assignee: me } : {}),
    ...(unassigned ? { unassigned: true } : {}),
    ...(overdue ? { dueBefore: at } : {}),
    ...(state ? { state: state as NonNullable<Asked["state"]> } : {}),
  };
}
