import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import { compactAddLength } from '@polkadot/util';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, type Hex, toHex } from '../../src/domain/hex.ts';
import { patchingProvider } from '../../src/drivers/polkadot/patchingProvider.ts';
import { patchMetadata } from '../../src/drivers/polkadot/patchMetadata.ts';
import { goldenPresent, goldenText } from '../support/golden.ts';

/** A provider that always gives one answer. */
const answering = (answer: unknown): ProviderInterface => ({
  hasSubscriptions: true,
  isClonable: false,
  isConnected: true,
  clone: () => answering(answer),
  connect: () => Promise.resolve(),
  disconnect: () => Promise.resolve(),
  on: () => () => undefined,
  send: <T>() => Promise.resolve(answer as T),
  subscribe: () => Promise.resolve('subscription'),
  unsubscribe: () => Promise.resolve(true),
});

const opaque = (metadata: Hex): Hex => toHex(compactAddLength(fromHex(metadata)));
const some = (bytes: Hex): Hex => `0x01${bytes.slice(2)}`;
const ask = (answer: unknown, method: string, ...params: unknown[]): Promise<unknown> =>
  patchingProvider(answering(answer)).send(method, params);

describe.skipIf(!goldenPresent).each(['14', '15'])('a provider that patches metadata v%s', (version) => {
  let original: Hex;
  let patched: Hex;
  beforeAll(() => {
    original = goldenText(`metadata_v${version}.hex`) as Hex;
    patched = patchMetadata(original);
  });

  it('patches every way to ask for it, now or at a block', async () => {
    for (const at of [[], [`0x${'11'.repeat(32)}`]]) {
      await expect(ask(original, 'state_getMetadata', ...at)).resolves.toBe(patched);
      await expect(ask(opaque(original), 'state_call', 'Metadata_metadata', '0x', ...at)).resolves.toBe(opaque(patched));
      await expect(ask(some(opaque(original)), 'state_call', 'Metadata_metadata_at_version', '0x0f000000', ...at)).resolves.toBe(
        some(opaque(patched)),
      );
    }
  });

  it('gives the same again when asked again, whatever came between', async () => {
    let answer = original;
    const inner = { ...answering(undefined), send: <T>() => Promise.resolve(answer as T) };
    const provider = patchingProvider(inner);
    const other = goldenText(version === '14' ? 'metadata_v15.hex' : 'metadata_v14.hex') as Hex;
    await expect(provider.send('state_getMetadata', [])).resolves.toBe(patched);
    answer = other;
    await expect(provider.send('state_getMetadata', [])).resolves.toBe(patchMetadata(other));
    answer = original;
    await expect(provider.send('state_getMetadata', [])).resolves.toBe(patched);
  });

  it('leaves everything else as it is', async () => {
    await expect(ask('0x00', 'state_call', 'Metadata_metadata_at_version', '0xff000000')).resolves.toBe('0x00');
    await expect(ask('0x080e0000000f000000', 'state_call', 'Metadata_metadata_versions', '0x')).resolves.toBe('0x080e0000000f000000');
    await expect(ask(original, 'state_getStorage', '0x00')).resolves.toBe(original);
    await expect(ask(null, 'chain_getHeader')).resolves.toBeNull();
  });
});
