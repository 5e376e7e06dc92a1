import { Reader, ScaleError, Writer } from './scaleBytes.ts';

/** Turns a value into SCALE bytes and back; `decode` wants the whole input and throws {@link ScaleError} on rest or truncation. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
  read(reader: Reader): T;
  write(value: T, out: Writer): void;
}

/** The value a codec is for. */
export type Value<C> = C extends Codec<infer T> ? T : never;

/** A codec from its reading and writing halves. */
export const codec = <T>(read: (reader: Reader) => T, write: (value: T, out: Writer) => void): Codec<T> => ({
  read,
  write,
  encode: (value) => {
    const out = new Writer();
    write(value, out);
    return out.finish();
  },
  decode: (bytes) => {
    const reader = new Reader(bytes);
    const value = read(reader);
    if (reader.remaining > 0) {
      throw new ScaleError('scale.rest', `${String(reader.remaining)} bytes follow the value, which ended at ${String(reader.offset)}`);
    }
    return value;
  },
});

/** The same bytes seen as another value. */
export const mapped = <A, B>(inner: Codec<A>, read: (value: A) => B, write: (value: B) => A): Codec<B> =>
  codec(
    (reader) => read(inner.read(reader)),
    (value, out) => {
      inner.write(write(value), out);
    },
  );
