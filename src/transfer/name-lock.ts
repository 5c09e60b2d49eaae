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
  let server = await listen(address);
  if (server === 'taken') server = await takeOver(address);
  if (server === 'taken') return undefined;
  // where no socket can be had at all, a lock is not worth a transfer
  if (server === 'unavailable') return () => Promise.resolve();
  // the lock must not keep alive whoever holds it
  const held = server;
  held.unref();
  return () =>
    new Promise((closed) => {
      held.close(() => closed());
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
async function takeOver(address: string): Promise<Server | 'taken' | 'unavailable'> {
  if (!address.endsWith('.sock') || (await answers(address))) return 'taken';
  await rm(address, { force: true });
  return listen(address);
}

function listen(address: string): Promise<Server | 'taken' | 'unavailable'> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      resolve(systemErrorCode(error) === 'EADDRINUSE' ? 'taken' : 'unavailable');
    });
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
