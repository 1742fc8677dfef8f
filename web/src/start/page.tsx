import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { api, ask, Problem, type FieldFault, type Instance, type Schemas } from "../api/client";
import { useAddress } from "../app/address";
import { now } from "../app/clock";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { useSession } from "../app/session";
import { useTitle } from "../app/title";
import { Form, type Values } from "../forms/form";
import { change } from "../inbox/hands";
import { startCall } from "../task/call";
import { onlyDraftsOf, readLocal, writeLocal } from "../task/draft";
import { Button } from "../ui/button";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { useNames } from "../words/process";
import { words } from "../words/words";
import "./start.css";

const useWords = words(
  {
    title: "Новое обращение",
    choose: "С чем обратились?",
    other: "Другой процесс",
    start: "Начать",
    started: "Обращение зарегистрировано",
    clear: "Очистить",
    none: "Нет процессов, которые начинают отсюда.",
  },
  {
    title: "Жаңа өтініш",
    choose: "Не бойынша хабарласты?",
    other: "Басқа процесс",
    start: "Бастау",
    started: "Өтініш тіркелді",
    clear: "Тазалау",
    none: "Осыдан басталатын процесс жоқ.",
  },
  {
    title: "New appeal",
    choose: "What is it about?",
    other: "Another process",
    start: "Start",
    started: "The appeal is registered",
    clear: "Clear",
    none: "There are no processes that begin here.",
  },
);

type Startable = Schemas["Definition"] & { form: object };
const LAST = "kt.start";

/** The processes that have a form to begin with, in the person's language. */
function useStartable() {
  const lang = useLang();
  return useQuery({
    queryKey: ["startable", lang],
    staleTime: 300_000,
    queryFn: async () => {
      const { items } = await ask(api.GET("/v1/definitions", { params: { query: { latest: true, limit: 500 } } }));
      const forms = await Promise.all(
        items.map(async ({ id }) => {
          try {
            return await ask(api.GET("/v1/definitions/{id}/form", { params: { path: { id }, query: { lang } } }));
          } catch (error) {
            if (error instanceof Problem && error.status === 404) return null; // begun by a call or a message alone
            throw error;
          }
        }),
      );
      return items.flatMap((one, at): Startable[] => (forms[at] ? [{ ...one, form: forms[at] }] : []));
    },
  });
}

/** Where a call begins: what it is about, then straight into the first task that is this person's. */
export function StartPage() {
  const t = useWords();
  const names = useNames();
  const [search, changeAddress] = useAddress();
  const found = useStartable();
  const heading = useRef<HTMLHeadingElement>(null);
  const chosen = found.data?.find((one) => one.key === search.process);
  useTitle(chosen ? names.process(chosen.key) : "");

  useEffect(() => {
    const last = localStorage.getItem(LAST);
    if (!search.process && found.data?.some((one) => one.key === last)) changeAddress({ process: last! });
    else if (!search.process) heading.current?.focus();
  }, [found.data]);

  function choose(key: string) {
    localStorage.setItem(LAST, key);
    changeAddress({ process: key });
  }
  const other = () => {
    changeAddress({ process: undefined });
    requestAnimationFrame(() => heading.current?.focus());
  };
  useKeys([
    ...(chosen ? [] : (found.data ?? []).slice(0, 9)).map((one, at) => ({
      key: String(at + 1),
      label: names.process(one.key),
      run: () => choose(one.key),
    })),
    { key: "Escape", label: t.other, run: other, when: Boolean(chosen) },
  ]);

  return (
    <section className="start" aria-labelledby="start-title">
      <header className="page-head">
        <h1 id="start-title" ref={heading} tabIndex={-1}>
          {t.title}
        </h1>
        {chosen && <span className="given grow">{names.process(chosen.key)}</span>}
        {chosen && (
          <Button onClick={other} hint="Esc">
            {t.other}
          </Button>
        )}
      </header>
      <Shown found={found}>
        {(all) =>
          chosen ? (
            <Begin key={chosen.key} definition={chosen} />
          ) : all.length === 0 ? (
            <p className="quiet">{t.none}</p>
          ) : (
            <>
              <p>{t.choose}</p>
              <ul className="start-list">
                {all.map((one, at) => (
                  <li key={one.key}>
                    <Button onClick={() => choose(one.key)} hint={at < 9 ? String(at + 1) : undefined}>
                      <span className="given grow">{names.process(one.key)}</span>
                    </Button>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Shown>
    </section>
  );
}

function Begin({ definition }: { definition: Startable }) {
  const t = useWords();
  const names = useNames();
  const faultText = useFaultText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { name: me, groups } = useSession();
  const kept = `start.${definition.key}`;
  const [anew, setAnew] = useState(0);
  const [faults, setFaults] = useState<FieldFault[]>();
  const [busy, setBusy] = useState(false);
  const began = useRef(now());
  const request = useRef(crypto.randomUUID());

  useEffect(() => onlyDraftsOf(me), [me]);

  async function goTo(instance: Instance) {
    startCall(instance.id, began.current);
    const wait = instance.waits.find((one) => one.taskId && one.groups?.some((group) => groups.includes(group)));
    if (!wait?.taskId) {
      toast(t.started);
      return navigate({ to: "/cases/$caseId", params: { caseId: instance.id } });
    }
    try {
      const task = await change({ id: wait.taskId }, { what: "claim" });
      client.setQueryData(["task", task.id], task);
    } catch (error) {
      toast(faultText(error), { bad: true }); // somebody was quicker: it is opened as it is
    }
    return navigate({ to: "/inbox/$taskId", params: { taskId: wait.taskId } });
  }

  async function start(variables: Values) {
    setBusy(true);
    setFaults(undefined);
    try {
      const body = { definitionKey: definition.key, variables };
      const header = { "Idempotency-Key": request.current };
      const instance = await ask(api.POST("/v1/instances", { body, params: { header } }));
      writeLocal(me, kept, null);
      await goTo(instance);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 422 && error.errors.length > 0) setFaults(error.errors);
      else toast(faultText(error), { bad: true });
      // What was refused may be sent otherwise; what was not answered is sent again under the same name.
      if (error.status > 0 && error.status < 500) request.current = crypto.randomUUID();
      setBusy(false);
    }
  }

  return (
    <>
      <Form
        key={anew}
        schema={definition.form}
        values={readLocal(me, kept)?.values ?? {}}
        label={names.process(definition.key)}
        autoFocus
        busy={busy}
        submitLabel={t.start}
        onSubmit={(values) => void start(values)}
        onChange={(values) => writeLocal(me, kept, { values, at: now(), base: "null", sent: false })}
        {...(faults ? { faults } : {})}
      />
      <Button
        kind="plain"
        onClick={() => {
          writeLocal(me, kept, null);
          setFaults(undefined);
          setAnew(anew + 1);
        }}
      >
        {t.clear}
      </Button>
    </>
  );
}
