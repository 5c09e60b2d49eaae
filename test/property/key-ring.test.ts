import fc from 'fast-check';
import { AsyncLocalStorage } from 'node:async_hooks';
import type * as FileSystem from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { checkKeyName, isKeyName } from '../../src/keys/key-name.ts';
import { KeyRing } from '../../src/keys/key-ring.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

/** What a process of the test is held at before each of its file operations. */
interface Process {
  before(operation: string): Promise<void>;
  readonly opened: FileSystem.FileHandle[];
}

const processes = vi.hoisted(() => ({ current: (): Process | undefined => undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const held =
    <A extends unknown[], R>(name: string, operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await processes.current()?.before(name);
      return operation(...args);
    };
  const open: typeof real.open = async (...args) => {
    await processes.current()?.before('open');
    const handle = await real.open(...args);
    processes.current()?.opened.push(handle);
    const sync = handle.sync.bind(handle);
    handle.sync = held('sync', sync);
    return handle;
  };
  return {
    ...real,
    open,
    mkdir: held('mkdir', real.mkdir as (...args: unknown[]) => Promise<unknown>),
    readdir: held('readdir', real.readdir as (...args: unknown[]) => Promise<unknown>),
    readFile: held('readFile', real.readFile as (...args: unknown[]) => Promise<unknown>),
    link: held('link', real.link),
    rename: held('rename', real.rename),
    rm: held('rm', real.rm),
  };
});

const storage = new AsyncLocalStorage<Process>();
processes.current = () => storage.getStore();

const freshFolder = temporaryFolders('ring-property');

const NAMES = ['a', 'b', 'c', 'd'] as const;

type Step =
  | { readonly kind: 'add'; readonly name: string; readonly key: CustomerKey }
  | { readonly kind: 'default' | 'retire'; readonly name: string };

const names = fc.constantFrom(...NAMES);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(names, fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([name, bytes]) => ({ kind: 'add' as const, name, key: CustomerKey.fromBytes(bytes) })),
  },
  fc.record({ kind: fc.constantFrom('default' as const, 'retire' as const), name: names }),
);
const lives = fc.record({
  steps: fc.array(steps, { minLength: 1, maxLength: 5 }),
  /** After so many file operations it is gone, in the midst of whatever it did. */
  crashAfter: fc.option(fc.nat(60), { nil: Number.POSITIVE_INFINITY }),
  /** One operation that finds the disk full. */
  fullAt: fc.option(fc.nat(60), { nil: Number.POSITIVE_INFINITY }),
});

interface Acknowledged {
  readonly added: (readonly [name: string, key: CustomerKey])[];
  readonly retired: Set<string>;
}

/** Resolves when the process has done its steps, or is gone. */
async function live(
  ring: string,
  life: { steps: readonly Step[]; crashAfter: number; fullAt: number },
  scheduler: fc.Scheduler,
  acknowledged: Acknowledged,
): Promise<void> {
  let count = 0;
  let crash = (): void => undefined;
  const gone = new Promise<void>((done) => {
    crash = done;
  });
  const me: Process = {
    opened: [],
    before: async (operation) => {
      await scheduler.schedule(Promise.resolve(), operation);
      const now = count++;
      if (now >= life.crashAfter) {
        crash();
        // as a process that is no more: nothing goes on, no `finally` runs
        return new Promise(() => undefined);
      }
      if (now === life.fullAt && ['open', 'sync', 'mkdir', 'link'].includes(operation))
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
  };
  const work = storage.run(me, async () => {
    for (const step of life.steps) {
      try {
        const opened = await KeyRing.open(ring);
        if (step.kind === 'add') {
          await opened.add(step.name, step.key);
          acknowledged.added.push([step.name, step.key]);
        } else if (step.kind === 'default') await opened.setDefault(step.name);
        else {
          await opened.retire(step.name);
          acknowledged.retired.add(step.name);
        }
      } catch (error) {
        // refusals are part of life, bugs are not
        if (!(error instanceof SsecError) || error.code === 'INTERNAL') throw error;
      }
    }
  });
  await Promise.race([work, gone]);
  // the system does that for a process that is no more
  for (const handle of me.opened) await handle.close().catch(() => undefined);
}

test('whatever several processes do, wherever they crash: no key that was acknowledged is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lives, { minLength: 1, maxLength: 4 }),
      fc.scheduler(),
      async (all, scheduler) => {
        const folder = join(freshFolder(), 'keys');
        const acknowledged: Acknowledged = { added: [], retired: new Set() };
        await scheduler.waitFor(Promise.all(all.map((life) => live(folder, life, scheduler, acknowledged))));

        const ring = await KeyRing.open(folder);
        expect(ring.problems).toEqual([]);
        for (const [name, key] of acknowledged.added)
          expect(ring.keys.some((one) => one.name === name && one.customerKey.equals(key))).toBe(true);
        // what was retired writes no more
        for (const name of acknowledged.retired) {
          expect(ring.keys.filter((one) => one.name === name).every(({ isRetired }) => isRetired)).toBe(true);
          expect(ring.default?.name).not.toBe(name);
        }
        expect(new Set(ring.keys.map(({ name }) => name)).size).toBe(ring.keys.length);
        // where a key was acknowledged there is a default, unless the one that there was has been retired meanwhile
        if (acknowledged.added.length > 0) expect(ring.defaultName).toBeDefined();
        // only keys, and what a crash left of those that nobody was told of
        const files = ring.keys.length === 0 ? [] : readdirSync(folder);
        const strange = files.filter(
          (file) => !/^(?:[a-d]\.key|default|retired|\.ssec-[0-9a-f]{16}\.tmp)$/.test(file),
        );
        expect(strange).toEqual([]);
        // a new process goes on from there
        await ring.add('later', CustomerKey.generate());
        await ring.setDefault('later');
        for (const { name } of ring.keys) await ring.retire(name);
        const end = await KeyRing.open(folder);
        expect(end.keys.filter(({ isRetired }) => !isRetired).map(({ name }) => name)).toEqual(['later']);
      },
    ),
    { numRuns: 100 },
  );
}, 120_000);

test('a name is a file name on every system, or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 70 }), fc.string({ unit: 'binary', maxLength: 8 })),
      (name) => {
        let isTaken = true;
        try {
          checkKeyName(name);
        } catch (error) {
          if (!(error instanceof SsecError) || error.code !== 'USAGE') throw error;
          isTaken = false;
        }
        if (!isTaken) return;
        expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        expect(name.length).toBeLessThan(64);
        expect(isKeyName(name)).toBe(true);
      },
    ),
  );
});
