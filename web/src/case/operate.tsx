/** Suspend, resume and cancel: says what will happen, and asks for a reason that the history keeps. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent } from "react";
import { api, ask } from "../api/client";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { words } from "../words/words";

const useWords = words(
  {
    suspend: "Приостановить дело",
    resume: "Продолжить дело",
    cancel: "Отменить дело",
    suspendTells:
      "Задачи останутся, но завершить их будет нельзя. Сроки идут: всё, что наступит за это время, сработает, когда дело продолжат. Ответы поставщика не пропадут.",
    resumeTells: "Дело пойдёт дальше. Сроки, которые наступили за время остановки, сработают сразу.",
    cancelTells:
      "Открытые задачи, таймеры и ожидания исчезнут, дело больше не продолжится. Вернуть его нельзя; история и переписка останутся.",
    reason: "Причина",
    reasonPerhaps: "Причина (можно не указывать)",
    suspendDone: "Дело приостановлено",
    resumeDone: "Дело продолжено",
    cancelDone: "Дело отменено",
    back: "Не надо",
    needed: "Напишите причину: её увидят в истории.",
  },
  {
    suspend: "Істі тоқтата тұру",
    resume: "Істі жалғастыру",
    cancel: "Істің күшін жою",
    suspendTells:
      "Тапсырмалар қалады, бірақ оларды аяқтауға болмайды. Мерзімдер жүре береді: осы уақытта келгеннің бәрі іс жалғасқанда іске қосылады. Жеткізушінің жауаптары жоғалмайды.",
    resumeTells: "Іс әрі қарай жүреді. Тоқтап тұрған кезде келген мерзімдер бірден іске қосылады.",
    cancelTells:
      "Ашық тапсырмалар, таймерлер мен күтулер жойылады, іс енді жалғаспайды. Оны қайтару мүмкін емес; тарихы мен хаттары қалады.",
    reason: "Себебі",
    reasonPerhaps: "Себебі (көрсетпеуге болады)",
    suspendDone: "Іс тоқтатыла тұрды",
    resumeDone: "Іс жалғастырылды",
    cancelDone: "Істің күші жойылды",
    back: "Керек емес",
    needed: "Себебін жазыңыз: ол тарихта көрінеді.",
  },
  {
    suspend: "Suspend the case",
    resume: "Resume the case",
    cancel: "Cancel the case",
    suspendTells:
      "Its tasks stay, but cannot be completed. Deadlines run on: what falls due meanwhile acts when the case is resumed. Answers of the provider are not lost.",
    resumeTells: "The case goes on. Deadlines that fell due while it rested act at once.",
    cancelTells:
      "Open tasks, timers and waits go away, and the case will not go on. It cannot be brought back; its history and mails stay.",
    reason: "Reason",
    reasonPerhaps: "Reason (may be left out)",
    suspendDone: "The case was suspended",
    resumeDone: "The case was resumed",
    cancelDone: "The case was cancelled",
    back: "Leave it",
    needed: "Give a reason: the history will show it.",
  },
);

export type Doing = "suspend" | "resume" | "cancel";

export function Operate({ id, doing, onClose }: { id: string; doing: Doing | null; onClose: () => void }) {
  return doing && <Asked key={doing} id={id} doing={doing} onClose={onClose} />;
}

function Asked({ id, doing, onClose }: { id: string; doing: Doing; onClose: () => void }) {
  const t = useWords();
  const client = useQueryClient();
  const faultText = useFaultText();
  const reason = useRef<HTMLTextAreaElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");

  async function send(what: Doing, text: string) {
    const params = { path: { id } };
    if (what === "cancel") return ask(api.POST("/v1/instances/{id}/cancel", { params, body: { reason: text } }));
    const body = { reason: text || null };
    if (what === "suspend") return ask(api.POST("/v1/instances/{id}/suspend", { params, body }));
    return ask(api.POST("/v1/instances/{id}/resume", { params, body }));
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    const text = reason.current?.value.trim() ?? "";
    if (busy) return;
    if (doing === "cancel" && !text) {
      setFault(t.needed);
      reason.current?.focus();
      return;
    }
    setBusy(true);
    try {
      client.setQueryData(["instance", id], await send(doing, text));
      for (const part of ["tokens", "history"]) void client.invalidateQueries({ queryKey: [part, id] });
      toast(t[`${doing}Done`]);
      onClose();
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  }

  return (
    <Dialog open onClose={onClose} title={t[doing]}>
      <form onSubmit={(event) => void submit(event)} className="cs-operate">
        <p>{t[`${doing}Tells`]}</p>
        <label>
          {doing === "cancel" ? t.reason : t.reasonPerhaps}
          <textarea
            ref={reason}
            rows={3}
            maxLength={1000}
            aria-invalid={fault ? true : undefined}
            aria-describedby="operate-fault"
          />
        </label>
        <p className="fault" role="alert" id="operate-fault">
          {fault}
        </p>
        <p className="row">
          <Button kind={doing === "cancel" ? "danger" : "first"} type="submit" busy={busy}>
            {t[doing]}
          </Button>
          <Button onClick={onClose}>{t.back}</Button>
        </p>
      </form>
    </Dialog>
  );
}
