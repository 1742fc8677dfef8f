/** Whose a task is: taken, put back, given; and each of the three the other way round. */
import { api, ask, Problem, type Task } from "../api/client";

export type Deed = { what: "claim" } | { what: "release" } | { what: "assign"; to: string };

export function change(task: Pick<Task, "id">, deed: Deed): Promise<Task> {
  const params = { path: { id: task.id } };
  if (deed.what === "claim") return ask(api.POST("/v1/tasks/{id}/claim", { params }));
  if (deed.what === "release") return ask(api.POST("/v1/tasks/{id}/release", { params }));
  return ask(api.POST("/v1/tasks/{id}/assign", { params, body: { assignee: deed.to } }));
}

/** What puts a task back into the hands it was in `before`. */
export function undoing(before: Task, deed: Deed, me: string): Deed {
  if (before.assignee === null) return { what: "release" };
  return deed.what === "release" && before.assignee === me
    ? { what: "claim" }
    : { what: "assign", to: before.assignee };
}

/** `now`: how it is since; `is`: how it turned out to be when it was refused. */
export type Result = { task: Task; now?: Task; is?: Task; error?: unknown };

/** Each on its own, a few at a time: one that is refused stops no other. */
export async function changeAll(tasks: Task[], deedOf: (task: Task) => Deed): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...tasks.entries()];
  async function work() {
    for (let next = left.shift(); next; next = left.shift()) {
      const [at, task] = next;
      results[at] = await change(task, deedOf(task)).then(
        (now) => ({ task, now }),
        (error: unknown) => refused(task, error),
      );
    }
  }
  await Promise.all([work(), work(), work(), work()]);
  return results;
}

async function refused(task: Task, error: unknown): Promise<Result> {
  if (!(error instanceof Problem && error.status === 409)) return { task, error };
  const params = { path: { id: task.id } };
  const is = await ask(api.GET("/v1/tasks/{id}", { params })).catch(() => undefined);
  return { task, error, ...(is ? { is } : {}) };
}
