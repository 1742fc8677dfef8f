import { Dialog as Base } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { words } from "../words/words";

const useWords = words({ close: "Закрыть" }, { close: "Жабу" }, { close: "Close" });

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  wide?: boolean;
  /** Where the focus goes afterwards, where that is not where it came from. */
  returnTo?: (() => HTMLElement | null) | undefined;
};

/** A question or a detail over the page: the focus stays in it, Escape closes it, and goes back to where it was. */
export function Dialog({ open, onClose, title, children, wide, returnTo }: Props) {
  const t = useWords();
  const before = useRef<Element | null>(null);

  /** A dialog with a field begins in it. */
  function enter(event: Event) {
    before.current = document.activeElement;
    const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("input, textarea, select");
    if (!field) return;
    event.preventDefault();
    field.focus();
  }

  /** Where the focus came from may be gone by then, e.g. the row that was acted on. */
  function back(event: Event) {
    event.preventDefault();
    const from = returnTo?.() ?? before.current;
    const there = from instanceof HTMLElement && from.isConnected && from !== document.body;
    (there ? from : document.getElementById("content"))?.focus();
  }

  return (
    <Base.Root open={open} onOpenChange={(to) => !to && onClose()}>
      <Base.Portal>
        {/* Not Base.Overlay: it writes a style sheet into the page, which the Content-Security-Policy refuses. */}
        <div className="dialog-over" />
        <Base.Content
          className={wide ? "dialog wide" : "dialog"}
          aria-describedby={undefined}
          onOpenAutoFocus={enter}
          onCloseAutoFocus={back}
        >
          <header>
            <Base.Title>{title}</Base.Title>
            <Base.Close className="button plain" aria-label={t.close}>
              ✕
            </Base.Close>
          </header>
          {children}
        </Base.Content>
      </Base.Portal>
    </Base.Root>
  );
}
