import type { Stream } from '@libp2p/interface';
import { NETWORK_LIMITS, type NetworkLimits } from '../src/drivers/libp2p/libp2pNetwork.ts';

/** Protocols of libp2p alone: bytes that are swallowed, and requests of 4 kB that are answered with four bytes. */
export const BARE = { bulk: '/bare/bulk/1', request: '/bare/request/1' } as const;

/** Bytes of a request. */
export const REQUEST = 4_096;

const ANSWER = 4;

const without = { perSecond: Number.MAX_SAFE_INTEGER, atOnce: Number.MAX_SAFE_INTEGER };

/** The limits of a coordinator without its quotas: what is measured is how fast it can be, not how fast it lets others be. */
export const UNLIMITED: NetworkLimits = {
  ...NETWORK_LIMITS,
  link: { ...NETWORK_LIMITS.link, frames: without, bytes: without },
  mux: { ...NETWORK_LIMITS.mux, frames: without },
};

/** Answers on a stream as its protocol says: a bulk stream with what it has swallowed, each mebibyte, a request stream each request. */
export const echo = (stream: Stream, protocol: string): void => {
  const unit = protocol === BARE.bulk ? 1024 * 1024 : REQUEST;
  let held = 0;
  stream.addEventListener('message', ({ data }) => {
    held += data.byteLength;
    const answers = Math.floor(held / unit);
    held -= answers * unit;
    if (answers > 0) stream.send(new Uint8Array(ANSWER * answers));
  });
};

/** Counts the answers on a stream. */
export const answersOf = (stream: Stream): { readonly until: (count: number) => Promise<void> } => {
  let bytes = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let resolve: () => void = () => undefined;
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
    if (bytes >= wanted * ANSWER) resolve();
  });
  return {
    until: (count) =>
      new Promise((done) => {
        wanted = count;
        resolve = done;
        if (bytes >= count * ANSWER) done();
      }),
  };
};
