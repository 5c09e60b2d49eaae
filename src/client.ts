import { type PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { state as sdkVersionWarning } from '@aws-sdk/core/client';
import type { HttpRequest } from '@smithy/core/protocols';
import { Readable } from 'node:stream';
import { isAwsHost } from './aws-partition.ts';
import { refuseObjectItself } from './object-parts.ts';
import { refuseWebPage } from './no-s3-server.ts';
import { parseEndpoint } from './endpoint.ts';
import { SsecError } from './errors.ts';
import type { NetworkOptions } from './network-options.ts';
import { type SsecHandlerOptions, SsecRequestHandler, hostOf, silentLogger } from './request-handler.ts';
import { RequestPipeline } from './request-pipeline.ts';
import { redirectRegion } from './service-answer.ts';
import { CopyTrial } from './rekey/copy-trial.ts';
import { RequestSlots } from './transfer/request-slots.ts';

/** What signs a request. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface SsecClientOptions extends NetworkOptions {
  readonly region: string;
  /** Or a function that is asked again when they are about to expire. */
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  /** An `https://` URL of an S3-compatible server; default: AWS. */
  readonly endpoint?: string;
  /** Where the bucket stands: in the path or in the host name. Default: `virtual` on AWS, `path` elsewhere. */
  readonly addressing?: 'path' | 'virtual';
  /**
   * How often a request is tried in all (default 3), and above that a part of a large transfer, and thrice as often an
   * object that is rekeyed while the server asks to slow down.
   */
  readonly maxAttempts?: number;
  /** Requests under way at once; default: 4 parts of large objects, 16 small objects. */
  readonly concurrency?: number;
}

/** Requests at once and what a part of a large object counts for among them, where the user does not say. */
const DEFAULT_SLOTS = 16;
const DEFAULT_PART_WEIGHT = 4;
const DEFAULT_MAX_ATTEMPTS = 3;

/** The part of the SDK's commands that `send` needs to know. */
type Command<Output> = { readonly _output?: Output } & object;

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** The command is one of many: it carries an object or a part, up or down, or asks or copies object by object. */
  readonly bulk?: boolean;
}

/**
 * An S3 client that keeps the rules of SSE-C: HTTPS only and to the expected host, TLS that the environment
 * cannot weaken, checksums as headers, no redirect followed but the bucket's own region, once.
 */
export class SsecClient {
  readonly #options: SsecClientOptions;
  readonly #handler: SsecRequestHandler;
  readonly #endpoint: URL | undefined;
  #region: string;
  #s3: S3Client;
  #pipeline: RequestPipeline;
  /**
   * What may be under way at once.
   *
   * @internal
   */
  readonly slots: RequestSlots;
  /**
   * What a part of a large object takes of the slots.
   *
   * @internal
   */
  readonly partWeight: number;
  /**
   * Whether the server is known to verify `x-amz-checksum-*`.
   *
   * @internal
   */
  verifiesChecksums: boolean;
  /**
   * Whether the server is not known to refuse a condition on the target of a copy.
   *
   * @internal
   */
  guardsCopies = true;
  /**
   * What copies showed that the server can do: `into` SSE-C, from one key to another, or `out` of it.
   *
   * @internal
   */
  readonly copyTrials = { into: new CopyTrial(), between: new CopyTrial(), out: new CopyTrial() };
  /**
   * Whether a bucket blocks SSE-C, where a refused write led to the question.
   *
   * @internal
   */
  readonly sseCBlocks = new Map<string, Promise<boolean | undefined>>();

  /** @throws SsecError INSECURE_ENDPOINT, SETTING_INVALID */
  constructor(options: SsecClientOptions) {
    const endpoint = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint);
    // its word about Node.js versions to come is for whoever updates the SDK, which is built in here
    sdkVersionWarning.warningEmitted = true;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#region = options.region;
    this.slots = new RequestSlots(options.concurrency ?? DEFAULT_SLOTS);
    this.partWeight = options.concurrency === undefined ? DEFAULT_PART_WEIGHT : 1;
    this.#handler = new SsecRequestHandler(
      { maxSockets: Math.max(DEFAULT_SLOTS, options.concurrency ?? 0), ...options },
      (request) => guard(request, endpoint),
    );
    this.#handler.onAnswer = (response, request) => {
      const { statusCode: status } = response;
      if (status === 503 || status === 429) this.slots.slowDown();
      refuseWebPage(response, hostOf(request));
      refuseObjectItself(response, request);
    };
    this.#s3 = this.#createS3();
    this.#pipeline = new RequestPipeline(this.#s3.middlewareStack as never);
    this.verifiesChecksums = this.isAws;
  }

  /** How often a request, and a part, is tried in all. */
  get maxAttempts(): number {
    return this.#options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  }

  /** The URL that requests go to; undefined = AWS. */
  get endpoint(): string | undefined {
    return this.#options.endpoint;
  }

  /** Whether requests go to AWS itself, by default or by one of its own host names. */
  get isAws(): boolean {
    return this.#endpoint === undefined || isAwsHost(this.#endpoint.hostname);
  }

  /** The region that requests are signed for; the bucket's own once it was found to be another. */
  get region(): string {
    return this.#region;
  }

  /**
   * Sends one of the SDK's commands. Where S3 names another region as the bucket's own, the command is sent
   * once more, to that one.
   *
   * @internal The SDK's types are not part of this library's interface.
   */
  async send<Output>(command: Command<Output>, options: SendOptions = {}): Promise<Output> {
    const send = (): Promise<Output> =>
      options.bulk === true ? this.#sendBulk(command, options) : sendPlain(this.#s3, command, options);
    // of several requests at once each is judged by the region that it was sent to
    const asked = this.#region;
    try {
      return await send();
    } catch (error) {
      const region = redirectRegion(error);
      if (region === undefined || region === asked) throw error;
      if (region !== this.#region) {
        this.#region = region;
        this.#s3 = this.#createS3();
        this.#pipeline = new RequestPipeline(this.#s3.middlewareStack as never);
      }
      return send();
    }
  }

  /**
   * The request that a command makes, as it is before it is signed. Nothing is sent.
   *
   * @internal
   */
  async prepare(command: object): Promise<HttpRequest> {
    const sdkCommand = command as PutObjectCommand;
    let prepared: unknown;
    sdkCommand.middlewareStack.add(
      () => (args) => {
        prepared = args.request;
        return Promise.resolve({ output: { $metadata: {} }, response: undefined });
      },
      { step: 'build', priority: 'low', name: 'ssecPrepare' },
    );
    await this.#s3.send(sdkCommand);
    return prepared as HttpRequest;
  }

  /**
   * What requests are signed with.
   *
   * @internal
   */
  async signing(): Promise<{ readonly credentials: AwsCredentials; readonly region: string }> {
    const { credentials } = this.#options;
    return {
      credentials: typeof credentials === 'function' ? await credentials() : credentials,
      region: this.#region,
    };
  }

  /**
   * Another client with the same settings, and with connections and request slots of its own: where a download feeds
   * an upload, neither may wait for what the other holds. It begins with what this one has learned of the server, asks
   * this one for credentials, so that nobody has to log in twice, and is ended by a `close` of its own.
   *
   * @internal
   */
  twin(): SsecClient {
    const twin = new SsecClient({
      ...this.#options,
      region: this.#region,
      credentials: () => this.#s3.config.credentials(),
    });
    twin.verifiesChecksums = this.verifiesChecksums;
    return twin;
  }

  /** Ends all connections. */
  close(): void {
    this.#handler.destroy();
  }

  /** What the SDK's own `send` does, through a pipeline that was put in order before. */
  async #sendBulk<Output>(command: Command<Output>, { signal }: SendOptions): Promise<Output> {
    const sdkCommand = command as unknown as PutObjectCommand;
    const options: SsecHandlerOptions = {
      bulk: true,
      ...(signal === undefined ? {} : { abortSignal: signal }),
    };
    const handler = sdkCommand.resolveMiddleware(
      this.#pipeline.for(sdkCommand) as never,
      this.#s3.config,
      options,
    );
    try {
      const { output } = await handler(sdkCommand);
      return output as unknown as Output;
    } catch (error) {
      discardBody(error);
      throw error;
    }
  }

  #createS3(): S3Client {
    const { credentials, endpoint, addressing } = this.#options;
    const s3 = new S3Client({
      region: this.#region,
      credentials,
      ...(endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
      forcePathStyle: (addressing ?? (this.isAws ? 'virtual' : 'path')) === 'path',
      // the SDK would otherwise look for an endpoint in the environment and in other profiles
      ignoreConfiguredEndpointUrls: true,
      followRegionRedirects: false,
      disableS3ExpressSessionAuth: true,
      defaultsMode: 'standard',
      retryMode: 'standard',
      maxAttempts: this.maxAttempts,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      expectContinueHeader: false,
      requestHandler: this.#handler,
      logger: silentLogger,
    });
    addHeaders(s3);
    return s3;
  }
}

/**
 * - `x-amz-checksum-mode` on reads as a header and not as the SDK's parameter: the parameter would turn on the
 *   SDK's own validation, which fails on ranges.
 * - UNSIGNED-PAYLOAD: TLS protects the bytes and the checksum header is signed; another SHA-256 over them would
 *   cost more than the encryption.
 * - `Expires` as text: the SDK would make a date of it, and S3 keeps whatever it was given.
 * - a user agent of our own: the SDK works out its long one anew for each request.
 */
function addHeaders(s3: S3Client): void {
  s3.middlewareStack.remove('getUserAgentMiddleware');
  s3.middlewareStack.add(
    (next, context) => (args) => {
      const request = args.request;
      if (isHttpRequest(request)) {
        request.headers['user-agent'] = 'ssec';
        const { ExpiresString: expires } = args.input as { readonly ExpiresString?: string };
        if (expires !== undefined) request.headers['expires'] = expires;
        if (['GetObjectCommand', 'HeadObjectCommand'].includes(String(context['commandName']))) {
          request.headers['x-amz-checksum-mode'] = 'ENABLED';
        }
        if (['PutObjectCommand', 'UploadPartCommand'].includes(String(context['commandName']))) {
          request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
      }
      return next(args);
    },
    { step: 'build', name: 'ssecHeaders' },
  );
}

/** An answer that the SDK cannot read leaves its body, and the connection under it, to nobody. */
function discardBody(error: unknown): void {
  const response = error instanceof Error && '$response' in error ? error.$response : undefined;
  const body =
    typeof response === 'object' && response !== null && 'body' in response ? response.body : undefined;
  if (body instanceof Readable) body.destroy();
}

function isHttpRequest(request: unknown): request is HttpRequest {
  return typeof request === 'object' && request !== null && 'headers' in request && 'hostname' in request;
}

function sendPlain<Output>(s3: S3Client, command: Command<Output>, { signal }: SendOptions): Promise<Output> {
  return s3.send(
    command as unknown as Parameters<S3Client['send']>[0],
    signal === undefined ? {} : { abortSignal: signal },
  ) as unknown as Promise<Output>;
}

/** The last look at a request: https, and to a host that was meant. */
function guard(request: HttpRequest, endpoint: URL | undefined): void {
  const host = request.hostname.toLowerCase();
  const expected =
    endpoint === undefined
      ? isAwsHost(host)
      : (host === endpoint.hostname || host.endsWith(`.${endpoint.hostname}`)) &&
        String(request.port ?? '') === endpoint.port;
  if (request.protocol !== 'https:' || !expected) {
    throw new SsecError(
      'INSECURE_ENDPOINT',
      `A request to ${request.protocol}//${host} was stopped before it left.`,
      {
        hints: ['requests go over https to the endpoint that was set, and nowhere else'],
      },
    );
  }
}
