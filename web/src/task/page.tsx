import { useNavigate, useParams } from "@tanstack/react-router";
import { useFilters } from "../inbox/asked";
import { Pane } from "./pane";

/** A task on a page of its own, under an address that works for whoever may see it. */
export function TaskPage() {
  const { taskId } = useParams({ from: "/tasks/$taskId" });
  const navigate = useNavigate();
  return (
    <Pane
      key={taskId}
      id={taskId}
      onOpen={(id) => void navigate({ to: "/tasks/$taskId", params: { taskId: id } })}
      onBack={() => void navigate({ to: "/inbox" })}
    />
  );
}

export function TaskBesideList() {
  const { taskId } = useParams({ from: "/inbox/$taskId" });
  const filters = useFilters();
  const navigate = useNavigate();
  return (
    <Pane
      key={taskId}
      id={taskId}
      onOpen={(id) => void navigate({ to: "/inbox/$taskId", params: { taskId: id }, search: filters })}
      onBack={() => void navigate({ to: "/inbox", search: filters })}
    />
  );
}
