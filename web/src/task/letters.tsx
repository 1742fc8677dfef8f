import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";
import { Shown } from "../ui/state";
import { moment, words } from "../words/words";

const useWords = words(
  {
    none: "Писем не было.",
    in: "Получено",
    out: {
      queued: "Ждёт отправки",
      sent: "Отправлено",
      stuck: "Не уходит",
      cancelled: "Отменено",
      received: "Получено",
    },
    from: "от",
    to: "кому",
    noSubject: "без темы",
    files: "Вложения",
    verdict: {
      answer: "ответ",
      automatic: "автоответ",
      bounce: "не доставлено",
      late: "опоздало",
      attached: "приложено",
      unsorted: "не разобрано",
    },
  },
  {
    none: "Хат болған жоқ.",
    in: "Алынды",
    out: {
      queued: "Жіберуді күтуде",
      sent: "Жіберілді",
      stuck: "Кетпей тұр",
      cancelled: "Болдырылмады",
      received: "Алынды",
    },
    from: "кімнен",
    to: "кімге",
    noSubject: "тақырыпсыз",
    files: "Қосымшалар",
    verdict: {
      answer: "жауап",
      automatic: "автожауап",
      bounce: "жеткізілмеді",
      late: "кешікті",
      attached: "тіркелді",
      unsorted: "сұрыпталмаған",
    },
  },
  {
    none: "There were no letters.",
    in: "Received",
    out: {
      queued: "Waits to be sent",
      sent: "Sent",
      stuck: "Does not go out",
      cancelled: "Cancelled",
      received: "Received",
    },
    from: "from",
    to: "to",
    noSubject: "no subject",
    files: "Attachments",
    verdict: {
      answer: "answer",
      automatic: "automatic",
      bounce: "bounced",
      late: "late",
      attached: "attached",
      unsorted: "unsorted",
    },
  },
);

export function useLetters(instance: string) {
  return useQuery({
    queryKey: ["correspondence", instance],
    queryFn: async () =>
      (await ask(api.GET("/v1/instances/{id}/correspondence", { params: { path: { id: instance } } }))).items,
  });
}

export function Letters({ instance }: { instance: string }) {
  const t = useWords();
  const lang = useLang();
  return (
    <Shown found={useLetters(instance)}>
      {(items) =>
        items.length === 0 ? (
          <p className="quiet">{t.none}</p>
        ) : (
          <ul className="notes">
            {items.toReversed().map((one) => (
              <li key={one.id}>
                <details>
                  <summary>
                    <span aria-hidden="true">{one.direction === "in" ? "↙" : "↗"}</span> {t.out[one.state]}{" "}
                    {one.verdict && (
                      <span className="tag">{t.verdict[one.verdict as keyof typeof t.verdict] ?? one.verdict}</span>
                    )}{" "}
                    <span className="quiet">{moment(lang, one.at)}</span>
                    <br />
                    <strong className="given">{one.subject ?? t.noSubject}</strong>{" "}
                    <span className="quiet given">
                      {one.direction === "in" ? `${t.from} ${one.from}` : `${t.to} ${one.to.join(", ")}`}
                    </span>
                  </summary>
                  <p className="letter given">{one.text}</p>
                  {one.attachments.length > 0 && (
                    <p className="quiet given">
                      {t.files}: {one.attachments.map((file) => file.name).join(", ")}
                    </p>
                  )}
                </details>
              </li>
            ))}
          </ul>
        )
      }
    </Shown>
  );
}
