/** Mail that fits no case: read it, say whose it is, or why it is nobody's. */
import { useRef, useState } from "react";
import { Problem } from "../api/client";
import { useAddress } from "../app/address";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { HeldPill, useHeld } from "../ui/held";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { moment } from "../words/words";
import { Attach } from "./attach";
import { Discard } from "./discard";
import { Letter } from "./letter";
import { useMails, type Mail } from "./mails";
import { sort, type Decision } from "./sort";
import { useWords } from "./words";
import "./mail.css";

export function MailPage() {
  const t = useWords();
  const found = useMails();
  return (
    <>
      <header className="page-head">
        <h1>{t.title}</h1>
      </header>
      <p className="quiet">{t.about}</p>
      <Shown found={found}>
        {(mails) => (
          <Mails
            newest={mails}
            refetch={async () => (await found.refetch()).data}
            more={found.hasNextPage ? () => void found.fetchNextPage() : undefined}
          />
        )}
      </Shown>
    </>
  );
}

type Props = { newest: Mail[]; refetch: () => Promise<Mail[] | undefined>; more: (() => void) | undefined };

function Mails({ newest, refetch, more }: Props) {
  const t = useWords();
  const lang = useLang();
  const faultText = useFaultText();
  const [search, change] = useAddress();
  const [doing, setDoing] = useState<"attach" | "discard" | null>(null);
  const [busy, setBusy] = useState(false);
  // Between a decision and its effect on the mail the service has a job to do: it is gone from here at once.
  const [sorted, setSorted] = useState<ReadonlySet<string>>(new Set());
  const held = useHeld(newest, (mails) => mails.map((one) => one.id), "");
  const mails = held.shown.filter((one) => !sorted.has(one.id));
  const here = mails.findIndex((one) => one.id === search.mail);
  const mail = mails[Math.max(here, 0)];
  const list = useRef<HTMLUListElement>(null);

  function choose(id: string | undefined) {
    change({ mail: id });
    if (id) list.current?.querySelector<HTMLElement>(`[data-mail="${CSS.escape(id)}"]`)?.focus();
  }
  function step(by: number) {
    choose(mails[Math.min(Math.max(Math.max(here, 0) + by, 0), mails.length - 1)]?.id);
  }

  async function decide(decision: Decision) {
    if (!mail?.taskId) return;
    setBusy(true);
    let gone = true;
    try {
      await sort(mail.taskId, decision);
      toast(decision.verdict === "attach" ? t.attached(decision.appeal_id) : t.discarded);
    } catch (error) {
      const other = error instanceof Problem && (error.status === 404 || error.status === 409);
      gone = other;
      const said = error instanceof Problem && error.status === 422 ? t.byForm : faultText(error);
      toast(other ? t.other : said, { bad: true });
    }
    setBusy(false);
    setDoing(null);
    if (!gone) return;
    const next = mails[mails.indexOf(mail) + 1] ?? mails[mails.indexOf(mail) - 1];
    setSorted((old) => new Set(old).add(mail.id));
    change({ mail: next?.id });
    void refetch().then((fresh) => held.show(fresh));
  }

  /** After a decision: the mail that is chosen then. */
  const chosen = () => list.current?.querySelector<HTMLElement>("[aria-current]") ?? null;
  const ready = Boolean(mail?.taskId);
  useKeys([
    { key: "j", label: t.next, run: () => step(1) },
    { key: "k", label: t.previous, run: () => step(-1) },
    { key: "a", label: t.attach, run: () => setDoing("attach"), when: ready },
    { key: "d", label: t.discard, run: () => setDoing("discard"), when: ready },
    { key: ".", label: t.showChanges, run: () => held.show(), when: held.changed > 0 },
  ]);

  if (!mail) return <p className="card quiet">{t.empty}</p>;
  return (
    <div className="mail">
      <section aria-label={t.list} {...held.area}>
        <HeldPill held={held} />
        <ul ref={list} className="mail-list">
          {mails.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                data-mail={one.id}
                aria-current={one.id === mail.id ? "true" : undefined}
                onClick={() => choose(one.id)}
              >
                <strong className="given">{one.subject || t.noSubject}</strong>
                <span className="given">{one.from}</span>
                <small className="quiet">{moment(lang, one.receivedAt)}</small>
              </button>
            </li>
          ))}
        </ul>
        {more && <Button onClick={more}>{t.more}</Button>}
      </section>
      <Letter key={mail.id} mail={mail} onAttach={() => setDoing("attach")} onDiscard={() => setDoing("discard")} />
      {doing === "attach" && mail.taskId && (
        <Attach
          mail={mail}
          taskId={mail.taskId}
          busy={busy}
          onClose={() => setDoing(null)}
          onDecide={(to) => void decide(to)}
          returnTo={chosen}
        />
      )}
      {doing === "discard" && mail.taskId && (
        <Discard
          mail={mail}
          busy={busy}
          onClose={() => setDoing(null)}
          onDecide={(to) => void decide(to)}
          returnTo={chosen}
        />
      )}
    </div>
  );
}
