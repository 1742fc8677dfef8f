/** What the service gave up: what, why, since when, and the ways on. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, ask, Problem } from "../api/client";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { Button } from "../ui/button";
import { HeldPill, useHeld } from "../ui/held";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { number } from "../words/words";
import { EditAndRetry } from "./edit";
import { GiveUp } from "./give-up";
import { useJobName, useStuck, type Job } from "./jobs";
import { StuckJob, type Doing } from "./job";
import { Skip } from "./skip";
import { useWords } from "./words";
import "./stuck.css";

export function StuckPage() {
  const t = useWords();
  const found = useStuck();
  return (
    <>
      <header className="page-head">
        <h1>{t.title}</h1>
        <Link to="/cases" search={{ state: "stuck" }}>
          {t.cases}
        </Link>
        <Link to="/cases" search={{ state: "suspended" }}>
          {t.suspended}
        </Link>
      </header>
      <p className="quiet">{t.about}</p>
      <Shown found={found}>
        {(jobs) => (
          <Jobs
            newest={jobs}
            refetch={async () => (await found.refetch()).data}
            more={found.hasNextPage ? () => void found.fetchNextPage() : undefined}
          />
        )}
      </Shown>
    </>
  );
}

type Props = { newest: Job[]; refetch: () => Promise<Job[] | undefined>; more: (() => void) | undefined };
const DIALOGS = { edit: EditAndRetry, skip: Skip, giveUp: GiveUp };

function Jobs({ newest, refetch, more }: Props) {
  const t = useWords();
  const lang = useLang();
  const may = useMay();
  const named = useJobName();
  const faultText = useFaultText();
  const held = useHeld(newest, (jobs) => jobs.map((one) => one.id), "");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [results, setResults] = useState<ReadonlyMap<string, string>>(new Map());
  const [dialog, setDialog] = useState<{ doing: keyof typeof DIALOGS; job: Job } | null>(null);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const jobs = held.shown;
  const picked = jobs.filter((job) => chosen.has(job.id));

  const tell = (job: Job, result: string) => setResults((old) => new Map(old).set(job.id, result));

  /** One job; its result stands at its row. */
  async function retry(job: Job): Promise<boolean> {
    tell(job, t.going);
    try {
      await ask(api.POST("/v1/jobs/{id}/retry", { params: { path: { id: job.id } } }));
      return true;
    } catch (error) {
      const gone = error instanceof Problem && (error.status === 404 || error.status === 409);
      tell(job, gone ? t.gone : `${t.refused}: ${faultText(error)}`);
      return false;
    }
  }

  async function retryAll(these: Job[]) {
    setBusy(true);
    let done = 0;
    const left = [...these];
    async function work() {
      for (let job = left.shift(); job; job = left.shift()) if (await retry(job)) done += 1;
    }
    await Promise.all([work(), work(), work(), work()]);
    setBusy(false);
    setChosen(new Set());
    if (these.length > 1) {
      toast(t.retriedMany(number(lang, done), number(lang, these.length)), { bad: done < these.length });
    } else if (done) toast(t.retried(named(these[0]!)));
    held.show(await refetch());
  }

  function begin(doing: Doing, job: Job) {
    if (doing === "retry") void retryAll([job]);
    else setDialog({ doing, job });
  }

  function here(): Job | undefined {
    const id = document.activeElement?.closest<HTMLElement>("[data-row]")?.dataset.row;
    return jobs.find((job) => job.id === id);
  }
  function step(by: number) {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-first]") ?? [])];
    const at = rows.findIndex((one) => one.closest("li")?.contains(document.activeElement));
    rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
  }
  const operate = may("jobs.operate");
  const on = (doing: Doing) => () => void (here() && begin(doing, here()!));
  useKeys([
    { key: "j", label: t.next, run: () => step(1) },
    { key: "k", label: t.previous, run: () => step(-1) },
    { key: "r", label: t.retry, run: on("retry"), when: operate },
    { key: "e", label: t.edit, run: on("edit"), when: operate },
    { key: "s", label: t.skip, run: on("skip"), when: operate },
    { key: ".", label: t.showChanges, run: () => held.show(), when: held.changed > 0 },
  ]);

  if (jobs.length === 0 && held.changed === 0) return <p className="card quiet">{t.empty}</p>;
  const Chosen = dialog && DIALOGS[dialog.doing];
  return (
    <section aria-label={t.list} {...held.area}>
      <div className="row stuck-bar">
        {operate && (
          <>
            <label className="check">
              <input
                type="checkbox"
                checked={picked.length > 0 && picked.length === jobs.length}
                onChange={({ target }) => setChosen(new Set(target.checked ? jobs.map((job) => job.id) : []))}
              />
              {t.chooseAll}
            </label>
            <Button disabled={picked.length === 0} busy={busy} onClick={() => void retryAll(picked)}>
              {t.retryChosen(number(lang, picked.length))}
            </Button>
          </>
        )}
        <HeldPill held={held} />
      </div>
      <ul ref={list} className="stuck-list">
        {jobs.map((job) => (
          <StuckJob
            key={job.id}
            job={job}
            name={named(job)}
            result={results.get(job.id)}
            chosen={chosen.has(job.id)}
            onChoose={(to) =>
              setChosen((old) => new Set(to ? [...old, job.id] : [...old].filter((id) => id !== job.id)))
            }
            onDo={operate ? (doing) => begin(doing, job) : undefined}
          />
        ))}
      </ul>
      {more && <Button onClick={more}>{t.more}</Button>}
      {dialog && Chosen && (
        <Chosen
          job={dialog.job}
          name={named(dialog.job)}
          onClose={() => setDialog(null)}
          onDone={() => {
            const said = { edit: t.retried, skip: t.skipped, giveUp: t.gaveUp }[dialog.doing](named(dialog.job));
            tell(dialog.job, said);
            toast(said);
            void refetch().then((next) => held.show(next));
          }}
        />
      )}
    </section>
  );
}
