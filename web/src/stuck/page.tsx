export function StuckPage() { return null; }
