import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { api, ask, Problem, type FieldFault, type Instance } from "../api/client";
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
import { Loading, Shown, useFaultText } from "../ui/state";
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

const LAST = "kt.start";

/** Where a call begins: what it is about, then straight into the first task that is this person's. */
export function StartPage() {
  const t = useWords();
  const names = useNames();
  const [search, changeAddress] = useAddress();
  const all = names.startable;
  const heading = useRef<HTMLHeadingElement>(null);
  const chosen = all?.find((key) => key === search.process);
  useTitle(chosen ? names.process(chosen) : "");

  const goOn = useEffectEvent(() => {
    if (search.process) return;
    const last = localStorage.getItem(LAST);
    if (last && all?.includes(last)) changeAddress({ process: last });
    else heading.current?.focus();
  });
  const known = all !== undefined;
  useEffect(() => {
    if (known) goOn();
  }, [known]);

  function choose(key: string) {
    localStorage.setItem(LAST, key);
    changeAddress({ process: key });
  }
  const other = () => {
    changeAddress({ process: undefined });
    requestAnimationFrame(() => heading.current?.focus());
  };
  useKeys([
    ...(chosen ? [] : (all ?? []).slice(0, 9)).map((key, at) => ({
      key: String(at + 1),
      label: names.process(key),
      run: () => choose(key),
    })),
    { key: "Escape", label: t.other, run: other, when: Boolean(chosen) },
  ]);

  return (
    <section className="start" aria-labelledby="start-title">
      <header className="page-head">
        <h1 id="start-title" ref={heading} tabIndex={-1}>
          {t.title}
        </h1>
        {chosen && <span className="given grow">{names.process(chosen)}</span>}
        {chosen && (
          <Button onClick={other} hint="Esc">
            {t.other}
          </Button>
        )}
      </header>
      {chosen ? (
        <Begin key={chosen} process={chosen} />
      ) : !all ? (
        <Loading />
      ) : all.length === 0 ? (
        <p className="quiet">{t.none}</p>
      ) : (
        <>
          <p>{t.choose}</p>
          <ul className="start-list">
            {all.map((key, at) => (
              <li key={key}>
                <Button onClick={() => choose(key)} hint={at < 9 ? String(at + 1) : undefined}>
                  <span className="given grow">{names.process(key)}</span>
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Begin({ process }: { process: string }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const faultText = useFaultText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { name: me, groups } = useSession();
  const kept = `start.${process}`;
  const [anew, setAnew] = useState(0);
  const [faults, setFaults] = useState<FieldFault[]>();
  const [busy, setBusy] = useState(false);
  const began = useRef(now());
  const request = useRef(crypto.randomUUID());
  const form = useQuery({
    queryKey: ["start-form", process, lang],
    staleTime: 300_000,
    placeholderData: (before) => before,
    queryFn: async () => {
      const { items } = await ask(api.GET("/v1/definitions", { params: { query: { key: process, latest: true } } }));
      const path = { id: items[0]?.id ?? "" };
      return ask(api.GET("/v1/definitions/{id}/form", { params: { path, query: { lang } } }));
    },
  });

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
      const body = { definitionKey: process, variables };
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
      <Shown found={form}>
        {(schema) => (
          <Form
            key={anew}
            schema={schema}
            values={readLocal(me, kept)?.values ?? {}}
            label={names.process(process)}
            focusFirst
            busy={busy}
            submitLabel={t.start}
            onSubmit={(values) => void start(values)}
            onChange={(values) => writeLocal(me, kept, { values, at: now(), base: "null", sent: false })}
            {...(faults ? { faults } : {})}
          />
        )}
      </Shown>
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
