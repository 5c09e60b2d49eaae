import { constructStack } from '@smithy/core/client';
import type { Handler, HandlerExecutionContext, MiddlewareStack } from '@smithy/types';

type Stack = MiddlewareStack<object, object>;
type Middleware = (
  next: Handler<object, object>,
  context: HandlerExecutionContext,
) => Handler<object, object>;

/**
 * Steps of the SDK that do nothing for a request of ours, and cost a third of its time: what they look for (regions to
 * follow, directory buckets, checksums to compute, 100-continue, digests of keys) is switched off or set by us.
 */
const IDLE_STEPS = new Set([
  'loggerMiddleware',
  'regionRedirectMiddleware',
  'regionRedirectEndpointMiddleware',
  'addExpectContinueMiddleware',
  's3ExpressMiddleware',
  'recursionDetectionMiddleware',
  'flexibleChecksumsInputMiddleware',
  'flexibleChecksumsMiddleware',
  'flexibleChecksumsResponseMiddleware',
  'getCheckContentLengthHeaderPlugin',
  'bucketEndpointMiddleware',
  // a customer key comes as it goes into the header, with its MD5
  'ssecMiddleware',
]);

/**
 * A client's middleware stack, put in order once for each kind of command rather than for each request, and without
 * the steps that do nothing. Every request has a context of its own all the same, unlike in the SDK's own cache.
 * The first command of a kind stands for all: a step that is added to a single one is not seen.
 */
export class RequestPipeline {
  readonly #client: Stack;
  readonly #orders = new Map<object, readonly Middleware[]>();

  constructor(client: Stack) {
    this.#client = client;
  }

  /** What `Command.resolveMiddleware` takes for the client's stack. */
  for(command: object): Stack {
    const kind = command.constructor;
    const pipeline = {
      concat: (own: Stack) => ({
        resolve: (handler: Handler<object, object>, context: HandlerExecutionContext) => {
          let order = this.#orders.get(kind);
          if (order === undefined) {
            order = orderOf(this.#client.concat(own));
            this.#orders.set(kind, order);
          }
          return order.reduce((next, middleware) => middleware(next, context), handler);
        },
      }),
    };
    return pipeline as unknown as Stack;
  }
}

/** The steps of a stack, the last one first, as they wrap each other. */
function orderOf(stack: Stack): Middleware[] {
  const order: Middleware[] = [];
  const recorder = constructStack<object, object>();
  /** A step that writes down the one whose place it takes. */
  const recording = (step: Middleware, options: { name?: string }): [never, never] => {
    const middleware: Middleware = (next) => {
      if (!IDLE_STEPS.has(options.name ?? '')) order.push(step);
      return next;
    };
    // the options name the step as well
    return [middleware as never, { ...options, middleware } as never];
  };
  const collector = {
    add: (step: Middleware, options: { name?: string }) => recorder.add(...recording(step, options)),
    addRelativeTo: (step: Middleware, options: { name?: string }) =>
      recorder.addRelativeTo(...recording(step, options)),
  };
  stack.applyToStack(collector as unknown as Stack);
  recorder.resolve(() => Promise.reject(new Error('never called')), {});
  return order;
}
