/** The drawing itself: uPlot on a canvas.  Comes in a chunk of its own, when the first chart is shown. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Lang } from "../words/words";
import { moment, short } from "../words/words";
import type { Band } from "./chart";
import type { Colours } from "./colours";

const DAY = 86_400;
/** Series differ by dash and by filling as well as by colour. */
export const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export type Drawing = {
  kind: "line" | "bars";
  /** Seconds, then a column of values for each series. */
  columns: [number[], ...(number | null)[][]];
  bands: Band[];
  /** What the axis shows, where it is more than the points. */
  from: string | undefined;
  to: string | undefined;
  colours: Colours;
  lang: Lang;
  height: number;
};

export function hues(colours: Colours): string[] {
  return [colours.accent, colours.good, colours.late, colours.soon, colours.today];
}

/** Draws into `box` and keeps its width; `onPoint` hears over which point the pointer stands.  Answers how to end. */
export function draw(box: HTMLElement, drawing: Drawing, onPoint: (index: number | null) => void): () => void {
  const { kind, columns, colours, lang, height } = drawing;
  const colour = hues(colours);
  const grid = { stroke: colours.line, width: 1 };
  const step = kind === "bars" ? gap(columns[0]) : 0;
  const first = drawing.from ? Date.parse(drawing.from) / 1000 : (columns[0][0] ?? 0);
  const last = drawing.to ? Date.parse(drawing.to) / 1000 : (columns[0].at(-1) ?? first + DAY);
  const plot = new uPlot(
    {
      width: Math.max(box.clientWidth, 120),
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Almaty"),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === "line" } },
      scales: {
        x: { range: () => [first - step / 2, Math.max(last + step / 2, first + 60)] },
        y: { range: (_, low, high) => reach(kind, low, high) },
      },
      axes: [
        {
          stroke: colours.quiet,
          grid,
          ticks: grid,
          space: 64,
          size: 34,
          ...(kind === "bars" && { incrs: [1, 2, 7, 14, 30, 90].map((days) => days * DAY) }),
          values: (_, at, __, ___, by) => at.map((one) => tick(lang, one, by)),
        },
        {
          stroke: colours.quiet,
          grid,
          ticks: { show: false },
          space: 32,
          size: (_, texts) => 14 + 7.5 * Math.max(1, ...(texts ?? []).map((one) => one.length)),
          values: (_, values) => values.map((one) => short(lang, one)),
        },
      ],
      series: [
        {},
        ...columns.slice(1).map((_, index): uPlot.Series => ({
          stroke: colour[index % colour.length]!,
          width: 1.75,
          dash: DASHES[index % DASHES.length]!,
          points: { show: kind === "line" && columns[0].length < 40, size: 5 },
          ...(kind === "bars" && {
            dash: [],
            width: 1.25,
            fill: () => filling(index, colour[index % colour.length]!),
            paths: bars(index, columns.length - 1, step),
          }),
        })),
      ],
      hooks: {
        drawClear: [(self) => shade(self, drawing)],
        setCursor: [
          (self) => onPoint(self.cursor.left !== undefined && self.cursor.left >= 0 ? (self.cursor.idx ?? null) : null),
        ],
      },
    },
    columns,
    box,
  );
  const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(box.clientWidth, 120), height }));
  watch.observe(box);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}

/** What stands side by side: the nearest two points. */
function gap(at: number[]): number {
  const gaps = at.slice(1).map((one, index) => one - at[index]!);
  return gaps.length ? Math.min(...gaps) : DAY;
}

function reach(kind: Drawing["kind"], low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (kind === "bars") return [0, Math.max(high * 1.08, 1)];
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function tick(lang: Lang, seconds: number, by: number): string {
  const at = seconds * 1000;
  const time = moment(lang, at, { hour: "2-digit", minute: "2-digit" });
  const date = moment(lang, at, { day: "numeric", month: "short" });
  return by >= DAY || time === "00:00" ? date : time;
}

function bars(place: number, of: number, step: number): uPlot.Series.PathBuilder {
  return (self, series) => {
    const slot = (self.valToPos(step, "x", true) - self.valToPos(0, "x", true)) * 0.8;
    const width = slot / of;
    const ground = self.valToPos(0, "y", true);
    const path = new Path2D();
    self.data[0].forEach((at, index) => {
      const value = self.data[series]?.[index];
      if (!value) return;
      const left = self.valToPos(at, "x", true) - slot / 2 + place * width;
      const top = self.valToPos(value, "y", true);
      path.rect(left + width * 0.08, top, width * 0.84, ground - top);
    });
    return { stroke: path, fill: path };
  };
}

/** Full, striped, empty: told apart without colour. */
function filling(index: number, colour: string): CanvasPattern | string {
  if (index % 3 === 0) return colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const ink = tile.getContext("2d")!;
  ink.strokeStyle = colour;
  ink.lineWidth = 1.5;
  if (index % 3 === 1) ink.stroke(new Path2D("M0 6 L6 0 M-2 2 L2 -2 M4 8 L8 4"));
  return ink.createPattern(tile, "repeat")!;
}

function shade(self: uPlot, { bands, colours }: Drawing): void {
  const { ctx, bbox } = self;
  const within = (x: number) => Math.min(Math.max(x, bbox.left), bbox.left + bbox.width);
  for (const band of bands) {
    const from = within(self.valToPos(Date.parse(band.from) / 1000, "x", true));
    const to = band.to === null ? bbox.left + bbox.width : within(self.valToPos(Date.parse(band.to) / 1000, "x", true));
    if (to <= bbox.left || from >= bbox.left + bbox.width) continue;
    ctx.save();
    ctx.fillStyle = ctx.strokeStyle = colours[band.tone];
    ctx.globalAlpha = 0.1;
    ctx.fillRect(from, bbox.top, Math.max(to - from, 2), bbox.height);
    ctx.globalAlpha = 0.9;
    ctx.lineWidth = 1.5;
    ctx.setLineDash(band.tone === "late" ? [] : [4, 4]);
    ctx.stroke(new Path2D(`M${from} ${bbox.top} V${bbox.top + bbox.height}`));
    ctx.restore();
  }
}
