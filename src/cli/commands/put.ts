import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { SsecError } from '../../errors.ts';
import type { CustomerKey } from '../../keys/customer-key.ts';
import {
  type ObjectAddress,
  checkObjectKey,
  formatObjectAddress,
  parseObjectAddress,
} from '../../object-address.ts';
import type { UploadChecksum } from '../../put-object.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Source } from '../../transfer/source.ts';
import type { Input, Io } from '../io.ts';
import { addKeyFormatOption, addOutputOptions, addSettingOptions, collectMetadata } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, bucketOf, loadKey, loadSettings, openClient } from '../session.ts';

interface PutOptions {
  readonly overwrite: boolean;
  readonly metadata?: Record<string, string>;
  readonly contentType?: string;
  readonly storageClass?: string;
  readonly checksum: UploadChecksum;
  readonly allowWeakKey?: boolean;
}

/** What stdin may hold, since it stands in memory until it is sent: never in a plaintext file. */
const MAX_STDIN_BYTES = 64 * 1024 ** 2;

export function addPut(program: Command, act: Act): void {
  const command = addOutputOptions(
    addKeyFormatOption(
      addSettingOptions(program.command('put'), ['target', 'key', 'identity', 'endpoint', 'region']),
    ),
  )
    .description('upload a file, encrypted by S3 with your key')
    .argument('[file]', 'file, or - for stdin (default: KEY, as file and as object key)')
    .argument('[dest]', "object key, prefix/ or s3://bucket/key (default: the file's base name)")
    .option('--no-overwrite', 'fail if the object exists')
    .option('--metadata <name=value>', 'user metadata; may be given several times', collectMetadata)
    .option('--content-type <type>', 'content type (default: by the name)')
    .option('--storage-class <class>', 'storage class, as S3 names it')
    .addOption(
      new Option(
        '--checksum <algorithm>',
        'what the server verifies; md5 = CRC32 and Content-MD5; auto = crc32 on AWS, else md5',
      )
        .choices(['auto', 'crc32', 'md5'])
        .default('auto'),
    )
    .option('--allow-weak-key', 'write with a key of 32 printable characters')
    .addHelpText(
      'after',
      `
Prints the s3:// address. It is printed only when S3 confirmed that it used the key.

Examples:
  ssec put sample.jpg
  ssec put sample.jpg photos/            as photos/sample.jpg
  ssec put report.pdf s3://other/2026/report.pdf --no-overwrite
  pg_dump shop | ssec put - shop.sql`,
    );
  command.action((file: string | undefined, dest: string | undefined, options: PutOptions) =>
    act(command, (context) => put(context, file, dest, options)),
  );
}

async function put(
  context: CommandContext,
  file: string | undefined,
  dest: string | undefined,
  options: PutOptions,
): Promise<void> {
  const { io, reporter } = context;
  const settings = await loadSettings(context, { usesKey: true });
  const { path, address } = await resolveTarget(file, dest, settings, io);
  if (path === '-' && settings.key.kind === 'file' && settings.key.value === '-') {
    throw new SsecError('USAGE', 'stdin cannot be the key and the data both.');
  }
  const customerKey = await loadKey(context, settings);
  checkWriteKey(customerKey, options);
  const source = await openSource(path, io);
  try {
    const client = await openClient(context, settings);
    const progress = await reporter.progress(basename(source.name), source.size);
    try {
      const { putObject } = await import('../../put-object.ts');
      const contentType = options.contentType ?? (await contentTypeOf(path, address.key));
      const result = await putObject({
        client,
        ...address,
        customerKey,
        source,
        checksum: options.checksum,
        noOverwrite: !options.overwrite,
        onProgress: (bytes) => progress.update(bytes),
        signal: io.signal,
        ...(contentType === undefined ? {} : { contentType }),
        ...(options.metadata === undefined ? {} : { metadata: options.metadata }),
        ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
      });
      progress.stop();
      await reporter.result(
        {
          type: 'put',
          Bucket: result.bucket,
          Key: result.key,
          VersionId: result.versionId ?? null,
          Size: result.size,
          ETag: result.etag ?? null,
          ContentType: result.contentType ?? null,
          SSECustomerAlgorithm: 'AES256',
          SSECustomerKeyMD5: customerKey.fingerprint ?? null,
          ChecksumCRC32: result.checksumCrc32,
          ChecksumType: 'FULL_OBJECT',
          Proof: result.proof,
        },
        formatObjectAddress(address),
      );
    } finally {
      progress.stop();
      client.close();
    }
  } finally {
    await source.close();
  }
}

/** What is read, and what it becomes. An argument beats `KEY`: `put other.jpg` never writes to KEY's object. */
async function resolveTarget(
  file: string | undefined,
  dest: string | undefined,
  settings: Settings,
  io: Io,
): Promise<{ path: string; address: ObjectAddress }> {
  if (file === undefined) {
    const key = settings.objectKey?.value;
    if (key === undefined) {
      throw new SsecError('USAGE', 'No file was named.', { hints: ['ssec put FILE', 'or set KEY in .env'] });
    }
    return { path: key, address: checked({ bucket: bucketOf(settings), key }) };
  }
  if (file === '') throw new SsecError('USAGE', 'The file name is empty.');
  if (file.startsWith('s3://')) {
    throw new SsecError('USAGE', `put takes a local file first, and "${file}" is an address.`, {
      hints: [`to download it: ssec get ${file}`, `to upload to it: ssec put FILE ${file}`],
    });
  }
  const nameless = file === '-' || (await isPipe(resolve(io.cwd, file)));
  const given = dest === undefined ? undefined : parseObjectAddress(dest);
  const key = given?.key ?? dest ?? '';
  if (nameless && (key === '' || key.endsWith('/'))) {
    throw new SsecError('USAGE', 'What comes from a pipe has no name of its own; name the object.', {
      hints: [`ssec put ${file} NAME`],
    });
  }
  const named = key === '' || (key.endsWith('/') && !nameless) ? key + basename(file) : key;
  return { path: file, address: checked({ bucket: bucketOf(settings, given?.bucket), key: named }) };
}

function checked(address: ObjectAddress): ObjectAddress {
  checkObjectKey(address.key);
  return address;
}

function checkWriteKey(key: CustomerKey | undefined, options: PutOptions): asserts key is CustomerKey {
  if (key === undefined) {
    throw new SsecError('KEY_MISSING', 'No customer key was given; nothing was sent.', {
      hints: ['make one: ssec keygen --env', 'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64'],
    });
  }
  if (key.weak && options.allowWeakKey !== true) {
    throw new SsecError(
      'KEY_MALFORMED',
      'A key of 32 printable characters is too weak to write with; nothing was sent.',
      {
        hints: ['make a random key: ssec keygen --env', 'or write with it all the same: --allow-weak-key'],
      },
    );
  }
}

async function openSource(path: string, io: Io): Promise<Source> {
  if (path === '-') return readAll(io.stdin, 'stdin', io.signal);
  const full = resolve(io.cwd, path);
  if (await isPipe(full)) {
    const stream = createReadStream(full);
    try {
      return await readAll(stream, path, io.signal);
    } finally {
      stream.destroy();
    }
  }
  const { FileSource } = await import('../../transfer/file-source.ts');
  return FileSource.open(full, path);
}

/** A FIFO, a process substitution, a device: read once, from the start, to its end. */
async function isPipe(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  return status !== undefined && !status.isFile() && !status.isDirectory();
}

async function readAll(stream: Input, name: string, signal: AbortSignal): Promise<Source> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > MAX_STDIN_BYTES) {
        throw new SsecError(
          'NOT_SUPPORTED',
          `${name} holds more than 64 MiB, which this version cannot stream.`,
          {
            hints: ['write it to a file first and put that: files go up to 5 GiB'],
          },
        );
      }
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  const { BytesSource } = await import('../../transfer/bytes-source.ts');
  return new BytesSource(Buffer.concat(chunks), name);
}

async function contentTypeOf(path: string, key: string): Promise<string | undefined> {
  const name = path !== '-' && extname(path) !== '' ? path : key;
  const { default: mime } = await import('mime');
  return mime.getType(name) ?? undefined;
}
