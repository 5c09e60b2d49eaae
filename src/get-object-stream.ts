import { PassThrough, type Readable } from 'node:stream';
import { type GetObjectOptions, getObject } from './get-object.ts';
import type { ObjectHead } from './object-head.ts';

export type GetObjectStreamOptions = Omit<GetObjectOptions, 'openSink' | 'journal' | 'onResumed'>;

/** Bytes that wait for a slow reader. */
const BUFFER_BYTES = 1024 ** 2;

/**
 * Downloads an object as a stream, in order. The stream ends only once every byte came and the checksum that S3
 * holds agrees; it fails with an SsecError otherwise, when the bytes are out already: whoever acts on them before
 * the end acts on what is not verified. Destroying it ends the download.
 *
 * @throws SsecError as `getObject`, before there is a stream
 */
export function getObjectStream(
  options: GetObjectStreamOptions,
): Promise<{ readonly object: ObjectHead; readonly stream: Readable }> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const stream = new PassThrough({ highWaterMark: BUFFER_BYTES });
  stream.once('close', () => stop.abort());
  let isOut = false;
  return new Promise((opened, failed) => {
    getObject({
      ...options,
      signal,
      openSink: (object) => {
        isOut = true;
        opened({ object, stream });
        return Promise.resolve({
          // a copy: the chunk is used again as soon as it is written, and the reader may be slow
          write: (chunk) =>
            new Promise<void>((written, broken) => {
              stream.write(Buffer.from(chunk), (error) => (error ? broken(error) : written()));
            }),
          commit: () => Promise.resolve(),
          discard: () => Promise.resolve(),
        });
      },
    }).then(
      () => stream.end(),
      (error: unknown) => {
        failed(error);
        // a stream that nobody has must not fail: nobody could hear of it
        if (isOut) stream.destroy(error instanceof Error ? error : new Error(String(error)));
        else stream.destroy();
      },
    );
  });
}
