/** One case: where it stands and how it got there, at any moment of its life. */
import { useParams } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { useMemo, type ReactNode } from "react";
import type { HistoryLine, Instance } from "../api/client";
import { useAddress } from "../app/address";
import { useKeys } from "../app/keys";
import { useTitle } from "../app/title";
import { Loading, Shown } from "../ui/state";
import { useNames } from "../words/process";
import { words } from "../words/words";
import { useAt } from "./at";
import { Beside } from "./beside";
import { useCase, useDefinitions, useDiagrams, useHistory, useLive, useThen, useTokens } from "./data";
import { Head } from "./head";
import { Letters } from "./letters";
import { isStuck } from "./marks";
import { finder, momentOf, moments, moves, upTo } from "./moves";
import { Picture } from "./picture";
import { Slider } from "./slider";
import { Timeline } from "./timeline";
import { Variables } from "./variables";
import "./case.css";

const useWords = words(
  {
    diagram: "Схема",
    history: "История",
    variables: "Переменные",
    mail: "Переписка",
    beside: "Задачи и файлы",
    parts: "Части дела",
  },
  {
    diagram: "Сызба",
    history: "Тарихы",
    variables: "Айнымалылар",
    mail: "Хат алмасу",
    beside: "Тапсырмалар мен файлдар",
    parts: "Істің бөліктері",
  },
  {
    diagram: "Diagram",
    history: "History",
    variables: "Variables",
    mail: "Correspondence",
    beside: "Tasks and files",
    parts: "Parts of the case",
  },
);

const TABS = ["diagram", "history", "variables", "mail", "beside"] as const;
type Tab = (typeof TABS)[number];
const KEYS: Record<Tab, string> = { diagram: "p", history: "h", variables: "v", mail: "m", beside: "t" };
const IN_TIME: Tab[] = ["diagram", "history", "variables"];
const NO_LINES: HistoryLine[] = [];
const NONE: never[] = [];

export function CasePage() {
  const { caseId } = useParams({ strict: false });
  const id = caseId ?? "";
  const found = useCase(id);
  useLive(id);
  return <Shown found={found}>{(view) => <Case key={id} view={view} />}</Shown>;
}

function Case({ view }: { view: Instance }) {
  const t = useWords();
  const names = useNames();
  const [address, change] = useAddress();
  const tab = TABS.find((one) => one === address["tab"]) ?? "diagram";
  const [at, setAt] = useAt();

  const history = useHistory(view.id);
  const tokens = useTokens(view.id).data?.items ?? NONE;
  const definitions = useDefinitions(view.id).data?.items ?? NONE;
  const process = address["process"];
  const wanted = useMemo(
    () => definitions.filter((one) => one.root || one.touched || one.key === process),
    [definitions, process],
  );
  const diagrams = useDiagrams(wanted);
  const then = useThen(view.id, at).data;

  const lines = history.data ?? NO_LINES;
  const all = useMemo(() => moves(lines), [lines]);
  const steps = useMemo(() => moments(all), [all]);
  const seen = useMemo(() => (at === undefined ? lines : upTo(lines, at)), [lines, at]);
  const find = useMemo(() => finder(diagrams), [diagrams]);
  // An element is called as the analysts say; else as it is drawn; a flow without a name by where it leads.
  const nameOf = (of: string, id: string): string => {
    const element = diagrams.get(of)?.drawn.get(id);
    const drawn = element?.name || undefined;
    const name = names.element(of, id, drawn ?? "");
    return name || (element?.to ? `→ ${nameOf(of, element.to)}` : id);
  };

  useTitle(view.businessKey ?? names.process(view.definitionKey));
  useKeys(TABS.map((one) => ({ key: KEYS[one], label: t[one], run: () => change({ tab: one }) })));

  const past = at !== undefined;
  const body: Record<Tab, () => ReactNode> = {
    diagram: () => (
      <Picture
        definitions={definitions}
        diagrams={diagrams}
        tokens={tokens}
        lines={seen}
        then={past ? then && (then.tokens ?? null) : undefined}
        nameOf={nameOf}
      />
    ),
    history: () => (
      <Timeline all={all} find={find} at={past ? steps[momentOf(steps, at)] : undefined} onAt={setAt} nameOf={nameOf} />
    ),
    variables: () =>
      past && !then ? (
        <Loading />
      ) : (
        <Variables values={past ? (then?.variables ?? null) : view.variables} lines={seen} />
      ),
    mail: () => <Letters id={view.id} />,
    beside: () => <Beside id={view.id} over={view.endedAt !== null} tokens={tokens} nameOf={nameOf} />,
  };

  return (
    <article className="case">
      <Head view={view} errors={tokens.filter(isStuck).map((one) => one.error ?? "")} />
      <Tabs.Root
        value={tab}
        onValueChange={(to) => change({ tab: to === "diagram" ? "" : to })}
        activationMode="manual"
      >
        <Tabs.List className="cs-tabs" aria-label={t.parts}>
          {TABS.map((one) => (
            <Tabs.Trigger key={one} value={one} className="cs-tab">
              {t[one]} <kbd aria-hidden="true">{KEYS[one].toUpperCase()}</kbd>
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {IN_TIME.includes(tab) && steps.length > 0 && <Slider moments={steps} at={at} onAt={setAt} />}
        <Tabs.Content value={tab} className="cs-part" tabIndex={-1}>
          {history.isPending ? <Loading /> : body[tab]()}
        </Tabs.Content>
      </Tabs.Root>
    </article>
  );
}
