import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/domain/hex.ts';
import { toHex } from '../../../src/domain/hex.ts';
import { FRAME_LIMIT } from '../../../src/domain/peers/frames.ts';
import { type PeerMessage, readPeerMessage, roomFor } from '../../../src/domain/peers/peerMessage.ts';

const LIAR: Hex = `0x${'11'.repeat(32)}`;
const HONEST: Hex = `0x${'22'.repeat(32)}`;
const OTHER: Hex = `0x${'33'.repeat(32)}`;
const genesis: Hex = `0x${'44'.repeat(32)}`;
const id = { set: { network: 'Bitcoin', session: 4_294_967_295 }, attempt: 4_294_967_295 };

const said = (kind: string, from: Hex, to: Hex, body: PeerMessage['body']): PeerMessage => ({
  kind,
  from,
  to,
  genesis,
  id: 'i'.repeat(300),
  body,
  signature: `0x${'55'.repeat(64)}`,
});

const bytesOf = (message: PeerMessage): Uint8Array => new TextEncoder().encode(JSON.stringify(message));

/** A message of its kind as large as it may be. */
const largest = (kind: string): PeerMessage => {
  const empty = said(kind, LIAR, HONEST, { pad: '' });
  return { ...empty, body: { pad: 'f'.repeat(roomFor(kind) - bytesOf(empty).length) } };
};

const read = (message: PeerMessage): PeerMessage => readPeerMessage(bytesOf(message), { from: message.from, to: message.to, genesis });

describe('the size of a message', () => {
  it.each(['keygen.commitments', 'keygen.blame', 'keygen.relay', 'constructor'])('is bounded, for %s', (kind) => {
    const message = largest(kind);
    expect(read(message)).toEqual(message);
    const larger = { ...message, id: `${message.id.slice(1)}\u00e9` };
    expect(() => read(larger)).toThrow(expect.objectContaining({ code: 'peer.malformed' }));
  });

  it('lets an honest member relay whatever it was sent', () => {
    for (const kind of ['keygen.commitments', 'keygen.shares', 'keygen.blame']) {
      const relay = said('keygen.relay', HONEST, OTHER, { id, message: largest(kind) });
      expect(read(relay)).toEqual(relay);
    }
  });

  it('lets an honest member accuse whoever sent it shares, and others relay it', () => {
    const shares = largest('keygen.shares');
    const blame = said('keygen.blame', HONEST, OTHER, { id, accused: LIAR, proof: toHex(new Uint8Array(32)), shares });
    expect(read(blame)).toEqual(blame);
    const relay = said('keygen.relay', OTHER, LIAR, { id, message: blame });
    expect(read(relay)).toEqual(relay);
  });

  it('is one that a frame has room for', () => {
    expect(roomFor('keygen.relay') + 9).toBeLessThanOrEqual(FRAME_LIMIT);
  });
});
