export function TaskPage() { return null; }
export function TaskBesideList() { return null; }
