/** The fenced blocks of a language in a Markdown text, without their fences. */
export function fencedBlocks(markdown: string, language: string): string[] {
  const blocks: string[] = [];
  for (const match of markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (match[1] === language && match[2] !== undefined) blocks.push(match[2]);
  }
  return blocks;
}
