export function OttPage() { return null; }
