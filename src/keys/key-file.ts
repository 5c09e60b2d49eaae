import { lstat } from 'node:fs/promises';
import { SsecError } from '../errors.ts';
import type { CustomerKey } from './customer-key.ts';
import { writeFileAtomically } from '../transfer/atomic-file.ts';

/**
 * Makes a key file: one line of base64 that only its owner may read. What is there is never touched, a device
 * neither: it would take the key and lose it.
 *
 * @param path where it is to be
 * @param name what to call it in a message
 * @throws SsecError TARGET_EXISTS, FILE_UNWRITABLE, DISK_FULL
 */
export async function writeKeyFile(path: string, name: string, key: CustomerKey): Promise<void> {
  await writeSecretFile(path, name, Buffer.from(`${key.toBase64()}\n`));
}

/** The same for a key in another form. */
export async function writeSecretFile(path: string, name: string, content: Uint8Array): Promise<void> {
  try {
    if ((await lstat(path).catch(() => undefined)) !== undefined) {
      throw new SsecError('TARGET_EXISTS', `"${name}" exists already.`);
    }
    await writeFileAtomically(path, content, {
      noOverwrite: true,
      mode: 0o600,
      name,
    });
  } catch (error) {
    if (!(error instanceof SsecError) || error.code !== 'TARGET_EXISTS') throw error;
    throw new SsecError('TARGET_EXISTS', `"${name}" exists already, and a key file is never overwritten.`, {
      hints: ['objects may need the key in it; choose another name'],
      cause: error,
    });
  }
}
