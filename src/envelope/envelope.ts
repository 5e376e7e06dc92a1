/** Why an envelope was refused: this one never, not now, or not here at all. */
export interface Fault {
  readonly kind: 'poison' | 'transient' | 'fatal';
  /** Dotted, lower case, stable. */
  readonly code: string;
  readonly cause: unknown;
}

/** Where an envelope's contents came from. */
export interface Origin {
  /** As in `topic:alice-chain`. */
  readonly source: string;
  /** The unit of order: a partition, a chain, a peer. */
  readonly lane: string;
  /** Offset, block number, sequence. */
  readonly position: bigint;
}

/** A message in flight with its settlement: exactly one of `ack` and `nack` counts, the first. */
export interface Envelope<P> {
  readonly payload: P;
  readonly origin: Origin;
  ack(): void;
  nack(fault: Fault): void;
}

/** What became of an envelope. */
export type Settlement = { readonly ok: true } | { readonly ok: false; readonly fault: Fault };

/** Opens an envelope; `onSettled` hears of the first settlement, later ones are ignored. */
export const seal = <P>(payload: P, origin: Origin, onSettled: (settlement: Settlement) => void): Envelope<P> => {
  let open = true;
  const settle = (settlement: Settlement): void => {
    if (!open) return;
    open = false;
    onSettled(settlement);
  };
  return {
    payload,
    origin,
    ack: () => {
      settle({ ok: true });
    },
    nack: (fault) => {
      settle({ ok: false, fault });
    },
  };
};

/** Changes the contents; the settlement travels along. */
export const refill = <P>(envelope: Envelope<unknown>, payload: P): Envelope<P> => ({
  payload,
  origin: envelope.origin,
  ack: () => {
    envelope.ack();
  },
  nack: (fault) => {
    envelope.nack(fault);
  },
});

/** Makes one envelope of many: settling it settles every member; its origin is the last member's. */
export const gather = <P>(envelopes: readonly [Envelope<P>, ...Envelope<P>[]]): Envelope<readonly P[]> => {
  const last = envelopes.at(-1) ?? envelopes[0];
  return {
    payload: envelopes.map(({ payload }) => payload),
    origin: last.origin,
    ack: () => {
      for (const envelope of envelopes) envelope.ack();
    },
    nack: (fault) => {
      for (const envelope of envelopes) envelope.nack(fault);
    },
  };
};
