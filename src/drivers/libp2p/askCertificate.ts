import { randomBytes } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Stream, StreamMessageEvent } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { BlackHoleDatastore } from 'datastore-core/black-hole';
import { createLibp2p } from 'libp2p';
import type { DialledPeer } from '../../domain/health/facts.ts';
import type { Hex } from '../../domain/hex.ts';
import { acceptCertificate, decodeCertificate } from '../../domain/peers/certificate.ts';
import { decodeFrame, FIRST_FRAME_LIMIT, FrameCutter } from '../../domain/peers/frames.ts';
import { PeerError } from '../../domain/peers/peerError.ts';
import { PROTOCOLS } from './protocols.ts';

export interface AskCertificates {
  readonly peers: readonly { readonly validator: Hex; readonly address: string }[];
  readonly genesis: Hex;
  readonly height: number;
  /** Milliseconds each of them has to answer. */
  readonly deadline: number;
}

/** The first frame on a stream, a certificate; rejects with PeerError. */
const firstFrame = (stream: Stream, signal: AbortSignal): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const cutter = new FrameCutter();
    stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
      try {
        for (const chunk of data instanceof Uint8Array ? [data] : data) cutter.push(chunk);
        const said = cutter.next(FIRST_FRAME_LIMIT);
        if (said === undefined) return;
        const frame = decodeFrame(said);
        if (frame.kind === 'certificate') resolve(frame.payload);
        else reject(new PeerError('peer.malformed', `it began with a ${frame.kind}, and not with its certificate`));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.addEventListener('close', () => {
      reject(new PeerError('peer.disconnected', 'it closed the link before it said who it is'));
    });
    signal.addEventListener('abort', () => {
      reject(new PeerError('peer.timeout', 'it takes connections, but did not say who it is in time'));
    });
  });

/**
 * Dials validators to see that they answer, and that their certificates hold. It is done under a fresh libp2p identity that says nothing of
 * itself: neither our place on their side, nor an epoch of ours, is touched.
 */
export const askCertificates = async ({ peers, genesis, height, deadline }: AskCertificates): Promise<DialledPeer[]> => {
  if (peers.length === 0) return [];
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', randomBytes(32)),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    datastore: new BlackHoleDatastore(),
    connectionMonitor: { enabled: false },
  });
  const ask = async ({ validator, address }: AskCertificates['peers'][number]): Promise<number> => {
    const signal = AbortSignal.timeout(deadline);
    const connection = await libp2p.dial(multiaddr(address), { signal, force: true }).catch((cause: unknown) => {
      throw new Error(`no link within ${String(deadline / 1_000)} s: ${String(cause)}`, { cause });
    });
    try {
      const stream = await connection.newStream([...PROTOCOLS], { signal }).catch((cause: unknown) => {
        throw new PeerError('peer.version', `no version of the protocol is spoken that we speak: ${String(cause)}`, { cause });
      });
      const bytes = await firstFrame(stream, signal);
      const { validator: who } = decodeCertificate(bytes);
      if (who !== validator) throw new PeerError('peer.wrong-identity', `it is the coordinator of ${who}`);
      const admitted = (): boolean => true;
      return acceptCertificate(bytes, { peerId: connection.remotePeer.toString(), genesis, height, admitted, known: () => undefined })
        .validUntil;
    } finally {
      connection.abort(new Error('seen'));
    }
  };
  try {
    return await Promise.all(
      peers.map(async ({ validator, address }): Promise<DialledPeer> => {
        try {
          return { validator, address, certificate: await ask({ validator, address }) };
        } catch (error) {
          const code = error instanceof PeerError ? error.code : 'peer.dial-failed';
          return { validator, address, certificate: { code, text: error instanceof Error ? error.message : String(error) } };
        }
      }),
    );
  } finally {
    await libp2p.stop();
  }
};
