import { LANGS, words } from "../words/words";
import { changePerson, usePerson, type Theme } from "./person";

const useWords = words(
  { language: "Язык", theme: "Оформление", system: "Как в системе", light: "Светлое", dark: "Тёмное" },
  { language: "Тіл", theme: "Безендіру", system: "Жүйедегідей", light: "Ашық", dark: "Күңгірт" },
  { language: "Language", theme: "Theme", system: "As the system", light: "Light", dark: "Dark" },
);
const NAMES = { ru: "Русский", kk: "Қазақша", en: "English" };

export function Languages() {
  const t = useWords();
  const lang = usePerson((person) => person.lang);
  return (
    <div role="group" aria-label={t.language} className="choices">
      {LANGS.map((one) => (
        <button
          key={one}
          lang={one}
          type="button"
          aria-pressed={one === lang}
          onClick={() => changePerson({ lang: one })}
        >
          {NAMES[one]}
        </button>
      ))}
    </div>
  );
}

export function Themes() {
  const t = useWords();
  const theme = usePerson((person) => person.theme);
  return (
    <div role="group" aria-label={t.theme} className="choices">
      {(["system", "light", "dark"] satisfies Theme[]).map((one) => (
        <button key={one} type="button" aria-pressed={one === theme} onClick={() => changePerson({ theme: one })}>
          {t[one]}
        </button>
      ))}
    </div>
  );
}
