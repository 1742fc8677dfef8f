/** Every address of the pages.  A page's code comes when it is first opened; filters are plain query parameters. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Shell } from "./shell";

/** Query parameters as they stand in the address: texts, never more. */
export type Query = Record<string, string>;

const root = createRootRoute({
  component: Shell,
  validateSearch: (given: Record<string, unknown>): Query => texts(given),
});

function texts(given: Record<string, unknown>): Query {
  return Object.fromEntries(Object.entries(given).filter((one): one is [string, string] => typeof one[1] === "string"));
}

function page<P extends string>(path: P, load: Parameters<typeof lazyRouteComponent>[0], name: string) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name as never) });
}

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});
const signedIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  beforeLoad: () => {
    throw redirect({ to: "/inbox" });
  },
});

const inbox = page("/inbox", () => import("../inbox/page"), "InboxPage");
const inboxTask = createRoute({
  getParentRoute: () => inbox,
  path: "$taskId",
  component: lazyRouteComponent(() => import("../task/page"), "TaskBesideList"),
});

const tree = root.addChildren([
  home,
  signedIn,
  inbox.addChildren([inboxTask]),
  page("/tasks/$taskId", () => import("../task/page"), "TaskPage"),
  page("/start", () => import("../start/page"), "StartPage"),
  page("/cases", () => import("../cases/page"), "CasesPage"),
  page("/cases/$caseId", () => import("../case/page"), "CasePage"),
  page("/deadlines", () => import("../deadlines/page"), "DeadlinesPage"),
  page("/figures", () => import("../figures/page"), "FiguresPage"),
  page("/processes/$key", () => import("../figures/heat"), "HeatPage"),
  page("/stuck", () => import("../stuck/page"), "StuckPage"),
  page("/mail", () => import("../mail/page"), "MailPage"),
  page("/ott", () => import("../ott/page"), "OttPage"),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: "/app",
  defaultPreload: "intent",
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (given) => {
    const text = new URLSearchParams(texts(given)).toString();
    return text ? `?${text}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
