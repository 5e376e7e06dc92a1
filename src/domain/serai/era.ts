import type { Codec } from '../scale.ts';
import { codec, ScaleError } from '../scale.ts';
import type { Type, VariantTable } from './describe.ts';
import { t, unnamed } from './describe.ts';

/** How long a signed extrinsic may be included: for ever, or for a power of two of blocks from a place in that period on. */
export type Era = { readonly tag: 'Immortal' } | { readonly tag: 'Mortal'; readonly period: number; readonly phase: number };

const step = (period: number): number => Math.max(period >> 12, 1);

const fail = (what: string): ScaleError =>
  new ScaleError('scale.value', `${what} is not an era: the period is a power of two from 4 to 65536`);

const eraCodec: Codec<Era> = codec<Era>(
  (reader) => {
    const first = reader.byte();
    if (first === 0) return { tag: 'Immortal' };
    const encoded = first | (reader.byte() << 8);
    const period = 2 << (encoded & 15);
    const phase = (encoded >> 4) * step(period);
    if (period < 4 || phase >= period) throw fail(`0x${encoded.toString(16)}`);
    return { tag: 'Mortal', period, phase };
  },
  (value, out) => {
    if (value.tag === 'Immortal') {
      out.byte(0);
      return;
    }
    const { period, phase } = value;
    const power = Math.log2(period);
    const place = phase / step(period);
    if (!Number.isInteger(power) || power < 2 || power > 16 || !Number.isInteger(place) || phase < 0 || phase >= period) {
      throw fail(`period ${String(period)}, phase ${String(phase)}`);
    }
    const encoded = (power - 1) | (place << 4);
    out.byte(encoded & 0xff);
    out.byte(encoded >> 8);
  },
);

const mortals: VariantTable = Object.fromEntries(
  Array.from({ length: 255 }, (_, index) => [`Mortal${String(index + 1)}`, { index: index + 1, fields: { second: unnamed(t.u8) } }]),
);

/** 0 for immortal, else two bytes; metadata describes it as 256 variants by the first byte. */
export const era: Type<Era> = t.describedAs(
  eraCodec,
  t.variant('sp_runtime::generic::era::Era', { Immortal: { index: 0, fields: {} }, ...mortals }),
);
