import type { CutFault, Fault, FaultTarget } from './fault.ts';

interface Form {
  readonly syntax: string;
  /** What stands between the operation and the words that say which requests. */
  readonly pattern: RegExp;
  readonly make: (target: FaultTarget, values: readonly (string | undefined)[]) => Fault;
}

function sideOf(text: string | undefined): Pick<CutFault, 'of'> {
  if (text === undefined) return {};
  return { of: text === 'request' ? 'request' : 'answer' };
}

const cut = (kind: 'drop' | 'stall'): Form => ({
  syntax: `${kind} OPERATION after N bytes [of request|of answer]`,
  pattern: /^after (\d+) bytes?(?: of (request|answer))?$/,
  make: (target, [bytes, of]) => ({ ...target, kind, bytes: Number(bytes), ...sideOf(of) }),
});

const bare = (kind: 'echo-other-key' | 'no-echo' | 'drop-answer'): Form => ({
  syntax: `${kind} OPERATION`,
  pattern: /^$/,
  make: (target) => ({ ...target, kind }),
});

const forms: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    fail: {
      syntax: 'fail OPERATION STATUS CODE',
      pattern: /^([3-5]\d\d) (\w+)$/,
      make: (target, [status, code = '']) => ({ ...target, kind: 'fail', status: Number(status), code }),
    },
    drop: cut('drop'),
    stall: cut('stall'),
    corrupt: {
      syntax: 'corrupt OPERATION byte N',
      pattern: /^byte (\d+)$/,
      make: (target, [byte]) => ({ ...target, kind: 'corrupt', byte: Number(byte) }),
    },
    'echo-other-key': bare('echo-other-key'),
    'no-echo': bare('no-echo'),
    'error-in-200': {
      syntax: 'error-in-200 OPERATION [CODE] [completed]',
      pattern: /^([A-Z]\w+)? ?(completed)?$/,
      make: (target, [code, completed]) => ({
        ...target,
        kind: 'error-in-200',
        ...(code === undefined ? {} : { code }),
        ...(completed === undefined ? {} : { completed: true }),
      }),
    },
    'drop-answer': bare('drop-answer'),
  } satisfies Record<string, Form>),
);

const whichRequests = '[part N] [after N requests] [xN|always]';

/**
 * A fault as it is written on a command line: `fail UploadPart 503 SlowDown part 7 x2`. Strict: a fault that never
 * strikes would make a test pass for nothing.
 */
export function parseFault(text: string): Fault {
  const [verb = '', operation, ...words] = text.trim().split(/\s+/);
  const form = forms.get(verb);
  if (form === undefined) {
    throw new Error(`There is no fault "${verb}"; there are ${[...forms.keys()].join(', ')}.`);
  }
  const { rest, target } = takeTarget(words.join(' '));
  const match = form.pattern.exec(rest);
  if (operation === undefined || match === null) {
    throw new Error(`"${text}" is no fault; write: ${form.syntax} ${whichRequests}`);
  }
  return form.make({ operation, ...target }, match.slice(1));
}

/** The words at the end that say which requests, in any order, each once. */
function takeTarget(text: string): { rest: string; target: Omit<FaultTarget, 'operation'> } {
  let rest = ` ${text}`;
  const target: { part?: number; after?: number; times?: number } = {};
  for (;;) {
    const [found, part, after, times, always] =
      / (?:part (\d+)|after (\d+) requests?|x(\d+)|(always))$/.exec(rest) ?? [];
    if (found === undefined) return { rest: rest.trim(), target };
    const given =
      part === undefined
        ? after === undefined
          ? { times: always === undefined ? Number(times) : Number.POSITIVE_INFINITY }
          : { after: Number(after) }
        : { part: Number(part) };
    // What was said twice is left, and fits no form.
    if (Object.keys(given).some((name) => name in target)) return { rest: rest.trim(), target };
    Object.assign(target, given);
    rest = rest.slice(0, -found.length);
  }
}
