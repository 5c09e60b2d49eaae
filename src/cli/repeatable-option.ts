import { Option } from 'commander';

/** An option that may be given several times, and says so: in help, and to completion. */
export class RepeatableOption extends Option {
  /** @param collect what it is given once more, and what all before made; undefined = this is the first */
  constructor(flags: string, description: string, collect?: (text: string, before: never) => unknown) {
    super(flags, `${description}; may be given several times`);
    if (collect !== undefined) this.argParser(collect as (text: string, before: unknown) => unknown);
  }
}
