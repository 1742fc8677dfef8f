/**
 * The one way to the service.  Types come from its own description (`make web` writes schema.d.ts), so a call that the
 * service does not know, or a field that it does not answer, is refused by the compiler.
 */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Task = Schemas["Task"];
export type Instance = Schemas["Instance"];
export type HistoryLine = Schemas["HistoryLine"];
export type Session = Schemas["SessionTold"];
export type FieldFault = { field: string; message: string; code: string };

/** RFC 9457, thrown: what the service refused and why.  `status` 0: it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldFault[] = [],
  ) {
    super(detail);
  }
}

let csrfToken = "";
let signedOut: () => void = () => undefined;

/** Told by app/session: the word that changes must carry, and whom to tell when the session is over. */
export function carryCsrf(token: string): void {
  csrfToken = token;
}
export function onSignedOut(told: () => void): void {
  signedOut = told;
}

/** The event stream was refused: is it the session? */
export async function lookAtSession(): Promise<void> {
  const answer = await fetch("/v1/session").catch(() => undefined);
  if (answer?.status === 401) signedOut();
}

const middleware: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== "/v1/session") signedOut();
    return undefined;
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(middleware);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of a call; throws Problem for everything else. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (answer.response.ok) return answer.data as T;
  const told = (answer.error ?? {}) as { code?: string; detail?: string; errors?: FieldFault[] };
  throw new Problem(answer.response.status, told.code ?? "error", told.detail ?? "", told.errors ?? []);
}

/** For TanStack Query: what was refused stays refused; what was not reached is asked again. */
export function again(failures: number, error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 500) && failures < 3;
}
