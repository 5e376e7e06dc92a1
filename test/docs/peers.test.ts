import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/core/configSchema.ts';
import { CERTIFICATE_BLOCKS, CERTIFICATE_HEAD_START } from '../../src/domain/peers/certificate.ts';
import { FIRST_FRAME_LIMIT, KIND } from '../../src/domain/peers/frames.ts';
import { LIMITS } from '../../src/domain/peers/linkTerms.ts';
import { PEER_ERROR_CODES } from '../../src/domain/peers/peerError.ts';

const peers = readFileSync('docs/peers.md', 'utf8');
const protocol = readFileSync('docs/protocol.md', 'utf8');

describe('what is written about peers', () => {
  it('says of every code what to do', () => {
    const named = new Set(
      [...peers.matchAll(/^\| (`peer\.[^|]*) \|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`(peer\.[a-z-]+)`/g)].map(([, code]) => code),
      ),
    );
    // These two end the process at its start, with a message that says what to do.
    const shown = PEER_ERROR_CODES.filter((code) => code !== 'peer.port-in-use' && code !== 'peer.address');
    expect([...named].sort()).toEqual([...shown].sort());
  });

  it('names the keys of the configuration', () => {
    for (const key of Object.keys(configSchema.shape.connection.shape)) expect(peers).toMatch(new RegExp(`^${key} = `, 'm'));
  });

  it('gives the limits as they are', () => {
    const { frames, bytes, heldMessages } = LIMITS;
    expect(peers).toContain(`${String(frames.perSecond)} messages and ${String(bytes.perSecond / 1024 / 1024)} MiB a second`);
    expect(peers).toContain(`(${String(frames.atOnce)} and ${String(bytes.atOnce / 1024 / 1024)} MiB at once)`);
    expect(peers).toContain(`at most ${String(heldMessages)} messages`);
    expect(protocol).toContain(`accepted, ${String(FIRST_FRAME_LIMIT)} bytes`);
    expect(protocol).toContain(
      `from ${String(CERTIFICATE_HEAD_START)} blocks before, until ${CERTIFICATE_BLOCKS.toLocaleString('en')} after`,
    );
  });

  it('lists every kind of frame under its number', () => {
    const rows = [...protocol.matchAll(/^\| ([0-9, ]+) \| ([a-z, ]+) \|/gm)].flatMap(([, numbers = '', names = '']) =>
      names.split(', ').map((name, index) => [name, Number(numbers.split(', ')[index])]),
    );
    expect(Object.fromEntries(rows)).toEqual(KIND);
  });
});
