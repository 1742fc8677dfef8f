import { useLang } from "../app/person";
import { moment, words } from "../words/words";
import type { Saved } from "./draft";

const useWords = words(
  {
    saving: "Черновик сохраняется…",
    saved: (at: string) => `Черновик сохранён в ${at}`,
    restored: (at: string) => `Восстановлено набранное в ${at}`,
    failed: "Служба не отвечает: черновик хранится в этом браузере и будет отправлен, как только она ответит",
    lost: "Черновик сохранить не удалось: не закрывайте страницу, попытки продолжаются",
    refused: "Черновик больше не сохраняется: задача не у вас",
  },
  {
    saving: "Жоба сақталуда…",
    saved: (at) => `Жоба сақталды: ${at}`,
    restored: (at) => `${at} терілгені қалпына келтірілді`,
    failed: "Қызмет жауап бермейді: жоба осы браузерде сақтаулы, жауап бергенде жіберіледі",
    lost: "Жобаны сақтау мүмкін болмады: бетті жаппаңыз, әрекет жалғасуда",
    refused: "Жоба енді сақталмайды: тапсырма сізде емес",
  },
  {
    saving: "Saving the draft…",
    saved: (at) => `Draft saved at ${at}`,
    restored: (at) => `What was typed at ${at} is back`,
    failed: "The service does not answer: the draft is kept in this browser and sent as soon as it does",
    lost: "The draft could not be saved: do not close the page, it is tried again",
    refused: "The draft is no longer saved: the task is not with you",
  },
);

/** Says truly what is kept where. */
export function SavedMark({ saved, at }: { saved: Saved; at: number | undefined }) {
  const t = useWords();
  const lang = useLang();
  const clock = (time: number) => moment(lang, time, { hour: "2-digit", minute: "2-digit" });
  if (saved.state === "failed" || saved.state === "refused")
    return (
      <p className="task-saved fault" role="status">
        {saved.state === "refused" ? t.refused : saved.local ? t.failed : t.lost}
      </p>
    );
  const text =
    saved.state === "saving"
      ? t.saving
      : saved.state === "saved"
        ? t.saved(clock(saved.at!))
        : at
          ? t.restored(clock(at))
          : "";
  return <p className="task-saved quiet">{text}</p>;
}
