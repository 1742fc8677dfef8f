export function HeatPage() { return null; }
