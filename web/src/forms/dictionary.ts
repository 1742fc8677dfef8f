/** form-js's own texts in Russian and Kazakh: those it asks a dictionary for, and the few that it does not. */
import type { Lang } from "../words/words";

type Other = Exclude<Lang, "en">;

const DICTIONARY: Record<string, Record<Other, string>> = {
  "Date and time must both be entered.": { ru: "Нужны и дата, и время.", kk: "Күні де, уақыты да қажет." },
  "No content to show.": { ru: "Показывать нечего.", kk: "Көрсететін ештеңе жоқ." },
  "External content couldn't be loaded.": { ru: "Внешнее содержимое не загрузилось.", kk: "Сыртқы мазмұн жүктелмеді." },
  Increment: { ru: "Больше", kk: "Арттыру" },
  Decrement: { ru: "Меньше", kk: "Азайту" },
  "Skip to search": { ru: "К поиску", kk: "Іздеуге өту" },
  "Remove tag": { ru: "Убрать", kk: "Алып тастау" },
  Search: { ru: "Поиск", kk: "Іздеу" },
  "No results": { ru: "Ничего не найдено", kk: "Ештеңе табылмады" },
  "All values selected": { ru: "Всё уже выбрано", kk: "Бәрі таңдалды" },
  "Nothing to show.": { ru: "Показывать нечего.", kk: "Көрсететін ештеңе жоқ." },
  "{page} of {total}": { ru: "{page} из {total}", kk: "{total} ішінен {page}" },
  "Previous page": { ru: "Предыдущая страница", kk: "Алдыңғы бет" },
  "Next page": { ru: "Следующая страница", kk: "Келесі бет" },
  "Click to sort by {value} descending": {
    ru: "Упорядочить по «{value}» от большего к меньшему",
    kk: "«{value}» бойынша кему ретімен сұрыптау",
  },
  "Click to remove sorting": { ru: "Убрать упорядочение", kk: "Сұрыптауды алып тастау" },
  "Click to sort by {value} ascending": {
    ru: "Упорядочить по «{value}» от меньшего к большему",
    kk: "«{value}» бойынша өсу ретімен сұрыптау",
  },
  "No files selected": { ru: "Файлы не выбраны", kk: "Файл таңдалмаған" },
  "{value} files selected": { ru: "Выбрано файлов: {value}", kk: "Таңдалған файлдар: {value}" },
  "Document reference is not defined.": { ru: "Не указано, какой это документ.", kk: "Құжатқа сілтеме көрсетілмеген." },
  "Unable to download document": { ru: "Документ не удалось скачать", kk: "Құжатты жүктеп алу мүмкін болмады" },
  "Download {fileName}": { ru: "Скачать {fileName}", kk: "{fileName} жүктеп алу" },
  "Add new": { ru: "Добавить", kk: "Қосу" },
  "Expand all ({value})": { ru: "Показать все ({value})", kk: "Бәрін көрсету ({value})" },
  Collapse: { ru: "Свернуть", kk: "Жию" },
  "Value is not a number.": { ru: "Нужно число", kk: "Сан қажет" },
  "Value is expected to be an integer.": { ru: "Нужно целое число", kk: "Бүтін сан қажет" },
  "Value is expected to have at most 1 decimal digit.": {
    ru: "Не больше одного знака после запятой",
    kk: "Үтірден кейін бір таңбадан аспасын",
  },
  "Value is expected to have at most {value} decimal digits.": {
    ru: "Не больше {value} знаков после запятой",
    kk: "Үтірден кейін {value} таңбадан аспасын",
  },
  "Please select a valid value, the two nearest valid values are {previousValue} and {nextValue}.": {
    ru: "Так нельзя; ближайшие допустимые значения: {previousValue} и {nextValue}",
    kk: "Бұлай болмайды; ең жақын жарамды мәндер: {previousValue} және {nextValue}",
  },
  "Field must match pattern {value}.": { ru: "Значение не того вида", kk: "Мәннің түрі басқа" },
  "Field is required.": { ru: "Заполните это поле", kk: "Бұл өрісті толтырыңыз" },
  "Field must have minimum value of {value}.": { ru: "Не меньше {value}", kk: "{value} мәнінен кем болмасын" },
  "Min validation value is not a valid number.": {
    ru: "В форме не задано наименьшее значение",
    kk: "Нысанда ең кіші мән берілмеген",
  },
  "Field must have maximum value of {value}.": { ru: "Не больше {value}", kk: "{value} мәнінен аспасын" },
  "Max validation value is not a valid number.": {
    ru: "В форме не задано наибольшее значение",
    kk: "Нысанда ең үлкен мән берілмеген",
  },
  "Field must have minimum length of {value}.": { ru: "Не короче {value} знаков", kk: "{value} таңбадан кем болмасын" },
  "Field must have maximum length of {value}.": { ru: "Не длиннее {value} знаков", kk: "{value} таңбадан аспасын" },
  "Field must be a valid international phone number. (e.g. +4930664040900)": {
    ru: "Это не номер телефона вида +77011234567",
    kk: "Бұл +77011234567 түріндегі телефон нөмірі емес",
  },
  "Field must be a valid email.": {
    ru: "Это не адрес электронной почты",
    kk: "Бұл электрондық пошта мекенжайы емес",
  },
  "binding path '{value}' is already claimed": {
    ru: "под именем «{value}» стоят два поля",
    kk: "«{value}» атымен екі өріс тұр",
  },
};

/** Written into form-js as they are, so changed where they are drawn. */
const HARD_CODED: Record<string, Record<Other, string>> = {
  Select: { ru: "Выберите", kk: "Таңдаңыз" },
  Search: DICTIONARY.Search!,
  "No results": DICTIONARY["No results"]!,
  Browse: { ru: "Выбрать файл", kk: "Файл таңдау" },
  "hh:mm": { ru: "чч:мм", kk: "сс:мм" },
};
const DRAWN = ".fjs-select-display, .fjs-dropdownlist-empty, .fjs-filepicker-container button";

/** form-js's `translate`: the text, or the English one where there is none, with its values in place. */
export function translation(lang: Lang): (text: string, values?: Record<string, unknown>) => string {
  return (text, values = {}) => {
    const found = lang === "en" ? text : (DICTIONARY[text]?.[lang] ?? text);
    return found.replace(/{([^}]+)}/g, (whole, name: string) => String(values[name] ?? whole));
  };
}

/** Translates what form-js does not ask a dictionary for, as often as it draws; answers how to stop. */
export function hardCoded(box: HTMLElement, lang: Lang): () => void {
  if (lang === "en") return () => undefined;
  const look = () => {
    for (const one of box.querySelectorAll(DRAWN)) {
      const text = HARD_CODED[one.textContent ?? ""]?.[lang];
      if (text && one.firstChild) one.firstChild.nodeValue = text;
    }
    for (const one of box.querySelectorAll<HTMLInputElement>("input[placeholder]")) {
      const text = HARD_CODED[one.placeholder]?.[lang];
      if (text) one.placeholder = text;
    }
  };
  const watching = new MutationObserver(look);
  watching.observe(box, { childList: true, subtree: true, characterData: true, attributeFilter: ["placeholder"] });
  look();
  return () => watching.disconnect();
}
