export function releaseFaults(root: string, tag: string, repository?: string): string[];
