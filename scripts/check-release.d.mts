export function releaseFaults(root: string, tag: string): string[];
