/** What the server says of a field, by its code, in the person's language; a text of the analyst's own stays as it is. */
import type { FieldFault } from "../api/client";
import { words } from "../words/words";

const useWords = words(
  {
    required: "Заполните это поле",
    email: "Это не адрес электронной почты",
    phone: "Это не номер телефона вида +77011234567",
    option: "Выберите один из вариантов",
    decimal_digits: "Слишком много знаков после запятой",
    past: "Эта дата уже прошла",
    unknown: "Такого поля в форме больше нет: обновите страницу",
    type: "Значение не того вида",
  },
  {
    required: "Бұл өрісті толтырыңыз",
    email: "Бұл электрондық пошта мекенжайы емес",
    phone: "Бұл +77011234567 түріндегі телефон нөмірі емес",
    option: "Нұсқалардың бірін таңдаңыз",
    decimal_digits: "Үтірден кейінгі таңбалар тым көп",
    past: "Бұл күн өтіп кетті",
    unknown: "Нысанда мұндай өріс енді жоқ: бетті жаңартыңыз",
    type: "Мәннің түрі басқа",
  },
  {
    required: "Fill in this field",
    email: "This is not an e-mail address",
    phone: "This is not a phone number like +77011234567",
    option: "Choose one of the options",
    decimal_digits: "Too many decimal digits",
    past: "This date has passed",
    unknown: "The form has no such field any more: load the page again",
    type: "The value is of another kind",
  },
);

export function useFieldFaultText(): (fault: FieldFault) => string {
  const t = useWords();
  return (fault) => t[fault.code as keyof typeof t] ?? fault.message;
}
