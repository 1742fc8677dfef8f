import { Button } from "../ui/button";
import { toast } from "../ui/toast";
import { words } from "../words/words";

const useWords = words(
  { copied: "Скопировано", refused: "Браузер не дал скопировать" },
  { copied: "Көшірілді", refused: "Браузер көшіруге рұқсат бермеді" },
  { copied: "Copied", refused: "The browser did not let it be copied" },
);

/** Puts a text on the clipboard. */
export function Copy({ text, label, shown }: { text: () => string; label: string; shown?: string }) {
  const t = useWords();
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      toast(t.copied);
    } catch {
      toast(t.refused, { bad: true }); // a page without https, or a person who said no
    }
  }
  return (
    <Button
      kind={shown ? "second" : "plain"}
      aria-label={shown ? undefined : label}
      title={label}
      onClick={() => void copy()}
    >
      <svg
        viewBox="0 0 16 16"
        width="15"
        height="15"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        aria-hidden="true"
      >
        <rect x="1.5" y="4.5" width="9" height="10" rx="1.5" />
        <path d="M5.5 4V3a1.5 1.5 0 0 1 1.5-1.5h6A1.5 1.5 0 0 1 14.5 3v7A1.5 1.5 0 0 1 13 11.5h-1" />
      </svg>
      {shown}
    </Button>
  );
}
