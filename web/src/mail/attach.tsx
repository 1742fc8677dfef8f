import { useState, type FormEvent } from "react";
import type { Instance } from "../api/client";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Shown } from "../ui/state";
import { useNames } from "../words/process";
import { useStateWords } from "../words/states";
import { moment } from "../words/words";
import { appealOf, numbersOf, useCases, type Mail } from "./mails";
import { useFieldLabel, type Decision } from "./sort";
import { useWords } from "./words";

type Props = {
  mail: Mail;
  taskId: string;
  busy: boolean;
  onClose: () => void;
  onDecide: (decision: Decision) => void;
  returnTo: () => HTMLElement | null;
};

/** Whose mail it is: looked for by any number that a person may have at hand. */
export function Attach({ mail, taskId, busy, onClose, onDecide, returnTo }: Props) {
  const t = useWords();
  const [typed, setTyped] = useState("");
  const [sought, setSought] = useState("");
  const [picked, setPicked] = useState("");
  const [answer, setAnswer] = useState(false);
  const [fault, setFault] = useState("");
  const answerLabel = useFieldLabel(taskId, "is_answer");
  const found = useCases(sought);

  function find(event: FormEvent) {
    event.preventDefault();
    setPicked("");
    setFault("");
    setSought(typed.trim());
  }

  const possible = found.data?.filter((one) => appealOf(one) !== "") ?? [];
  const chosen = possible.find((one) => one.id === picked) ?? (possible.length === 1 ? possible[0] : undefined);

  function decide() {
    if (chosen) onDecide({ verdict: "attach", appeal_id: appealOf(chosen), is_answer: answer });
    else setFault(t.pick);
  }

  return (
    <Dialog open onClose={onClose} returnTo={returnTo} title={t.attachTitle}>
      <p className="given quiet">
        {mail.from} · {mail.subject || t.noSubject}
      </p>
      <form className="mail-find" role="search" onSubmit={find}>
        <label htmlFor="mail-number">{t.search}</label>
        <div className="row">
          <input
            id="mail-number"
            type="search"
            className="grow"
            maxLength={200}
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
          <Button type="submit">{t.find}</Button>
        </div>
      </form>
      <div aria-live="polite">
        {sought && (
          <Shown found={found}>
            {(cases) =>
              cases.length === 0 ? (
                <p>{t.nothingFound}</p>
              ) : (
                <fieldset className="mail-cases">
                  <legend className="visually-hidden">{t.attachTitle}</legend>
                  {cases.map((one) => (
                    <Case key={one.id} one={one} picked={one === chosen} onPick={() => setPicked(one.id)} />
                  ))}
                </fieldset>
              )
            }
          </Shown>
        )}
      </div>
      <label className="check">
        <input type="checkbox" checked={answer} onChange={({ target }) => setAnswer(target.checked)} />
        <span className="given">{answerLabel}</span>
      </label>
      <p role="alert" className="fault">
        {chosen ? "" : fault}
      </p>
      <Button kind="first" busy={busy} onClick={decide}>
        {t.attachDone}
      </Button>
    </Dialog>
  );
}

function Case({ one, picked, onPick }: { one: Instance; picked: boolean; onPick: () => void }) {
  const t = useWords();
  const states = useStateWords();
  const lang = useLang();
  const names = useNames();
  const possible = appealOf(one) !== "";
  return (
    <label className="mail-case">
      <input type="radio" name="mail-case" checked={picked} disabled={!possible} onChange={onPick} />
      <strong className="given">{numbersOf(one).join(" · ")}</strong>
      <small className="quiet">
        {names.process(one.definitionKey)} · {states[one.state]} · {t.started(moment(lang, one.startedAt))}
        {!possible && ` · ${t.noAppeal}`}
      </small>
    </label>
  );
}
