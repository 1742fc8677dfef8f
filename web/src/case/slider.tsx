/** Goes back through a case, moment by moment; `now` is its last place. */
import { useEffect, useEffectEvent, useState } from "react";
import { useKeys } from "../app/keys";
import { useLang } from "../app/person";
import { Button } from "../ui/button";
import { moment, words } from "../words/words";
import { momentOf } from "./moves";

const useWords = words(
  {
    time: "Время дела",
    now: "Как есть сейчас",
    was: (at: string) => `Как было ${at}`,
    back: "Вернуться к настоящему",
    before: "Шаг назад",
    after: "Шаг вперёд",
    play: "Проиграть",
    pause: "Остановить",
    of: (index: number, all: number) => `шаг ${index} из ${all}`,
  },
  {
    time: "Іс уақыты",
    now: "Қазіргі қалпы",
    was: (at) => `${at} кездегі қалпы`,
    back: "Қазіргіге оралу",
    before: "Бір қадам артқа",
    after: "Бір қадам алға",
    play: "Ойнату",
    pause: "Тоқтату",
    of: (index, all) => `${all} қадамның ${index}-і`,
  },
  {
    time: "Time of the case",
    now: "As it is now",
    was: (at) => `As it was at ${at}`,
    back: "Back to now",
    before: "A step back",
    after: "A step on",
    play: "Play",
    pause: "Pause",
    of: (index, all) => `step ${index} of ${all}`,
  },
);

const EACH = 1200; // milliseconds of a step that plays
export const EXACT = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;

type Props = { moments: string[]; at: string | undefined; onAt: (at: string | undefined) => void };

export function Slider({ moments, at, onAt }: Props) {
  const t = useWords();
  const lang = useLang();
  const [playing, setPlaying] = useState(false);
  const last = moments.length;
  const index = at === undefined ? last : momentOf(moments, at);
  const go = (to: number) => onAt(to >= last ? undefined : moments[Math.max(to, 0)]);
  const stop = (to: number) => {
    setPlaying(false);
    go(to);
  };

  const on = useEffectEvent(() => {
    go(index + 1);
    if (index + 1 >= last) setPlaying(false);
  });
  useEffect(() => {
    if (!playing) return;
    const timer = window.setTimeout(() => on(), EACH);
    return () => window.clearTimeout(timer);
  }, [playing, index]);

  function play() {
    if (!playing && index >= last) go(0);
    setPlaying(!playing);
  }

  useKeys([
    { key: "ArrowLeft", label: t.before, run: () => stop(index - 1) },
    { key: "ArrowRight", label: t.after, run: () => stop(index + 1) },
    { key: "k", label: `${t.play} / ${t.pause}`, run: play },
    { key: "n", label: t.back, run: () => stop(last) },
  ]);

  const text = at === undefined ? t.now : t.was(moment(lang, moments[index] ?? at, EXACT));
  return (
    <section className={at === undefined ? "cs-slider" : "cs-slider past"} aria-label={t.time}>
      <Button aria-label={t.before} title={t.before} hint="←" onClick={() => stop(index - 1)} disabled={index === 0}>
        ‹
      </Button>
      <Button aria-label={playing ? t.pause : t.play} title={playing ? t.pause : t.play} hint="K" onClick={play}>
        {playing ? "❚❚" : "▶"}
      </Button>
      <Button aria-label={t.after} title={t.after} hint="→" onClick={() => stop(index + 1)} disabled={index >= last}>
        ›
      </Button>
      <input
        type="range"
        min={0}
        max={last}
        value={index}
        aria-label={t.time}
        aria-valuetext={text}
        onChange={(event) => stop(Number(event.target.value))}
      />
      <p role="status" className="cs-at">
        <strong>{text}</strong>
        {at !== undefined && <span className="quiet"> · {t.of(index + 1, last)}</span>}
      </p>
      {at !== undefined && (
        <Button kind="first" hint="N" onClick={() => stop(last)}>
          {t.back}
        </Button>
      )}
    </section>
  );
}
