/** What the case is, in a few lines, and what may be done with it as a whole. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Instance } from "../api/client";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { Button } from "../ui/button";
import { Due } from "../ui/due";
import { useNames } from "../words/process";
import { moment, words } from "../words/words";
import { Copy } from "./copy";
import { Operate, type Doing } from "./operate";
import { StateMark } from "./state-mark";
import "./head.css";

const useWords = words(
  {
    version: (n: number) => `версия ${n}`,
    appeal: "Обращение",
    key: "Внешний номер",
    sr: "Запрос Siebel",
    subscriber: "Абонент",
    started: "Начато",
    ended: "Закончено",
    due: "Срок",
    breached: "срок нарушен",
    suspend: "Приостановить",
    resume: "Продолжить",
    cancel: "Отменить дело",
    copy: "Ссылка",
    copyTells: "Скопировать ссылку на то, что показано",
    stuck: "Дело застряло:",
    toStuck: "Посмотреть и решить",
  },
  {
    version: (n) => `${n}-нұсқа`,
    appeal: "Өтініш",
    key: "Сыртқы нөмір",
    sr: "Siebel сұрауы",
    subscriber: "Абонент",
    started: "Басталған",
    ended: "Аяқталған",
    due: "Мерзімі",
    breached: "мерзім бұзылған",
    suspend: "Тоқтата тұру",
    resume: "Жалғастыру",
    cancel: "Істің күшін жою",
    copy: "Сілтеме",
    copyTells: "Көрсетіліп тұрғанның сілтемесін көшіру",
    stuck: "Іс тұрып қалды:",
    toStuck: "Қарап, шешу",
  },
  {
    version: (n) => `version ${n}`,
    appeal: "Appeal",
    key: "Business key",
    sr: "Siebel request",
    subscriber: "Subscriber",
    started: "Started",
    ended: "Ended",
    due: "Deadline",
    breached: "deadline missed",
    suspend: "Suspend",
    resume: "Resume",
    cancel: "Cancel the case",
    copy: "Link",
    copyTells: "Copy the link to what is shown",
    stuck: "The case is stuck:",
    toStuck: "Look and decide",
  },
);

export function Head({ view, errors }: { view: Instance; errors: string[] }) {
  const t = useWords();
  const lang = useLang();
  const names = useNames();
  const may = useMay();
  const [doing, setDoing] = useState<Doing | null>(null);
  const values = view.variables;
  const over = view.state === "completed" || view.state === "cancelled";
  const due = typeof values["due_at"] === "string" ? values["due_at"] : undefined;
  const subscriber = person(values["subscriber"]);
  const facts: [string, string | undefined][] = [
    [t.key, view.businessKey ?? undefined],
    [t.appeal, text(values["appeal_id"])],
    [t.sr, text(values["siebel_sr"])],
    [t.subscriber, subscriber],
    [t.started, moment(lang, view.startedAt)],
    [t.ended, view.endedAt ? moment(lang, view.endedAt) : undefined],
  ];

  return (
    <header className="cs-head">
      <div className="page-head">
        <h1 className="given">{names.process(view.definitionKey)}</h1>
        <span className="quiet">{t.version(view.version)}</span>
        <StateMark state={view.state} />
        <span className="grow" />
        <Copy label={t.copyTells} shown={t.copy} text={() => location.href} />
        {may("instances.operate") && !over && (
          <>
            {view.state === "suspended" ? (
              <Button onClick={() => setDoing("resume")}>{t.resume}</Button>
            ) : (
              <Button onClick={() => setDoing("suspend")}>{t.suspend}</Button>
            )}
            <Button kind="danger" onClick={() => setDoing("cancel")}>
              {t.cancel}
            </Button>
          </>
        )}
      </div>
      <dl className="cs-facts">
        {due && (
          <div>
            <dt>{t.due}</dt>
            <dd>
              {over ? moment(lang, due) : <Due at={due} />}
              {values["breached"] === true && <span className="tag cs-bad">▲ {t.breached}</span>}
            </dd>
          </div>
        )}
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="given" title={value}>
                  {value}
                </dd>
              </div>
            ),
        )}
      </dl>
      {errors.length > 0 && (
        <div className="fault-box" role="status">
          <strong>{t.stuck}</strong> <span className="given">{errors.join(" · ")}</span>{" "}
          {may("jobs.read") && <Link to="/stuck">{t.toStuck}</Link>}
        </div>
      )}
      <Operate id={view.id} doing={doing} onClose={() => setDoing(null)} />
    </header>
  );
}

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

/** A subscriber is a record; what of it identifies a person is in one line. */
function person(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return text(value);
  const of = value as Record<string, unknown>;
  return [of["name"], of["phone"]].filter((one) => typeof one === "string" && one).join(", ") || text(of["id"]);
}
