import type { ErrorCode, SsecError } from '../errors.ts';

/** What each error ends the process with. The numbers never change their meaning. */
const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  SETTING_INVALID: 2,
  INSECURE_ENDPOINT: 2,
  ENDPOINT_UNTRUSTED: 2,
  TLS_UNTRUSTED: 2,
  WRONG_REGION: 2,
  NOT_SUPPORTED: 2,
  // some items of a batch failed
  PARTIAL: 3,
  CREDENTIALS_MISSING: 4,
  CREDENTIALS_INVALID: 4,
  CREDENTIALS_EXPIRED: 4,
  ACCESS_DENIED: 4,
  SSEC_BLOCKED: 4,
  CLOCK_SKEW: 4,
  SERVICE_REFUSED: 4,
  OBJECT_NOT_FOUND: 5,
  BUCKET_NOT_FOUND: 5,
  FILE_NOT_FOUND: 5,
  OBJECT_ARCHIVED: 5,
  KEY_MISSING: 6,
  KEY_MALFORMED: 6,
  KEY_MD5_MISMATCH: 6,
  KEY_MISMATCH: 6,
  KEY_NOT_NEEDED: 6,
  KEY_IGNORED: 6,
  KEY_COMMAND_FAILED: 6,
  KEY_NOT_FOUND: 6,
  KEY_RETIRED: 6,
  CHECKSUM_MISMATCH: 7,
  OBJECT_CHANGED: 7,
  FILE_CHANGED: 7,
  SIZE_MISMATCH: 7,
  TARGET_EXISTS: 8,
  PRECONDITION_FAILED: 8,
  NETWORK: 9,
  TIMEOUT: 9,
  THROTTLED: 9,
  SERVICE_UNAVAILABLE: 9,
  DISK_FULL: 10,
  FILE_UNREADABLE: 10,
  FILE_UNWRITABLE: 10,
  CANCELLED: 130,
};

const SIGNAL_EXIT_CODES: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** 141 is what a shell shows for a process that SIGPIPE ended. */
export function exitCodeOf(error: SsecError): number {
  if (error.code !== 'CANCELLED') return EXIT_CODES[error.code];
  if (error.context['closedPipe'] === true) return 141;
  return SIGNAL_EXIT_CODES[String(error.context['signal'])] ?? EXIT_CODES.CANCELLED;
}
