import { blake2b } from '@noble/hashes/blake2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../domain/canonicalJson.ts';
import { fromHex, type Hex } from '../../domain/hex.ts';
import { thresholdOf } from '../../domain/party/window.ts';
import type { Command, PartyCertificate } from '../../domain/processor/messages.ts';
import { verifySr25519 } from '../../domain/threshold/schnorrkel.ts';
import type { ProcessorContext } from './context.ts';

/** What a processor is told to begin a key generation with. */
export type GenerateKey = Extract<Command, { type: 'serai.key-gen.generate-key.v1' }>['data'];

/** The bytes members sign for a keygen party: label ‖ genesis ‖ BLAKE2b-256 of the canonical JSON of the certificate without its signatures (design §7). */
export const certificateBytes = (
  genesisHash: Hex,
  { id, anchor, threshold, members, removed }: Omit<PartyCertificate, 'signatures'>,
): Uint8Array =>
  concatBytes(
    utf8ToBytes('serai-coordinator/v1/certificate.keygen'),
    fromHex(genesisHash),
    blake2b(utf8ToBytes(canonicalJson({ id, anchor, threshold, members, removed })), { dkLen: 32 }),
  );

/** Why this processor will not generate a key with such a party, undefined where it will. */
export const objection = (context: ProcessorContext, { id, params, shares, certificate }: GenerateKey): string | undefined => {
  const { members, removed, threshold, signatures } = certificate;
  if (canonicalJson(certificate.id) !== canonicalJson(id)) return 'the certificate is of another attempt';
  const numbers = members.flatMap(({ participants }) => participants);
  if (numbers.length !== params.n || numbers.some((number, at) => number !== at + 1)) return 'the party does not hold shares 1 to n';
  const validators = [...members, ...removed].map(({ validator }) => validator);
  if (new Set(validators).size !== validators.length) return 'a validator is twice in the party';
  // The threshold stays that of the whole set, whoever is removed from it (reference serai.md §c.3).
  const whole = params.n + removed.reduce((sum, { weight }) => sum + weight, 0);
  if (threshold !== params.t || threshold !== thresholdOf(whole)) return 'the threshold is not that of the party';
  if (params.n < threshold) return 'too few key shares remain';
  const own = members.find(({ validator }) => validator === context.validator)?.participants ?? [];
  if (own[0] !== params.i || own.length !== shares) return 'the shares from i on are not ours';
  const bytes = certificateBytes(context.genesisHash, certificate);
  const stands = ({ validator }: { readonly validator: Hex }): boolean => {
    const signature = signatures[validator];
    return signature !== undefined && verifySr25519(fromHex(validator), bytes, fromHex(signature));
  };
  const signed = members.filter(stands).reduce((sum, { participants }) => sum + participants.length, 0);
  return signed < threshold ? 'too few members have signed the party' : undefined;
};
