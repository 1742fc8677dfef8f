/** The case's mails in and out, in their order.  A body is text, whatever is in it; what it quotes is folded. */
import { useLang } from "../app/person";
import { Shown } from "../ui/state";
import { moment, words } from "../words/words";
import { useLetters, type Letter } from "./data";
import { size } from "./files";
import "./letters.css";

const useWords = words(
  {
    none: "Писем по делу не было.",
    in: "Пришло",
    out: "Отправлено",
    from: "От",
    to: "Кому",
    quoted: "Цитата из прежнего письма",
    noSubject: "Без темы",
    noText: "Текст не сохранён: письмо ушло до того, как служба стала их хранить.",
    files: "Вложения",
    queued: "ждёт отправки",
    sent: "отправлено",
    stuck: "не уходит",
    cancelled: "отменено",
    received: "принято",
    answer: "ответ",
    automatic: "автоответ",
    bounce: "не доставлено",
    late: "пришло после срока",
    unsorted: "не разобрано",
    attached: "приложено человеком",
    discarded: "отброшено",
    own: "наше собственное",
  },
  {
    none: "Іс бойынша хат болған жоқ.",
    in: "Келді",
    out: "Жіберілді",
    from: "Кімнен",
    to: "Кімге",
    quoted: "Бұрынғы хаттан дәйексөз",
    noSubject: "Тақырыпсыз",
    noText: "Мәтіні сақталмаған: хат қызмет оларды сақтай бастағанға дейін кеткен.",
    files: "Тіркемелер",
    queued: "жіберуді күтуде",
    sent: "жіберілді",
    stuck: "кетпей тұр",
    cancelled: "күші жойылды",
    received: "қабылданды",
    answer: "жауап",
    automatic: "автожауап",
    bounce: "жеткізілмеді",
    late: "мерзімнен кейін келді",
    unsorted: "сұрыпталмаған",
    attached: "адам тіркеген",
    discarded: "қабылданбады",
    own: "өз хатымыз",
  },
  {
    none: "There was no mail in this case.",
    in: "Received",
    out: "Sent",
    from: "From",
    to: "To",
    quoted: "Quoted from an earlier mail",
    noSubject: "No subject",
    noText: "The text was not kept: the mail went before the service began to keep them.",
    files: "Attachments",
    queued: "waits to be sent",
    sent: "sent",
    stuck: "does not go out",
    cancelled: "cancelled",
    received: "received",
    answer: "answer",
    automatic: "automatic reply",
    bounce: "not delivered",
    late: "came after the deadline",
    unsorted: "unsorted",
    attached: "attached by a person",
    discarded: "discarded",
    own: "our own",
  },
);

export function Letters({ id }: { id: string }) {
  const t = useWords();
  const found = useLetters(id);
  return (
    <Shown found={found}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="quiet">{t.none}</p>
        ) : (
          <ol className="cs-letters">
            {items.map((one) => (
              <li key={one.id} className={`card cs-letter ${one.direction}`}>
                <LetterShown letter={one} />
              </li>
            ))}
          </ol>
        )
      }
    </Shown>
  );
}

function LetterShown({ letter }: { letter: Letter }) {
  const t = useWords();
  const lang = useLang();
  const known = (word: string) => (t as Record<string, unknown>)[word] ?? word;
  const [own, quoted] = split(letter.text ?? "");
  return (
    <article>
      <header>
        <h2 className="given">{letter.subject || t.noSubject}</h2>
        <p className="cs-letter-line">
          <span aria-hidden="true">{letter.direction === "in" ? "↘" : "↗"}</span>{" "}
          <strong>{letter.direction === "in" ? t.in : t.out}</strong> {moment(lang, letter.at)}
          <span className={letter.state === "stuck" || letter.verdict === "bounce" ? "tag cs-bad" : "tag"}>
            {String(known(letter.verdict ?? letter.state))}
          </span>
        </p>
        <p className="quiet">
          {t.from} <span className="given">{letter.from}</span> · {t.to}{" "}
          <span className="given">{letter.to.join(", ")}</span>
        </p>
      </header>
      {letter.text === null ? <p className="quiet">{t.noText}</p> : <p className="given cs-body">{own}</p>}
      {quoted && (
        <details>
          <summary>{t.quoted}</summary>
          <p className="given cs-body quiet">{quoted}</p>
        </details>
      )}
      {letter.attachments.length > 0 && (
        <>
          <h3>{t.files}</h3>
          <ul className="cs-files">
            {letter.attachments.map((one, index) => (
              <li key={index}>
                <span className="given">{one.name}</span> <span className="quiet">{size(lang, one.size)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </article>
  );
}

/** What was written, and what stands quoted below it. */
function split(text: string): [string, string] {
  const lines = text.trimEnd().split("\n");
  const from = lines.findIndex((_, index) => lines.slice(index).every((line) => /^\s*(>|$)/.test(line)));
  if (from <= 0) return [text.trimEnd(), ""];
  const introduced = /:\s*$/.test(lines[from - 1] ?? "") ? from - 1 : from; // «… писал:»
  const begins = introduced > 0 ? introduced : from;
  return [lines.slice(0, begins).join("\n").trimEnd(), lines.slice(begins).join("\n")];
}
