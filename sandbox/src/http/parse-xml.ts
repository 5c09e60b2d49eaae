import { malformedXml } from '../s3-error.ts';

export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const token =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|([^<]+)/gy;

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What S3's request documents need of XML: elements and text. Attributes (the namespace) are passed over. */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', children: [], text: '' };
  const open: XmlElement[] = [document];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    const parent = open.at(-1);
    if (match === null || parent === undefined) throw malformedXml();
    const [, closing, name, selfClosing, text] = match;
    if (text !== undefined) parent.text += decodeEntities(text);
    else if (name === undefined) continue;
    else if (closing === '/') {
      if (parent.name !== name || open.length === 1) throw malformedXml();
      open.pop();
    } else {
      const child: XmlElement = { name, children: [], text: '' };
      parent.children.push(child);
      if (selfClosing !== '/') open.push(child);
    }
  }
  const [root, ...more] = document.children;
  if (root === undefined || more.length > 0 || open.length !== 1 || document.text.trim() !== '') {
    throw malformedXml();
  }
  return root;
}

export function childText(parent: XmlElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text;
}

function decodeEntities(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, entity: string) => {
    const numeric = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(entity);
    const code =
      numeric && Number.parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] === undefined ? 10 : 16);
    if (!whole.endsWith(';') || (code !== null && code > 0x10ffff)) throw malformedXml();
    const decoded = code === null ? entities[entity] : String.fromCodePoint(code);
    if (decoded === undefined) throw malformedXml();
    return decoded;
  });
}
