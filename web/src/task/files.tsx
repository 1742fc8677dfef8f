import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { api, ask } from "../api/client";
import { useLang } from "../app/person";
import { useMay } from "../app/session";
import { useAttachments } from "../case/data";
import { size } from "../case/files";
import { Button } from "../ui/button";
import { Shown, useFaultText } from "../ui/state";
import { toast } from "../ui/toast";
import { moment, words } from "../words/words";

const useWords = words(
  {
    none: "Файлов нет.",
    add: "Приложить файл",
    drop: "Перетащите сюда, вставьте из буфера или выберите. До 10 МБ.",
    added: (name: string) => `Файл «${name}» приложен`,
    large: (name: string) => `Файл «${name}» больше 10 МБ`,
  },
  {
    none: "Файл жоқ.",
    add: "Файл тіркеу",
    drop: "Осында сүйреп әкеліңіз, буферден қойыңыз немесе таңдаңыз. 10 МБ дейін.",
    added: (name) => `«${name}» файлы тіркелді`,
    large: (name) => `«${name}» файлы 10 МБ-тан үлкен`,
  },
  {
    none: "There are no files.",
    add: "Attach a file",
    drop: "Drop it here, paste it or choose it. Up to 10 MB.",
    added: (name) => `${name} is attached`,
    large: (name) => `${name} is larger than 10 MB`,
  },
);
const LARGEST = 10 * 1024 * 1024;

function send(instance: string, file: File) {
  const form = new FormData();
  form.append("file", file, file.name);
  return ask(
    api.POST("/v1/instances/{id}/attachments", {
      params: { path: { id: instance } },
      body: { file: file.name },
      bodySerializer: () => form,
    }),
  );
}

/** The files of a case; `closed`: it takes no more. */
export function Files({ instance, closed = false }: { instance: string; closed?: boolean }) {
  const t = useWords();
  const lang = useLang();
  const may = useMay();
  const client = useQueryClient();
  const faultText = useFaultText();
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const found = useAttachments(instance);
  const adds = may("tasks.work") && !closed;

  async function add(files: File[]) {
    setBusy(true);
    for (const file of files) {
      if (file.size > LARGEST) {
        toast(t.large(file.name), { bad: true });
        continue;
      }
      try {
        toast(t.added((await send(instance, file)).name));
      } catch (error) {
        toast(faultText(error), { bad: true });
      }
    }
    setBusy(false);
    await client.invalidateQueries({ queryKey: ["attachments", instance] });
  }

  const onPaste = useEffectEvent((event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!adds || files.length === 0) return; // text goes where the cursor is
    event.preventDefault();
    void add(files);
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent) => onPaste(event);
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, []);

  return (
    <div
      className={over ? "files over" : "files"}
      onDragOver={(event) => {
        if (!adds) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        if (!adds) return;
        event.preventDefault();
        setOver(false);
        void add([...event.dataTransfer.files]);
      }}
    >
      <Shown found={found}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">{t.none}</p>
          ) : (
            <ul className="notes">
              {items.map((one) => (
                <li key={one.id}>
                  <a className="given" href={`/v1/attachments/${one.id}`} download>
                    {one.name}
                  </a>{" "}
                  <span className="quiet">
                    {size(lang, one.size)} · <span className="given">{one.actor}</span> · {moment(lang, one.at)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {adds && (
        <p>
          <input
            ref={field}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              void add([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <Button busy={busy} onClick={() => field.current?.click()}>
            {t.add}
          </Button>{" "}
          <span className="quiet">{t.drop}</span>
        </p>
      )}
    </div>
  );
}
