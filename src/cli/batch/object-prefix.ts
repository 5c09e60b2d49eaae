import { parseObjectAddress } from '../../object-address.ts';
import type { Settings } from '../../settings/settings.ts';
import { bucketOf } from '../session.ts';

/** What the keys of many objects begin with. */
export interface ObjectPrefix {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
}

/** `prefix/` or `s3://bucket/prefix/`; the last slash may be left away: half a name is no prefix here. */
export function parsePrefix(text: string, settings: Settings): ObjectPrefix {
  const address = parseObjectAddress(text);
  const prefix = address?.key ?? text;
  const bucket = bucketOf(settings, address?.bucket);
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` };
}
