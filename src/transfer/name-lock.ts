import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode } from '../errors.ts';

/**
 * Takes a name for this process: a socket that listens to nobody. Unlike a file, the system takes it away when the
 * process ends, however it ends.
 *
 * @returns how to let it go; undefined where another process has it
 */
export async function lockName(name: string): Promise<(() => Promise<void>) | undefined> {
  const address = addressOf(name);
  const server = (await listen(address)) ?? (await takeOver(address));
  if (server === undefined) return undefined;
  // the lock must not keep alive whoever holds it
  server.unref();
  return () =>
    new Promise((closed) => {
      server.close(() => closed());
    });
}

function addressOf(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  switch (platform()) {
    case 'linux':
      // an abstract name: no file
      return `\0ssec-${digest}`;
    case 'win32':
      return `\\\\.\\pipe\\ssec-${digest}`;
    default:
      return join(tmpdir(), `ssec-${digest}.sock`);
  }
}

/** Where a socket is a file, it outlives a crash: then nobody answers on it. */
async function takeOver(address: string): Promise<Server | undefined> {
  if (!address.endsWith('.sock') || (await answers(address))) return undefined;
  await rm(address, { force: true });
  return listen(address);
}

/** @returns undefined where the address is taken, or cannot be had at all */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(address, () => resolve(server));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(systemErrorCode(error) !== 'ECONNREFUSED'));
  });
}
