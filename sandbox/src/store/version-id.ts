import { randomBytes } from 'node:crypto';

/**
 * Of what was put while versioning was not enabled; a key has at most one such version.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 */
export const nullVersionId = 'null';

const orderLength = 8;

/** Opaque to clients. Its first characters are its place in time: a listing can go on after a version that is gone. */
export function newVersionId(sequence: number): string {
  // A `-` in front would look like an option on command lines.
  const random = randomBytes(18).toString('base64url').replaceAll('-', '.');
  return sequence.toString(36).padStart(orderLength, '0') + random;
}

/** Whether it may have come from here; S3 too tells a version that is gone from what never was an ID. */
export function isVersionId(text: string): boolean {
  return text === nullVersionId || /^[0-9a-z]{8}[A-Za-z0-9._]{24}$/.test(text);
}

/** Of any but the `null` version, of which only the version itself knows it. */
export function sequenceOf(versionId: string): number {
  return Number.parseInt(versionId.slice(0, orderLength), 36);
}
