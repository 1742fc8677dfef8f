import { useQueryClient } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { api, ask } from "../api/client";
import { Button } from "../ui/button";
import { words } from "../words/words";
import { Languages, Themes } from "./preferences";
import { useSession } from "./session";
import { leave } from "./live";

const useWords = words(
  { settings: "Настройки и выход", groups: "Группы", keys: "Клавиши", out: "Выйти", sandbox: "Песочница" },
  { settings: "Баптау және шығу", groups: "Топтар", keys: "Пернелер", out: "Шығу", sandbox: "Сынақ алаңы" },
  { settings: "Settings and sign out", groups: "Groups", keys: "Keys", out: "Sign out", sandbox: "Sandbox" },
);

export function PersonMenu({ onHelp }: { onHelp: () => void }) {
  const t = useWords();
  const session = useSession();
  const client = useQueryClient();

  async function out() {
    await ask(api.DELETE("/v1/session"));
    client.clear();
    leave();
  }

  return (
    <Popover.Root>
      <Popover.Trigger className="person" title={`${session.name}: ${t.settings}`}>
        <span className="face" aria-hidden="true" data-letter={session.name.slice(0, 1).toUpperCase()} />
        <span className="name given">{session.name}</span>
        <span className="visually-hidden">: {t.settings}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" sideOffset={6} collisionPadding={8}>
          <p>
            <strong>{session.name}</strong>
            {session.mode === "sandbox" && <span className="tag">{t.sandbox}</span>}
          </p>
          {session.groups.length > 0 && (
            <p className="quiet">
              {t.groups}: {session.groups.join(", ")}
            </p>
          )}
          <Languages />
          <Themes />
          <p className="row">
            <Popover.Close asChild>
              <Button onClick={onHelp} hint="?">
                {t.keys}
              </Button>
            </Popover.Close>
            <Button onClick={() => void out()}>{t.out}</Button>
          </p>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
