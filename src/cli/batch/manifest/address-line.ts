import { SsecError } from '../../../errors.ts';
import { parseObjectAddress } from '../../../object-address.ts';
import { type Place, badLine } from './bad-line.ts';
import { type LineReader, type LineRecord, type ReadingRules, bucketOr } from './record.ts';

/** One address a line, or one key. The key is all of it, blanks included; nothing is decoded. */
export class AddressLines implements LineReader {
  readonly #rules: ReadingRules;

  constructor(rules: ReadingRules) {
    this.#rules = rules;
  }

  read(text: string, place: Place): LineRecord {
    const address = this.#parse(text, place);
    return address ?? { bucket: bucketOr(this.#rules, undefined, place), key: text };
  }

  #parse(text: string, place: Place): LineRecord | undefined {
    try {
      return parseObjectAddress(text);
    } catch (error) {
      if (!(error instanceof SsecError)) throw error;
      throw badLine(
        place,
        'it is neither an address nor likely to be an object key',
        ['write it as s3://bucket/key'],
        error,
      );
    }
  }
}
