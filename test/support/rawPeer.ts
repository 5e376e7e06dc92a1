import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Connection, Stream, StreamMessageEvent } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { type Hex, toHex } from '../../src/domain/hex.ts';
import { signCertificate } from '../../src/domain/peers/certificate.ts';
import { decodeFrame, encodeFrame, FRAME_LIMIT, type Frame, FrameCutter } from '../../src/domain/peers/frames.ts';
import { writeWord } from '../../src/domain/peers/words.ts';
import { devAccount, type Sr25519Pair, signSr25519 } from '../../src/domain/threshold/schnorrkel.ts';
import { GENESIS } from './peers.ts';

/** A stream to a coordinator on which anything can be said. */
export interface RawStream {
  readonly stream: Stream;
  readonly connection: Connection;
  /** What came from the other side, in order. */
  readonly heard: Frame[];
  readonly isOver: () => boolean;
  readonly send: (bytes: Uint8Array) => void;
}

/** A validator that speaks as it likes: libp2p as it comes, and frames by hand. */
export interface RawPeer {
  readonly validator: Hex;
  readonly key: Sr25519Pair;
  readonly libp2p: Libp2p;
  /** A certificate of this validator, or of another one, that holds at height 100. */
  readonly certificate: (epoch?: number, of?: Sr25519Pair) => Uint8Array;
  readonly open: (address: string, protocols?: string | string[]) => Promise<RawStream>;
  /** Opens a stream, and says all that is due before messages. */
  readonly introduce: (address: string, epoch?: number) => Promise<RawStream>;
  readonly close: () => Promise<void>;
}

/** Listens to a stream as it is. */
export const listen = (stream: Stream, connection: Connection): RawStream => {
  const heard: Frame[] = [];
  const cutter = new FrameCutter();
  let over = false;
  const read = ({ data }: StreamMessageEvent): void => {
    for (const chunk of data instanceof Uint8Array ? [data] : data) cutter.push(chunk.slice());
    for (let said = cutter.next(FRAME_LIMIT); said !== undefined; said = cutter.next(FRAME_LIMIT)) heard.push(decodeFrame(said));
  };
  if (stream.protocol.startsWith('/serai/')) stream.addEventListener('message', read);
  const end = (): void => {
    over = true;
  };
  stream.addEventListener('close', end);
  stream.addEventListener('remoteCloseWrite', end);
  return {
    stream,
    connection,
    heard,
    isOver: () => over,
    send: (bytes) => {
      if (stream.writeStatus === 'writable') stream.send(bytes);
    },
  };
};

export const openRawPeer = async (name: string, seed: number): Promise<RawPeer> => {
  const key = devAccount(name);
  const validator = toHex(key.publicKey);
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(seed)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  const certificate: RawPeer['certificate'] = (epoch = 1, of = key) =>
    signCertificate(
      {
        validator: toHex(of.publicKey),
        genesis: GENESIS,
        epoch,
        instance: `0x${'cc'.repeat(16)}`,
        validFrom: 0,
        validUntil: 1_000_000,
        peerId: libp2p.peerId.toString(),
      },
      (message) => signSr25519(of.secretKey, message),
    );
  const open: RawPeer['open'] = async (address, protocols = '/serai/coordinator/1') => {
    const connection = await libp2p.dial(multiaddr(address), { force: true });
    return listen(await connection.newStream(protocols), connection);
  };
  return {
    validator,
    key,
    libp2p,
    certificate,
    open,
    introduce: async (address, epoch) => {
      const raw = await open(address);
      raw.send(encodeFrame({ kind: 'certificate', payload: certificate(epoch) }));
      raw.send(encodeFrame({ kind: 'hello', payload: writeWord({ version: 'raw', received: null, givenUp: null }) }));
      return raw;
    },
    close: async () => {
      await libp2p.stop();
    },
  };
};
