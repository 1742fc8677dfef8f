import type { ButtonHTMLAttributes } from "react";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  /** `first`: the one thing to do here; `danger`: it cannot be undone; `plain`: among text. */
  kind?: "first" | "second" | "danger" | "plain";
  busy?: boolean;
  /** The key that does the same, shown on it. */
  hint?: string | undefined;
};

export function Button({ kind = "second", busy = false, hint, children, className, type = "button", ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={`button ${kind} ${className ?? ""}`}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {children}
      {/* Drawn, not written: it is no part of what the button is called. */}
      {hint && <kbd aria-hidden="true" data-hint={hint} />}
    </button>
  );
}
