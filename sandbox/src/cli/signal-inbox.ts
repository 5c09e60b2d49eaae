import type { SignalSource } from './sandbox-io.ts';

const caught = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

type Listener = (signal: NodeJS.Signals) => void;

/** Catches the signals that ask to end, from the first moment on, so that there is always a clean-up. */
export class SignalInbox {
  readonly #source: SignalSource;
  readonly #waiting: NodeJS.Signals[] = [];
  #listener: Listener | undefined;

  constructor(source: SignalSource) {
    this.#source = source;
    for (const signal of caught) source.on(signal, this.#receive);
  }

  /** From now on `listener` gets them, those that came before first. */
  deliver(listener: Listener): void {
    this.#listener = listener;
    for (const signal of this.#waiting.splice(0)) listener(signal);
  }

  close(): void {
    for (const signal of caught) this.#source.off(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#listener === undefined) this.#waiting.push(signal);
    else this.#listener(signal);
  };
}
