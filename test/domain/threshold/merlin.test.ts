import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../../../src/domain/threshold/merlin.ts';

describe('a merlin transcript', () => {
  it('makes the challenge that the merlin crate makes', () => {
    const transcript = new Transcript('test protocol');
    transcript.append('some label', utf8ToBytes('some data'));
    expect(bytesToHex(transcript.challenge('challenge', 32))).toBe('d5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615');
  });

  it('goes on over many blocks of its permutation', () => {
    const transcript = new Transcript('test protocol');
    transcript.append('step1', utf8ToBytes('some data'));
    const seen = new Set<string>();
    for (let at = 0; at < 32; at++) {
      const challenge = transcript.challenge('challenge', 32);
      seen.add(bytesToHex(challenge));
      transcript.append('bigdata', new Uint8Array(1024).fill(99));
      transcript.append('challengedata', challenge);
    }
    expect(seen.size).toBe(32);
    expect([...seen].at(-1)).toBe('a8c933f54fae76e3f9bea93648c1308e7dfa2152dd51674ff3ca438351cf003c');
  });
});
