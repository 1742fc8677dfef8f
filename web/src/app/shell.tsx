import { useIsFetching } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { News } from "../inbox/news";
import { words } from "../words/words";
import { Toasts } from "../ui/toast";
import { Banner } from "./banner";
import { KeysHelp } from "./help";
import { useKeys } from "./keys";
import { useLine } from "./live";
import { PersonMenu } from "./person-menu";
import { useMay } from "./session";
import { useRoomTitle } from "./title";

const useWords = words(
  {
    skip: "К содержанию",
    pages: "Страницы",
    inbox: "Задачи",
    start: "Новое обращение",
    cases: "Дела",
    deadlines: "Сроки",
    figures: "Показатели",
    stuck: "Застрявшее",
    mail: "Письма",
    ott: "OTT",
    lost: "Нет связи со службой: показанное могло устареть. Соединение восстановится само.",
    help: "Клавиши",
  },
  {
    skip: "Мазмұнға",
    pages: "Беттер",
    inbox: "Тапсырмалар",
    start: "Жаңа өтініш",
    cases: "Істер",
    deadlines: "Мерзімдер",
    figures: "Көрсеткіштер",
    stuck: "Тұрып қалғандар",
    mail: "Хаттар",
    ott: "OTT",
    lost: "Қызметпен байланыс жоқ: көрсетілген ескіруі мүмкін. Байланыс өзі қалпына келеді.",
    help: "Пернелер",
  },
  {
    skip: "To the content",
    pages: "Pages",
    inbox: "Tasks",
    start: "New appeal",
    cases: "Cases",
    deadlines: "Deadlines",
    figures: "Figures",
    stuck: "Stuck",
    mail: "Mail",
    ott: "OTT",
    lost: "No connection to the service: what is shown may be old. It comes back by itself.",
    help: "Keys",
  },
);

type Room = { to: string; name: keyof ReturnType<typeof useWords>; key: string; may: string; mark: string };

const ROOMS: Room[] = [
  { to: "/inbox", name: "inbox", key: "g i", may: "tasks.read", mark: "☰" },
  { to: "/start", name: "start", key: "g n", may: "tasks.work", mark: "✚" },
  { to: "/cases", name: "cases", key: "g c", may: "instances.read", mark: "▤" },
  { to: "/deadlines", name: "deadlines", key: "g d", may: "tasks.assign", mark: "◷" },
  { to: "/figures", name: "figures", key: "g f", may: "figures.read", mark: "▥" },
  { to: "/stuck", name: "stuck", key: "g s", may: "jobs.read", mark: "▲" },
  { to: "/mail", name: "mail", key: "g m", may: "tasks.assign", mark: "✉" },
  { to: "/ott", name: "ott", key: "g o", may: "instances.read", mark: "∿" },
];

export function Shell() {
  const t = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const line = useLine();
  const fetching = useIsFetching();
  const [help, setHelp] = useState(false);
  const here = useRouterState({ select: (state) => state.location.pathname });
  const rooms = ROOMS.filter((room) => may(room.may));
  const room = ROOMS.find((one) => here.startsWith(one.to));
  useRoomTitle(room ? t[room.name] : "");

  useKeys([
    ...rooms.map((room) => ({ key: room.key, label: t[room.name], run: () => void navigate({ to: room.to }) })),
    { key: "?", label: t.help, run: () => setHelp(true) },
  ]);

  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <nav className="rooms" aria-label={t.pages}>
        <Link to="/inbox" className="brand" aria-hidden="true" tabIndex={-1}>
          kt-flows
        </Link>
        <ul>
          {rooms.map((room) => (
            <li key={room.to}>
              <Link to={room.to} aria-current={here.startsWith(room.to) ? "page" : undefined}>
                <span aria-hidden="true" className="mark">
                  {room.mark}
                </span>
                {t[room.name]}
              </Link>
            </li>
          ))}
        </ul>
        <PersonMenu onHelp={() => setHelp(true)} />
      </nav>
      <div className="page">
        {line === "lost" && (
          <p className="line-lost" role="status">
            {t.lost}
          </p>
        )}
        <Banner />
        <main id="content" tabIndex={-1} data-busy={fetching > 0 || undefined}>
          <Outlet />
        </main>
      </div>
      <Toasts />
      <News />
      <KeysHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}
